"""The vectors of one space in memory, kept in step with the database."""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Embedding

Ids = NDArray[np.int64]


class SpaceVectors:
    """Every vector of one space, as float16 rows beside the ids of their images."""

    def __init__(self, space_id: int, dim: int) -> None:
        self.dim = dim
        self._space_id = space_id
        self._seen = 0
        self._seen_deletions = 0
        self._embedding_ids = np.empty(0, np.int64)
        self._image_ids = np.empty(0, np.int64)
        self._vectors = np.empty((0, dim), np.float16)

    def catch_up(self, connection: sqlite3.Connection) -> None:
        """Take in what was added and deleted since the last call."""
        new = connection.execute(
            "SELECT id, image_id, vector FROM embeddings WHERE space_id = ? AND id > ? ORDER BY id",
            (self._space_id, self._seen),
        ).fetchall()
        gone = connection.execute(
            "SELECT id, embedding_id FROM embedding_deletions WHERE space_id = ? AND id > ? ORDER BY id",
            (self._space_id, self._seen_deletions),
        ).fetchall()
        if new:
            self._seen = new[-1][0]
            self._embedding_ids = np.append(self._embedding_ids, [row[0] for row in new])
            self._image_ids = np.append(self._image_ids, [row[1] for row in new])
            added = np.frombuffer(b"".join(row[2] for row in new), "<f2").reshape(-1, self.dim)
            self._vectors = np.concatenate([self._vectors, added])
        if gone:
            self._seen_deletions = gone[-1][0]
            keep = ~np.isin(self._embedding_ids, [row[1] for row in gone])
            self._embedding_ids, self._image_ids = self._embedding_ids[keep], self._image_ids[keep]
            self._vectors = self._vectors[keep]

    def nearest(self, vector: Embedding, among: Ids | None, k: int) -> tuple[Ids, NDArray[np.float32]]:
        """Image ids and similarities, best first, ties by id; among all or the given images."""
        ids, vectors = self._image_ids, self._vectors
        if among is not None:
            keep = np.isin(ids, among)
            ids, vectors = ids[keep], vectors[keep]
        scores = vectors.astype(np.float32) @ vector
        order = np.lexsort((ids, -scores))[:k]
        return ids[order], scores[order]

    def ids(self) -> Ids:
        """Ids of the images that have a vector, ascending."""
        return np.sort(self._image_ids)
