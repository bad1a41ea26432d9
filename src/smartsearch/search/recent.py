"""What was searched for lately, kept in the library and nowhere else."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterable

from smartsearch.core.errors import SmartsearchError
from smartsearch.core.ports import Store

KEPT = 50
TYPING_SECONDS = 20.0
"""A query that goes on where the one before stopped, this soon, is the same one being typed."""
SAVE_SECONDS = 2.0
_KEY = "recent_queries"


class RecentQueries:
    """The latest queries, each once, newest first. Safe to use from several threads."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._added = self._saved = -math.inf
        self._changed = False
        self._queries: list[str] | None = None

    def all(self) -> list[str]:
        """Newest first."""
        with self._lock:
            return list(self._loaded())

    def add(self, query: str) -> bool:
        """Remember a query. Whether it is time to `save`, which makes it last."""
        query = " ".join(query.split())
        if not query:
            return False
        with self._lock:
            known = self._loaded()
            now = self._clock()
            if known and now - self._added < TYPING_SECONDS and _same_typing(query, known[0]):
                known.pop(0)
            self._queries = [query, *(one for one in known if one != query)][:KEPT]
            self._added, self._changed = now, True
            return now - self._saved >= SAVE_SECONDS

    def clear(self) -> None:
        """Forget them all. LibraryReadOnlyError and its kind."""
        with self._lock:
            self._store.put_setting(_KEY, "[]")
            self._queries, self._changed = [], False

    def forget(self, names: Iterable[str]) -> None:
        """Forget those that speak of somebody, whatever the case. LibraryReadOnlyError and its kind."""
        gone = [name.casefold() for name in names]
        with self._lock:
            kept = [query for query in self._loaded() if not any(name in query.casefold() for name in gone)]
            if len(kept) < len(self._loaded()):
                self._store.put_setting(_KEY, json.dumps(kept))
                self._queries, self._changed = kept, False

    def save(self, *, at_once: bool = False) -> None:
        """Write what has changed, unless that was done a moment ago. A library that cannot be written just does not
        remember."""
        with self._lock:
            now = self._clock()
            if not self._changed or self._queries is None or not (at_once or now - self._saved >= SAVE_SECONDS):
                return
            self._changed, self._saved = False, now
            written = json.dumps(self._queries)
        try:
            self._store.put_setting(_KEY, written)
        except SmartsearchError:
            return

    def _loaded(self) -> list[str]:
        if self._queries is None:
            try:
                found = json.loads(self._store.setting(_KEY) or "[]")
            except ValueError:
                found = []
            self._queries = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
        return self._queries


def _same_typing(query: str, before: str) -> bool:
    shorter, longer = sorted((query, before), key=len)
    return longer.startswith(shorter)
