"""Checks of a library database, and repair of what is derived: nothing here touches what only the user knows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from smartsearch.stores import rows
from smartsearch.stores.driver import sqlite_errors
from smartsearch.stores.seal import BLOCK, changed_blocks
from smartsearch.stores.vector_files import VectorFiles

Kind = Literal["database", "reference", "embedding", "full-text", "vector-index"]

_DERIVED = (
    "image_fts",
    "text_fts",
    "embedding_deletions",
    "jobs",
    "errors",
    "sqlite_autoindex",
    "ix_",
    "uq_",
)
"""What the names of tables and indexes begin with that can be made anew, or do without."""
_FREE = "ix_ (free pages)"
_FEW = 0.02
"""Of the vectors, so many may differ from their copies by damage; if more do, the copies are of another library."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. What is ``repairable`` can be made anew from the rest or by the next `index`."""

    kind: Kind
    message: str
    repairable: bool


def check_pages(connection: sqlite3.Connection, path: Path) -> Iterator[Problem]:
    """Pages that the disk has changed since the file was sealed, and what they hold. Nothing if no seal holds."""
    damaged = changed_blocks(path)
    if not damaged:
        return
    owners = _owners(connection, damaged)
    lost = sorted({owner for owner in owners if not owner.startswith(_DERIVED)})
    if lost:
        what = f"they hold {', '.join(lost)}"
        yield Problem(
            "database", f"{len(damaged)} pages are not what was written to them ({what}): the disk changed them.", False
        )
    else:
        what = ", ".join(sorted(set(owners))) or "free pages"
        message = f"{len(damaged)} pages are not what was written to them, but hold only what is derived ({what})."
        yield Problem("database", message, True)


