"""Camera raw files: the JPEG preview that the camera put into them, not the sensor data.

Most raw formats are TIFF structures (DNG, NEF, ARW, CR2, PEF, SRW, RW2) or say in a fixed place where the preview is
(RAF); these need no further package. The others (CR3, ORF, X3F) are left to LibRaw through the optional rawpy.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from smartsearch.core.errors import UnsupportedFormatError
from smartsearch.media.exif import Tags
from smartsearch.media.tiff import TiffReader

_PHOTOMETRIC, _COMPRESSION = 0x0106, 0x0103
_STRIP_OFFSET, _STRIP_BYTES = 0x0111, 0x0117
_JPEG_OFFSET, _JPEG_BYTES = 0x0201, 0x0202
_SUB_DIRECTORIES, _DNG_VERSION = 0x014A, 0xC612
_PANASONIC_PREVIEW = 0x002E

_SENSOR_DATA = frozenset({32803, 34892})
"""PhotometricInterpretation of colour filter array and linear raw pixels (TIFF/EP, DNG 1.7)."""

_JPEG_COMPRESSIONS = frozenset({6, 7})
_MAX_DIRECTORIES = 16
_MAX_PREVIEW_BYTES = 128 * 1024 * 1024


def is_camera_raw(stream: BinaryIO) -> bool:
    """Whether a file that begins like TIFF holds sensor data."""
    try:
        directories = list(_directories(TiffReader(stream)))
    except ValueError:
        return False
    return any(_DNG_VERSION in tags or tags.get(_PHOTOMETRIC) in _SENSOR_DATA for tags in directories)


def read_preview(stream: BinaryIO) -> bytes:
    """The largest JPEG preview in a raw file.

    UnsupportedFormatError if there is none that can be reached without rawpy and that is not installed.
    """
    candidates = [preview for preview in _embedded(stream) if preview[:3] == b"\xff\xd8\xff" and not _lossless(preview)]
    return max(candidates, key=len) if candidates else _by_libraw(stream)


def _embedded(stream: BinaryIO) -> Iterator[bytes]:
    stream.seek(0)
    head = stream.read(92)
    if head.startswith(b"FUJIFILMCCD-RAW"):  # offset and length, big-endian, at 84
        yield _slice(stream, int.from_bytes(head[84:88], "big"), int.from_bytes(head[88:92], "big"))
        return
    try:
        directories = list(_directories(TiffReader(stream)))
    except ValueError:
        return
    for tags in directories:
        if tags.get(_PHOTOMETRIC) in _SENSOR_DATA:
            continue
        panasonic = tags.get(_PANASONIC_PREVIEW)
        if isinstance(panasonic, bytes):
            yield panasonic
        yield _slice(stream, tags.get(_JPEG_OFFSET), tags.get(_JPEG_BYTES))
        if tags.get(_COMPRESSION) in _JPEG_COMPRESSIONS:
            yield _slice(stream, tags.get(_STRIP_OFFSET), tags.get(_STRIP_BYTES))


def _directories(reader: TiffReader) -> Iterator[Tags]:
    """The main chain of directories and their direct children, each once."""
    waiting = [reader.first]
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_DIRECTORIES:
        offset = waiting.pop(0)
        if offset in seen or not offset:
            continue
        seen.add(offset)
        tags, following = reader.directory(offset)
        yield tags
        below = tags.get(_SUB_DIRECTORIES, ())
        children = below if isinstance(below, tuple) else (below,)
        waiting += [*(child for child in children if isinstance(child, int)), following]


def _slice(stream: BinaryIO, offset: object, length: object) -> bytes:
    if not (isinstance(offset, int) and isinstance(length, int)) or offset <= 0 or not 0 < length <= _MAX_PREVIEW_BYTES:
        return b""
    stream.seek(offset)
    return stream.read(length)


def _lossless(data: bytes) -> bool:
    """Whether a JPEG's frame header is the lossless one (SOF3): then it is sensor data, not a preview."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return marker == 0xC3
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def _by_libraw(stream: BinaryIO) -> bytes:
    try:
        import rawpy
    except ImportError as error:
        raise UnsupportedFormatError(
            "This camera raw file needs an optional package.", hint="Install it with: pip install 'smartsearch[raw]'"
        ) from error
    stream.seek(0)
    try:
        with rawpy.imread(io.BytesIO(stream.read())) as raw:
            preview = raw.extract_thumb()
    except rawpy.LibRawError as error:
        raise UnsupportedFormatError("This camera raw file has no preview that can be read.") from error
    if preview.format != rawpy.ThumbFormat.JPEG:
        raise UnsupportedFormatError("This camera raw file has no JPEG preview.")
    return bytes(preview.data)
