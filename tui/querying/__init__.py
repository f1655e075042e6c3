"""What stands behind the query screen and the list of ready-made queries: no widget lives here.

Completion, history, colours, wording, background work, and the rows of answers and of the list.
"""
