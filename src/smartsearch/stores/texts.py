"""What was read in the pictures: rows, the trigrams that find them, and `smartsearch.core.ports.TextStore`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from smartsearch.core.query import Query
from smartsearch.core.reading import LEAST_PART, ONE_SLIP, TextLine, TextScan, agreement, folded, trigrams
from smartsearch.stores import rows
from smartsearch.stores.connection import Database
from smartsearch.stores.sql import Condition, compile_query, phrase

MISREAD_LOOK = 300
"""Texts looked through for one misread word, those first that share most with it."""


def put(connection: sqlite3.Connection, image_id: int, scan: TextScan) -> None:
    """Replace what was read in an image."""
    lines = [
        [line.text, round(line.confidence, 4), *(value for point in line.quad for value in point)]
        for line in scan.lines
    ]
    text = rows.clean_text(scan.text) or ""
    forget(connection, image_id)
    connection.execute(
        "INSERT INTO image_texts (image_id, reader, folded, lines) VALUES (?, ?, ?, ?)",
        (image_id, scan.reader, folded(text), json.dumps(lines)),
    )
    _index(connection, image_id)


def forget(connection: sqlite3.Connection, image_id: int) -> None:
    """Nobody has looked for text in the image. Called also before an image is deleted."""
    connection.execute(
        "INSERT INTO text_fts (text_fts, rowid, folded)"
        " SELECT 'delete', image_id, folded FROM image_texts WHERE image_id = ?",
        (image_id,),
    )
    connection.execute("DELETE FROM image_texts WHERE image_id = ?", (image_id,))


def copy(connection: sqlite3.Connection, source_id: int, image_id: int) -> None:
    """The same bytes have the same text."""
    forget(connection, image_id)
    connection.execute(
        "INSERT INTO image_texts (image_id, reader, folded, lines)"
        " SELECT ?, reader, folded, lines FROM image_texts WHERE image_id = ?",
        (image_id, source_id),
    )
    _index(connection, image_id)


def _index(connection: sqlite3.Connection, image_id: int) -> None:
    connection.execute(
        "INSERT INTO text_fts (rowid, folded) SELECT image_id, folded FROM image_texts WHERE image_id = ?", (image_id,)
    )


def of_images(connection: sqlite3.Connection, ids: Sequence[int]) -> dict[int, str]:
    """The text of each image in which somebody looked for some."""
    found = connection.execute(
        "SELECT image_id, lines FROM image_texts WHERE image_id IN (SELECT value FROM json_each(?))",
        (rows.ids_json(ids),),
    )
    return {image_id: "\n".join(line[0] for line in json.loads(lines)) for image_id, lines in found}


class SqliteTexts:
    """The texts of one SQLite library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, asset_id: int) -> TextScan | None:
        with self._database.read() as connection:
            row = connection.execute("SELECT reader, lines FROM image_texts WHERE image_id = ?", (asset_id,)).fetchone()
        return None if row is None else TextScan(row[0], tuple(_line(*values) for values in json.loads(row[1])))

    def unread(self, reader: str) -> list[int]:
        with self._database.read() as connection:
            found = connection.execute(
                "SELECT id FROM images LEFT JOIN image_texts ON image_id = id"
                " WHERE missing_since IS NULL AND reader IS NOT ? ORDER BY id",
                (reader,),
            )
            return [row[0] for row in found]

    def counts(self) -> tuple[int, int]:
        with self._database.read() as connection:
            return _counts(connection)

    def with_words(self, words: Sequence[str], where: Query, limit: int) -> list[dict[int, float]]:
        condition = compile_query(where)
        with self._database.read() as connection:
            found = [_agreeing(connection, folded(word)) for word in words]
            meeting = _meeting(connection, {number for pairs in found for number in pairs}, condition)
        return [dict([pair for pair in pairs.items() if pair[0] in meeting][: max(limit, 0)]) for pairs in found]

    def forget(self) -> int:
        """See the port. The file is written anew: SQLite keeps deleted bytes until it needs the room."""
        with self._database.write() as connection:
            _, with_text = _counts(connection)
            connection.execute("INSERT INTO text_fts (text_fts) VALUES ('delete-all')")
            connection.execute("DELETE FROM image_texts")
            connection.execute("UPDATE library SET generation = generation + 1")
        self._database.compact()
        return with_text


def _counts(connection: sqlite3.Connection) -> tuple[int, int]:
    row = connection.execute("SELECT count(*), coalesce(sum(folded != ''), 0) FROM image_texts").fetchone()
    return int(row[0]), int(row[1])


def _agreeing(connection: sqlite3.Connection, word: str) -> dict[int, float]:
    """The images whose text agrees with the word, best first, then by id."""
    found: dict[int, float] = {}
    for image_id, text in _candidates(connection, word):
        well = agreement(word, text)
        if well:
            found[image_id] = max(well, found.get(image_id, 0.0))
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _candidates(connection: sqlite3.Connection, word: str) -> list[tuple[int, str]]:
    if not word:
        return []
    if len(word) < 3:
        return connection.execute(
            "SELECT image_id, folded FROM image_texts WHERE instr(folded, ?) ORDER BY image_id", (word,)
        ).fetchall()
    fetch = "SELECT rowid, folded FROM text_fts WHERE text_fts MATCH ?"
    found = connection.execute(f"{fetch} ORDER BY rowid", (phrase(word),)).fetchall()
    if len(word) >= ONE_SLIP:
        any_of = " OR ".join(map(phrase, trigrams(word)))
        found += connection.execute(f"{fetch} ORDER BY rank LIMIT {MISREAD_LOOK}", (any_of,)).fetchall()
    elif word.endswith("s") and len(word) >= LEAST_PART:  # the text may have the singular
        found += connection.execute(f"{fetch} ORDER BY rowid", (phrase(word[:-1]),)).fetchall()
    return found


def _meeting(connection: sqlite3.Connection, ids: set[int], where: Condition) -> set[int]:
    found = connection.execute(
        f"SELECT id FROM images WHERE id IN (SELECT value FROM json_each(:ids)) AND ({where.sql})",
        where.parameters | {"ids": rows.ids_json(sorted(ids))},
    )
    return {row[0] for row in found}


def _line(text: str, confidence: float, *corners: int) -> TextLine:
    a, b, c, d = zip(corners[::2], corners[1::2], strict=True)
    return TextLine(text, confidence, (a, b, c, d))
