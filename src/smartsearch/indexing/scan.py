"""The first stage: walks the roots, holds them against the store, and turns what differs into tasks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from smartsearch.core.assets import (
    Change,
    ClearError,
    FileError,
    FileIdentity,
    FileState,
    MoveImage,
    RecordError,
    Root,
    TouchImage,
)
from smartsearch.core.ports import Store
from smartsearch.core.settings import DiscoverySettings
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.crawler.changes import plan
from smartsearch.crawler.found import Found, WalkProblem
from smartsearch.crawler.known import KnownFiles
from smartsearch.crawler.walk import walk
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
from smartsearch.indexing.commit import Outcome
from smartsearch.indexing.progress import Counter, Problem, Tally
from smartsearch.indexing.triage import Claims, Task, TaskKind


@dataclass(frozen=True, slots=True)
class Target:
    """What to look at: a whole root, or only the part of it in the folder ``start`` (and below it, if ``deep``)."""

    root: Root
    start: str | None = None
    deep: bool = True


class Scan:
    """One look at the disk. ``send`` takes the changes that need neither hashing nor decoding."""

    def __init__(
        self,
        store: Store,
        space: EmbeddingSpace,
        discovery: DiscoverySettings,
        tally: Tally,
        moved: Claims,
        *,
        skip: Sequence[str] = (),
        retry_errors: bool = False,
    ) -> None:
        self._store = store
        self._space = space
        self._discovery = discovery
        self._tally = tally
        self._skip = tuple(skip)
        self._retry_errors = retry_errors
        self._vanished: dict[int, None] = {}
        self._moved = moved
        self._roots: list[str] | None = None
        self.problems: list[Problem] = []
        self.unavailable: list[str] = []

    def tasks(
        self, targets: Sequence[Target], send: Callable[[Outcome], None], stopped: Callable[[], bool]
    ) -> Iterator[Task]:
        """Walk every target and yield what needs work; the rest is counted or sent. Ends early once ``stopped``."""
        partial = all(target.start is not None for target in targets)
        known = KnownFiles() if partial else self._known(None)
        for target in targets:
            path = target.start or target.root.path
            recursive = target.root.recursive and target.deep
            if partial:
                known = self._known(path)
            found = walk(
                target.root.path,
                self._discovery,
                recursive=recursive,
                skip=self._skip,
                known=known.__contains__,
                start=target.start,
            )
            works = plan(found, known, path, recursive=recursive, partial=target.start is not None)
            with closing(works):  # type: ignore[type-var]
                for work in works:
                    if stopped():
                        return
                    task = self._take(work, target.root, send)
                    if task is not None:
                        self._tally.add("todo")
                        yield task
        self._tally.scan_finished()

    def _known(self, under: str | None) -> KnownFiles:
        """What the store remembers. Looking at a few folders must not read a million rows; whether their new files
        were moved in from elsewhere then shows by their bytes."""
        states = self._store.file_states(self._space, under)
        return KnownFiles(self._without_errors(states) if self._retry_errors else states)

    def _without_errors(self, states: Iterable[FileState]) -> Iterator[FileState]:
        """As if no file had failed: an image whose new bytes could not be read is one that changed."""
        failed = {error.path for error in self._store.errors()}
        for state in states:
            if state.path not in failed:
                yield state
            elif state.asset_id is not None:
                yield replace(state, identity=FileIdentity(0, 0, 0, 0))

    def vanished(self) -> list[int]:
        """Assets whose files are gone and did not turn up elsewhere."""
        return [asset_id for asset_id in self._vanished if asset_id not in self._moved]

    def _take(self, work: Work, root: Root, send: Callable[[Outcome], None]) -> Task | None:
        match work:
            case Unchanged(count):
                self._tally.add("found", "unchanged", count=count)
            case New(found):
                self._tally.add("found")
                return _task("content", found)
            case Modified(found, state):
                self._tally.add("found")
                return _task("content", found, state)
            case NeedsEmbedding(found, state):
                return _task("embedding", found, state)
            case SidecarChanged(found, state):
                return _task("sidecar", found, state)
            case Moved(found, state):
                assert state.asset_id is not None
                if not self._moved.claim(state.asset_id):  # by a copy of it that came first
                    self._tally.add("found")
                    return _task("content", found)
                self._settle(send, MoveImage(state.asset_id, found.path, found.identity), "moved")
            case Remounted(found, state) | Reappeared(found, state):
                assert state.asset_id is not None
                self._settle(send, TouchImage(state.asset_id, found.identity), "touched")
            case Vanished(states):
                for state in states:
                    if self._is_seen_by_another(state, root):
                        continue
                    if state.asset_id is None:
                        self._forget_error(send, state)
                    else:
                        self._vanished[state.asset_id] = None
            case WalkProblem(path, code, message):
                self.problems.append(Problem(path, code, message))
                # Without an identity: whatever is there is looked at again by the next run.
                send(Outcome(RecordError(FileError(path, code, message, datetime.now(UTC))), ()))
            case RootUnavailable(path, message, count):
                self.unavailable.append(path)
                self.problems.append(Problem(path, "root-unavailable", f"{message}; {count:,} known files kept"))
        return None

    def _is_seen_by_another(self, state: FileState, root: Root) -> bool:
        """Whether a file that the walk of ``root`` leaves out is there in a root of its own below: a hidden or
        excluded folder that the user named."""
        if self._roots is None:
            self._roots = [each.path for each in self._store.roots()]
        inside = os.path.join(root.path, "")
        nested = [path for path in self._roots if path.startswith(inside)]
        within = any(state.path == path or state.path.startswith(os.path.join(path, "")) for path in nested)
        return within and os.path.lexists(state.path)

    def _settle(self, send: Callable[[Outcome], None], change: Change, counter: Counter) -> None:
        self._tally.add("found", "todo")
        send(Outcome(change, (counter, "done")))

    def _forget_error(self, send: Callable[[Outcome], None], state: FileState) -> None:
        send(Outcome(ClearError(state.path), ()))


def _task(kind: TaskKind, found: Found, state: FileState | None = None) -> Task:
    return Task(
        kind,
        found.path,
        found.identity,
        state,
        found.created_at,
        found.sidecar_path,
        found.sidecar_mtime_ns,
    )
