"""What an index run has done so far, for the bar, the page and the job row."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the walk could not look at: a folder without permission, a root that is not there."""

    path: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """Counts of files. ``todo`` is what needs work so far (final once ``scanned``), ``done`` of them are settled.

    ``embedded`` counts images that went through the encoder; ``seconds`` is wall time since the start.
    """

    found: int = 0
    unchanged: int = 0
    scanned: bool = False
    todo: int = 0
    done: int = 0
    added: int = 0
    updated: int = 0
    moved: int = 0
    copied: int = 0
    touched: int = 0
    missing: int = 0
    embedded: int = 0
    errors: int = 0
    current: str = ""
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Files settled per second."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds left, None while unknown."""
        return (self.todo - self.done) / self.rate if self.scanned and self.rate > 0 else None


Counter = Literal[
    "found",
    "unchanged",
    "todo",
    "done",
    "added",
    "updated",
    "moved",
    "copied",
    "touched",
    "missing",
    "embedded",
    "errors",
]


@dataclass(frozen=True, slots=True)
class IndexReport:
    """How a run ended."""

    state: Literal["done", "cancelled"]
    progress: IndexProgress
    problems: tuple[Problem, ...] = field(default=())
    unavailable: tuple[str, ...] = field(default=())
    """Roots that could not be listed or were suddenly empty: nothing was changed for them."""
    tagged: int = 0
    """Images already known whose automatic tags were made anew, from their stored vectors."""

    @property
    def facts(self) -> dict[str, Any]:
        """How it went in numbers, without any name: what a log may hold."""
        counts = {name: getattr(self.progress, name) for name in get_args(Counter)}
        more = {"seconds": round(self.progress.seconds, 3), "tagged": self.tagged, "unavailable": len(self.unavailable)}
        return {"state": self.state, **counts, **more}


class Tally:
    """Thread-safe counters that make `IndexProgress` snapshots."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._current = ""
        self._scanned = False

    def add(self, *counters: Counter, count: int = 1) -> None:
        with self._lock:
            for counter in counters:
                self._counts[counter] = self._counts.get(counter, 0) + count

    def at(self, path: str) -> None:
        """The file being worked on."""
        self._current = path

    def scan_finished(self) -> None:
        self._scanned = True

    def snapshot(self) -> IndexProgress:
        with self._lock:
            values: dict[str, Any] = dict(self._counts)
        return IndexProgress(
            **values, scanned=self._scanned, current=self._current, seconds=self._clock() - self._started
        )
