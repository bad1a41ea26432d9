"""Fixtures shared by every test."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real photos; tests that need it are skipped on a clone that has none."""
    folder = Path(os.environ.get("SMARTSEARCH_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real inputs at {folder} (set SMARTSEARCH_DATA)")
    return folder
