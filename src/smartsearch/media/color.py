"""The dominant colour of a picture."""

from __future__ import annotations

import numpy as np
from PIL import Image

_SIDE = 48
_BITS = 3
"""Colours are counted in 8x8x8 cells of the RGB cube."""


def dominant_color(picture: Image.Image) -> int:
    """0xRRGGBB: the mean of the pixels in the fullest cell of a coarse RGB histogram."""
    small = picture.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    pixels = np.asarray(small).reshape(-1, 3)
    cells = (pixels >> (8 - _BITS)).astype(np.int32) @ np.array([1 << 2 * _BITS, 1 << _BITS, 1])
    fullest = np.bincount(cells).argmax()
    red, green, blue = (int(value + 0.5) for value in pixels[cells == fullest].mean(axis=0))
    return red << 16 | green << 8 | blue
