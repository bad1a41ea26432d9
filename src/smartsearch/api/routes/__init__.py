"""One file per noun; each has a ``router``."""
