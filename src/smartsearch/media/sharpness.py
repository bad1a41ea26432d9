"""How sharp a picture is, for choosing among pictures of the same thing."""

from __future__ import annotations

import numpy as np
from PIL import Image


def sharpness(picture: Image.Image) -> float:
    """The variance of the Laplacian (J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000)
    of the luma, 0-255, with the four-neighbour kernel. Comparable among pictures of one size and scene only; 0.0 for
    one without an inner pixel."""
    luma = np.asarray(picture.convert("L"), dtype=np.int16)
    if min(luma.shape) < 3:
        return 0.0
    inner = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * inner
    return float(laplacian.var(dtype=np.float64))
