"""Rows of feedback and of what was learned from it: `smartsearch.core.feedback.FeedbackStore`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from smartsearch.core.feedback import StoredAdapter, Verdict, query_key
from smartsearch.stores import rows
from smartsearch.stores.connection import Database

_ADAPTERS = "SELECT id, space, learned_at, weights, report FROM adapters WHERE space = ? ORDER BY id"
_GROW = "UPDATE library SET generation = generation + 1"


class SqliteFeedback:
    """Over the library's database."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def keep(self, verdicts: Sequence[Verdict]) -> None:
        with self._database.write() as connection:
            for verdict in verdicts:
                query = rows.clean_text(" ".join(verdict.query.split())) or ""
                key = (query_key(query), verdict.file_hash)
                # A new word on the same photo is a new row: the order of ids is that in which things were said.
                connection.execute("DELETE FROM feedback WHERE query_key = ? AND file_hash = ?", key)
                connection.execute(
                    "INSERT INTO feedback (query, query_key, file_hash, liked, space, said_at)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (query, *key, verdict.liked, verdict.space, rows.micros(verdict.at)),
                )

    def verdicts(self, query: str | None = None) -> list[Verdict]:
        condition, values = _about(query, None)
        with self._database.read() as connection:
            found = connection.execute(
                f"SELECT query, file_hash, liked, space, said_at FROM feedback WHERE {condition} ORDER BY id", values
            )
            return [
                Verdict(said, file_hash, bool(liked), space, rows.utc(at))
                for said, file_hash, liked, space, at in found
            ]

    def erase(self, query: str | None = None, file_hashes: Sequence[bytes] | None = None) -> int:
        condition, values = _about(query, file_hashes)
        with self._database.write() as connection:
            return connection.execute(f"DELETE FROM feedback WHERE {condition}", values).rowcount

    def adapters(self, space: str) -> list[StoredAdapter]:
        with self._database.read() as connection:
            return [_adapter_from(row) for row in connection.execute(_ADAPTERS, (space,))]

    def adapter(self, space: str) -> StoredAdapter | None:
        with self._database.read() as connection:
            row = connection.execute(f"{_ADAPTERS} DESC LIMIT 1", (space,)).fetchone()
        return None if row is None else _adapter_from(row)

    def add_adapter(self, space: str, weights: bytes, report: Mapping[str, Any]) -> StoredAdapter:
        with self._database.write() as connection:
            now = self._clock()
            inserted = connection.execute(
                "INSERT INTO adapters (space, learned_at, weights, report) VALUES (?, ?, ?, ?)",
                (space, rows.micros(now), weights, json.dumps(dict(report))),
            )
            connection.execute(_GROW)
            assert inserted.lastrowid is not None
            return StoredAdapter(inserted.lastrowid, space, now, weights, dict(report))

    def remove_adapter(self, space: str) -> StoredAdapter | None:
        with self._database.write() as connection:
            row = connection.execute(f"{_ADAPTERS} DESC LIMIT 1", (space,)).fetchone()
            if row is None:
                return None
            connection.execute("DELETE FROM adapters WHERE id = ?", (row[0],))
            connection.execute(_GROW)
            return _adapter_from(row)


def _about(query: str | None, file_hashes: Sequence[bytes] | None) -> tuple[str, dict[str, Any]]:
    """The condition that a fact is of this query and of one of these photos, and its parameters."""
    parts, values = ["TRUE"], dict[str, Any]()
    if query is not None:
        parts.append("query_key = :query")
        values["query"] = query_key(query)
    if file_hashes is not None:
        parts.append("hex(file_hash) IN (SELECT value FROM json_each(:hashes))")
        values["hashes"] = json.dumps([file_hash.hex().upper() for file_hash in file_hashes])
    return " AND ".join(parts), values


def _adapter_from(row: tuple[Any, ...]) -> StoredAdapter:
    adapter_id, space, learned_at, weights, report = row
    return StoredAdapter(adapter_id, space, rows.utc(learned_at), bytes(weights), json.loads(report))
