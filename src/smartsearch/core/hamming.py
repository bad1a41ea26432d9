"""Pairs of 64-bit hashes that differ in few bits, without comparing each with each.

Multi-index hashing (M. Norouzi, A. Punjani, D. Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR
2012): hashes are cut into four parts of 16 bits. If two differ in at most r bits, then in some part they differ in few:
it is enough to look into the buckets of that part's nearest values.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Pairs = NDArray[np.int64]
"""Shape (n, 2): places in an array, the smaller first."""

_PARTS, _BITS = 4, 16
_BLOCK = 4_000_000
"""Candidates compared at a time: what bounds the memory."""


def near_pairs(hashes: Hashes, most: int) -> Pairs:
    """All pairs of places whose hashes differ in at most ``most`` bits, sorted. Time grows with the number of
    pairs that are near in a part, so equal hashes should be given once."""
    found = [np.empty(0, np.int64)]
    for part in range(_PARTS):
        keys = (hashes >> np.uint64(_BITS * part)).astype(np.int64) & 0xFFFF
        order = np.argsort(keys, kind="stable")
        keys, values = keys[order], hashes[order]
        starts = np.searchsorted(keys, np.arange(2**_BITS + 1))
        for mask in _masks(_radius(part, most)):
            for left, right in _candidates(keys, starts, mask):
                near = np.bitwise_count(values[left] ^ values[right]) <= most
                one, other = order[left[near]], order[right[near]]
                found.append(np.minimum(one, other) * len(hashes) + np.maximum(one, other))
    pairs = np.unique(np.concatenate(found))
    return np.stack(np.divmod(pairs, max(len(hashes), 1)), axis=1)


def _radius(part: int, most: int) -> int:
    """How far to look in a part. If every part differed in more than its radius, all together would in more than
    ``most``."""
    whole, rest = divmod(max(most + 1 - _PARTS, 0), _PARTS)
    return whole + (part < rest)


def _masks(radius: int) -> Iterator[int]:
    """All differences of at most ``radius`` bits."""
    for count in range(radius + 1):
        for places in combinations(range(_BITS), count):
            yield sum(1 << place for place in places)


def _candidates(keys: NDArray[np.int64], starts: NDArray[np.int64], mask: int) -> Iterator[tuple[Pairs, Pairs]]:
    """Each place of the sorted ``keys`` with all places after it whose key differs by ``mask``, in blocks."""
    other = keys ^ mask
    first, end = starts[other], starts[other + 1]
    if mask:
        end = np.where(keys < other, end, first)
    else:
        first = np.arange(1, len(keys) + 1)
    places = np.flatnonzero(end > first)
    counts = (end - first)[places]
    ends = np.cumsum(counts)
    begun = 0
    while begun < len(places):
        done = ends[begun - 1] if begun else 0
        stop = max(int(np.searchsorted(ends, done + _BLOCK, side="right")), begun + 1)
        here, many = places[begun:stop], counts[begun:stop]
        offsets = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many)
        yield np.repeat(here, many), np.repeat(first[here], many) + offsets
        begun = stop
