"""From a reduced picture to the square input of an image encoder, and to smaller pictures. Turning comes afterwards."""

from __future__ import annotations

from collections.abc import Iterable

from PIL import Image

from smartsearch.core.spaces import Preprocessing
from smartsearch.media.pixels import Reduced

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


def encoder_input(picture: Reduced, wanted: Preprocessing) -> Image.Image:
    """The picture cut and resized to (size, size) as the encoder sees it; mean and std are not applied."""
    side, resample = wanted.size, _FILTERS[wanted.interpolation]
    width, height = picture.extent
    if wanted.resize == "pad":
        return _padded(picture, wanted)
    if wanted.resize == "squash":
        return picture.image.resize((side, side), resample, (0, 0, width, height))
    short = min(width, height)
    left, top = (width - short) / 2, (height - short) / 2
    return picture.image.resize((side, side), resample, (left, top, left + short, top + short))


def fit(picture: Reduced, longer_side: int) -> Image.Image:
    """The picture with its longer side at ``longer_side`` pixels; a smaller picture is returned as it is.

    Pillow's Hamming filter: about as sharp as bicubic at the cost of bilinear.
    """
    if max(picture.extent) <= longer_side:
        return picture.image
    size = _scaled(picture.extent, longer_side)
    return picture.image.resize(size, Image.Resampling.HAMMING, (0, 0, *picture.extent))


def _padded(picture: Reduced, wanted: Preprocessing) -> Image.Image:
    side = wanted.size
    width, height = _scaled(picture.extent, side)
    canvas = Image.new("RGB", (side, side), wanted.fill)
    resized = picture.image.resize((width, height), _FILTERS[wanted.interpolation], (0, 0, *picture.extent))
    canvas.paste(resized, ((side - width) // 2, (side - height) // 2))
    return canvas


def _scaled(extent: tuple[float, float], longer_side: int) -> tuple[int, int]:
    scale = longer_side / max(extent)
    return max(1, round(extent[0] * scale)), max(1, round(extent[1] * scale))
