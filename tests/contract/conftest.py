"""Every store that must keep the contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from smartsearch.core.ports import Store
from smartsearch.encryption.ciphers import LibraryKey
from smartsearch.stores.sqlite import SqliteStore
from smartsearch.testing import MemoryStore
from tests.contract.making import NOW

KEY = LibraryKey("contract", bytes(range(32)))
"""Of the encrypted store."""


class Clock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float = 1) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def empty_library(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty SQLite library; making one takes a tenth of a second, copying it nothing."""
    path = tmp_path_factory.mktemp("empty") / "library.db"
    SqliteStore.create(path, vectors=path.parent / "vectors").close()
    return path.read_bytes()


@pytest.fixture(scope="session")
def empty_encrypted_library(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("encrypted") / "library.db"
    SqliteStore.create(path, vectors=path.parent / "vectors", key=KEY.database, cipher=KEY.files).close()
    return path.read_bytes()


@pytest.fixture(params=["memory", "sqlite", "sqlcipher"])
def store(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    clock: Clock,
    empty_library: bytes,
    empty_encrypted_library: bytes,
) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore(clock)
        return
    path = tmp_path / "library.db"
    if request.param == "sqlite":
        path.write_bytes(empty_library)
        opened = SqliteStore.open(path, vectors=tmp_path / "vectors", clock=clock)
    else:
        path.write_bytes(empty_encrypted_library)
        opened = SqliteStore.open(path, vectors=tmp_path / "vectors", key=KEY.database, cipher=KEY.files, clock=clock)
    yield opened
    opened.close()
