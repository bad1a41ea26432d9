"""The committed OpenAPI document is the app's, and it is complete."""

from __future__ import annotations

import json
from pathlib import Path

from fastapi.testclient import TestClient

from smartsearch.library import Library

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"


def test_the_committed_document_is_the_apps(client: TestClient, shared_library: Library) -> None:
    assert json.loads(COMMITTED.read_text("utf-8")) == client.get("/api/v1/openapi.json").json(), (
        "run `python scripts/openapi.py`"
    )


def test_every_route_says_what_it_does_and_what_can_go_wrong(client: TestClient) -> None:
    document = client.get("/api/v1/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path} has no docstring"
            assert operation.get("tags"), f"{method} {path} has no tag"
            assert {"422", "default"} <= operation["responses"].keys(), f"{method} {path}"
            assert "HTTPValidationError" not in str(operation)
