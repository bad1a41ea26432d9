"""From an upright RGB picture to the square uint8 input of an image encoder."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smartsearch.core.spaces import Preprocessing

_FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def needed_scale(width: int, height: int, inputs: Iterable[Preprocessing], longer_sides: Iterable[int]) -> float:
    """The least scale (0-1) at which no encoder input and no picture of these longer sides has to be enlarged."""
    shorter, longer = min(width, height), max(width, height)
    scales = [side / longer for side in longer_sides]
    scales += [wanted.size / (longer if wanted.resize == "pad" else shorter) for wanted in inputs]
    return min(1.0, max(scales, default=0.0))


def encoder_input(picture: Image.Image, wanted: Preprocessing) -> NDArray[np.uint8]:
    """The picture as the encoder sees it: uint8, shape (size, size, 3), RGB. Mean and std are not applied."""
    side = wanted.size
    resample = _FILTERS[wanted.interpolation]
    width, height = picture.size
    if wanted.resize == "pad":
        return np.asarray(_padded(picture, wanted))
    box: tuple[float, float, float, float] = (0.0, 0.0, width, height)
    if wanted.resize == "crop":
        short = min(width, height)
        left, top = (width - short) / 2, (height - short) / 2
        box = (left, top, left + short, top + short)
    return np.asarray(picture.resize((side, side), resample, box))


def fit(picture: Image.Image, longer_side: int, interpolation: str = "lanczos") -> Image.Image:
    """The picture with its longer side at ``longer_side`` pixels; a smaller picture is returned as it is."""
    width, height = picture.size
    longer = max(width, height)
    if longer <= longer_side:
        return picture
    size = max(1, round(width * longer_side / longer)), max(1, round(height * longer_side / longer))
    return picture.resize(size, _FILTERS[interpolation])


def _padded(picture: Image.Image, wanted: Preprocessing) -> Image.Image:
    side = wanted.size
    scale = side / max(picture.size)
    width, height = (max(1, round(length * scale)) for length in picture.size)
    canvas = Image.new("RGB", (side, side), wanted.fill)
    resized = picture.resize((width, height), _FILTERS[wanted.interpolation])
    canvas.paste(resized, ((side - width) // 2, (side - height) // 2))
    return canvas
