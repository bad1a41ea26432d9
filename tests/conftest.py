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


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with "tiny" installed: a real ONNX dual encoder of a few kilobytes that knows colours."""
    from smartsearch.testing_models import make_tiny_model

    folder = tmp_path_factory.mktemp("models")
    make_tiny_model(folder / "tiny" / "fp32")
    return folder


@pytest.fixture
def home(tmp_path: Path, tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh SMARTSEARCH_HOME whose configured model is "tiny"."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "models").symlink_to(tiny_models)
    (folder / "config.toml").write_text('model = "tiny"\n[runtime]\nworkers = 2\n')
    for name in [name for name in os.environ if name.startswith("SMARTSEARCH_") and name != "SMARTSEARCH_DATA"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SMARTSEARCH_HOME", str(folder))
    return folder
