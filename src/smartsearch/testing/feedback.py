"""Feedback without a database: `smartsearch.core.feedback.FeedbackStore`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from smartsearch.core.feedback import StoredAdapter, Verdict, query_key


class FeedbackState(Protocol):
    """Where it is kept: what `MemoryStore` copies before a write."""

    generation: int
    next_id: int
    verdicts: list[Verdict]
    adapters: list[StoredAdapter]


class MemoryFeedback:
    """What the port says in the plainest way."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[FeedbackState]],
        state: Callable[[], FeedbackState],
        clock: Callable[[], datetime],
    ) -> None:
        self._transaction = transaction
        self._state = state
        self._clock = clock

    def keep(self, verdicts: Sequence[Verdict]) -> None:
        with self._transaction() as state:
            for verdict in verdicts:
                same = (query_key(verdict.query), verdict.file_hash)
                others = [old for old in state.verdicts if (query_key(old.query), old.file_hash) != same]
                state.verdicts = [*others, replace(verdict, query=" ".join(verdict.query.split()))]

    def verdicts(self, query: str | None = None) -> list[Verdict]:
        return [fact for fact in self._state().verdicts if query is None or query_key(fact.query) == query_key(query)]

    def erase(self, query: str | None = None, file_hashes: Sequence[bytes] | None = None) -> int:
        with self._transaction() as state:
            kept = [
                fact
                for fact in state.verdicts
                if (query is not None and query_key(fact.query) != query_key(query))
                or (file_hashes is not None and fact.file_hash not in file_hashes)
            ]
            erased = len(state.verdicts) - len(kept)
            state.verdicts = kept
            return erased

    def adapters(self, space: str) -> list[StoredAdapter]:
        return [adapter for adapter in self._state().adapters if adapter.space == space]

    def adapter(self, space: str) -> StoredAdapter | None:
        return next(iter(self.adapters(space)[::-1]), None)

    def add_adapter(self, space: str, weights: bytes, report: Mapping[str, Any]) -> StoredAdapter:
        with self._transaction() as state:
            added = StoredAdapter(state.next_id, space, self._clock(), weights, dict(report))
            state.next_id += 1
            state.generation += 1
            state.adapters = [*state.adapters, added]
            return added

    def remove_adapter(self, space: str) -> StoredAdapter | None:
        removed = self.adapter(space)
        if removed is not None:
            with self._transaction() as state:
                state.adapters = [adapter for adapter in state.adapters if adapter.id != removed.id]
                state.generation += 1
        return removed
