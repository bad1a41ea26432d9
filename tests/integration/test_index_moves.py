"""Moves, copies and replacements that meet in one run: every image keeps its identity and has its own content."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.pictures import save_picture

from smartsearch.catalog import ModelChoice
from smartsearch.core.assets import Asset, FileState, TouchImage
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.library import Library
from smartsearch.stores.sqlite import SqliteStore


def asset_at(library: Library, path: Path) -> Asset:
    asset = library.store.asset_by_path(str(path))
    assert asset is not None, path
    return asset


@pytest.mark.parametrize("copy", ["a-copy.jpg", "z-copy.jpg"])
def test_an_image_moved_and_copied_at_once_is_at_both_places(library: Library, photos: Path, copy: str) -> None:
    library.index([photos])
    before = asset_at(library, photos / "0000-red.jpg").id
    shutil.copy(photos / "0000-red.jpg", photos / copy)
    os.rename(photos / "0000-red.jpg", photos / "moved.jpg")
    progress = library.index([photos]).progress
    assert (progress.moved, progress.copied, progress.missing, progress.embedded) == (1, 1, 0, 0)
    assert before in {asset_at(library, photos / "moved.jpg").id, asset_at(library, photos / copy).id}
    assert library.index([photos]).progress.todo == 0


def test_an_original_moved_aside_and_an_edited_version_in_its_place(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst moment: the original is looked up just before its old row is overwritten, and committed just after."""
    library.index([photos])
    edited, original = photos / "0000-red.jpg", photos / "originals" / "0000-red.jpg"
    original.parent.mkdir()
    os.rename(edited, original)
    save_picture(edited, "blue", seed=10_000)
    digest = hashlib.sha256(original.read_bytes()).digest()
    committing, asked = threading.Event(), threading.Event()
    real_apply, real_find = SqliteStore.apply, SqliteStore.find_by_hash

    def apply(store: SqliteStore, changes: Sequence[Any]) -> None:
        committing.set()
        assert asked.wait(60)
        real_apply(store, changes)

    def find(store: SqliteStore, file_hash: bytes, space: EmbeddingSpace) -> list[FileState]:
        if file_hash == digest:
            assert committing.wait(60)
        found = real_find(store, file_hash, space)
        if file_hash == digest:
            asked.set()
        return found

    monkeypatch.setattr(SqliteStore, "apply", apply)
    monkeypatch.setattr(SqliteStore, "find_by_hash", find)
    library.index([photos])
    for path in (edited, original):
        assert asset_at(library, path).file_hash == hashlib.sha256(path.read_bytes()).digest()


def test_a_move_keeps_its_identity_while_another_model_is_built(
    library: Library, photos: Path, other: ModelChoice
) -> None:
    library.index([photos])
    library.use_model(other)
    before = asset_at(library, photos / "0000-red.jpg").id
    (photos / "elsewhere.jpg").write_bytes((photos / "0000-red.jpg").read_bytes())
    (photos / "0000-red.jpg").unlink()
    progress = library.index([photos]).progress
    assert (progress.moved, progress.added, progress.missing, progress.embedded) == (1, 0, 0, 24)
    assert progress.done == progress.todo
    assert asset_at(library, photos / "elsewhere.jpg").id == before
    assert len(set(library.status().embeddings.values())) == 1


def test_copies_share_their_vector_when_another_model_is_built(
    library: Library, photos: Path, other: ModelChoice
) -> None:
    for index in range(10):
        shutil.copy(photos / "0000-red.jpg", photos / f"copy{index}.jpg")
    library.index([photos])
    library.use_model(other)
    progress = library.index([photos]).progress
    assert (progress.embedded, progress.updated) == (24, 34)
    assert set(library.status().embeddings.values()) == {34}


def test_an_image_on_a_disk_that_is_away_is_not_taken_for_moved(library: Library, photos: Path, tmp_path: Path) -> None:
    library.index([photos])
    known = asset_at(library, photos / "0000-red.jpg")
    on_a_disk = dataclasses.replace(known.identity, device=known.identity.device + 1)
    library.store.apply([TouchImage(known.id, on_a_disk)])
    (tmp_path / "elsewhere").mkdir()
    shutil.copy(photos / "0000-red.jpg", tmp_path / "elsewhere" / "copy.jpg")
    photos.rename(tmp_path / "unplugged")
    progress = library.index([tmp_path / "elsewhere"]).progress
    assert (progress.copied, progress.moved) == (1, 0)
    assert asset_at(library, photos / "0000-red.jpg").id == known.id


def test_a_hidden_folder_named_as_a_root_is_not_missing_from_the_root_above(library: Library, photos: Path) -> None:
    private = photos / ".private"
    save_picture(private / "one.jpg", "blue", seed=501)
    save_picture(private / "two.jpg", "blue", seed=502)
    library.index([photos])
    library.index([private])
    for paths in ([], [photos], []):
        library.index(paths)
        assert library.status().missing == 0
    (private / "one.jpg").unlink()
    assert library.index([]).progress.missing == 1
