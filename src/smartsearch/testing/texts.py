"""What was read in pictures, without a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from smartsearch.core.assets import Asset
from smartsearch.core.query import Query
from smartsearch.core.reading import TextScan, agreement, folded


class HasTexts(Protocol):
    """The part of a store's state that is about texts."""

    texts: dict[int, TextScan]
    assets: dict[int, Asset]
    generation: int


class MemoryTexts:
    """`smartsearch.core.ports.TextStore` in the plainest way."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[HasTexts]],
        state: Callable[[], HasTexts],
        matching: Callable[[Query], list[Asset]],
    ) -> None:
        self._transaction = transaction
        self._state = state
        self._matching = matching

    def of(self, asset_id: int) -> TextScan | None:
        return self._state().texts.get(asset_id)

    def unread(self, reader: str) -> list[int]:
        state = self._state()
        read = {asset_id for asset_id, scan in state.texts.items() if scan.reader == reader}
        present = (asset.id for asset in state.assets.values() if asset.missing_since is None)
        return sorted(set(present) - read)

    def counts(self) -> tuple[int, int]:
        texts = self._state().texts.values()
        return len(texts), sum(bool(scan.lines) for scan in texts)

    def with_words(self, words: Sequence[str], where: Query, limit: int) -> list[dict[int, float]]:
        texts = {asset.id: folded(asset.text) for asset in self._matching(where) if asset.text}
        found = []
        for word in map(folded, words):
            scored = ((asset_id, agreement(word, text)) for asset_id, text in texts.items())
            agreeing = sorted((pair for pair in scored if pair[1]), key=lambda pair: (-pair[1], pair[0]))
            found.append(dict(agreeing[: max(limit, 0)]))
        return found

    def forget(self) -> int:
        with self._transaction() as state:
            _, with_text = self.counts()
            state.texts.clear()
            state.generation += 1
        return with_text
