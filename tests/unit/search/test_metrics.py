"""Ranks of captions' own images, and what a cut-off does: against plain definitions of the same."""

from __future__ import annotations

import itertools
import statistics
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartsearch.core.spaces import Calibration
from smartsearch.search import metrics
from smartsearch.search.metrics import apply_cut_off, rank_own_images

AT_HALF = Calibration(z=0.0, cos=10.0, bias=-5.0, cut_off=0.5, background=np.zeros((4, 3), np.float32))
"""Passes what has a cosine of at least one half."""


def by_cosine(cosines: list[list[float]]) -> tuple[np.ndarray, np.ndarray]:
    """Captions and images with these cosines (a row for each caption)."""
    return np.eye(len(cosines), dtype=np.float32), np.array(cosines, np.float32).T.copy()


@st.composite
def cosines_and_owners(draw: st.DrawFn) -> tuple[list[list[float]], list[int]]:
    images = draw(st.integers(1, 5))
    rows = draw(st.lists(st.lists(st.sampled_from([0.0, 0.25, 0.5]), min_size=images, max_size=images), min_size=1))
    return rows, [draw(st.integers(0, images - 1)) for _ in rows]


@given(cosines_and_owners())
def test_ties_give_the_mean_over_every_order_of_them(case: tuple[list[list[float]], list[int]]) -> None:
    rows, owners = case
    ranks = rank_own_images(*by_cosine(rows), owners)
    every: list[list[int]] = []
    for row, own in zip(rows, owners, strict=True):
        orders = itertools.permutations(range(len(row)))
        every.append([1 + sorted(order, key=lambda i: -row[i]).index(own) for order in orders])
    for k in (1, 2, 5):
        expected = statistics.mean(statistics.mean(rank <= k for rank in one) for one in every)
        assert ranks.recall(k) == pytest.approx(expected)
    assert ranks.median() == pytest.approx(statistics.median(statistics.mean(one) for one in every))


def test_without_ties_recall_and_median_are_the_usual_ones() -> None:
    captions, images = by_cosine([[0.9, 0.1, 0.2], [0.8, 0.7, 0.1], [0.3, 0.2, 0.1], [0.1, 0.5, 0.6]])
    ranks = rank_own_images(captions, images, (0, 1, 2, 0))
    assert ranks.nearer.tolist() == [0, 1, 2, 2]
    assert [ranks.recall(k) for k in (1, 2, 3, 10)] == [0.25, 0.5, 1.0, 1.0]
    assert ranks.median() == 2.5


@pytest.mark.parametrize("count", [7, 20, 333])
def test_an_encoder_that_sees_no_difference_scores_like_chance(count: int) -> None:
    vector = np.random.default_rng(3).normal(size=257)
    same = np.tile((vector / np.linalg.norm(vector)).astype(np.float32), (count, 1))
    ranks = rank_own_images(same, same, range(count))
    assert [ranks.recall(k) for k in (1, 5, 10)] == pytest.approx([min(1, k / count) for k in (1, 5, 10)])
    assert ranks.median() == (count + 1) / 2


def test_cut_off_counts_what_is_shown_and_what_stays_empty() -> None:
    captions, images = by_cosine(
        [
            [0.9, 0.1, 0.1],  # shown; nothing else would be
            [0.9, 0.8, 0.1],  # shown; the first image would still be
            [0.1, 0.6, 0.4],  # not shown; another one is
        ]
    )
    done = apply_cut_off(captions, images, (0, 1, 2), AT_HALF)
    assert done is not None
    assert (done.threshold, done.shown, done.empty_without_match) == (0.5, pytest.approx(2 / 3), pytest.approx(1 / 3))


def test_the_cut_off_is_the_one_for_so_many_images() -> None:
    growing = replace(AT_HALF, growth=0.6)
    done = apply_cut_off(*by_cosine([[0.4, 0.1, 0.1]] * 3), (0, 1, 2), growing)
    assert done is not None
    assert done.threshold == growing.cut_off_among(3) < 0.2
    assert (done.shown, done.empty_without_match) == (pytest.approx(1 / 3), pytest.approx(1 / 3))


def test_a_gallery_of_one_is_empty_without_it() -> None:
    done = apply_cut_off(*by_cosine([[0.9], [0.2], [0.9]]), (0, 0, 0), AT_HALF)
    assert done is not None
    assert (done.shown, done.empty_without_match) == (pytest.approx(2 / 3), 1.0)


def test_without_a_bank_the_images_serve_if_they_are_enough() -> None:
    bare = Calibration(z=2.0, cos=0.0, bias=-6.0)  # three deviations above the middle
    rng = np.random.default_rng(0)
    images = rng.normal(size=(200, 3)).astype(np.float32)
    images[0] = (9, 0, 0)
    captions = np.eye(3, dtype=np.float32)[:1]
    done = apply_cut_off(captions, images, (0,), bare)
    assert done is not None
    assert done.shown == 1.0
    assert apply_cut_off(captions, images[:63], (0,), bare) is None


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    images, captions = rng.normal(size=(9, 3)).astype(np.float32), rng.normal(size=(25, 3)).astype(np.float32)
    owners = rng.integers(0, 9, 25).tolist()
    whole = rank_own_images(captions, images, owners), apply_cut_off(captions, images, owners, AT_HALF)
    monkeypatch.setattr(metrics, "_CELLS", 9 * 4)
    ranks = rank_own_images(captions, images, owners)
    assert ranks.nearer.tolist() == whole[0].nearer.tolist()
    assert apply_cut_off(captions, images, owners, AT_HALF) == whole[1]
