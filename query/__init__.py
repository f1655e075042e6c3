"""Floor 2: CloudWatch Logs Insights QL, from text to a syntax tree to a polars plan.

Here live the grammar, the tree, the checks, the functions and the back ends that execute a tree.
Nothing here reads a file, runs a plan, draws a screen, or imports textual.
"""
