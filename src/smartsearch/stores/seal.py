"""The seal of a file: what tells a disk that changes its data from a program that writes it.

It holds a CRC-32 of every block and the file's size and time at that moment. As long as size and time are the same
nobody has written to the file, so a block that differs was changed by the disk. Any write makes the seal void.
"""

from __future__ import annotations

import os
import struct
import time
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLOCK = 4096
"""Bytes: a page of the database."""

_HEADER = struct.Struct("<8sIQqI")
"""Magic, block, size in bytes, mtime in ns, CRC-32 of the sums."""
_MAGIC = b"SmSeSum1"
_TICK_NS = 20_000_000
"""Two writes within a tick of the kernel's clock leave the same time on a file."""


def seal_path(path: Path) -> Path:
    """Where the seal of a file is."""
    return path.with_name(f"{path.name}.seal")


def write_seal(path: Path) -> bool:
    """Seal the file as it is, unless its seal still holds. False if it was written to meanwhile. Raises OSError.

    For a database: only when its log is empty.
    """
    before = path.stat()
    if _read_seal(path) is not None:
        return True
    if abs(time.time_ns() - before.st_mtime_ns) < _TICK_NS:
        time.sleep(_TICK_NS / 1e9)  # or a write right after this would go unnoticed
    sums = _sums(path)
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return False
    data = sums.tobytes()
    header = _HEADER.pack(_MAGIC, BLOCK, after.st_size, after.st_mtime_ns, zlib.crc32(data))
    partial = seal_path(path).with_name(f"{path.name}.{os.getpid()}.seal.part")
    try:
        partial.write_bytes(header + data)
        os.replace(partial, seal_path(path))
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return True


def changed_blocks(path: Path) -> list[int] | None:
    """Blocks (from 0) that the disk has changed; None where no seal holds, so that nothing is known. Reads all."""
    expected = _read_seal(path)
    if expected is None:
        return None
    with suppress(OSError):
        found = _sums(path)
        if _read_seal(path) is not None and len(found) == len(expected):
            return [int(block) for block in np.flatnonzero(found != expected)]
    return None


def _read_seal(path: Path) -> NDArray[np.uint32] | None:
    """The sums, if the seal is whole and the file's size and time are still those."""
    try:
        data = seal_path(path).read_bytes()
        status = path.stat()
        magic, block, size, mtime_ns, check = _HEADER.unpack_from(data)
    except (OSError, struct.error):
        return None
    sums = data[_HEADER.size :]
    if (magic, block, size, mtime_ns) != (_MAGIC, BLOCK, status.st_size, status.st_mtime_ns):
        return None
    return np.frombuffer(sums, "<u4") if zlib.crc32(sums) == check and len(sums) % 4 == 0 else None


def _sums(path: Path) -> NDArray[np.uint32]:
    with path.open("rb") as file:
        return np.array([zlib.crc32(block) for block in iter(lambda: file.read(BLOCK), b"")], "<u4")
