"""A 64-bit perceptual hash: pictures that look alike differ in few bits.

The DCT hash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions" (2010), section 3.1:
32x32 greyscale, two-dimensional DCT-II, the 8x8 lowest frequencies without the first row and column (which hold the
mean and the plain gradients), each bit telling whether its coefficient is above their median.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 32
_FREQUENCIES = slice(1, 9)


def dct_hash(picture: Image.Image) -> int:
    """The hash as an unsigned 64-bit integer; the lowest frequency is the most significant bit.

    A picture without any detail hashes to 0.
    """
    small = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BILINEAR)
    basis = _dct_rows()
    coefficients = basis @ np.asarray(small, dtype=np.float64) @ basis.T
    coefficients[np.abs(coefficients) < 1e-6] = 0.0  # rounding noise must not decide bits
    bits = coefficients > np.median(coefficients)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


@cache
def _dct_rows() -> NDArray[np.float64]:
    """Rows 1-8 of the orthonormal DCT-II matrix, shape (8, 32)."""
    frequency = np.arange(_SIDE)[_FREQUENCIES, None]
    position = np.arange(_SIDE)[None, :]
    rows: NDArray[np.float64] = np.sqrt(2 / _SIDE) * np.cos(np.pi * (2 * position + 1) * frequency / (2 * _SIDE))
    return rows
