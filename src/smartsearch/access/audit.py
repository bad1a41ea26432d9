"""The audit log of a home: written in batches by a thread, pruned by age, read and verified."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from smartsearch.access.chain import GENESIS, Detail, Entry, Event, Mark, Verdict, entry_of, verify
from smartsearch.access.database import PrivateDatabase, secret
from smartsearch.core.errors import AccessError
from smartsearch.core.settings import AuditSettings

log = logging.getLogger("smartsearch.access")

DATABASE_NAME = "audit.db"
FLUSH_SECONDS = 1.0
"""How long an event may wait for others; so much may be lost when the power fails."""
MAX_WAITING = 5_000
"""Events in memory; the one that is too many waits until they are written."""
MAX_IDS = 10_000
"""Of one entry; of more, only how many there were."""
_PRUNE_EVERY = 86_400.0
_PAGE = 1_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (number INTEGER PRIMARY KEY, body TEXT NOT NULL, hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS marks (
    which TEXT PRIMARY KEY, number INTEGER NOT NULL, hash BLOB NOT NULL, signature BLOB NOT NULL
)
"""


def noted(images: Sequence[int]) -> dict[str, Any]:
    """Ids of images as a detail."""
    return {"images": list(images)} if len(images) <= MAX_IDS else {"image_count": len(images)}


def _now() -> datetime:
    return datetime.now(UTC)


class AuditLog:
    """Who did what. Entries are added and, when they are old enough, pruned from the beginning; never changed.

    Several processes may write at once. A log that cannot be written costs no request: the program's own log says so.
    """

    def __init__(
        self, home: Path, settings: AuditSettings, library: str = "", clock: Callable[[], datetime] = _now
    ) -> None:
        self._home = home
        self._settings = settings
        self._library = library
        self._clock = clock
        # Without waiting for the disk at every commit: what is lost in a power cut is lost from the end, whole.
        self._database = PrivateDatabase(home / DATABASE_NAME, _SCHEMA, synchronous="NORMAL")
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._waiting: list[Event] = []
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._closed = False
        self._pruned = float("-inf")

    @cached_property
    def _key(self) -> bytes:
        return secret(self._home, "audit log")

    def record(self, actor: str, action: str, detail: Detail | None = None) -> None:
        """Remember that something was done, now; written within a second, and by `close`."""
        if not self._settings.enabled:
            return
        event = Event(self._clock(), actor, action, self._library, detail or {})
        with self._lock:
            self._waiting.append(event)
            full = len(self._waiting) >= MAX_WAITING
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
                self._thread.start()
        if full or self._closed:
            self.flush()
        if self._closed:
            self._database.close()

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:  # in the order of the events
            with self._lock:
                events, self._waiting = self._waiting, []
            if not events:
                return
            try:
                self._append(events)
                if time.monotonic() - self._pruned > _PRUNE_EVERY:
                    self._pruned = time.monotonic()
                    self.prune()
            except AccessError as error:
                log.error("%d entries of the audit log are lost: %s", len(events), error)

    def close(self) -> None:
        """Write what waits and close the file."""
        self._closed = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()
        self._database.close()

    def _run(self) -> None:
        while not self._wake.wait(FLUSH_SECONDS):
            self.flush()

    def _append(self, events: list[Event]) -> None:
        with self._database.write() as rows:
            end = _mark(rows, "end")
            number, before = (end.number, end.hash) if end is not None else (0, GENESIS)
            for event in events:
                number += 1
                entry = entry_of(event, number, before)
                before = entry.hash
                rows.execute("INSERT INTO entries VALUES (?, ?, ?)", (entry.number, entry.body, entry.hash))
            _put_mark(rows, Mark.signed("end", number, before, self._key))

    # -- pruning

    def prune(self) -> int:
        """Take away what is older than the settings say, from the beginning; a signed mark remembers where the chain
        goes on, and an entry how many there were. Nothing is pruned from a log that is not whole: it is evidence."""
        if not self._settings.days or not self._database.exists:
            return 0
        limit = (self._clock() - timedelta(days=self._settings.days)).isoformat(timespec="milliseconds")
        doomed: Entry | None = None
        for entry in self._entries():
            if str(entry.values.get("at", "~")) >= limit:
                break
            doomed = entry
        if doomed is None or not self.verify().whole:
            return 0
        with self._database.write() as rows:
            count = rows.execute("DELETE FROM entries WHERE number <= ?", (doomed.number,)).rowcount
            _put_mark(rows, Mark.signed("start", doomed.number, doomed.hash, self._key))
        self._append([Event(self._clock(), "local", "audit_prune", self._library, {"entries": count})])
        return count

    # -- reading

    def verify(self) -> Verdict:
        """Read all of it. Whoever may write the file and read the key beside it can forge both; keep the head of the
        verdict elsewhere to find that out."""
        if not self._database.exists:
            return Verdict(0, None, None, GENESIS.hex(), ())
        with self._database.read() as rows:
            rows.execute("BEGIN")  # entries and marks of one moment, whoever else writes
            try:
                start, end = _mark(rows, "start"), _mark(rows, "end")
                found = (Entry(*row) for row in rows.execute("SELECT number, body, hash FROM entries ORDER BY number"))
                return verify(found, start, end, self._key)
            finally:
                rows.execute("COMMIT")

    def latest(self, limit: int, before: int | None = None) -> list[Entry]:
        """The newest entries, or the newest before a number, newest first."""
        self.flush()
        if not self._database.exists:
            return []
        with self._database.read() as rows:
            return [
                Entry(*row)
                for row in rows.execute(
                    "SELECT number, body, hash FROM entries WHERE number < ? ORDER BY number DESC LIMIT ?",
                    (2**63 - 1 if before is None else before, limit),
                )
            ]

    def export(self) -> Iterator[Entry]:
        """All entries, the oldest first."""
        self.flush()
        yield from self._entries()

    def _entries(self) -> Iterator[Entry]:
        number = -1
        while self._database.exists:
            with self._database.read() as rows:
                found = [
                    Entry(*row)
                    for row in rows.execute(
                        "SELECT number, body, hash FROM entries WHERE number > ? ORDER BY number LIMIT ?",
                        (number, _PAGE),
                    )
                ]
            if not found:
                return
            yield from found
            number = found[-1].number


def _mark(rows: sqlite3.Connection, which: Literal["start", "end"]) -> Mark | None:
    row = rows.execute("SELECT number, hash, signature FROM marks WHERE which = ?", (which,)).fetchone()
    return None if row is None else Mark(which, *row)


def _put_mark(rows: sqlite3.Connection, mark: Mark) -> None:
    rows.execute(
        "INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?)", (mark.which, mark.number, mark.hash, mark.signature)
    )
