"""Scores and blending."""

from __future__ import annotations

import numpy as np
import pytest

from smartsearch.core.ranking import UNCALIBRATED, Scorer, blend
from smartsearch.core.spaces import Calibration


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, dtype=np.float32)
    return vector / np.linalg.norm(vector)


def test_probability_follows_the_logistic_of_z_and_cosine() -> None:
    background = np.array([[0.1, 0.0], [0.3, 0.0]], dtype=np.float32)
    scorer = Scorer.for_query(unit(1, 0), background, Calibration(z=1.0, cos=2.0, bias=-1.0))
    assert (scorer.mean, scorer.std) == pytest.approx((0.2, 0.1))
    expected = 1 / (1 + np.exp(-(1.0 * 3.0 + 2.0 * 0.5 - 1.0)))
    assert scorer.probability(np.array([0.5], dtype=np.float32))[0] == pytest.approx(expected)


def test_probability_rises_with_the_cosine_and_stays_in_bounds() -> None:
    scorer = Scorer(UNCALIBRATED, mean=0.2, std=0.001)
    scores = scorer.probability(np.linspace(-1, 1, 101, dtype=np.float32))
    assert np.all(np.diff(scores) >= 0)
    assert 0.0 <= scores.min() <= scores.max() <= 1.0


def test_a_flat_background_does_not_divide_by_zero() -> None:
    scorer = Scorer.for_query(unit(1, 0), np.zeros((4, 2), dtype=np.float32), UNCALIBRATED)
    assert np.isfinite(scorer.probability(np.array([0.5], dtype=np.float32))).all()


def test_the_uncalibrated_cut_off_is_two_and_a_half_deviations() -> None:
    scorer = Scorer(UNCALIBRATED, mean=0.2, std=0.02)
    assert scorer.probability(np.array([0.25], dtype=np.float32))[0] == pytest.approx(UNCALIBRATED.cut_off)


def test_blend_is_normalised_and_negative_weights_push_away() -> None:
    mixed = blend([(unit(1, 0), 1.0), (unit(0, 1), -0.5)])
    assert np.linalg.norm(mixed) == pytest.approx(1.0)
    assert mixed[1] < 0 < mixed[0]
    assert mixed.dtype == np.float32


def test_blend_of_parts_that_cancel_out_is_an_error() -> None:
    with pytest.raises(ValueError, match="cancel"):
        blend([(unit(1, 0), 1.0), (unit(1, 0), -1.0)])
