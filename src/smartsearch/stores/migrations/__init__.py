"""Alembic migrations of the SQLite library, run by `smartsearch.stores.upgrade` without a configuration file."""
