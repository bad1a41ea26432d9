"""The scenes of moving pictures: their vectors beside the one that every image has.

They are few where images are many, so they are kept whole in memory and all compared, exactly (decision 0013). A row is
known by its id, which is never reused: what is new has a higher one, and where the count does not agree, some are gone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Embedding
from smartsearch.core.ports import Neighbor
from smartsearch.core.query import Everything, Query
from smartsearch.stores import rows
from smartsearch.stores.candidates import Half, to_float32
from smartsearch.stores.sql import compile_query
from smartsearch.stores.vector_files import Ids

_BLOCK = 20_000
_NEW = "SELECT id, image_id, at_ms, vector FROM scene_embeddings WHERE space_id = ? AND id > ? ORDER BY id"


class SceneVectors:
    """The scenes of one space, following the database. Not safe for threads by itself."""

    def __init__(self, space_id: int, dim: int) -> None:
        self._space_id = space_id
        self._dim = dim
        self._generation: int | None = None
        self._clear()

    def _clear(self) -> None:
        self._seen = 0
        self._counted = 0  # rows of the table, damaged ones too
        self._image_ids = np.empty(0, np.int64)
        self._rows: Half = np.empty((0, self._dim), np.float16)

    def catch_up(self, connection: sqlite3.Connection) -> None:
        """Take in what changed since the last call."""
        generation = connection.execute("SELECT generation FROM library").fetchone()[0]
        if generation == self._generation:
            return
        self._read_new(connection)
        count = "SELECT count(*) FROM scene_embeddings WHERE space_id = ?"
        if connection.execute(count, (self._space_id,)).fetchone()[0] != self._counted:
            self._clear()
            self._read_new(connection)
        self._generation = generation

    def _read_new(self, connection: sqlite3.Connection) -> None:
        found = connection.execute(_NEW, (self._space_id, self._seen)).fetchall()
        if not found:
            return
        sound = [row for row in found if rows.is_vector(row[3], self._dim)]  # one NaN would hide all others
        blobs = b"".join(row[3] for row in sound)
        self._rows = np.concatenate([self._rows, np.frombuffer(blobs, "<f2").reshape(-1, self._dim)])
        self._image_ids = np.append(self._image_ids, np.array([row[1] for row in sound], np.int64))
        self._seen, self._counted = found[-1][0], self._counted + len(found)

    def improve(
        self, connection: sqlite3.Connection, vector: Embedding, where: Query, k: int, near: list[Neighbor]
    ) -> list[Neighbor]:
        """The ``near`` images, the k best by the vector each has, with those whose best scene is nearer: the k best by
        either. Ties by id.

        That is exact: an image that is among the k best by its scenes is found here, where all are compared, and one
        that is by its own vector is among ``near``.
        """
        if not len(self._rows):
            return near
        best = self._best(connection, vector, where, k)
        similarities = {neighbor.asset_id: neighbor.similarity for neighbor in near}
        for asset_id, similarity in best.items():
            similarities[asset_id] = max(similarity, similarities.get(asset_id, -np.inf))
        found = [Neighbor(*pair) for pair in similarities.items()]
        return sorted(found, key=lambda neighbor: (-neighbor.similarity, neighbor.asset_id))[:k]

    def _best(self, connection: sqlite3.Connection, vector: Embedding, where: Query, k: int) -> dict[int, float]:
        """At least the k images whose best scenes are nearest, with the similarity of that scene."""
        images, owners = np.unique(self._image_ids, return_inverse=True)
        allowed = np.isin(images, passing(connection, where, images))
        scores = np.full(len(images), -np.inf, np.float32)
        for start in range(0, len(self._rows), _BLOCK):
            block = to_float32(self._rows[start : start + _BLOCK]) @ vector
            np.maximum.at(scores, owners[start : start + _BLOCK], block)
        scores[~allowed] = -np.inf
        count = min(k, int(allowed.sum()))
        if not count:
            return {}
        least = np.partition(scores, -count)[-count] - 1e-6
        chosen = np.flatnonzero(scores >= least)
        mine = np.isin(owners, chosen)
        # In double precision, as the images' own vectors are: equal vectors have equal similarities.
        exact = (self._rows[mine].astype(np.float64) @ vector.astype(np.float64)).astype(np.float32)
        found: dict[int, float] = {}
        for image_id, score in zip(self._image_ids[mine].tolist(), exact.tolist(), strict=True):
            found[image_id] = max(score, found.get(image_id, -np.inf))
        return found


def passing(connection: sqlite3.Connection, where: Query, ids: Ids) -> NDArray[np.int64]:
    """Those of the images that meet the condition."""
    if where == Everything():
        return ids
    condition = compile_query(where)
    query = f"SELECT id FROM images WHERE id IN (SELECT value FROM json_each(:ids)) AND ({condition.sql})"
    found = connection.execute(query, condition.parameters | {"ids": rows.ids_json(ids)})
    return np.array([row[0] for row in found], np.int64)


def times(connection: sqlite3.Connection, image_id: int) -> list[int]:
    """When the scenes of an image begin, in milliseconds, ascending."""
    query = "SELECT DISTINCT at_ms FROM scene_embeddings WHERE image_id = ? ORDER BY at_ms"
    return [row[0] for row in connection.execute(query, (image_id,))]


def vectors(connection: sqlite3.Connection, space: str, ids: Sequence[int]) -> dict[int, dict[int, Embedding]]:
    """Image id to milliseconds to vector, for images that have scenes in the space. Damaged vectors are left out."""
    query = (
        "SELECT image_id, at_ms, vector, dim FROM scene_embeddings JOIN spaces ON spaces.id = space_id WHERE key = ?"
        " AND image_id IN (SELECT value FROM json_each(?)) ORDER BY image_id, at_ms"
    )
    found: dict[int, dict[int, Embedding]] = {}
    for image_id, at_ms, blob, dim in connection.execute(query, (space, rows.ids_json(ids))):
        if rows.is_vector(blob, dim):
            found.setdefault(image_id, {})[at_ms] = rows.vector_from(blob)
    return found


def counts(connection: sqlite3.Connection, space: str, ids: Sequence[int]) -> dict[int, int]:
    """Image id to number of scenes, for images that have scenes in the space."""
    query = (
        "SELECT image_id, count(*) FROM scene_embeddings WHERE space_id = (SELECT id FROM spaces WHERE key = ?)"
        " AND image_id IN (SELECT value FROM json_each(?)) GROUP BY image_id"
    )
    return dict(connection.execute(query, (space, rows.ids_json(ids))))


def put(
    connection: sqlite3.Connection, image_id: int, space_id: int, dim: int, scenes: Mapping[int, Embedding]
) -> None:
    """Replace the scenes of an image in one space. ValueError for vectors of another dimension."""
    connection.execute("DELETE FROM scene_embeddings WHERE image_id = ? AND space_id = ?", (image_id, space_id))
    for vector in scenes.values():
        if vector.size != dim:
            raise ValueError(f"the vectors of scenes have {dim} dimensions here, not {vector.size}")
    connection.executemany(
        "INSERT INTO scene_embeddings (space_id, image_id, at_ms, vector) VALUES (?, ?, ?, ?)",
        [(space_id, image_id, at_ms, rows.vector_bytes(vector)) for at_ms, vector in sorted(scenes.items())],
    )


def forget(connection: sqlite3.Connection, image_id: int) -> None:
    """Delete the scenes of an image in every space."""
    connection.execute("DELETE FROM scene_embeddings WHERE image_id = ?", (image_id,))


def copy(connection: sqlite3.Connection, source_id: int, image_id: int) -> None:
    """Give a copy of an image its scenes."""
    forget(connection, image_id)
    connection.execute(
        "INSERT INTO scene_embeddings (space_id, image_id, at_ms, vector)"
        " SELECT space_id, ?, at_ms, vector FROM scene_embeddings WHERE image_id = ? ORDER BY id",
        (image_id, source_id),
    )
