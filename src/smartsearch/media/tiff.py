"""Reading the tags of a TIFF structure: EXIF blocks, TIFF files and the camera formats built on TIFF.

Adobe "TIFF Revision 6.0" (1992), section 2, and BigTIFF. A tag that cannot be read costs that tag: lengths, offsets and
types are checked against the data, and nothing is followed recursively.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import BinaryIO

Scalar = int | float | str | bytes
Value = Scalar | tuple[Scalar, ...]
"""Rationals are floats (left out when divided by zero), texts end at the first NUL, five and more BYTEs are bytes."""

_TYPES: Mapping[int, tuple[int, str]] = {
    1: (1, "B"),
    2: (1, "text"),
    3: (2, "H"),
    4: (4, "I"),
    5: (8, "II"),
    6: (1, "b"),
    7: (1, "bytes"),
    8: (2, "h"),
    9: (4, "i"),
    10: (8, "ii"),
    11: (4, "f"),
    12: (8, "d"),
    13: (4, "I"),
    16: (8, "Q"),
    17: (8, "q"),
    18: (8, "Q"),
    129: (1, "text"),
}
"""TIFF field type to its size in bytes and how it is unpacked. 129 is Exif 3.0's UTF-8."""

_MAX_ENTRIES = 2000
_MAX_VALUE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Unread:
    """Stands for a value that was asked not to be read, or was too long: its size in bytes."""

    size: int


class TiffReader:
    """Tags by directory. ``base`` is where in the stream the structure starts. ValueError if there is none."""

    def __init__(self, stream: BinaryIO, base: int = 0) -> None:
        self._stream = stream
        self._base = base
        head = self._read(0, 16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None or len(head) < 8:
            raise ValueError("not a TIFF structure")
        self._order = order
        self._big = head[2:4] in (b"+\0", b"\0+")
        self.first = self._unpack("Q", head[8:16]) if self._big and len(head) == 16 else self._unpack("I", head[4:8])

    def directory(self, offset: int, skip: Container[int] = ()) -> tuple[dict[int, Value | Unread], int]:
        """The tags of the directory at ``offset`` and the offset of the next directory (0: none).

        Values of the tags in ``skip`` are not read. Of repeated tags the first counts.
        """
        count_format, entry_size = ("Q", 20) if self._big else ("H", 12)
        count_size = struct.calcsize("<" + count_format)
        data = self._read(offset, count_size)
        if len(data) < count_size:
            return {}, 0
        count = self._unpack(count_format, data)
        if count > _MAX_ENTRIES:
            return {}, 0
        table = self._read(offset + count_size, count * entry_size + 8)
        tags: dict[int, Value | Unread] = {}
        for start in range(0, min(len(table), count * entry_size) - entry_size + 1, entry_size):
            self._entry(table[start : start + entry_size], tags, skip)
        pointer = table[count * entry_size :]
        following = self._unpack("I", pointer[:4]) if not self._big and len(pointer) >= 4 else 0
        return tags, following

    def read(self, offset: int, size: int) -> bytes:
        """Raw bytes of the structure; fewer at its end."""
        return self._read(offset, size)

    def _entry(self, entry: bytes, tags: dict[int, Value | Unread], skip: Container[int]) -> None:
        tag, kind = self._unpack("H", entry[:2]), self._unpack("H", entry[2:4])
        count = self._unpack("Q", entry[4:12]) if self._big else self._unpack("I", entry[4:8])
        inline = entry[12:] if self._big else entry[8:]
        if kind not in _TYPES or tag in tags:
            return
        unit, layout = _TYPES[kind]
        size = unit * count
        if tag in skip or size > _MAX_VALUE_BYTES:
            tags[tag] = Unread(size)
            return
        data = inline[:size]
        if size > len(inline):
            data = self._read(self._unpack("Q" if self._big else "I", inline), size)
        value = self._decode(data[: len(data) // unit * unit], unit, layout)
        if value is not None:
            tags[tag] = value

    def _decode(self, data: bytes, unit: int, layout: str) -> Value | None:
        if layout == "bytes" or (layout == "B" and len(data) > 4):
            return data
        if layout == "text":
            return decode_text(data)
        number = len(data) // unit
        if not number:
            return None
        flat = struct.unpack(self._order + layout[0] * (number * len(layout)), data)
        if len(layout) == 2:
            pairs = zip(flat[::2], flat[1::2], strict=True)
            flat = tuple(top / bottom for top, bottom in pairs if bottom)
        elif layout in "fd":
            flat = tuple(value for value in flat if math.isfinite(value))
        if len(flat) < number:  # a vector with a hole means nothing
            return None
        return flat[0] if number == 1 else flat

    def _read(self, offset: int, size: int) -> bytes:
        if offset < 0 or offset > 1 << 62:
            return b""
        self._stream.seek(self._base + offset)
        return self._stream.read(size)

    def _unpack(self, layout: str, data: bytes) -> int:
        (value,) = struct.unpack(self._order + layout, data)
        return int(value)


def decode_text(data: bytes) -> str:
    """Text up to the first NUL: UTF-8 as most programs write, else Latin-1, stripped, without control characters."""
    data = data.split(b"\0", 1)[0]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return clean_text(text)


def clean_text(text: str) -> str:
    """Without surrounding white space, control characters (but line ends and tabs) and lone surrogates."""
    kept = (c for c in text if (c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff") or c in "\n\t")
    return "".join(kept).strip()
