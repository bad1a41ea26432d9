"""Full-text search over file names, folders, tags, titles and descriptions (SQLite FTS5)."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Sequence

from smartsearch.core.ports import Neighbor
from smartsearch.stores.rows import clean_text, ids_json
from smartsearch.stores.sql import Condition

_WEIGHTS = "4.0, 1.0, 4.0, 2.0, 1.0"
"""BM25 weights of file name, folder, tags, title and description: a name or a tag was chosen, a folder is inherited."""


def words(text: str) -> list[str]:
    """The words of a text as the index cuts them: runs of letters, marks and digits."""
    return "".join(letter if unicodedata.category(letter)[0] in "LNM" else " " for letter in text).split()


def counts(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Every word of the index that starts with a letter, with the number of images that have it."""
    connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.image_words USING fts5vocab(main, image_fts, row)")
    return connection.execute("SELECT term, doc FROM temp.image_words WHERE term >= 'a'").fetchall()


def match(connection: sqlite3.Connection, text: str, where: Condition, limit: int) -> list[Neighbor]:
    """Images whose text has a word starting with each word of ``text``, best BM25 first, ties by id."""
    expression = " ".join(f'"{word}"*' for word in words(clean_text(text) or ""))
    if not expression or limit <= 0:
        return []
    found = connection.execute(
        f"SELECT rowid, -bm25(image_fts, {_WEIGHTS}) AS score FROM image_fts"
        f" WHERE image_fts MATCH :text AND rowid IN (SELECT id FROM images WHERE {where.sql})"
        " ORDER BY score DESC, rowid LIMIT :limit",
        {"text": expression, "limit": limit} | where.parameters,
    )
    return [Neighbor(row[0], row[1]) for row in found]


def forms(word: str) -> tuple[str, ...]:
    """The word and, of three letters or more, its plural or singular in -s."""
    if len(word) < 3:
        return (word,)
    return (word, word[:-1]) if word.endswith("s") else (word, word + "s")


def with_words(connection: sqlite3.Connection, wanted: Sequence[str], where: Condition, limit: int) -> list[list[int]]:
    """For each word the images that have it as a whole word, by id. The condition is decided only for those found:
    evaluated for all images it would take longer than everything else."""
    found = []
    for word in wanted:
        said = words(clean_text(word) or "")
        rows = (
            connection.execute(
                "SELECT rowid FROM image_fts WHERE image_fts MATCH ? ORDER BY rowid LIMIT ?",
                (" OR ".join(f'"{form}"' for form in forms(said[0])), limit),
            )
            if len(said) == 1
            else ()
        )
        found.append([row[0] for row in rows])
    meeting = {
        row[0]
        for row in connection.execute(
            f"SELECT id FROM images WHERE id IN (SELECT value FROM json_each(:ids)) AND ({where.sql})",
            where.parameters | {"ids": ids_json(sorted({number for ids in found for number in ids}))},
        )
    }
    return [[number for number in ids if number in meeting] for ids in found]
