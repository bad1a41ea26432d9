"""Watching folders: what the operating system says has changed, gathered up until it is worth a look.

Events are hints, never the truth: they say where to walk again. What they miss (a full queue, a network disk, a
linked folder, a limit on watches) the periodic reconcile finds, since it asks for a walk of everything.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from types import TracebackType

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from smartsearch.core.assets import Root
from smartsearch.core.settings import DiscoverySettings
from smartsearch.crawler.ignore import IGNORE_FILE, IgnoreRules
from smartsearch.crawler.listing import NO_MEDIA_FILE, FolderKey, folder_key, kind_by_name

_log = logging.getLogger(__name__)

BURST = 8192
"""So many events in one batch, and the system's queue may have overflowed (Linux keeps 16,384): walk everything."""

_EVENTS: list[type[FileSystemEvent]] = [
    # Not "opened" and "closed without writing": indexing itself makes those.
    FileCreatedEvent,
    FileModifiedEvent,
    FileClosedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]


@dataclass(frozen=True, slots=True)
class ChangedPlaces:
    """Where to walk again: ``folders`` without what lies below, ``trees`` with it; or everything."""

    folders: frozenset[str] = frozenset()
    trees: frozenset[str] = frozenset()
    everything: bool = False


class ChangeBuffer:
    """Gathers changes until it has been quiet for ``debounce`` seconds, or ``max_delay`` have passed since the first.

    Everything is due at once, and again ``reconcile_every`` seconds after the last time. Times are what the caller
    says they are, in seconds; the class has no clock and no thread.
    """

    def __init__(self, now: float, *, debounce: float, max_delay: float, reconcile_every: float) -> None:
        self._debounce = debounce
        self._max_delay = max_delay
        self._reconcile_every = reconcile_every
        self._reconcile_at = now
        self._folders: set[str] = set()
        self._trees: set[str] = set()
        self._events = 0
        self._first = self._last = now

    def add(self, path: str, now: float, *, tree: bool = False) -> None:
        """Something changed directly in the folder ``path``, or anywhere at or below it."""
        if not self._events:
            self._first = now
        self._events += 1
        self._last = now
        if self._events < BURST:
            (self._trees if tree else self._folders).add(path)

    def seconds_left(self, now: float) -> float:
        """How long until something is due; not positive when it is."""
        due = self._reconcile_at
        if self._events:
            due = min(due, self._last + self._debounce, self._first + self._max_delay)
        return due - now

    def take(self, now: float) -> ChangedPlaces:
        """What has gathered, each place once; the buffer is empty then."""
        everything = now >= self._reconcile_at or self._events >= BURST
        folders, trees = self._folders, self._trees
        self._folders, self._trees, self._events = set(), set(), 0
        if everything:
            self.reconciled(now)
            return ChangedPlaces(everything=True)
        tops = frozenset(tree for tree in trees if not _has_parent_in(trees, tree))
        return ChangedPlaces(
            frozenset(each for each in folders if each not in tops and not _has_parent_in(tops, each)), tops
        )

    def reconciled(self, now: float) -> None:
        """Everything was looked at just now."""
        self._reconcile_at = now + self._reconcile_every


def _has_parent_in(places: Collection[str], path: str) -> bool:
    parent = os.path.dirname(path)
    while parent != path:
        if parent in places:
            return True
        path, parent = parent, os.path.dirname(parent)
    return False


