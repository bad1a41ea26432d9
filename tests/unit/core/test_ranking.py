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
    background = np.random.default_rng(0).normal(0.2, 0.1, (20_000, 1)).astype(np.float32) * [[1, 0]]
    scorer = Scorer.for_query(unit(1, 0), background, Calibration(z=1.0, cos=2.0, bias=-1.0))
    assert (scorer.centre, scorer.spread) == pytest.approx((0.2, 0.1), rel=0.03)
    scorer = Scorer(scorer.calibration, 0.2, 0.1)
    expected = 1 / (1 + np.exp(-(1.0 * 3.0 + 2.0 * 0.5 - 1.0)))
    assert scorer.probability(np.array([0.5], dtype=np.float32))[0] == pytest.approx(expected)


def test_probability_rises_with_the_cosine_and_stays_in_bounds() -> None:
    scorer = Scorer(UNCALIBRATED, centre=0.2, spread=0.001)
    scores = scorer.probability(np.linspace(-1, 1, 101, dtype=np.float32))
    assert np.all(np.diff(scores) >= 0)
    assert 0.0 <= scores.min() <= scores.max() <= 1.0


def test_a_flat_background_does_not_divide_by_zero() -> None:
    scorer = Scorer.for_query(unit(1, 0), np.zeros((4, 2), dtype=np.float32), UNCALIBRATED)
    assert np.isfinite(scorer.probability(np.array([0.5], dtype=np.float32))).all()


def test_the_uncalibrated_cut_off_is_two_and_a_half_deviations() -> None:
    scorer = Scorer(UNCALIBRATED, centre=0.2, spread=0.02)
    assert scorer.probability(np.array([0.25], dtype=np.float32))[0] == pytest.approx(UNCALIBRATED.cut_off)


def test_blend_is_normalised_and_negative_weights_push_away() -> None:
    mixed = blend([(unit(1, 0), 1.0), (unit(0, 1), -0.5)])
    assert np.linalg.norm(mixed) == pytest.approx(1.0)
    assert mixed[1] < 0 < mixed[0]
    assert mixed.dtype == np.float32


def test_blend_of_parts_that_cancel_out_is_an_error() -> None:
    with pytest.raises(ValueError, match="cancel"):
        blend([(unit(1, 0), 1.0), (unit(1, 0), -1.0)])


def test_matches_in_the_background_hardly_move_the_scale() -> None:
    rng = np.random.default_rng(1)
    strangers = rng.normal(0.1, 0.02, (750, 1))
    matches = rng.normal(0.4, 0.02, (250, 1))
    background = np.concatenate([strangers, matches]).astype(np.float32) * [[1, 0]]
    scorer = Scorer.for_query(unit(1, 0), background.astype(np.float32), UNCALIBRATED)
    assert scorer.probability(np.array([0.4], dtype=np.float32))[0] > 0.9


def test_the_cut_off_grows_with_the_images_looked_at_and_stays_within_what_was_measured() -> None:
    calibration = Calibration(z=0.0, cos=1.0, bias=0.0, cut_off=0.4, growth=0.6)
    assert calibration.cut_off_among(500) == pytest.approx(0.4)
    small, large = calibration.cut_off_among(50), calibration.cut_off_among(1000)
    assert np.log(small / (1 - small)) == pytest.approx(np.log(0.4 / 0.6) - 0.6 * np.log(10))
    assert 0.0 < small < 0.4 < large < 1.0
    assert calibration.cut_off_among(0) == calibration.cut_off_among(16)
    assert calibration.cut_off_among(10**6) == large


@pytest.mark.parametrize("cut_off", [0.0, 0.5, 1.0])
def test_a_cut_off_without_growth_is_the_same_for_all_libraries(cut_off: float) -> None:
    assert Calibration(z=0.0, cos=1.0, bias=0.0, cut_off=cut_off).cut_off_among(3) == cut_off
    if cut_off in (0.0, 1.0):
        assert Calibration(z=0.0, cos=1.0, bias=0.0, cut_off=cut_off, growth=0.6).cut_off_among(3) == cut_off
