"""Fixtures for the crawler's tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 60


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    """Makes files below one folder and gives that folder; each begins as a JPEG does."""
    root = tmp_path / "root"

    def make(*names: str) -> Path:
        root.mkdir(exist_ok=True)
        for name in names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(JPEG)
        return root

    return make


@pytest.fixture
def unprivileged(tmp_path: Path) -> Callable[[], AbstractContextManager[None]]:
    """A context in which file permissions hold, also when the tests run as root."""

    @contextmanager
    def drop() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        for folder in (tmp_path, *tmp_path.parents):
            if folder.stat().st_uid == 0 and str(folder).startswith("/tmp/"):
                folder.chmod(0o755)
        os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(0)

    return drop
