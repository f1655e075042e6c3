"""Floor 1: bytes on disk become typed polars LazyFrames.

Here live discovery, recognition, the log formats, the data set and the watcher.
Nothing here knows a query language, draws a screen, or imports textual.
"""
