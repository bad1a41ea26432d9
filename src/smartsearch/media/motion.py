"""The short video inside a motion photo, as Android telephones write them: an MP4 behind the picture, in the same file.

Where it lies says the XMP packet (Google's "Motion Photo format 1.0", and its forerunner "Micro Video"), a box of a
HEIF file (``mpvd``, of the same specification), or the directory that Samsung's telephones put at the end ("SEF").
All of them are claims of a stranger: what counts is that a whole MP4 begins there and ends within the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BufferedReader, BytesIO
from typing import Any

from smartsearch.core.assets import Motion
from smartsearch.media.files import OpenedFile
from smartsearch.media.xmp import read_xmp

MOTION_FORMATS = frozenset({"jpeg", "heif", "avif"})
"""Formats that the specification knows."""

_Stream = BufferedReader | BytesIO

_PARTS = frozenset(b"ftyp moov mdat free skip wide udta meta uuid pnot moof mfra sidx ssix styp prft emsg pdin".split())
"""Boxes that may stand at the top of an MP4 (ISO/IEC 14496-12, table 1; QuickTime)."""
_MOST_BOXES = 10_000
_MOST_ITEMS = 100
_SEF_MOTION = b"MotionPhoto_Data"


def find_motion(file: OpenedFile, name: str, packet: bytes) -> Motion | None:
    """Where in the file, of format ``name``, the video of a motion photo lies; None if there is none that is whole.

    ``packet`` is the file's XMP. Whatever the file claims, no error comes of it, and the stream is left where it was.
    """
    if name not in MOTION_FORMATS:
        return None
    stream, size = file.stream, file.identity.size
    place = stream.tell()
    try:
        for start, end in _claims(stream, size, name, packet):
            if 0 < start < end <= size and (until := _mp4_end(stream, start, end)) is not None:
                return Motion(start, until - start)
        return None
    finally:
        stream.seek(place)


def _claims(stream: _Stream, size: int, name: str, packet: bytes) -> Iterator[tuple[int, int]]:
    """Where a video may begin, and where it must have ended."""
    if b"MotionPhoto" in packet or b"MicroVideo" in packet:
        yield from _xmp_claims(read_xmp(packet), size)
    if name == "jpeg":
        yield from _sef_claims(stream, size)
    else:
        yield from ((at + head, at + length) for kind, at, head, length in _boxes(stream, 0, size) if kind == b"mpvd")


def _xmp_claims(tags: Mapping[str, Any], size: int) -> Iterator[tuple[int, int]]:
    """Items lie behind one another, the last one at the end of the file; lengths of all but the first are given."""
    if tags.get("GCamera:MotionPhoto") == "1":
        directory = tags.get("Container:Directory")
        end: int = size
        for entry in reversed(directory[-_MOST_ITEMS:] if isinstance(directory, list) else []):
            item = entry.get("Container:Item", entry) if isinstance(entry, dict) else None
            length = _count(item.get("Item:Length", "0")) if isinstance(item, dict) else None
            padding = _count(item.get("Item:Padding", "0")) if isinstance(item, dict) else None
            if item is None or length is None or padding is None:
                return
            start = end - padding - length
            if item.get("Item:Semantic") == "MotionPhoto":
                yield start, end - padding
            end = start
    if tags.get("GCamera:MicroVideo") == "1" and (back := _count(tags.get("GCamera:MicroVideoOffset"))) is not None:
        yield size - back, size


def _sef_claims(stream: _Stream, size: int) -> Iterator[tuple[int, int]]:
    """The file ends with a directory ("SEFH", version, count, entries of 12 bytes), its length, and "SEFT"; an entry
    says how far before the directory its data begin, and how many bytes they are. All numbers little-endian."""
    tail = _read(stream, size - 8, 8)
    if tail[4:] != b"SEFT":
        return
    directory = size - 8 - int.from_bytes(tail[:4], "little")
    head = _read(stream, directory, 12)
    if head[:4] != b"SEFH":
        return
    entries = _read(stream, directory + 12, 12 * min(int.from_bytes(head[8:], "little"), _MOST_ITEMS))
    for place in range(0, len(entries) - 11, 12):
        back, length = (int.from_bytes(entries[at : at + 4], "little") for at in (place + 4, place + 8))
        start = directory - back
        # Before the data: two zero bytes, the kind, the length of the name, the name.
        if _read(stream, start + 4, 4 + len(_SEF_MOTION)) == len(_SEF_MOTION).to_bytes(4, "little") + _SEF_MOTION:
            yield start + 8 + len(_SEF_MOTION), min(start + length, directory)


def _mp4_end(stream: _Stream, start: int, end: int) -> int | None:
    """Where the MP4 that begins at ``start`` ends, at ``end`` at the latest; None if no whole one begins there."""
    seen: list[bytes] = []
    until = start
    for kind, at, _, length in _boxes(stream, start, end):
        if kind not in _PARTS or (not seen and kind != b"ftyp"):
            break
        seen.append(kind)
        until = at + length
    return until if {b"moov", b"mdat"} <= set(seen) else None


def _boxes(stream: _Stream, start: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Kind, place, length of the head and length of the boxes that lie whole between ``start`` and ``end``."""
    for _ in range(_MOST_BOXES):
        head = _read(stream, start, min(16, end - start))
        if len(head) < 8:
            return
        length, kind, own = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, own = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = end - start
        if length < own or start + length > end:
            return
        yield kind, start, own, length
        start += length


def _read(stream: _Stream, place: int, count: int) -> bytes:
    """So many bytes from there on, fewer at the end of the file, none from outside of it."""
    if place < 0 or count <= 0:
        return b""
    stream.seek(place)
    return stream.read(count)


def _count(text: object) -> int | None:
    """A number of bytes as XMP writes it, None for anything else."""
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    return int(text)
