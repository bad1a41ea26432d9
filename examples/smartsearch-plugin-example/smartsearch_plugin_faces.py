"""A way to find faces, as small as it can be: what has the colour of light skin is a face, described by its colours.

It shows the interface and recognises nobody: a plugin of use would run a detector and an embedder here.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smartsearch.core.faces import Box, FaceScan, FoundFace

FINGERPRINT = "face:skin-tone@1"
SMALLEST = 0.02
"""Of the picture."""


class SkinToneAnalyzer:
    """See `smartsearch.core.ports.FaceAnalyzer`."""

    fingerprint = FINGERPRINT
    side = 320

    def analyze(self, pixels: NDArray[np.uint8], width: int) -> FaceScan:
        red, green, blue = (pixels[..., channel].astype(np.int16) for channel in range(3))
        skin = (red > 180) & (red - green > 20) & (green - blue > 10) & (blue > 90)
        if skin.mean() < SMALLEST:
            return FaceScan(self.fingerprint, ())
        rows, columns = np.flatnonzero(skin.any(axis=1)), np.flatnonzero(skin.any(axis=0))
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        height, wide = skin.shape
        face = pixels[top:bottom, left:right]
        shown = Image.fromarray(face).resize((96, 96))
        buffer = io.BytesIO()
        shown.save(buffer, "WEBP")
        histogram = np.histogramdd(face.reshape(-1, 3), bins=(4, 4, 4), range=[(0, 256)] * 3)[0].ravel()
        found = FoundFace(
            box=Box(left / wide, top / height, (right - left) / wide, (bottom - top) / height),
            score=0.9,
            quality=0.9,
            size=float(min(right - left, bottom - top)) * width / wide,
            sharpness=1.0,
            pose=0.0,
            vector=(histogram / np.linalg.norm(histogram)).astype(np.float32),
            thumbnail=buffer.getvalue(),
        )
        return FaceScan(self.fingerprint, (found,))
