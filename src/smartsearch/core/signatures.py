"""Telling images and videos from other files by their first bytes. Bytes in, a name out: no I/O, no decoder."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

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


def _ebml(kind: bytes) -> Callable[[bytes], bool]:
    """An EBML file (RFC 8794) of this document type; writers put the type into the header's first bytes."""
    return lambda head: head.startswith(b"\x1aE\xdf\xa3") and b"\x42\x82" + bytes([0x80 | len(kind)]) + kind in head


def _quicktime(head: bytes) -> bool:
    """Brand "qt  ", or the boxes that began such files before there were brands."""
    return head[4:12] == b"ftypqt  " or head[4:8] in (b"moov", b"mdat", b"wide")


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
    _Signature("mov", _quicktime),
    _Signature("mp4", _brand(b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"3gp4")),
    _Signature("webm", _ebml(b"webm")),
    _Signature("mkv", _ebml(b"matroska")),
    _Signature("avi", lambda head: head[:4] == b"RIFF" and head[8:12] == b"AVI "),
)

VIDEO_FORMATS = frozenset({"mp4", "mov", "webm", "mkv", "avi"})
"""Those that are videos: read with the optional package `av` only."""

FORMATS = frozenset(signature.name for signature in _SIGNATURES)
"""The names that `sniff` gives, and that an image's ``format`` can have."""


def sniff(head: bytes) -> str | None:
    """The lower-case format name that a file's first `SNIFF_BYTES` bytes show, None if it is no known format.

    ``"raw"`` stands for a camera's own format; camera formats that look like TIFF (NEF, ARW, DNG) give ``"tiff"``.
    Signatures are those of the formats' own specifications.
    """
    return next((signature.name for signature in _SIGNATURES if signature.matches(head)), None)


@cache
def reads_videos() -> bool:
    """Whether the optional package that decodes videos is installed. Without it they are passed over."""
    return find_spec("av") is not None


FORMAT_NAMES = {
    "jpg": "jpeg",
    "jpe": "jpeg",
    "jfif": "jpeg",
    "tif": "tiff",
    "heic": "heif",
    "hif": "heif",
    "dib": "bmp",
    "apng": "png",
    "jp2": "jpeg2000",
    "j2k": "jpeg2000",
    "dng": "raw",
    "nef": "raw",
    "cr2": "raw",
    "cr3": "raw",
    "arw": "raw",
    "m4v": "mp4",
    "qt": "mov",
}
"""What people write for a format, mostly suffixes, to its own name."""


def format_name(text: str) -> str | None:
    """A format's own name from a name or suffix ("JPG" is "jpeg"), None if there is none."""
    name = text.strip().lower().lstrip(".")
    name = FORMAT_NAMES.get(name, name)
    return name if name in FORMATS else None
