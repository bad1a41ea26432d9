"""Answers without repetition: near-duplicates shown once, and different photos before more of the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Embedding
from smartsearch.core.duplicates import last_as_long

SAME_BITS = 6
"""Perceptual hashes (64 bits) that differ in no more are of one picture: rescaled, recompressed, or of one burst."""
POOL = 200
"""The best images that are put in another order for variety; what comes after stays."""
MOST_DIVERSITY = 0.5
"""Beyond it what was not meant comes before what was: see benchmarks/variety.py."""


def without_duplicates(
    ids: Sequence[int], hashes: Mapping[int, int], durations: Mapping[int, float] | None = None
) -> list[int]:
    """Places of the images that are no near-duplicate of one before them. What is shown of a longer answer begins with
    what is shown of a shorter one. Of moving pictures, whose ``durations`` are known, one frame is like many a photo:
    they are near-duplicates only of such as last as long."""
    lasting = durations or {}
    kept: list[int] = []
    seen, seconds, count = np.empty(len(ids), np.uint64), np.empty(len(ids)), 0
    for place, asset_id in enumerate(ids):
        value = hashes.get(asset_id)
        if value is not None:
            duration = np.float64(lasting.get(asset_id, np.nan))
            near = np.flatnonzero(np.bitwise_count(seen[:count] ^ np.uint64(value)) <= SAME_BITS)
            if last_as_long(seconds[near], duration).any():
                continue
            seen[count], seconds[count] = value, duration
            count += 1
        kept.append(place)
    return kept


def varied(
    ids: Sequence[int], scores: Sequence[float], vectors: Mapping[int, Embedding], diversity: float
) -> list[int]:
    """All places, the first `POOL` by maximal marginal relevance (Carbonell and Goldstein 1998): each next image is the
    one with the best (1 - diversity) * score - diversity * likeness to the likest one already taken."""
    pool = [place for place in range(min(POOL, len(ids))) if ids[place] in vectors]
    if len(pool) < 3:
        return list(range(len(ids)))
    matrix = np.stack([vectors[ids[place]] for place in pool])
    value = (1.0 - diversity) * np.array([scores[place] for place in pool])
    nearest: NDArray[np.float64] = np.zeros(len(pool))
    order: list[int] = []
    left = np.ones(len(pool), bool)
    for _ in pool:
        gain = np.where(left, value - diversity * nearest, -np.inf)
        chosen = int(gain.argmax())
        order.append(pool[chosen])
        left[chosen] = False
        nearest = np.maximum(nearest, matrix @ matrix[chosen])
    taken = set(order)
    return order + [place for place in range(len(ids)) if place not in taken]
