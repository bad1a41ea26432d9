"""The arithmetic of calibration: a logistic regression, its calibration error, and what a cut-off keeps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: The cut-off leaves this share of queries without an answer once the photos that match them are gone.
EMPTY_SHARE = 0.65
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Logistic:
    """p = 1 / (1 + exp(-(z_weight z + cos_weight cos + bias)))."""

    z_weight: float
    cos_weight: float
    bias: float

    def probability(self, z: Array, cosine: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(-(self.z_weight * z + self.cos_weight * cosine + self.bias))))


def fit_logistic(z: Array, cosine: Array, matches: Array, weights: Array, ridge: float = 1e-6) -> Logistic:
    """Weighted maximum likelihood by Newton's method; z counts nothing where it would count against a photo.

    (With a negative weight a photo nearer to a query of small spread could score less than one farther away.)
    """
    theta = _newton(np.stack([z, cosine, np.ones_like(z)], axis=1), matches, weights, ridge)
    if theta[0] < 0:
        theta = np.r_[0.0, _newton(np.stack([cosine, np.ones_like(z)], axis=1), matches, weights, ridge)]
    return Logistic(*(float(value) for value in theta))


def _newton(x: Array, matches: Array, weights: Array, ridge: float) -> Array:
    theta = np.zeros(x.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ theta, -30, 30)))
        gradient = x.T @ (weights * (matches - p)) - ridge * theta
        hessian = (x * (weights * p * (1 - p))[:, None]).T @ x + ridge * np.eye(x.shape[1])
        step = np.linalg.solve(hessian, gradient)
        theta += step * min(1.0, 5.0 / float(np.abs(step).max()))
        if np.abs(step).max() < 1e-8:
            break
    return theta


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


def best_cut_off(probability: Array, others: Array, empty_share: float = EMPTY_SHARE) -> float:
    """The lowest probability that leaves this share of the queries empty once their matches are removed."""
    highest = np.where(others, probability, 0).max(1)
    return round(float(np.quantile(highest, empty_share)), 3)


def cut_off_growth(probability: Array, others: Array, seed: int = 0) -> float:
    """By how much the log-odds of the best cut-off grow with the logarithm of the number of photos looked at.

    A line through the best cut-offs among 16, 32, ... up to all photos, drawn at random.
    """
    rng = np.random.default_rng(seed)
    total = probability.shape[1]
    sizes = [16 * 2**step for step in range(20) if 16 * 2**step < total] + [total]
    odds = []
    for size in sizes:
        cuts = []
        for _ in range(max(1, min(12, total // size))):
            drawn = rng.permutation(total)[:size]
            highest = np.where(others[:, drawn], probability[:, drawn], 0).max(1)
            cuts.append(float(np.quantile(highest, EMPTY_SHARE)))
        cut = float(np.mean(cuts))
        odds.append(np.log(cut / (1 - cut)))
    return round(float(np.polyfit(np.log(sizes), odds, 1)[0]), 3)
