"""The arithmetic of calibration: a logistic regression, its calibration error, and what a cut-off keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: The cut-off leaves this share of queries without an answer once the photos that match them are gone.
EMPTY_SHARE = 0.5
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Logistic:
    """p = 1 / (1 + exp(-(z_weight z + cos_weight cos + bias)))."""

    z_weight: float
    cos_weight: float
    bias: float

    def probability(self, z: Array, cosine: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(-(self.z_weight * z + self.cos_weight * cosine + self.bias))))


def fit_logistic(z: Array, cosine: Array, matches: Array, weights: Array, ridge: float = 1e-3) -> Logistic:
    """Weighted maximum likelihood by Newton's method."""
    x = np.stack([z, cosine, np.ones_like(z)], axis=1)
    theta = np.zeros(3)
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ theta, -30, 30)))
        gradient = x.T @ (weights * (matches - p)) - ridge * theta
        hessian = (x * (weights * p * (1 - p))[:, None]).T @ x + ridge * np.eye(3)
        step = np.linalg.solve(hessian, gradient)
        theta += step * min(1.0, 5.0 / float(np.abs(step).max()))
        if np.abs(step).max() < 1e-8:
            break
    return Logistic(*(float(value) for value in theta))


def standardised(texts: Array, photos: Array, bank: Array) -> tuple[Array, Array]:
    """Cosines [queries, photos] and how far each lies above the median of the query's cosines with the bank.

    In units of the distance from the bank's 16th percentile to its median, as the program does (core/ranking.py): the
    photos of the bank that match the query themselves then hardly count. A quarter of these show dogs.
    """
    cosine = texts @ photos.T
    low, middle = np.percentile(texts @ bank.T, (15.87, 50.0), axis=1)
    return cosine, (cosine - middle[:, None]) / np.maximum(middle - low, 1e-6)[:, None]


def calibration_error(probability: Array, matches: Array, weights: Array, bins: int = 15) -> float:
    """Expected calibration error over equally wide bins (Guo et al., 2017), weighted."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    total = 0.0
    for index in range(bins):
        inside = place == index
        share = weights[inside].sum()
        if share > 0:
            gap = np.average(matches[inside], weights=weights[inside]) - np.average(
                probability[inside], weights=weights[inside]
            )
            total += share * abs(gap)
    return float(total / weights.sum())


def cut_off_figures(probability: Array, matches: Array, others: Array, cut: float) -> dict[str, float]:
    """What a cut-off shows with every photo in the gallery, and with the matching ones removed."""
    kept = probability >= cut
    judged = matches | others
    asked = matches.any(1)
    return {
        "queries": int(asked.sum()),
        "some_match_shown": float((kept & matches).any(1)[asked].mean()),
        "empty_without_matches": float((~(kept & others).any(1))[asked].mean()),
        "precision": float((kept & matches).sum() / max(1, (kept & judged).sum())),
        "recall": float((kept & matches).sum() / max(1, matches.sum())),
        "shown_per_query": float(kept.sum(1)[asked].mean()),
    }


def best_cut_off(probability: Array, others: Array) -> float:
    """The lowest probability that leaves EMPTY_SHARE of the queries empty once their matches are removed."""
    highest = np.where(others, probability, 0).max(1)
    return round(float(np.quantile(highest, EMPTY_SHARE)), 3)
