"""The REST API: FastAPI over the `Library`. Imported only by `smartsearch serve`."""
