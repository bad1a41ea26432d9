"""Finding files: the walk, what changed since the last one, and the watcher. Knows folders, not pixels or databases."""
