"""Where the model sees what was asked for."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from smartsearch.core.ranking import Scorer
from smartsearch.core.spaces import Calibration, EmbeddingSpace, Preprocessing
from smartsearch.search.heatmap import GRID, WINDOWS, heat_map, seen_part, windows
from smartsearch.search.ranking import Likeness

SIDE = 56


class RedEncoder:
    """Sees how red a picture is, and nothing else: a unit vector from grey (0, 1) to red (1, 0)."""

    space = EmbeddingSpace("red", "1", "p", dim=2)
    preprocessing = Preprocessing(SIDE)

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        red = (pixels[..., 0].astype(float) - pixels[..., 1]).clip(0).mean(axis=(1, 2)) / 255
        vectors = np.stack([red, 0.1 + 0 * red], axis=1)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


RED = np.array([1.0, 0.0], np.float32)


def wanted(scorer: Scorer | None = None) -> Likeness:
    return Likeness(RED, scorer, "red")


def test_the_hottest_cell_is_where_it_is() -> None:
    pixels = np.full((SIDE, SIDE, 3), 120, np.uint8)
    pixels[8:16, 40:48] = (255, 0, 0)  # row 1, column 5 of seven
    for scorer in (None, Scorer(Calibration(1, 0, 0), 0.1, 0.1)):
        found = heat_map(RedEncoder(), pixels, wanted(scorer), (SIDE, SIDE))
        assert found.values.shape == (GRID, GRID)
        row, column = np.unravel_index(found.values.argmax(), found.values.shape)
        assert max(abs(int(row) - 1), abs(int(column) - 5)) <= 1
        assert 0.5 < found.values.max() <= 1.0
        assert found.values[4:, :3].max() < 0.05


def test_a_picture_without_it_stays_pale() -> None:
    pixels = np.full((SIDE, SIDE, 3), 90, np.uint8)
    pixels[:28, :, 0] += 2  # next to nothing
    found = heat_map(RedEncoder(), pixels, wanted(Scorer(Calibration(1, 0, 0), 0.0, 0.5)), (SIDE, SIDE), grid=3)
    assert found.values.max() < 0.1


def test_windows_cover_the_picture() -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)
    found = windows(pixels)
    assert found.shape == (WINDOWS**2, SIDE, SIDE, 3)
    assert (found[0, 0, 0] == pixels[0, 0]).all()
    assert (found[-1, -1, -1] == pixels[-1, -1]).all()


@pytest.mark.parametrize(
    ("resize", "size", "part"),
    [
        ("squash", (400, 300), (0, 0, 1, 1)),
        ("crop", (400, 300), (0.125, 0, 0.75, 1)),
        ("crop", (300, 400), (0, 0.125, 1, 0.75)),
        ("pad", (400, 300), (0, -1 / 6, 1, 4 / 3)),
    ],
)
def test_the_part_of_the_picture_that_is_seen(
    resize: str, size: tuple[int, int], part: tuple[float, float, float, float]
) -> None:
    assert seen_part(Preprocessing(224, resize), size) == pytest.approx(part)  # type: ignore[arg-type]
