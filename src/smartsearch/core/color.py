"""Which colours look alike: sRGB in CIELAB, compared by CIE94."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

NEAR = 16.0
"""Largest `difference` of colours that count as alike: a dark red is still red, a brown is not."""

COLORED = 12.0
"""CIELAB chroma from which a colour is no grey: who looks for a colour does not mean greys, which CIE94 finds close to
all muted colours."""
_LEAST_OF_CHROMA = 0.35

_LEVELS = 16
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
"""Linear sRGB to XYZ, D65 (IEC 61966-2-1)."""
_WHITE = np.array([0.95047, 1.0, 1.08883])


def to_lab(colors: NDArray[np.int64]) -> NDArray[np.float64]:
    """sRGB colours 0xRRGGBB, shape (n,) -> CIELAB (D65), shape (n, 3)."""
    channels = np.stack([colors >> 16 & 255, colors >> 8 & 255, colors & 255], axis=1) / 255.0
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    scaled = linear @ _TO_XYZ.T / _WHITE
    roots = np.where(scaled > (6 / 29) ** 3, np.cbrt(scaled), scaled / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = roots.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def cell(color: int) -> int:
    """The four leading bits of each channel, 0xRGB: colours of one cell are not told apart."""
    return color >> 12 & 0xF00 | color >> 8 & 0xF0 | color >> 4 & 0xF


def difference(lab: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIE94 (CIE 116-1995) differences of the CIELAB colours ``others``, shape (n, 3), from ``lab``, shape (3,), with
    lightness at half weight.

    It weighs differences by the chroma of the first colour, so that a vivid colour finds its muted relatives and a grey
    finds greys only.
    """
    lightness, a, b = lab
    chroma, chromas = np.hypot(a, b), np.hypot(others[:, 1], others[:, 2])
    hues = (others[:, 1] - a) ** 2 + (others[:, 2] - b) ** 2 - (chromas - chroma) ** 2
    parts = (
        ((others[:, 0] - lightness) / 2) ** 2,
        ((chromas - chroma) / (1 + 0.045 * chroma)) ** 2,
        np.maximum(hues, 0) / (1 + 0.015 * chroma) ** 2,
    )
    squares: NDArray[np.float64] = sum(parts)
    return np.sqrt(squares)


@lru_cache(1)
def cell_middles() -> NDArray[np.float64]:
    """CIELAB of the middle of every cell, shape (4096, 3)."""
    cells = np.arange(_LEVELS**3)
    return to_lab((cells >> 8) << 20 | (cells >> 4 & 15) << 12 | (cells & 15) << 4 | 0x080808)


@lru_cache(64)
def cells_near(color: int) -> frozenset[int]:
    """The cells whose middle looks like ``color`` (0xRRGGBB), see `difference`; its own always among them."""
    lab, middles = to_lab(np.array([color]))[0], cell_middles()
    near = difference(lab, middles) <= NEAR
    chroma = float(np.hypot(lab[1], lab[2]))
    if chroma > COLORED:
        near &= np.hypot(middles[:, 1], middles[:, 2]) >= max(COLORED, chroma * _LEAST_OF_CHROMA)
    return frozenset(np.flatnonzero(near).tolist()) | {cell(color)}
