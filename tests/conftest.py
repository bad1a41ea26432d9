"""Fixtures shared by every test."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HOOK = Path(__file__).parent / "offline" / "hook"
SOCKETS = "SMARTSEARCH_TEST_SOCKETS"


def pytest_configure() -> None:
    """From here on this process, and every Python it starts, is stopped when it reaches beyond this machine."""
    descriptor, path = tempfile.mkstemp(prefix="smartsearch-sockets-")
    os.close(descriptor)
    os.environ[SOCKETS] = path
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HOOK), os.environ.get("PYTHONPATH"))))
    specification = importlib.util.spec_from_file_location("socket_audit", HOOK / "sitecustomize.py")
    assert specification is not None
    assert specification.loader is not None
    specification.loader.exec_module(importlib.util.module_from_spec(specification))


def pytest_unconfigure() -> None:
    Path(os.environ.pop(SOCKETS)).unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _nobody_leaves_this_machine() -> Iterator[None]:
    """Fails the test during which somebody tried, also where the program swallowed the refusal."""
    yield
    log = Path(os.environ[SOCKETS])
    tried = log.read_text("utf-8")
    if tried:
        log.write_text("", "utf-8")
        pytest.fail(f"reached beyond this machine: {tried}")


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
    (folder / "config.toml").write_text('model = "tiny"\n[runtime]\nworkers = 2\n[ocr]\nwhen = "later"\n')
    for name in [
        name for name in os.environ if name.startswith("SMARTSEARCH_") and name not in ("SMARTSEARCH_DATA", SOCKETS)
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SMARTSEARCH_HOME", str(folder))
    return folder
