"""The walk: every image file at or below a root, with what ``stat`` says of it, and every place that could not be read.

What is left out: what the patterns and ``.smartsearchignore`` files exclude, folders with a ``.nomedia`` file and all
below them, hidden names (unless asked for; a root itself may be hidden), files under the least size, everything that
is no regular file, and files that do not look like images (see ``smartsearch.crawler.suffixes``).

Symbolic links are followed after everything that is really there has been seen, in path order, and each real folder
is entered once, so a cycle ends. A linked folder that the walk already saw is not entered again; a linked file whose
real folder the walk saw is not reported again; of several links to one outside file the first in path order stands
for it. Hard links are different files with equal bytes.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import NamedTuple

from smartsearch.core.settings import DiscoverySettings
from smartsearch.crawler.found import Found, WalkProblem, found_file, problem_of
from smartsearch.crawler.ignore import IgnoreRules
from smartsearch.crawler.listing import (
    NO_MEDIA_FILE,
    FolderKey,
    Listing,
    folder_key,
    is_video_name,
    kind_by_name,
    looks_like_image,
    opened,
    read_listing,
    read_rules,
)


def walk(
    root: str | os.PathLike[str],
    settings: DiscoverySettings,
    *,
    recursive: bool = True,
    skip: Collection[str] = (),
    known: Callable[[str], bool] = lambda _: False,
    start: str | None = None,
) -> Iterator[Found | WalkProblem]:
    """Every image file at or below ``root``, a folder or a single file, streamed folder by folder.

    ``skip`` holds absolute folders that are never entered, under whatever name they are reached. ``known`` tells of a
    path whether it was accepted before: such a file is reported without opening it when its suffix says nothing.
    ``start``, a folder at or below ``root``, makes it the walk of a part of the whole: the rules of the folders above
    still hold, links to other parts are left to the walk of the whole, and a start that is gone is an empty one.

    I/O errors become WalkProblems, never exceptions. Raises ConfigError, at once, for an impossible exclude pattern.
    """
    path = os.path.abspath(os.fsdecode(root))
    rules = IgnoreRules.of(path, settings.patterns())
    job = _Walk(_Folder(path, rules), settings, recursive=recursive, skip=skip, known=known)
    return job.run(None if start is None else os.path.abspath(start))


_GONE = (FileNotFoundError, NotADirectoryError)
"""Removed or replaced while the walk was on its way there: simply not there, no problem."""


class _Folder(NamedTuple):
    path: str
    rules: IgnoreRules


class _Link(NamedTuple):
    path: str
    folder: _Folder
    name: str
    sidecar: str | None


class _Walk:
    """The state of one walk: the folders still to enter, those entered, and the links put off."""

    def __init__(
        self,
        root: _Folder,
        settings: DiscoverySettings,
        *,
        recursive: bool,
        skip: Collection[str],
        known: Callable[[str], bool],
    ) -> None:
        self._root = root
        self._settings = settings
        self._recursive = recursive
        self._known = known
        self._skipped = tuple(os.path.realpath(path) for path in skip)
        self._visited: set[FolderKey] = set()
        self._stack: list[_Folder] = []
        self._links: list[_Link] = []
        self._inside: str | None = None
        """In a walk of a part: the real root, all of which counts as seen by the walks of the other parts."""

    def run(self, start: str | None) -> Iterator[Found | WalkProblem]:
        root = self._root.path
        try:
            status = os.stat(root)
            if stat.S_ISDIR(status.st_mode):
                os.scandir(root).close()
        except OSError as error:
            yield WalkProblem(root, "root-unavailable", error.strerror or str(error))
            return
        if not stat.S_ISDIR(status.st_mode):
            yield from self._single_file(status)
            return
        self._mark_skipped()
        try:
            first = self._root if start is None else self._descend(start)
        except OSError as error:
            yield problem_of(start or root, error)
            return
        if first is not None and not _lies_in(os.path.realpath(first.path), self._skipped):
            yield from self._tree(first)
            yield from self._follow_links()

    def _mark_skipped(self) -> None:
        for path in self._skipped:
            with suppress(OSError):  # a folder that is not there cannot be entered
                self._visited.add(folder_key(os.stat(path)))

    def _descend(self, start: str) -> _Folder | None:
        """``start`` with the rules that hold there, or None if the walk from the root would not come there."""
        folder = self._root
        if start != folder.path or not self._recursive:
            self._inside = os.path.realpath(folder.path)
        if start == folder.path:
            return folder
        for name in os.path.relpath(start, folder.path).split(os.sep):
            hidden = name[0] == "." and not self._settings.include_hidden
            if hidden or name == os.pardir or os.path.lexists(os.path.join(folder.path, NO_MEDIA_FILE)):
                return None
            content = read_rules(folder.path)
            rules = folder.rules.extended(folder.path, content) if content else folder.rules
            if rules.excludes_folder(folder.path, name):
                return None
            folder = _Folder(os.path.join(folder.path, name), rules)
        return folder

    def _single_file(self, status: os.stat_result) -> Iterator[Found | WalkProblem]:
        """A root that the user named himself: no rule keeps it out, but it must be an image."""
        path = self._root.path
        folder, name = os.path.split(path)
        verdict = stat.S_ISREG(status.st_mode) and self._is_image(path, name)
        if verdict is not True:
            yield verdict or WalkProblem(path, "unsupported", "not an image")
            return
        candidates = (name + ".xmp", os.path.splitext(name)[0] + ".xmp")
        sidecar = next((each for each in candidates if os.path.isfile(os.path.join(folder, each))), None)
        yield found_file(folder, name, status, sidecar, _mtime_ns(folder, sidecar))

    def _is_image(self, path: str, name: str) -> bool | WalkProblem:
        kind = kind_by_name(name)
        return kind if kind is not None else self._known(path) or looks_like_image(path)

    def _tree(self, first: _Folder) -> Iterator[Found | WalkProblem]:
        """Depth first with an explicit stack: no depth of folders can exhaust Python's."""
        self._stack.append(first)
        while self._stack:
            folder = self._stack.pop()
            try:
                with opened(folder.path) as (key, entries):
                    if key not in self._visited:
                        self._visited.add(key)
                        yield from self._folder(folder, entries)
            except _GONE:
                continue
            except OSError as error:
                yield problem_of(folder.path, error)

    def _folder(self, folder: _Folder, entries: Iterator[os.DirEntry[str]]) -> Iterator[Found | WalkProblem]:
        listing = read_listing(entries, include_hidden=self._settings.include_hidden)
        if listing.no_media:
            return
        if listing.error is not None:
            yield problem_of(folder.path, listing.error)
        if listing.has_rules:
            # Unreadable rules raise: better to leave the folder out than to take what it meant to keep out.
            folder = _Folder(folder.path, folder.rules.extended(folder.path, read_rules(folder.path)))
        yield from self._files(folder, listing)
        path, rules = folder
        if self._settings.follow_symlinks:
            for name in listing.links:
                self._links.append(_Link(os.path.join(path, name), folder, name, listing.sidecar_of(name)))
        if self._recursive:
            for name in sorted(listing.folders, reverse=True):
                if not rules.excludes_folder(path, name):
                    self._stack.append(_Folder(os.path.join(path, name), rules))

    def _files(self, folder: _Folder, listing: Listing) -> Iterator[Found | WalkProblem]:
        path, rules = folder
        min_bytes = self._settings.min_bytes
        excludes = rules.excludes_file
        sidecar, sidecar_mtime_ns = None, None
        for entry in listing.files:
            name = entry.name
            kind = kind_by_name(name)
            if (kind is False and not self._keeps(path, name)) or excludes(path, name):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError as error:
                yield problem_of(os.path.join(path, name), error)
                continue
            if status.st_size < min_bytes:
                continue
            if kind is None:
                verdict = self._is_image(os.path.join(path, name), name)
                if verdict is not True:
                    if verdict:
                        yield verdict
                    continue
            if listing.sidecars:
                sidecar = listing.sidecar_of(name)
                sidecar_mtime_ns = _mtime_ns(path, sidecar)
            yield found_file(path, name, status, sidecar, sidecar_mtime_ns)

    def _keeps(self, folder: str, name: str) -> bool:
        """A video that was indexed stays where nothing reads videos any more: it is not gone."""
        return is_video_name(name) and self._known(os.path.join(folder, name))

    def _follow_links(self) -> Iterator[Found | WalkProblem]:
        """Linked folders first, those inside them too, so that it is settled what the walk sees; then linked files."""
        to_files: list[tuple[_Link, os.stat_result]] = []
        while self._links:
            batch, self._links = sorted(self._links), []
            for link in batch:
                try:
                    status = os.stat(link.path)
                except FileNotFoundError:
                    yield WalkProblem(link.path, "broken-link", "the link points to nothing")
                except OSError as error:
                    yield problem_of(link.path, error)
                else:
                    if stat.S_ISREG(status.st_mode):
                        to_files.append((link, status))
                    elif stat.S_ISDIR(status.st_mode) and self._enters(link):
                        yield from self._tree(_Folder(link.path, link.folder.rules))
        yield from self._linked_files(to_files)

    def _enters(self, link: _Link) -> bool:
        if not self._recursive or link.folder.rules.excludes_folder(link.folder.path, link.name):
            return False
        return not self._keeps_out(os.path.realpath(link.path))

    def _keeps_out(self, real: str) -> bool:
        """Whether a link's target lies in a skipped folder, or in a part of the root that another walk sees."""
        return _lies_in(real, self._skipped if self._inside is None else (*self._skipped, self._inside))

    def _linked_files(self, links: list[tuple[_Link, os.stat_result]]) -> Iterator[Found | WalkProblem]:
        seen: set[tuple[int, int]] = set()
        for link, status in links:
            path, folder = link.path, link.folder
            if status.st_size < self._settings.min_bytes or folder.rules.excludes_file(folder.path, link.name):
                continue
            try:
                real = os.path.realpath(path, strict=True)
                home = folder_key(os.stat(os.path.dirname(real)))
            except OSError as error:
                yield problem_of(path, error)
                continue
            key = (status.st_dev, status.st_ino)
            if home in self._visited or key in seen or self._keeps_out(real):
                continue
            verdict = self._is_image(path, link.name)
            if verdict is True:
                seen.add(key)
                yield found_file(folder.path, link.name, status, link.sidecar, _mtime_ns(folder.path, link.sidecar))
            elif verdict:
                yield verdict


def _lies_in(path: str, folders: tuple[str, ...]) -> bool:
    return any(path == folder or path.startswith(os.path.join(folder, "")) for folder in folders)


def _mtime_ns(folder: str, name: str | None) -> int | None:
    if name is None:
        return None
    try:
        return os.stat(os.path.join(folder, name)).st_mtime_ns
    except OSError:
        return None
