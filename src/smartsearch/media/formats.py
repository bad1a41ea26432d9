"""Which image formats are read, and the Pillow plugin that reads each.

The list is closed: a format is recognised by its content (`core.signatures`) and handed to exactly one plugin. Formats
whose readers start other programs (EPS runs Ghostscript) or have no signature (TGA) are left out on purpose.
"""

from __future__ import annotations

import importlib
from typing import BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from smartsearch.core.errors import CorruptImageError, UnsupportedFormatError

_PLUGINS = {
    "jpeg": "Jpeg",
    "png": "Png",
    "gif": "Gif",
    "webp": "WebP",
    "avif": "Avif",
    "tiff": "Tiff",
    "bmp": "Bmp",
    "jpeg2000": "Jpeg2K",
    "psd": "Psd",
    "qoi": "Qoi",
    "ico": "Ico",
    "ppm": "Ppm",
}
"""Format name to the stem of the Pillow plugin module."""


def open_image(stream: BinaryIO, name: str) -> ImageFile.ImageFile:
    """Read the header of an image of format ``name`` (from `core.signatures.sniff`); no pixels are decoded.

    UnsupportedFormatError names the optional package when one is missing; CorruptImageError if the header is damaged.
    Whatever else Pillow raises passes through, to be mapped by `failures.media_errors`.
    """
    identifier = _register(name)
    stream.seek(0)
    try:
        image = Image.open(stream, formats=[identifier])
    except UnidentifiedImageError as error:
        raise CorruptImageError(f"The {name.upper()} header is damaged or of an unknown kind.") from error
    assert isinstance(image, ImageFile.ImageFile)
    return image


def _register(name: str) -> str:
    """Make Pillow able to open the format; returns Pillow's identifier of it. Cheap when done before."""
    if name == "heif":
        return _register_heif()
    if name == "jxl":
        return _register_jxl()
    plugin = importlib.import_module(f"PIL.{_PLUGINS[name]}ImagePlugin")
    if name == "avif":
        vars(plugin)["DEFAULT_MAX_THREADS"] = 1  # one decode worker is one thread
    return name.upper()


def _register_heif() -> str:
    if "HEIF" not in Image.OPEN:
        from pi_heif import register_heif_opener

        register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)
    return "HEIF"


def _register_jxl() -> str:
    if "JXL" not in Image.OPEN:
        try:
            from pylibjxl import register_pillow  # type: ignore[import-not-found,unused-ignore]
        except ImportError as error:
            raise UnsupportedFormatError(
                "JPEG XL needs an optional package.", hint="Install it with: pip install 'smartsearch[jxl]'"
            ) from error
        register_pillow()
    return "JXL"
