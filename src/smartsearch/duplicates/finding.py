"""Groups of duplicates in a store: candidates by hash and time, each pair checked by its embeddings."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.duplicates import (
    KINDS,
    DuplicateGroup,
    DuplicateKind,
    Fingerprints,
    Grouping,
    burst_candidates,
    burst_enough,
    differing_bits,
    exact_pairs,
    near_candidates,
    near_enough,
)
from smartsearch.core.hamming import Pairs
from smartsearch.core.ports import Store
from smartsearch.core.query import Shown
from smartsearch.core.spaces import EmbeddingSpace

_BLOCK = 20_000
"""Pairs whose vectors are in memory at a time."""


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """All groups, what saves most first, as of a generation of the store. ``images`` were looked at."""

    groups: tuple[DuplicateGroup, ...]
    images: int
    generation: int
    seconds: float

    @property
    def spare_bytes(self) -> int:
        """Of all images but the best of each group."""
        return sum(group.spare_bytes for group in self.groups)


def find_duplicates(store: Store, space: EmbeddingSpace, kinds: Collection[DuplicateKind] = KINDS) -> DuplicateReport:
    """The groups whose loosest link is of one of these kinds, among images that are present and not hidden. Each
    image is in one group at most. Copies belong to the groups of every kind; links of a kind that is not asked for join
    nothing."""
    started = time.perf_counter()
    generation = store.generation
    prints = store.fingerprints(Shown())
    rank = np.empty(len(prints), np.int64)
    rank[prints.best_first()] = np.arange(len(prints))
    grouping = Grouping(prints, rank, _apart(store.distinct_sets()))
    grouping.link(exact_pairs(prints, rank), "exact")
    if "near" in kinds:
        pairs = near_candidates(prints, rank)
        same = near_enough(differing_bits(prints, pairs), cosines(store, space, prints, pairs))
        grouping.link(pairs[same], "near")
    if "burst" in kinds:
        pairs = burst_candidates(prints)
        same = burst_enough(differing_bits(prints, pairs), cosines(store, space, prints, pairs))
        grouping.link(pairs[same], "burst")
    groups = tuple(group for group in grouping.groups() if group.kind in kinds)
    return DuplicateReport(groups, len(prints), generation, time.perf_counter() - started)


def cosines(store: Store, space: EmbeddingSpace, prints: Fingerprints, pairs: Pairs) -> NDArray[np.float64]:
    """The cosine of the embeddings of each pair of places, NaN where one has none."""
    found = np.full(len(pairs), np.nan)
    order = np.argsort(pairs[:, 0], kind="stable")
    for start in range(0, len(order), _BLOCK):
        chosen = order[start : start + _BLOCK]
        ids, places = np.unique(prints.ids[pairs[chosen]], return_inverse=True)
        vectors = store.vectors(space, ids.tolist())
        table = np.full((len(ids), space.dim), np.nan, np.float32)
        for row, asset_id in enumerate(ids.tolist()):
            if asset_id in vectors:
                table[row] = vectors[asset_id]
        places = places.reshape(-1, 2)
        found[chosen] = np.einsum("ij,ij->i", table[places[:, 0]], table[places[:, 1]])
    return found


def _apart(sets: Collection[Collection[int]]) -> Mapping[int, set[int]]:
    """For each image those that the user said are no duplicates of it."""
    apart: dict[int, set[int]] = {}
    for ids in sets:
        for asset_id in ids:
            apart.setdefault(asset_id, set()).update(ids)
    return apart
