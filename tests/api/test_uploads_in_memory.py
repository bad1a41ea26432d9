"""Pictures that are sent to be searched by, and where they are meanwhile."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from starlette.formparsers import MultiPartParser

from smartsearch.api.app import create_app
from smartsearch.api.door import Door
from smartsearch.config import Places
from smartsearch.core.errors import UsageError
from smartsearch.core.settings import ServerSettings
from smartsearch.encryption import unlocking
from smartsearch.library import Library
from smartsearch.search.service import SearchRequest
from tests.api.conftest import BASE_URL
from tests.api.test_locking import door, encrypted, places, unlock

__all__ = ["door", "encrypted", "places"]

SERVER = ServerSettings(max_upload_bytes=8 << 20)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, of this test alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(MultiPartParser, "spool_max_size", MultiPartParser.spool_max_size)
    return folder


@pytest.fixture(scope="module")
def picture() -> bytes:
    """A PNG of some 3.6 MB: more than a form keeps in memory by itself."""
    noise = np.random.default_rng(3).integers(0, 255, (1000, 1200, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).save(buffer, "png")
    return buffer.getvalue()


def open_files() -> Iterator[tuple[str, Path]]:
    """Where the files that this process has open are, deleted ones too, and how to read them."""
    for number in os.listdir("/proc/self/fd"):
        path = Path("/proc/self/fd", number)
        if path.exists():
            yield os.readlink(path), path


def traces(folders: list[Path], known: bytes) -> set[str]:
    """The files below the folders, by name or only open, in which the known bytes are."""
    found = {(str(path), path) for folder in folders for path in folder.rglob("*") if path.is_file()}
    found |= {(at, path) for at, path in open_files() if any(at.startswith(str(folder)) for folder in folders)}
    return {at for at, path in found if known in path.read_bytes()}


def during_search(library: Library, folders: list[Path], known: bytes) -> tuple[list[set[str]], list[Path]]:
    """What `traces` finds while the library answers, and the files it was given."""
    seen: list[set[str]] = []
    sent: list[Path] = []
    answer = library.answer

    def watching(request: SearchRequest) -> object:
        result = answer(request)
        assert request.image is not None
        assert known in request.image.read_bytes()
        sent.append(request.image)
        seen.append(traces(folders, known))
        return result

    library.answer = watching  # type: ignore[method-assign, assignment]
    return seen, sent


def send(client: TestClient, picture: bytes) -> int:
    return client.post("/api/v1/search/image", files={"file": ("mine.png", picture)}).status_code


def test_with_an_encrypted_library_it_stays_in_memory(
    door: Door, places: Places, temporary: Path, picture: bytes
) -> None:
    door.settings = replace(door.settings, server=SERVER)
    with TestClient(create_app(door), base_url=BASE_URL) as client:
        assert unlock(client) == 200
        known = picture[100_000:100_064]
        folders = [temporary, places.library, places.home]
        seen, sent = during_search(door.library, folders, known)
        assert send(client, picture) == 200
        assert seen == [set()]
        assert traces(folders, known) == set()
        assert [(path.parents[1], path.parent.exists()) for path in sent] == [(Path("/dev/shm"), False)]


def test_the_search_for_traces_finds_them_with_a_plain_library(
    library: Library, temporary: Path, picture: bytes
) -> None:
    library.settings = replace(library.settings, server=SERVER)
    seen, _ = during_search(library, [temporary], picture[100_000:100_064])
    with TestClient(create_app(library), base_url=BASE_URL) as client:
        assert send(client, picture) == 200
    [found] = seen
    assert len(found) == 2, "the form's and the worker's"


def test_without_a_folder_in_memory_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlocking, "_file_system", lambda _: "ext4")
    with pytest.raises(UsageError, match="must not reach a disk"):
        unlocking.passing_folder({})
