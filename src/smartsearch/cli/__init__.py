"""The `smartsearch` command: thin commands over `Library`."""
