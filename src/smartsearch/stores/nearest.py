"""Nearest images among those that meet a condition: which of two ways is right for a query, and the exact scores.

A narrow condition is evaluated first, and the few vectors it leaves are compared exactly. A wide one is evaluated only
on the nearest candidates; where too few of them pass, all ids that meet it are read and searched among.
"""

from __future__ import annotations

import sqlite3

import numpy as np

from smartsearch.core.assets import Embedding
from smartsearch.core.ports import Neighbor
from smartsearch.core.query import Everything, Present, Query, Shown
from smartsearch.stores import rows
from smartsearch.stores.sql import Condition, compile_query
from smartsearch.stores.vector_files import Ids
from smartsearch.stores.vectors import Found, SpaceVectors

NARROW = 2_000
"""Ids a condition may leave to count as narrow: reading and comparing so many takes about 2 ms."""
_TOLERANCE = 1e-4
"""By how much a similarity computed from the files may differ from that of the database."""


def nearest(
    connection: sqlite3.Connection, index: SpaceVectors, vector: Embedding, where: Query, k: int
) -> list[Neighbor]:
    """The k nearest, best first, ties by id. Similarities are computed from the vectors in the database."""
    exact = _exact(connection, index, vector, _find(connection, index, vector, where, k))
    if exact is None:  # the files are damaged: made anew, they agree with the database
        index.rebuild(connection)
        exact = _exact(connection, index, vector, _find(connection, index, vector, where, k)) or []
    return sorted(exact, key=lambda neighbor: (-neighbor.similarity, neighbor.asset_id))[:k]


def _exact(
    connection: sqlite3.Connection, index: SpaceVectors, vector: Embedding, found: Found
) -> list[Neighbor] | None:
    """The same images scored from the database; None if that contradicts what was found.

    Summed in double precision so that equal vectors have equal similarities wherever they stand.
    """
    ids, similarities = found
    stored = dict(
        connection.execute(
            "SELECT image_id, vector FROM embeddings"
            " WHERE space_id = ? AND image_id IN (SELECT value FROM json_each(?))",
            (index.space_id, rows.ids_json(ids.tolist())),
        )
    )
    if len(stored) != len(ids):
        return None
    matrix = np.frombuffer(b"".join(stored[i] for i in ids.tolist()), "<f2").reshape(len(ids), index.dim)
    exact = (matrix.astype(np.float64) @ vector.astype(np.float64)).astype(np.float32)
    if not (np.abs(exact - similarities) <= _TOLERANCE).all():
        return None
    return [Neighbor(*pair) for pair in zip(ids.tolist(), exact.tolist(), strict=True)]


def _find(connection: sqlite3.Connection, index: SpaceVectors, vector: Embedding, where: Query, count: int) -> Found:
    if where == Everything():
        return index.nearest(vector, count)[0]
    condition = compile_query(where)
    select = f"SELECT id FROM images WHERE {condition.sql}"
    if where not in (Present(), Shown()):
        few = _ids(connection, f"{select} LIMIT {NARROW + 1}", condition)
        if len(few) <= NARROW:
            return index.nearest_among(vector, count, few)
    found, enough = index.nearest(vector, count, lambda ids: _passing(connection, condition, ids))
    return found if enough else index.nearest_among(vector, count, _ids(connection, select, condition))


def _ids(connection: sqlite3.Connection, query: str, condition: Condition) -> Ids:
    """The ids a query gives. One joined text is four times as fast to fetch as a million rows."""
    joined = connection.execute(f"SELECT group_concat(id) FROM ({query})", condition.parameters).fetchone()[0]
    return np.empty(0, np.int64) if joined is None else np.fromstring(joined, np.int64, sep=",")


def _passing(connection: sqlite3.Connection, condition: Condition, ids: Ids) -> Ids:
    query = f"SELECT id FROM images WHERE id IN (SELECT value FROM json_each(:ids)) AND ({condition.sql})"
    return _ids(connection, query, Condition("", condition.parameters | {"ids": rows.ids_json(ids.tolist())}))
