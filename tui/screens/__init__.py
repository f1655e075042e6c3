"""The screens: each owns its state, hears the widgets' messages, and asks the workers for data."""
