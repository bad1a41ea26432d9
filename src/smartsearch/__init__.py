"""smartsearch: local, offline image search."""
