"""Floor 4: what a person sees and types: the command line, the app, its screens, widgets and keys.

Here live drawing, wording and input. What a record, a filter or a rule means is decided on the floors below.
"""
