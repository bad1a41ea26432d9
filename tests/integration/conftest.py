"""A library with real files, a real SQLite database and a real (tiny) ONNX model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.pictures import save_album

from smartsearch.config import find_places, load_settings
from smartsearch.library import Library


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    save_album(folder, 24)
    return folder


@pytest.fixture
def library(home: Path) -> Iterator[Library]:
    places = find_places()
    with Library.open(places, load_settings(places), create=True) as opened:
        yield opened
