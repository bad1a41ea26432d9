"""The last stage: thumbnails to disk, then rows, in transactions of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from smartsearch.core.assets import Change
from smartsearch.core.ports import Store
from smartsearch.indexing.channel import Channel
from smartsearch.indexing.progress import Counter

CHANGES_PER_TRANSACTION = 256


class ThumbnailSink(Protocol):
    """Where thumbnails go, addressed by the SHA-256 digest of their original."""

    def put(self, digest: bytes, webp: bytes) -> None:
        """Write atomically; DiskFullError, LibraryReadOnlyError."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one file came to: the change to commit, its thumbnail, and what to count once it is committed.

    ``digest`` is set on new bytes, ``thumbnail`` is WebP.
    """

    change: Change
    counts: tuple[Counter, ...]
    digest: bytes | None = None
    thumbnail: bytes | None = None


class Committer:
    """Writes outcomes in their order. A thumbnail is on disk before the row that promises it is committed."""

    def __init__(
        self,
        store: Store,
        thumbnails: ThumbnailSink,
        inbox: Channel[Outcome],
        committed: Callable[[Sequence[Outcome]], None],
    ) -> None:
        self._store = store
        self._thumbnails = thumbnails
        self._inbox = inbox
        self._committed = committed

    def run(self) -> None:
        """Commit until the inbox is closed and drained. Raises what the store or the thumbnail folder raise."""
        while batch := self._inbox.take(CHANGES_PER_TRANSACTION):
            for outcome in batch:
                if outcome.digest is not None and outcome.thumbnail is not None:
                    self._thumbnails.put(outcome.digest, outcome.thumbnail)
            self._store.apply([outcome.change for outcome in batch])
            self._committed(batch)
