"""Libraries of every earlier version: upgraded whole, after a copy, or left as they were."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from smartsearch.core.errors import LibraryError, LibraryReadOnlyError, LibraryTooNewError
from smartsearch.core.query import Everything, HasTag
from smartsearch.stores import upgrade
from smartsearch.stores.sqlite import SqliteStore
from smartsearch.stores.upgrade import APPLICATION_ID, VERSIONS, run_migrations

IMAGES = 40


def old_library(path: Path, version: str) -> None:
    """As a program of that version would have left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        run_migrations(connection, version)
        connection.execute("BEGIN")
        for number in range(1, IMAGES + 1):
            name = f"/photos/{number}.jpg"
            connection.execute(
                "INSERT INTO images (path, file_path, folder, file_name, file_hash, device, inode, file_size, mtime_ns,"
                " width, height, format, frames, modified_at, indexed_at, phash, color, rating, title)"
                " VALUES (?, ?, '/photos', ?, ?, 1, ?, 1, 1, 1, 1, 'png', 1, 1, 1, 1, 1, ?, ?)",
                (name.encode(), name, f"{number}.jpg", bytes([number]) * 32, number, number % 6, f"title {number}"),
            )
        connection.execute("INSERT INTO tags (name) VALUES ('mine')")
        connection.execute("INSERT INTO image_tags SELECT id, 1, 'user', 1.0 FROM images WHERE id % 2 = 0")
        connection.execute("INSERT INTO spaces (key, dim) VALUES ('space', 4)")
        connection.execute("INSERT INTO embeddings (space_id, image_id, vector) SELECT 1, id, zeroblob(8) FROM images")
        connection.execute("INSERT INTO roots (path, recursive) VALUES (x'2f70686f746f73', 1)")
        connection.execute("INSERT INTO image_fts (image_fts) VALUES ('rebuild')")
        connection.execute("COMMIT")


def content(path: Path) -> dict[str, list[Any]]:
    """What must come through, as an old and a new program both see it."""
    queries = {
        "images": "SELECT id, path, file_hash, rating, title FROM images ORDER BY id",
        "tags": "SELECT image_id, name, source FROM image_tags JOIN tags ON tags.id = tag_id ORDER BY 1, 2",
        "vectors": "SELECT id, image_id, vector FROM embeddings ORDER BY id",
        "roots": "SELECT path, recursive FROM roots",
    }
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


def version_of(path: Path) -> str:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def opened(path: Path, **options: Any) -> SqliteStore:
    return SqliteStore.open(path, vectors=path.parent / "vectors", **options)


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_every_earlier_version_comes_through_whole(tmp_path: Path, version: str) -> None:
    path = tmp_path / "library.db"
    old_library(path, version)
    before = content(path)
    with opened(path) as store:
        assert len(store.select(Everything())) == IMAGES
        assert len(store.select(HasTag("mine"))) == IMAGES // 2
        assert [problem for problem in store.check() if problem.kind != "embedding"] == []
        store.set_rating(1, 5)
    assert content(path) == before
    assert version_of(path) == VERSIONS[-1]
    copy = tmp_path / f"library.db.{version}.backup"
    assert (version_of(copy), content(copy)) == (version, before)


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_a_migration_that_is_cut_off_anywhere_changes_nothing(
    tmp_path: Path, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "library.db"
    old_library(path, version)
    before = content(path)
    chance = random.Random(version)
    cut_off = 0
    for after in sorted({0, *(chance.randint(1, 60) for _ in range(5))}):
        monkeypatch.setattr(upgrade, "run_migrations", interrupted(after))
        try:
            opened(path).close()
        except LibraryError:
            cut_off += 1
            assert (version_of(path), content(path)) == (version, before)
        else:
            break  # it was done before its time was up
    assert cut_off > 0
    monkeypatch.undo()
    with opened(path) as store:
        assert len(store.select(HasTag("mine"))) == IMAGES // 2
    assert (version_of(path), content(path)) == (VERSIONS[-1], before)


def interrupted(after: int) -> Callable[..., None]:
    """`run_migrations`, stopped by SQLite after so many times a hundred steps of its machine."""

    def run(connection: sqlite3.Connection, **options: Any) -> None:
        left = after

        def count() -> bool:
            nonlocal left
            left -= 1
            return left < 0

        connection.set_progress_handler(count, 100)
        run_migrations(connection, **options)

    return run


def test_an_old_program_refuses_a_new_library_and_leaves_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "library.db"
    SqliteStore.create(path, vectors=tmp_path / "vectors").close()
    before = path.read_bytes()
    monkeypatch.setattr("smartsearch.stores.connection.VERSIONS", VERSIONS[:-1])
    for read_only in (True, False):
        with pytest.raises(LibraryTooNewError, match=f"schema {VERSIONS[-1]}") as caught:
            opened(path, read_only=read_only)
        assert (caught.value.exit_code, caught.value.hint) == (5, "Update smartsearch.")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["library.db"]


def test_an_old_library_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    old_library(path, VERSIONS[0])
    with pytest.raises(LibraryReadOnlyError, match="older schema"):
        opened(path, read_only=True)
