"""A checksum behind the bytes of a file that is written once, where the readers of WebP and FAISS files do not look."""

from __future__ import annotations

import struct
import zlib

_TRAILER = struct.Struct("<4sI")
_MAGIC = b"crc1"
TRAILER_BYTES = _TRAILER.size


def with_trailer(data: bytes) -> bytes:
    """The data with its CRC-32 behind it."""
    return data + _TRAILER.pack(_MAGIC, zlib.crc32(data))


def without_trailer(data: bytes) -> bytes:
    """The data without the checksum behind it, if there is one."""
    return data[: -_TRAILER.size] if data[-_TRAILER.size :].startswith(_MAGIC) else data


def trailer_holds(data: bytes) -> bool | None:
    """Whether the data is what the checksum behind it says; None if there is none."""
    magic, expected = _TRAILER.unpack(data[-_TRAILER.size :]) if len(data) > _TRAILER.size else (b"", 0)
    if magic != _MAGIC:
        return None
    return bool(zlib.crc32(memoryview(data)[: -_TRAILER.size]) == expected)
