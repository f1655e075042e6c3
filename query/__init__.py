"""Floor 2: CloudWatch Logs Insights QL, from text to a syntax tree to a polars plan.

Here live the grammar, the tree, the checks, the functions, the back ends and the ready-made queries. Nothing
here opens a log, draws a screen or imports textual, and plans are run by ``loaders.run`` alone.
"""
