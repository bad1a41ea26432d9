"""Near pairs of hashes: all of them, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartsearch.core.hamming import near_pairs


def by_comparing_all(hashes: np.ndarray, most: int) -> list[list[int]]:
    distances = np.bitwise_count(hashes[:, None] ^ hashes[None, :])
    return np.argwhere(np.triu(distances <= most, 1)).tolist()


@pytest.mark.parametrize("most", [0, 3, 4, 6, 9, 10])
def test_multi_index_hashing_finds_what_comparing_all_finds(most: int) -> None:
    random = np.random.default_rng(most)
    centres = random.integers(0, 2**64, 40, np.uint64)
    flips = [sum(1 << int(bit) for bit in random.choice(64, random.integers(0, 13), replace=False)) for _ in range(400)]
    hashes = np.unique(np.repeat(centres, 10) ^ np.array(flips, np.uint64))
    expected = by_comparing_all(hashes, most)
    assert near_pairs(hashes, most).tolist() == expected
    assert most == 0 or expected


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 2**64 - 1) | st.integers(0, 300), max_size=30), st.integers(0, 7))
def test_any_hashes(values: set[int], most: int) -> None:
    hashes = np.array(sorted(values), np.uint64)
    assert near_pairs(hashes, most).tolist() == by_comparing_all(hashes, most)
