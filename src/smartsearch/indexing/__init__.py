"""From folders to committed rows: bounded stages, resumable at any moment."""
