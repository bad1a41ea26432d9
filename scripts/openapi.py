"""Write the API's OpenAPI document to docs/openapi.json, from which clients are generated. A test compares the two."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from smartsearch.api.app import create_app
from smartsearch.config import Places
from smartsearch.core.settings import Settings
from smartsearch.library import Library

TARGET = Path(__file__).parents[1] / "docs" / "openapi.json"


def document() -> str:
    """The document as it is committed."""
    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder) / "home", Path(folder) / "library")
        with Library.open(places, Settings(), create=True) as library:
            return json.dumps(create_app(library).openapi(), indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    TARGET.write_text(document(), "utf-8")
    print(f"wrote {TARGET}")
