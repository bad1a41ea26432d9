"""The colours of a picture: the dominant one, and a palette with shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smartsearch.core.assets import Swatch
from smartsearch.core.color import cell_middles

_SIDE = 48
_BITS = 3
"""The dominant colour is counted in 8x8x8 cells of the RGB cube."""
_MOST = 8
"""Colours of a palette."""
_RADIUS = 14.0
"""CIE76 difference (Euclidean in CIELAB) within which a colour of the palette takes in its neighbours: shades of one
sky, not sky and sea."""
_LEAST = 2
"""Per cent; smaller colours are left out."""


def dominant_color(picture: Image.Image) -> int:
    """0xRRGGBB: the mean of the pixels in the fullest cell of a coarse RGB histogram."""
    pixels = _small(picture)
    cells = (pixels >> (8 - _BITS)).astype(np.int32) @ np.array([1 << 2 * _BITS, 1 << _BITS, 1])
    return _mean(pixels, cells == np.bincount(cells).argmax())


def palette(picture: Image.Image) -> tuple[Swatch, ...]:
    """Up to 8 colours and the share of the picture each covers, the largest first; shares add up to at most 100.

    Popularity clustering (Heckbert 1982) in CIELAB: the pixels are counted in 16x16x16 cells of the RGB cube; the
    fullest cell takes in all within a radius, then the fullest of the rest does, and so on.
    """
    pixels = _small(picture)
    cells = (pixels >> 4).astype(np.int32) @ np.array([256, 16, 1])
    present, inverse, counts = np.unique(cells, return_inverse=True, return_counts=True)
    lab = cell_middles()[present]
    left, owner = counts.copy(), np.full(len(present), -1)
    for number in range(_MOST):
        fullest = int(left.argmax())
        if not left[fullest]:
            break
        taken = (left > 0) & (((lab - lab[fullest]) ** 2).sum(axis=1) <= _RADIUS**2)
        owner[taken], left[taken] = number, 0
    owners = owner[inverse]
    swatches = []
    for number in range(int(owner.max()) + 1):
        mine = owners == number
        percent = int(100 * np.count_nonzero(mine) / len(pixels))
        if percent >= _LEAST:
            swatches.append(Swatch(_mean(pixels, mine), percent))
    return tuple(sorted(swatches, key=lambda swatch: -swatch.percent))


def _small(picture: Image.Image) -> NDArray[np.uint8]:
    """Pixels of the picture at 48x48, shape (2304, 3)."""
    return np.asarray(picture.resize((_SIDE, _SIDE), Image.Resampling.BOX)).reshape(-1, 3)


def _mean(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> int:
    red, green, blue = (int(value + 0.5) for value in pixels[mask].mean(axis=0))
    return red << 16 | green << 8 | blue
