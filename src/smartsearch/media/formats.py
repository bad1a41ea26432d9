"""Which image formats are read, how their first bytes look, and the Pillow plugin that reads each.

The list is closed: a format is recognised here by its content and handed to exactly one plugin. Formats whose readers
start other programs (EPS runs Ghostscript) or have no signature (TGA) are left out on purpose.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from smartsearch.core.errors import CorruptImageError, UnsupportedFormatError

SNIFF_BYTES = 64
"""How many bytes from the start of a file `sniff` needs."""


@dataclass(frozen=True, slots=True)
class _Signature:
    name: str
    matches: Callable[[bytes], bool]


def _starts(*prefixes: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(prefixes)


def _brand(*brands: bytes) -> Callable[[bytes], bool]:
    """An ISO base media file (ISO/IEC 14496-12) with one of these major or compatible brands."""

    def matches(head: bytes) -> bool:
        if head[4:8] != b"ftyp":
            return False
        box = head[8 : max(12, min(len(head), int.from_bytes(head[:4], "big")))]
        listed = [box[:4], *(box[i : i + 4] for i in range(8, len(box) - 3, 4))]
        return any(brand in listed for brand in brands)

    return matches


def _bitmap(head: bytes) -> bool:
    """BMP: "BM" alone is two letters of text, so the size of the information header must be a known one too."""
    return head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in {12, 16, 40, 52, 56, 64, 108, 124}


def _icon(head: bytes) -> bool:
    return head[:4] == b"\0\0\1\0" and 0 < int.from_bytes(head[4:6], "little") <= 256 and head[9:10] == b"\0"


def _portable_anymap(head: bytes) -> bool:
    return re.match(rb"P[1-6][\s#]", head) is not None


_SIGNATURES = (
    _Signature("jpeg", _starts(b"\xff\xd8\xff")),
    _Signature("png", _starts(b"\x89PNG\r\n\x1a\n")),
    _Signature("gif", _starts(b"GIF87a", b"GIF89a")),
    _Signature("webp", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    _Signature("avif", _brand(b"avif", b"avis")),
    _Signature("heif", _brand(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")),
    _Signature("raw", _brand(b"crx ")),
    _Signature("raw", _starts(b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb")),
    _Signature("raw", lambda head: head[:4] == b"II*\0" and head[8:10] == b"CR"),
    _Signature("tiff", _starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    _Signature("bmp", _bitmap),
    _Signature("jpeg2000", _starts(b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n")),
    _Signature("jxl", _starts(b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")),
    _Signature("psd", _starts(b"8BPS")),
    _Signature("qoi", _starts(b"qoif")),
    _Signature("ico", _icon),
    _Signature("ppm", _portable_anymap),
)

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


def sniff(head: bytes) -> str | None:
    """The lower-case format name that a file's first `SNIFF_BYTES` bytes show, None if it is no known image format.

    ``"raw"`` stands for a camera's own format. Camera formats that look like TIFF (NEF, ARW, DNG) give ``"tiff"``.
    """
    return next((signature.name for signature in _SIGNATURES if signature.matches(head)), None)


def open_image(stream: BinaryIO, name: str) -> ImageFile.ImageFile:
    """Read the header of an image of format ``name`` (from `sniff`); no pixels are decoded.

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
