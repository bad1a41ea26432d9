"""From whatever a file holds to an opaque, 8-bit, upright sRGB picture, no larger than is needed."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageFile

_TRANSPOSE = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF Orientation (Exif 2.32, tag 0x0112) to what makes the picture upright."""

_BLOCK_PIXELS = 1 << 20

_BACKGROUND = (255, 255, 255)
"""What shows through transparent pixels: most cut-outs and line drawings are made to be seen on white."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """A picture at a fraction of its size. ``extent`` is what the whole picture measures at that fraction: the pixels
    of the last column and row may stand for less than the others. Heeding it is worth 15 dB in the encoder input."""

    image: Image.Image
    extent: tuple[float, float]


def reduced_rgb(image: ImageFile.ImageFile, scale: float) -> Reduced:
    """Decode ``image`` into an opaque sRGB picture at ``scale`` (0-1) of its size or somewhat larger, never smaller.

    JPEG is scaled while it is decoded (the inverse DCT makes 1/2, 1/4 or 1/8 of the size directly); other formats are
    decoded whole and box-averaged. Colours are converted by the embedded ICC profile, after the reduction.
    """
    width, height = image.size
    extent: tuple[float, float] = image.size
    if image.format in ("JPEG", "MPO") and scale < 1:
        drafted = image.draft(None, (math.ceil(width * scale), math.ceil(height * scale)))
        extent = drafted[1][2:] if drafted else extent
    image.load()
    profile = image.info.get("icc_profile")
    picture = _plain_mode(image)
    factor = int(max(extent) / (max(width, height) * scale))
    if factor > 1:
        picture = picture.reduce(factor)
        extent = extent[0] / factor, extent[1] / factor
    if picture.mode == "RGBA":
        picture = _flatten(picture)
    return Reduced(_to_srgb(picture, profile), extent)


def upright(picture: Image.Image, orientation: int) -> Image.Image:
    """Turn and mirror the picture by its EXIF orientation, 1-8; other values count as 1."""
    transpose = _TRANSPOSE.get(orientation)
    return picture if transpose is None else picture.transpose(transpose)


def _plain_mode(image: Image.Image) -> Image.Image:
    """The picture in a mode that can be averaged: L, RGB, RGBA, CMYK or LAB."""
    if image.mode in ("RGB", "L") and "transparency" not in image.info:
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return Image.fromarray(_to_eight_bits(np.asarray(image), image.mode))
    if image.mode in ("CMYK", "LAB"):
        return image
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    return image.convert("L" if image.mode == "1" else "RGB")


def _flatten(image: Image.Image) -> Image.Image:
    """Lay the picture on the background colour."""
    ground = Image.new("RGB", image.size, _BACKGROUND)
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _to_eight_bits(values: NDArray[np.generic], mode: str) -> NDArray[np.uint8]:
    """Greyscale of 16 or 32 bits or floating point, shape (height, width), to 8 bits; not-a-number becomes black.

    Works on a few rows at a time: a large picture is not held as floating point.
    """
    low, high = _tonal_range(values, mode)
    scale = 255.0 / max(high - low, 1e-12)
    result = np.empty(values.shape, np.uint8)
    rows = max(1, _BLOCK_PIXELS // values.shape[1])
    for start in range(0, values.shape[0], rows):
        block = (values[start : start + rows].astype(np.float32) - low) * scale + 0.5
        result[start : start + rows] = np.nan_to_num(block, copy=False, nan=0.0).clip(0, 255)
    return result


def _tonal_range(values: NDArray[np.generic], mode: str) -> tuple[float, float]:
    """What becomes black and what becomes white.

    16-bit values keep their declared range, except where they use less than a sixteenth of it: then they come from a
    sensor of fewer bits (10 or 12) stored in 16, and the range is the smallest power of two that holds them. Other
    values keep the range 0-1 or 0-255 if they lie in it and are stretched from least to greatest if not.
    """
    known = values if values.dtype.kind in "iu" else values[np.isfinite(values.astype(np.float32))]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if low >= 0 and mode == "F" and high <= 1:
        return 0.0, 1.0
    if low >= 0 and high <= 255:
        return 0.0, 255.0
    if low >= 0 and mode != "F" and high <= 65535:
        return 0.0, 65535.0 if high >= 4096 else float(2 ** math.ceil(math.log2(high + 1)) - 1)
    return low, high


def _to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to RGB with sRGB colours; a profile that is damaged or of another colour model is ignored."""
    if profile and picture.mode in ("RGB", "CMYK") and not is_srgb(profile):
        transform = _transform(profile, picture.mode)
        if transform is not None:
            return transform.apply(picture)
    if picture.mode == "LAB":
        lab = ImageCms.ImageCmsTransform(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), _srgb(), "LAB", "RGB")
        return lab.apply(picture)
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def is_srgb(profile: bytes) -> bool:
    """Whether an ICC profile calls itself sRGB (ICC.1:2022: RGB colour space, ``desc`` tag). Reads a few bytes only."""
    if profile[16:20] != b"RGB ":
        return False
    count = int.from_bytes(profile[128:132], "big")
    for start in range(132, 132 + 12 * min(count, 64), 12):
        if profile[start : start + 4] == b"desc":
            offset = int.from_bytes(profile[start + 4 : start + 8], "big")
            text = profile[offset : offset + 160].replace(b"\0", b"")
            return b"sRGB" in text and b"inear" not in text
    return False


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The colour transform, kept because the photos of one camera share one profile. None if it cannot be made."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.ImageCmsTransform(source, _srgb(), mode, "RGB", ImageCms.Intent.PERCEPTUAL)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
