"""What a comparison of the folders with the store can come to, one value per kind of work."""

from __future__ import annotations

from dataclasses import dataclass

from smartsearch.core.assets import FileState
from smartsearch.crawler.found import Found, WalkProblem


@dataclass(frozen=True, slots=True)
class Unchanged:
    """So many files need nothing. Comes every thousand files and at the end."""

    count: int


@dataclass(frozen=True, slots=True)
class New:
    """A path that is not known: hash it to see whether the bytes are."""

    found: Found


@dataclass(frozen=True, slots=True)
class Modified:
    """A known path whose identity changed: hash it to see whether its bytes did. May be missing or in error."""

    found: Found
    state: FileState


@dataclass(frozen=True, slots=True)
class Remounted:
    """Only the device number changed (a disk plugged in again): the same file, no need to hash it."""

    found: Found
    state: FileState


@dataclass(frozen=True, slots=True)
class Moved:
    """Certainly the file that was at ``state.path``, which is no longer there: no need to hash it."""

    found: Found
    state: FileState


@dataclass(frozen=True, slots=True)
class Reappeared:
    """A missing asset is back, with the identity it had: no need to hash it."""

    found: Found
    state: FileState


@dataclass(frozen=True, slots=True)
class SidecarChanged:
    """The XMP sidecar of an otherwise unchanged asset came, went or changed."""

    found: Found
    state: FileState


@dataclass(frozen=True, slots=True)
class NeedsEmbedding:
    """An otherwise unchanged asset has no vector in the space that the states were asked for."""

    found: Found
    state: FileState


@dataclass(frozen=True, slots=True)
class Vanished:
    """Files that are no longer there, at most a thousand in one item, after everything else."""

    states: tuple[FileState, ...]


@dataclass(frozen=True, slots=True)
class RootUnavailable:
    """A root, or a place below it, seems to be away: its ``known`` files are left as they are."""

    path: str
    message: str
    known: int


Work = (
    Unchanged
    | New
    | Modified
    | Remounted
    | Moved
    | Reappeared
    | SidecarChanged
    | NeedsEmbedding
    | Vanished
    | WalkProblem
    | RootUnavailable
)