class Watcher:
    """Calls ``on_change`` on a thread of its own whenever there is something to walk again, first with everything.

    One call at a time: what happens meanwhile is gathered for the next. An exception from it is logged and the
    watch goes on. Roots that cannot be watched (gone, or the system's limit on watches) are tried again at each
    reconcile, which covers them in between. Use it as a context manager, or call ``start`` and ``stop``.
    """

    def __init__(
        self,
        roots: Sequence[Root],
        settings: DiscoverySettings,
        on_change: Callable[[ChangedPlaces], None],
        *,
        skip: Collection[str] = (),
        debounce: float = 2.0,
        max_delay: float = 10.0,
        reconcile_every: float = 15 * 60.0,
        clock: Callable[[], float] = time.monotonic,
        observer: Callable[[], BaseObserver] = Observer,
    ) -> None:
        """``skip`` holds absolute folders whose events mean nothing (the library). Durations are in seconds."""
        self._filters = [_RootFilter(root, settings, skip) for root in roots]
        self._on_change = on_change
        self._clock = clock
        self._buffer = ChangeBuffer(clock(), debounce=debounce, max_delay=max_delay, reconcile_every=reconcile_every)
        self._observer = observer()
        self._armed: dict[_RootFilter, tuple[ObservedWatch, FolderKey]] = {}
        self._wake = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="smartsearch-watch", daemon=True)

    def start(self) -> None:
        """Watch from now on. Changes made after this returns are not missed."""
        self._observer.start()
        self._arm()
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; returns when the threads have ended, so after the call of ``on_change`` that is under way."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()

    def __enter__(self) -> Watcher:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while (changes := self._next()) is not None:
            if changes.everything:
                self._arm()
            try:
                self._on_change(changes)
            except Exception:
                _log.exception("handling changed files failed; the next reconcile looks at them again")
            if changes.everything:
                with self._wake:
                    self._buffer.reconciled(self._clock())

    def _next(self) -> ChangedPlaces | None:
        """Wait for something to do; None when it is time to stop."""
        with self._wake:
            while not self._stopping:
                seconds = self._buffer.seconds_left(self._clock())
                if seconds <= 0:
                    return self._buffer.take(self._clock())
                self._wake.wait(seconds)
            return None

    def _arm(self) -> None:
        """Watch every root that is not watched, or is another folder than the one that was."""
        for each in self._filters:
            try:
                key = folder_key(os.stat(each.watched))
                if each in self._armed:
                    if self._armed[each][1] == key:
                        continue
                    self._observer.unschedule(self._armed.pop(each)[0])
                watch = self._observer.schedule(
                    _Handler(self, each), each.watched, recursive=each.recursive, event_filter=_EVENTS
                )
                self._armed[each] = watch, key
            except (OSError, KeyError) as error:
                _log.warning("cannot watch %r (%s): its changes are found by the periodic reconcile", each.root, error)

    def note(self, root: _RootFilter, event: FileSystemEvent) -> None:
        """Take in one event of a watched root."""
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        places = [root.place(path, is_folder=event.is_directory) for path in paths]
        with self._wake:
            for place in filter(None, places):
                self._buffer.add(place[0], self._clock(), tree=place[1])
            self._wake.notify_all()


class _Handler(FileSystemEventHandler):
    def __init__(self, watcher: Watcher, root: _RootFilter) -> None:
        self._watcher = watcher
        self._root = root

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._watcher.note(self._root, event)


class _RootFilter:
    """Which events below a root can matter, by name alone. Ignore files further down are left to the walk."""

    def __init__(self, root: Root, settings: DiscoverySettings, skip: Collection[str]) -> None:
        self.root = root.path
        self._is_file = os.path.isfile(root.path)
        self.recursive = root.recursive and not self._is_file
        self.watched = os.path.dirname(root.path) if self._is_file else root.path
        self._include_hidden = settings.include_hidden
        self._rules = IgnoreRules.of(root.path, settings.patterns())
        self._skip = tuple(os.path.join(path, "") for path in skip)

    def place(self, path: str, *, is_folder: bool) -> tuple[str, bool] | None:
        """The folder to walk again after an event on ``path`` and whether with all below it; None for no folder."""
        if path == self.root:
            return path, True
        folder, name = os.path.split(path)
        if self._is_file or os.path.join(path, "").startswith(self._skip) or not self._enters(folder):
            return None
        if is_folder:
            return (path, True) if self.recursive and self._takes_folder(folder, name) else None
        if name in (IGNORE_FILE, NO_MEDIA_FILE):
            return folder, True
        if name[0] == "." and not self._include_hidden:
            return None
        matters = name.lower().endswith(".xmp") or kind_by_name(name) is not False
        return (folder, False) if matters and not self._rules.excludes_file(folder, name) else None

    def _enters(self, folder: str) -> bool:
        """Whether the walk comes to ``folder``, as far as the rules of the root say."""
        while folder != self.root:
            parent, name = os.path.split(folder)
            if parent == folder or not self._takes_folder(parent, name):
                return False
            folder = parent
        return True

    def _takes_folder(self, parent: str, name: str) -> bool:
        hidden = name[0] == "." and not self._include_hidden
        return not hidden and not self._rules.excludes_folder(parent, name)
