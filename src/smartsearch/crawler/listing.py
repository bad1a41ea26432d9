"""One folder at a time: its entries sorted by what they are, with as few system calls as that takes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from smartsearch.core.signatures import SNIFF_BYTES, VIDEO_FORMATS, reads_videos, sniff
from smartsearch.crawler.found import WalkProblem, problem_of
from smartsearch.crawler.ignore import IGNORE_FILE
from smartsearch.crawler.suffixes import IMAGE_SUFFIXES, OTHER_SUFFIXES, VIDEO_SUFFIXES

NO_MEDIA_FILE = ".nomedia"
"""A folder that holds a file of this name is left out, with all below it (Android's convention)."""

_MAX_IGNORE_BYTES = 1 << 20
_RELATIVE = os.scandir in os.supports_fd
_LISTING_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_SNIFF_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

FolderKey = tuple[int, int]
"""Device and inode of a folder: what it is, whatever it is called."""


@dataclass(slots=True)
class Listing:
    """The entries of one folder that are not hidden. ``sidecars`` maps a name without ``.xmp`` to the XMP file's."""

    files: list[os.DirEntry[str]] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    sidecars: dict[str, str] = field(default_factory=dict)
    no_media: bool = False
    has_rules: bool = False
    error: OSError | None = None
    """Reading stopped here; what was listed before it stands."""

    def sidecar_of(self, name: str) -> str | None:
        """The XMP file that lies beside the file ``name``, if one does."""
        return self.sidecars.get(name) or self.sidecars.get(name.rpartition(".")[0])


@contextmanager
def opened(path: str) -> Iterator[tuple[FolderKey, Iterator[os.DirEntry[str]]]]:
    """A folder's key and its entries, whose ``stat`` works until the context ends. Raises OSError.

    Where the system can, entries are looked up relative to the open folder: no long path to resolve for each.
    """
    if not _RELATIVE:
        with os.scandir(path) as entries:
            yield folder_key(os.stat(path)), entries
        return
    descriptor = os.open(path, _LISTING_FLAGS)
    try:
        with os.scandir(descriptor) as entries:
            yield folder_key(os.fstat(descriptor)), entries
    finally:
        os.close(descriptor)


def folder_key(status: os.stat_result) -> FolderKey:
    return status.st_dev, status.st_ino


def read_listing(entries: Iterator[os.DirEntry[str]], *, include_hidden: bool) -> Listing:
    """Sort the entries of a folder by type; sockets, pipes and devices are dropped."""
    listing = Listing()
    try:
        for entry in entries:
            name = entry.name
            if name[0] == ".":
                if name == NO_MEDIA_FILE:
                    listing.no_media = True
                    continue
                if name == IGNORE_FILE:
                    listing.has_rules = True
                    continue
                if not include_hidden:
                    continue
            if entry.is_file(follow_symlinks=False):
                listing.files.append(entry)
                if name[-4:] in _XMP:
                    listing.sidecars[name[:-4]] = name
            elif entry.is_dir(follow_symlinks=False):
                listing.folders.append(name)
            elif entry.is_symlink():
                listing.links.append(name)
    except OSError as error:
        listing.error = error
    return listing


_XMP = frozenset((".xmp", ".XMP", ".Xmp"))


def kind_by_name(name: str) -> bool | None:
    """True for an image's suffix, False for one of something else, None when the name does not tell."""
    _, dot, suffix = name.rpartition(".")
    if not dot:
        return None
    kinds = _kinds()
    kind = kinds.get(suffix)
    return kinds.get(suffix.lower()) if kind is None else kind


def is_video_name(name: str) -> bool:
    """Whether the suffix is that of a video."""
    return name.rpartition(".")[2].lower() in VIDEO_SUFFIXES


@cache
def _kinds() -> dict[str, bool]:
    kinds = dict.fromkeys(OTHER_SUFFIXES, False) | dict.fromkeys(IMAGE_SUFFIXES, True)
    kinds |= dict.fromkeys(VIDEO_SUFFIXES, reads_videos())
    return kinds | {suffix.upper(): kind for suffix, kind in kinds.items()}


def read_rules(folder: str) -> bytes:
    """The content of a folder's ignore file, empty if it has none. Raises OSError."""
    try:
        with open(os.path.join(folder, IGNORE_FILE), "rb") as file:
            return file.read(_MAX_IGNORE_BYTES)
    except (FileNotFoundError, IsADirectoryError):
        return b""


def looks_like_image(path: str) -> bool | WalkProblem:
    """Whether the first bytes of a file say image; a problem when they cannot be read, False if it is gone.

    Opened without blocking and looked at again, so that a pipe put in the file's place cannot hang the walk.
    """
    try:
        descriptor = os.open(path, _SNIFF_FLAGS)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return False
            name = sniff(os.read(descriptor, SNIFF_BYTES))
            return name is not None and (name not in VIDEO_FORMATS or reads_videos())
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return False
    except OSError as error:
        return problem_of(path, error)
