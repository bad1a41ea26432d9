"""Write the API's OpenAPI document to docs/openapi.json and, where Node.js is, the web page's client made from it.

A test compares document and API, `make lint` document and client.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from smartsearch.api.app import create_app
from smartsearch.config import Places
from smartsearch.core.settings import Settings
from smartsearch.library import Library

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "openapi.json"


def document() -> str:
    """The document as it is committed."""
    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder) / "home", Path(folder) / "library")
        with Library.open(places, Settings(), create=True) as library:
            return json.dumps(create_app(library).openapi(), indent=1, sort_keys=True) + "\n"


def write_client() -> bool:
    """The typed client of the web page, from the document. False where its generator is not installed."""
    from web_tools import node_path

    path = node_path()
    if path is None or not (ROOT / "web" / "node_modules").is_dir():
        return False
    command = ["npm", "--prefix", str(ROOT / "web"), "run", "--silent", "client"]
    return subprocess.run(command, env=os.environ | {"PATH": path}, check=False).returncode == 0


if __name__ == "__main__":
    TARGET.write_text(document(), "utf-8")
    print(f"wrote {TARGET}")
    if not write_client():
        print("the web page's client was not written anew: `make client` does, with Node.js")
