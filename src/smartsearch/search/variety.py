"""Answers without repetition: near-duplicates shown once, and different photos before more of the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Embedding

SAME_BITS = 6
"""Perceptual hashes (64 bits) that differ in no more are of one picture: rescaled, recompressed, or of one burst."""
POOL = 200
"""The best images that are put in another order for variety; what comes after stays."""


def without_duplicates(ids: Sequence[int], hashes: Mapping[int, int]) -> list[int]:
    """Places of the images that are no near-duplicate of one before them. What is shown of a longer answer begins with
    what is shown of a shorter one."""
    kept: list[int] = []
    seen, count = np.empty(len(ids), np.uint64), 0
    for place, asset_id in enumerate(ids):
        value = hashes.get(asset_id)
        if value is not None:
            if count and np.bitwise_count(seen[:count] ^ np.uint64(value)).min() <= SAME_BITS:
                continue
            seen[count] = value
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