def _owners(connection: sqlite3.Connection, blocks: list[int]) -> list[str]:
    """The tables and indexes that pages belong to; "the database" for those that cannot be told."""
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    pages = sorted({block * BLOCK // size + 1 for block in blocks})
    try:
        known = dict(connection.execute("SELECT pageno, name FROM dbstat"))
        free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    except sqlite_errors("DatabaseError"):  # this SQLite has no dbstat, or the pages that name the others are damaged
        return ["the database"]
    if 1 in pages:
        return ["the database"]
    return [known.get(page, _FREE if free else "the database") for page in pages]


def damaged_vectors(connection: sqlite3.Connection, space_id: int, files: VectorFiles) -> dict[int, bytes]:
    """Vectors in the database that are not as their copies in the index files, whose checksums hold: embedding id to
    the right bytes. Empty where there is no such witness."""
    loaded = files.load() if files.soundness() else None
    if loaded is None:
        return {}
    _, ids, vectors = loaded
    query = "SELECT id, image_id, vector FROM embeddings WHERE space_id = ? AND id <= ? ORDER BY id"
    different: dict[int, bytes] = {}
    for embedding_id, image_id, blob in connection.execute(query, (space_id, int(ids[-1, 0]))):
        position = int(np.searchsorted(ids[:, 0], embedding_id))
        copy = vectors[position].tobytes()
        if ids[position].tolist() == [embedding_id, image_id] and copy != blob:
            different[embedding_id] = copy
    return different if len(different) <= max(1, _FEW * len(ids)) else {}


def put_back(connection: sqlite3.Connection, copies: dict[int, bytes]) -> None:
    """Give vectors the bytes that `damaged_vectors` found, in the caller's transaction."""
    connection.executemany("UPDATE embeddings SET vector = ? WHERE id = ?", [(copies[i], i) for i in copies])
    if copies:
        connection.execute("UPDATE library SET generation = generation + 1")


def check_rows(connection: sqlite3.Connection) -> Iterator[Problem]:
    """The file, the references between tables and the stored vectors. Reads everything; changes nothing."""
    for (message,) in connection.execute("PRAGMA integrity_check(20)").fetchall():
        if message != "ok":
            yield Problem("database", str(message), repairable=" index " in str(message))
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchall():
        yield Problem("reference", f"A row of {table} names a row of {parent} that is not there.", repairable=True)
    bad = bad_embeddings(connection)
    if bad:
        yield Problem("embedding", f"{len(bad)} vectors have a wrong length or are not finite.", repairable=True)
    scenes = bad_scenes(connection)
    if scenes:
        message = f"{len(scenes)} videos have scenes whose vectors are damaged, or which belong to no vector of theirs."
        yield Problem("embedding", message, repairable=True)


def check_text(connection: sqlite3.Connection) -> Iterator[Problem]:
    """The full-text tables against the rows they are made from. Needs a write transaction, though it changes
    nothing."""
    for table, of in (("image_fts", "images"), ("text_fts", "texts that were read")):
        try:
            connection.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")
        except sqlite_errors("DatabaseError") as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
                raise
            yield Problem("full-text", f"The full-text table does not match the {of}.", repairable=True)


def repair(connection: sqlite3.Connection, problems: list[Problem]) -> None:
    """Repair what `check_rows` and `check_text` found repairable, in the caller's transaction."""
    kinds = {problem.kind for problem in problems if problem.repairable}
    if "database" in kinds:
        connection.execute("REINDEX")
        _rebuild_text(connection)
    if "reference" in kinds:
        _delete_orphans(connection)
    if "embedding" in kinds:
        connection.executemany("DELETE FROM embeddings WHERE id = ?", [(i,) for i in bad_embeddings(connection)])
        # Scenes and the vector of the whole are made together: without that one, the next `index` makes all anew.
        scenes = bad_scenes(connection)
        for table in ("scene_embeddings", "embeddings"):
            connection.executemany(f"DELETE FROM {table} WHERE image_id = ? AND space_id = ?", scenes)
        connection.execute("UPDATE library SET generation = generation + 1")
    if "full-text" in kinds or "reference" in kinds:
        _rebuild_text(connection)


def _delete_orphans(connection: sqlite3.Connection) -> None:
    """Rows whose parent is gone. Tables without rowids are told by the key that is broken."""
    keys: set[tuple[str, int]] = set()
    for table, rowid, _, key in connection.execute("PRAGMA foreign_key_check").fetchall():
        if rowid is not None:
            connection.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (rowid,))
        else:
            keys.add((table, key))
    for table, key in keys:
        for number, _, parent, column, of, *_ in connection.execute(f'PRAGMA foreign_key_list("{table}")').fetchall():
            if number == key:
                connection.execute(f'DELETE FROM "{table}" WHERE "{column}" NOT IN (SELECT "{of}" FROM "{parent}")')


def _rebuild_text(connection: sqlite3.Connection) -> None:
    for table in ("image_fts", "text_fts"):
        connection.execute(f"INSERT INTO {table} ({table}) VALUES ('rebuild')")


def bad_embeddings(connection: sqlite3.Connection) -> list[int]:
    """Ids of vectors that are not of their space's length or not finite."""
    found = connection.execute(
        "SELECT embeddings.id, vector, dim FROM embeddings JOIN spaces ON spaces.id = embeddings.space_id"
    )
    return [embedding_id for embedding_id, blob, dim in found if not rows.is_vector(blob, dim)]


def bad_scenes(connection: sqlite3.Connection) -> set[tuple[int, int]]:
    """Image and space of scenes with such vectors, or that are there without the vector every image has."""
    found = connection.execute(
        "SELECT scene.image_id, scene.space_id, scene.vector, dim, whole.id IS NOT NULL FROM scene_embeddings AS scene"
        " JOIN spaces ON spaces.id = scene.space_id LEFT JOIN embeddings AS whole"
        " ON whole.space_id = scene.space_id AND whole.image_id = scene.image_id"
    )
    return {(image, space) for image, space, blob, dim, has in found if not (has and rows.is_vector(blob, dim))}
