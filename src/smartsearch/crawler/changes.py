"""What changed: a walk held against what the store knows, as a stream of typed work.

The rule above all others: a file is called vanished only when the walk could have seen it. A root that is gone,
unreadable or suddenly empty, a disk that is not mounted, a folder that could not be read: nothing below is touched.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator

from smartsearch.core.assets import FileState
from smartsearch.crawler.found import Found, WalkProblem, identity_of
from smartsearch.crawler.known import KnownFiles
from smartsearch.crawler.work import (
    Modified,
    Moved,
    NeedsEmbedding,
    New,
    Reappeared,
    Remounted,
    RootUnavailable,
    SidecarChanged,
    Unchanged,
    Vanished,
    Work,
)

_BATCH = 1000


def plan(
    walked: Iterable[Found | WalkProblem],
    known: KnownFiles,
    root: str,
    *,
    recursive: bool = True,
    partial: bool = False,
) -> Iterator[Work]:
    """Hold one whole walk of ``root`` against the known files, streamed; what vanished comes last.

    ``known`` may hold more than the root's files: moves from elsewhere are then recognised without hashing, and
    nothing outside the root is called vanished. ``root`` is the folder or file that was walked, absolute; ``partial``
    says that it was the ``start`` of a walk of a part, which may rightly be empty or gone (say it also for a root
    walked without what lies below, when its folders are known).

    A moved, reappeared or remounted asset that also lacks a vector or has a new sidecar is followed by an item saying
    so. Files in error whose identity did not change count as unchanged: they are not tried again.

    ``walked`` must run to its end: to stop early, close the plan.
    """
    return _Plan(known, root, recursive=recursive, partial=partial).run(walked)


class _Plan:
    def __init__(self, known: KnownFiles, root: str, *, recursive: bool, partial: bool) -> None:
        self._known = known
        self._root = root
        self._recursive = recursive
        self._partial = partial
        self._seen = bytearray(len(known))
        self._problems: set[str] = set()
        self._found_any = False
        self._root_problem: WalkProblem | None = None

    def run(self, walked: Iterable[Found | WalkProblem]) -> Iterator[Work]:
        yield from self._compare(walked)
        if self._root_problem is not None:
            yield RootUnavailable(self._root_problem.path, self._root_problem.message, self._count_present())
        else:
            yield from self._vanished()

    # -- one file at a time

    def _compare(self, walked: Iterable[Found | WalkProblem]) -> Iterator[Work]:
        """The loop of a rescan: a settled file costs a lookup and two comparisons."""
        known, seen = self._known, self._seen
        identity, is_settled = known.identity, known.is_settled
        current, names = None, known.names("")
        unchanged = 0
        for item in walked:
            if isinstance(item, WalkProblem):
                yield from self._problem(item)
                continue
            folder, name, device, inode, size, mtime_ns, _, _, sidecar_mtime_ns = item
            if folder is not current:
                current, names = folder, known.names(folder)
                self._found_any = True
            index = names.get(name)
            if index is None:
                yield from self._unknown(item)
                continue
            seen[index] = 1
            if identity(index) != (device, inode, size, mtime_ns):
                if not known.in_error(index, item[2:6]):
                    yield from self._differs(index, item)
                    continue
            elif not is_settled(index, sidecar_mtime_ns):
                yield from self._unsettled(index, item)
                continue
            unchanged += 1
            if unchanged == _BATCH:
                yield Unchanged(unchanged)
                unchanged = 0
        if unchanged:
            yield Unchanged(unchanged)

    def _problem(self, problem: WalkProblem) -> Iterator[Work]:
        self._problems.add(problem.path)
        if problem.code == "root-unavailable":
            self._root_problem = problem
        else:
            yield problem

    def _differs(self, index: int, found: Found) -> Iterator[Work]:
        known = self._known
        state = known.state(index, found.path)
        if known.is_asset(index) and known.identity(index)[1:] == found[3:6] and found.inode:
            yield Remounted(found, state)
            yield from _follow_up(found, state)
        else:
            yield Modified(found, state)

    def _unsettled(self, index: int, found: Found) -> Iterator[Work]:
        state = self._known.state(index, found.path)
        if state.missing:
            yield Reappeared(found, state)
        yield from _follow_up(found, state)

    def _unknown(self, found: Found) -> Iterator[Work]:
        """A new path: certainly moved if an asset of this identity is not where it was."""
        for index in self._known.assets_with_identity(found[2:6]):
            path = self._known.path_of(index)
            if not self._seen[index] and _has_left(path, found):
                self._seen[index] = 1
                state = self._known.state(index, path)
                yield Moved(found, state)
                yield from _follow_up(found, state)
                return
        yield New(found)

    # -- what was not seen

    def _vanished(self) -> Iterator[Work]:
        if not self._found_any and not self._partial:
            present = self._count_present()
            if present and not self._any_left():
                yield RootUnavailable(self._root, "no image was found where there were some", present)
                return
        presence = _DiskPresence(self._known, self._seen)
        away: list[str] = []
        states: list[FileState] = []
        for folder in self._known.folders():
            for name, index in self._unseen(folder):
                path = os.path.join(folder, name)
                if path in self._problems:
                    continue
                if self._known.is_asset(index) and not presence.is_here(folder, self._known.identity(index)[0]):
                    away.append(folder)
                    continue
                states.append(self._known.state(index, path))
                if len(states) == _BATCH:
                    yield Vanished(tuple(states))
                    states = []
        if states:
            yield Vanished(tuple(states))
        if away:
            yield RootUnavailable(os.path.commonpath(away), "the disk that held these files is not there", len(away))

    def _unseen(self, folder: str) -> list[tuple[str, int]]:
        """The files of a folder in the scope of the walk that were there before and are not now."""
        seen, known = self._seen, self._known
        unseen = [
            (name, index)
            for name, index in known.names(folder).items()
            if not seen[index] and not known.is_missing(index) and self._in_scope(folder, name)
        ]
        return unseen if unseen and not self._is_unread(folder) else []

    def _in_scope(self, folder: str, name: str) -> bool:
        if folder == self._root:
            return True
        if folder.startswith(os.path.join(self._root, "")):
            return self._recursive
        return os.path.join(folder, name) == self._root

    def _is_unread(self, folder: str) -> bool:
        """Whether the folder or one above it could not be read."""
        while folder not in self._problems:
            parent = os.path.dirname(folder)
            if parent == folder or not self._problems:
                return False
            folder = parent
        return True

    def _any_left(self) -> bool:
        """Whether some known file is still there: then the root is not empty, its files are excluded by now."""
        known = self._known
        return any(
            os.path.lexists(os.path.join(folder, name))
            for folder in known.folders()
            for name, index in known.names(folder).items()
            if known.is_asset(index) and not known.is_missing(index) and self._in_scope(folder, name)
        )

    def _count_present(self) -> int:
        known = self._known
        return sum(
            known.is_asset(index) and not known.is_missing(index) and self._in_scope(folder, name)
            for folder in known.folders()
            for name, index in known.names(folder).items()
        )


class _DiskPresence:
    """Whether the disk a file was on is mounted where the file was.

    It is if the nearest folder that still exists is on the same device. Device numbers are not for ever, so it is
    also if some other file known from that device was seen in this walk, under whatever number.
    """

    def __init__(self, known: KnownFiles, seen: bytearray) -> None:
        self._known = known
        self._seen = seen
        self._devices: dict[str, int | None] = {}
        self._met: set[int] | None = None

    def is_here(self, folder: str, device: int) -> bool:
        if folder not in self._devices:
            self._devices[folder] = device_of(folder)
        return self._devices[folder] == device or device in self._met_devices()

    def _met_devices(self) -> set[int]:
        if self._met is None:
            self._met = {self._known.identity(index)[0] for index, seen in enumerate(self._seen) if seen}
        return self._met


def device_of(folder: str) -> int | None:
    """The device of the folder, or of the nearest one above it that exists."""
    while True:
        try:
            return identity_of(os.stat(folder)).device
        except OSError:
            parent = os.path.dirname(folder)
            if parent == folder:
                return None
            folder = parent


def _follow_up(found: Found, state: FileState) -> Iterator[Work]:
    """What is still to do for an asset whose bytes are known to be unchanged."""
    if state.sidecar_mtime_ns != found.sidecar_mtime_ns:
        yield SidecarChanged(found, state)
    if not state.embedded:
        yield NeedsEmbedding(found, state)


def _has_left(path: str, found: Found) -> bool:
    """Whether the file that was at ``path`` is not there now, so that ``found`` is where it went.

    Anything else at the old path makes it uncertain (a swap, a hard link); so does not being allowed to look. On a
    file system that ignores case, or the Unicode form, the old name still answers after a rename that changed only
    that: then the folder's own list of names decides.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    if _folded(path) != _folded(found.path):
        return False
    folder, name = os.path.split(path)
    try:
        return name not in os.listdir(folder)
    except OSError:
        return False


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
