"""The widgets, one a file, each with its CSS beside it. They show; the screen that holds them decides."""
