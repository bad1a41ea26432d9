"""From cosines to an answer: scores a person can read, and a cut-off that keeps strangers out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Embedding
from smartsearch.core.spaces import Calibration

UNCALIBRATED = Calibration(z=1.6, cos=0.0, bias=-4.0, cut_off=0.5)
"""For models that bring no calibration: a photo counts as a match when its cosine lies 2.5 standard deviations above
the query's median over the library. With normally distributed cosines 0.6 % of unrelated photos pass by chance."""

MIN_BACKGROUND = 64
"""Fewer background vectors than this say too little of a query's score range to cut anything off."""


@dataclass(frozen=True, slots=True)
class Scorer:
    """Turns one query's cosines into probabilities.

    ``centre`` and ``spread`` describe the query's cosines to background images (see `Calibration`). Cosine ranges shift
    from query to query by more than a match differs from a stranger, which is why one fixed threshold fails.
    """

    calibration: Calibration
    centre: float | NDArray[np.float64]
    spread: float | NDArray[np.float64]

    @classmethod
    def for_query(cls, query: Embedding, background: NDArray[np.float32], calibration: Calibration) -> Scorer:
        """``background``: (n, dim) float32, n >= 1, of the query's own space.

        The median, and how far the 16th percentile lies below it: of a normal distribution these are mean and standard
        deviation, but the background's own matches (a quarter of people's photos may show a dog) do not move them.
        """
        low, middle = np.percentile(background @ query, (15.87, 50.0))
        return cls(calibration, float(middle), max(float(middle - low), 1e-6))

    @classmethod
    def for_queries(
        cls, queries: NDArray[np.float32], background: NDArray[np.float32], calibration: Calibration
    ) -> Scorer:
        """The same for (m, dim) queries at once; ``probability`` then takes their cosines, (m, n)."""
        low, middle = np.percentile(queries @ background.T, (15.87, 50.0), axis=1, keepdims=True)
        return cls(calibration, middle, np.maximum(middle - low, 1e-6))

    def probability(self, cosines: NDArray[np.float32]) -> NDArray[np.float64]:
        """The probability, 0-1, that each photo matches the query."""
        z = (cosines - self.centre) / self.spread
        logit = self.calibration.z * z + self.calibration.cos * cosines + self.calibration.bias
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -60.0, 60.0))), dtype=np.float64)


def blend(parts: list[tuple[Embedding, float]]) -> Embedding:
    """One query vector from several with weights: their weighted sum, L2-normalised. A negative weight pushes away.

    Raises ValueError when the parts cancel out.
    """
    total = np.sum([vector * np.float32(weight) for vector, weight in parts], axis=0, dtype=np.float32)
    norm = float(np.linalg.norm(total))
    if norm < 1e-6:
        raise ValueError("the parts of the query cancel each other out")
    return np.asarray(total / norm, dtype=np.float32)


LIKED, DISLIKED = 2.0, 1.0
"""Weights of liked and disliked photos beside a query's own vector; chosen on the photos of benchmarks/feedback.py."""


def refined(
    query: Embedding | None, liked: Sequence[Embedding], disliked: Sequence[Embedding], centre: Embedding
) -> Embedding:
    """The query moved towards the mean of what was liked and away from that of what was not (Rocchio 1971).

    ``centre`` is the mean of images of no particular kind: images lie together, apart from texts, and only how an image
    differs from others says something. Raises ValueError when the parts cancel out.
    """
    parts = [] if query is None else [(query, 1.0)]
    for vectors, weight in ((liked, LIKED), (disliked, -DISLIKED)):
        if vectors:
            parts.append((np.mean(vectors, axis=0, dtype=np.float32) - centre, weight))
    return blend(parts)
