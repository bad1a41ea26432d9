"""Adapters of the `Store` port: the database is the truth, the vector index beside it is a rebuildable cache."""
