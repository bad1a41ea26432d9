"""What a walk reports: files that look like images, and places that could not be read."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from smartsearch.core.assets import FileIdentity

ProblemCode = Literal[
    "root-unavailable",  # the root is gone or cannot be listed
    "permission",
    "io",
    "name-too-long",  # deeper than the system can name
    "link-loop",
    "broken-link",
    "unsupported",  # a root that is one file, and no image
]

_CODES: dict[int, ProblemCode] = {
    errno.EACCES: "permission",
    errno.EPERM: "permission",
    errno.ENAMETOOLONG: "name-too-long",
    errno.ELOOP: "link-loop",
}
_63_BITS = (1 << 63) - 1


class Found(NamedTuple):
    """One candidate image. A named tuple, since 100,000 are made in well under a second.

    ``folder`` is absolute, ``name`` the entry in it, both decoded with ``os.fsdecode``. Device and inode are cut to 63
    bits (what a database integer holds), size is in bytes, times are in nanoseconds since the epoch. ``created_ns`` is
    the birth time where Python tells it (macOS, BSD, Windows), else the earlier of modification and status change.
    ``sidecar`` is the name of an XMP file in the same folder (``photo.jpg.xmp`` before ``photo.xmp``).
    """

    folder: str
    name: str
    device: int
    inode: int
    size: int
    mtime_ns: int
    created_ns: int
    sidecar: str | None = None
    sidecar_mtime_ns: int | None = None

    @property
    def path(self) -> str:
        return os.path.join(self.folder, self.name)

    @property
    def identity(self) -> FileIdentity:
        return FileIdentity(self.device, self.inode, self.size, self.mtime_ns)

    @property
    def created_at(self) -> datetime | None:
        """``created_ns`` as an aware UTC time; None where that lies outside the calendar."""
        try:
            return datetime.fromtimestamp(self.created_ns / 1e9, UTC)
        except (OverflowError, ValueError, OSError):
            return None

    @property
    def sidecar_path(self) -> str | None:
        return None if self.sidecar is None else os.path.join(self.folder, self.sidecar)


@dataclass(frozen=True, slots=True)
class WalkProblem:
    """A place that could not be read: nothing can be said about what is at or below ``path``."""

    path: str
    code: ProblemCode
    message: str


def identity_of(status: os.stat_result) -> FileIdentity:
    """The identity the walk gives to a file with this status: how to see whether it changed since."""
    return FileIdentity(status.st_dev & _63_BITS, status.st_ino & _63_BITS, status.st_size, status.st_mtime_ns)


def found_file(
    folder: str, name: str, status: os.stat_result, sidecar: str | None = None, sidecar_mtime_ns: int | None = None
) -> Found:
    """The report on one file, from its status."""
    mtime_ns = status.st_mtime_ns
    return Found(
        folder,
        name,
        status.st_dev & _63_BITS,
        status.st_ino & _63_BITS,
        status.st_size,
        mtime_ns,
        _born(status) if _TELLS_BIRTH else min(mtime_ns, status.st_ctime_ns),
        sidecar,
        sidecar_mtime_ns,
    )


def problem_of(path: str, error: OSError) -> WalkProblem:
    """What a system call's error on ``path`` amounts to."""
    return WalkProblem(path, _CODES.get(error.errno or 0, "io"), error.strerror or str(error))


_TELLS_BIRTH = os.name == "nt" or hasattr(os.stat_result, "st_birthtime")


def _born(status: os.stat_result) -> int:
    seconds = getattr(status, "st_birthtime", None)
    return status.st_ctime_ns if seconds is None else int(seconds * 1e9)
