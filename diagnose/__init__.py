"""Why: what rules refused a packet, why nothing is logged of it, and what would have to change.

Pure functions over flow-log records (``loaders``) and an inventory of saved AWS answers; only ``inventory``
reads files. Nothing here draws.
"""
