"""How well captions find the images they were written for: ranks, and what the default cut-off does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.ranking import MIN_BACKGROUND, Scorer
from smartsearch.core.spaces import Calibration
from smartsearch.search.service import BACKGROUND_SAMPLE

ROUNDING = 1e-6
"""Cosines nearer than this count as equal: the float32 products of equal vectors differ by as much with their place in
the matrix, and that must not decide a rank."""

_CELLS = 4_000_000
"""Cosines held at once: captions are compared in chunks, so that memory does not grow with their number."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """For each caption, how many images are strictly nearer to it than its own, and how many others are just as near.

    Ties are taken to be in random order and their expectation is given, so an encoder that sees no difference scores
    what chance does, not perfectly (McSherry and Najork, ECIR 2008).
    """

    nearer: NDArray[np.int64]
    tied: NDArray[np.int64]

    def recall(self, k: int) -> float:
        """Recall@k: the expected share of captions whose own image is among the first ``k``."""
        return float(np.clip((k - self.nearer) / (self.tied + 1), 0.0, 1.0).mean())

    def median(self) -> float:
        """The median of the ranks, 1 the best; the rank of a tied image is the middle of its tie."""
        return float(np.median(1 + self.nearer + self.tied / 2))


@dataclass(frozen=True, slots=True)
class CutOff:
    """What the model's cut-off does by default, whatever ``--top``. Shares of the captions, 0-1.

    ``shown``: the caption's own image scores at least ``threshold``. ``empty_without_match``: no image does once its
    own is taken away. The others may rightly match, so the best possible value is below 1 where captions are general.
    """

    threshold: float
    shown: float
    empty_without_match: float


def rank_own_images(captions: NDArray[np.float32], images: NDArray[np.float32], owners: Sequence[int]) -> Ranks:
    """Rank all images for each caption. ``captions`` (n, dim), ``images`` (m, dim): L2-normalised float32, n, m >= 1.
    ``owners[i]`` is the row of the image that caption i describes."""
    nearer, tied = np.zeros(len(captions), np.int64), np.zeros(len(captions), np.int64)
    columns = np.asarray(owners)[:, None]
    for rows, cosines in _cosines(captions, images):
        own = np.take_along_axis(cosines, columns[rows], axis=1)
        nearer[rows] = (cosines > own + ROUNDING).sum(axis=1)
        tied[rows] = (cosines >= own - ROUNDING).sum(axis=1) - nearer[rows] - 1
    return Ranks(nearer, tied)


def apply_cut_off(
    captions: NDArray[np.float32], images: NDArray[np.float32], owners: Sequence[int], calibration: Calibration
) -> CutOff | None:
    """Score all images for each caption as a search does. None where a search would not cut off: the calibration has
    no background, and the images are too few to serve as one. Arguments as in `rank_own_images`."""
    background = calibration.background
    if background is None:
        background = images[np.linspace(0, len(images) - 1, min(BACKGROUND_SAMPLE, len(images))).astype(np.int64)]
        if len(background) < MIN_BACKGROUND:
            return None
    cut_off = calibration.cut_off_among(len(images))
    shown = empty = 0
    for rows, cosines in _cosines(captions, images):
        for query, row, own in zip(captions[rows], cosines, owners[rows], strict=True):
            passes = Scorer.for_query(query, background, calibration).probability(row) >= cut_off
            shown += bool(passes[own])
            empty += int(passes.sum()) == int(passes[own])
    return CutOff(cut_off, shown / len(captions), empty / len(captions))


def _cosines(captions: NDArray[np.float32], images: NDArray[np.float32]) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    step = max(1, _CELLS // len(images))
    for start in range(0, len(captions), step):
        rows = slice(start, start + step)
        yield rows, captions[rows] @ images.T
