"""A library with real files, a real SQLite database and a real (tiny) ONNX model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.pictures import save_album

from smartsearch.catalog import ModelChoice
from smartsearch.config import find_places, load_settings
from smartsearch.library import Library
from smartsearch.testing_models import make_tiny_model


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


@pytest.fixture
def other(home: Path, tiny_models: Path, tmp_path: Path) -> ModelChoice:
    """A second installed model."""
    models = tmp_path / "two-models"
    shutil.copytree(tiny_models, models)
    make_tiny_model(models / "other" / "fp32", name="other")
    (home / "models").unlink()
    (home / "models").symlink_to(models)
    return ModelChoice("other")
