"""The nearest faces of every face: exact for a family's library, by an inverted file for large ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from smartsearch.core.clustering import Floats, Neighbours

EXACT_UP_TO = 30_000
"""Faces. Exact search grows with the square: 20,000 take seconds, 100,000 half a minute (benchmarks/faces.py)."""

NEIGHBOURS = 32
_CHUNK = 4096


def nearest(vectors: Floats, count: int = NEIGHBOURS, exact_up_to: int = EXACT_UP_TO) -> Neighbours:
    """The ``count`` nearest of each of n L2-normalised vectors, itself among them. Deterministic."""
    total, dim = vectors.shape
    count = min(count, total)
    if not total:
        return Neighbours(np.empty((0, 0), np.int64), np.empty((0, 0), np.float32))
    import faiss

    vectors = np.ascontiguousarray(vectors, np.float32)
    index: Any = faiss.IndexFlatIP(dim)
    if total > exact_up_to:
        lists = int(4 * np.sqrt(total))
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(dim), dim, lists, faiss.METRIC_INNER_PRODUCT)
        index.cp.seed = 1
        index.cp.niter = 8
        index.cp.max_points_per_centroid = 64
        index.nprobe = 24
        index.train(vectors)
    index.add(vectors)
    places = np.empty((total, count), np.int64)
    cosines = np.empty((total, count), np.float32)
    for start in range(0, total, _CHUNK):
        end = min(start + _CHUNK, total)
        cosines[start:end], places[start:end] = index.search(vectors[start:end], count)
    return Neighbours(places, cosines)
