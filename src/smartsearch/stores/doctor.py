"""Checks of a library database, and repair of what is derived: nothing here touches what only the user knows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["database", "reference", "embedding", "full-text", "vector-index"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. What is ``repairable`` can be made anew from the rest or by the next `index`."""

    kind: Kind
    message: str
    repairable: bool


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


def check_text(connection: sqlite3.Connection) -> Iterator[Problem]:
    """The full-text table against the rows it is made from. Needs a write transaction, though it changes nothing."""
    try:
        connection.execute("INSERT INTO image_fts (image_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        yield Problem("full-text", "The full-text table does not match the images.", repairable=True)


def repair(connection: sqlite3.Connection, problems: list[Problem]) -> None:
    """Repair what `check_rows` and `check_text` found repairable, in the caller's transaction."""
    kinds = {problem.kind for problem in problems if problem.repairable}
    if "database" in kinds:
        connection.execute("REINDEX")
    if "reference" in kinds:
        for table, rowid, _, _ in connection.execute("PRAGMA foreign_key_check").fetchall():
            if rowid is not None:
                connection.execute(f'DELETE FROM "{table}" WHERE rowid = ?', (rowid,))
        connection.execute(
            "DELETE FROM image_tags"
            " WHERE image_id NOT IN (SELECT id FROM images) OR tag_id NOT IN (SELECT id FROM tags)"
        )
    if "embedding" in kinds:
        connection.executemany("DELETE FROM embeddings WHERE id = ?", [(i,) for i in bad_embeddings(connection)])
        connection.execute("UPDATE library SET generation = generation + 1")
    if "full-text" in kinds or "reference" in kinds:
        connection.execute("INSERT INTO image_fts (image_fts) VALUES ('rebuild')")


def bad_embeddings(connection: sqlite3.Connection) -> list[int]:
    """Ids of vectors that are not of their space's length or not finite."""
    rows = connection.execute(
        "SELECT embeddings.id, vector, 2 * dim FROM embeddings JOIN spaces ON spaces.id = embeddings.space_id"
    )
    return [
        embedding_id
        for embedding_id, blob, width in rows
        if not isinstance(blob, bytes) or len(blob) != width or not np.isfinite(np.frombuffer(blob, "<f2")).all()
    ]
