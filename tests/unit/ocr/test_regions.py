"""From a map of probabilities to rectangles."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from smartsearch.ocr.regions import ENLARGE, in_reading_order, least_rectangle, regions


def drawn(*polygons: list[tuple[int, int]], size: tuple[int, int] = (200, 100)) -> np.ndarray:
    picture = Image.new("L", size)
    for polygon in polygons:
        ImageDraw.Draw(picture).polygon(polygon, fill=230)
    return np.asarray(picture, np.float32) / 255


def box(left: int, top: int, right: int, bottom: int) -> list[tuple[int, int]]:
    return [(left, top), (right - 1, top), (right - 1, bottom - 1), (left, bottom - 1)]


def test_a_straight_line_grows_by_what_training_shrank() -> None:
    (found,) = regions(drawn(box(50, 40, 110, 60)), 0.5)
    distance = 60 * 20 * ENLARGE / (2 * (60 + 20))
    expected = [(50 - distance, 40 - distance), (110 + distance, 40 - distance)]
    expected += [(110 + distance, 60 + distance), (50 - distance, 60 + distance)]
    np.testing.assert_allclose(found.quad, expected)
    assert found.score == pytest.approx(230 / 255)


def test_a_slanted_line_keeps_its_angle() -> None:
    (found,) = regions(drawn([(40, 20), (160, 50), (155, 70), (35, 40)]), 0.5)
    along = found.quad[1] - found.quad[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(14, abs=1.5)


def test_regions_that_touch_at_a_corner_are_one() -> None:
    bent = np.zeros((40, 40), np.float32)
    bent[5:15, 5:15] = bent[15:25, 15:25] = bent[5:20, 30:36] = 0.8
    bent[15:25, 25:31] = 0.8
    assert len(regions(bent, 0.5)) == 1
    assert len(regions(np.where(np.arange(40) % 10 < 6, 0.8, 0).astype(np.float32) * np.ones((40, 1)), 0.5)) == 4


@pytest.mark.parametrize("value", [0.0, 0.29, np.nan])
def test_nothing(value: float) -> None:
    assert regions(np.full((32, 64), value, np.float32), 0.5) == []


def test_faint_and_tiny_regions_are_none() -> None:
    probability = drawn(box(10, 10, 60, 30), box(100, 50, 102, 90))
    assert len(regions(probability, 0.5)) == 1
    assert regions(probability * 0.5, 0.5) == []


def test_noise_is_bounded() -> None:
    noise = np.random.default_rng(0).random((400, 400)).astype(np.float32)
    assert len(regions((noise > 0.7).astype(np.float32), 0.5)) <= 1000


def test_one_point_has_a_rectangle() -> None:
    assert least_rectangle(np.array([(1.0, 1.0), (2, 1), (1, 2), (2, 2)])).tolist() == [[1, 1], [2, 1], [2, 2], [1, 2]]


def test_reading_order() -> None:
    lines = [box(100, 12, 190, 30), box(0, 50, 190, 70), box(0, 10, 90, 28), box(0, 90, 50, 110)]
    assert in_reading_order([np.array(line, float) for line in lines]) == [2, 0, 1, 3]
    assert in_reading_order([]) == []
