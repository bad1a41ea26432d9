"""The bounded hand-over between pipeline stages."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

# A waiting main thread must wake up now and then, or Ctrl-C would not reach it on every platform.
_WAKE_SECONDS = 0.5


class ChannelAborted(Exception):  # noqa: N818 - a signal between stages, not an error
    """The pipeline is stopping: nothing goes in or out any more."""


class Channel(Generic[T]):
    """A bounded first-in-first-out queue that can be closed (drain, then end) or aborted (end now).

    Unlike `queue.Queue` a consumer can take a whole batch at once, and both ends learn of the end without sentinels.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: deque[T] = deque()
        self._condition = threading.Condition()
        self._closed = False
        self._aborted = False

    def put(self, item: T) -> None:
        """Add an item, waiting while the channel is full. ChannelAborted when the pipeline stops."""
        with self._condition:
            while len(self._items) >= self._capacity and not self._aborted:
                self._condition.wait(_WAKE_SECONDS)
            if self._aborted:
                raise ChannelAborted
            self._items.append(item)
            self._condition.notify_all()

    def take(
        self, most: int, *, least: int = 1, patience: float = 0.0, waiting: Callable[[], None] = lambda: None
    ) -> list[T]:
        """Up to ``most`` items, at least one. Waits for the first as long as it takes, for ``least`` items up to
        ``patience`` seconds more. Empty means closed and drained.

        ``waiting`` is called about twice a second while there is nothing; what it raises ends the wait."""
        with self._condition:
            while not self._items and not self._closed and not self._aborted:
                waiting()
                self._condition.wait(_WAKE_SECONDS)
            self._condition.wait_for(lambda: len(self._items) >= least or self._closed or self._aborted, patience)
            if self._aborted:
                raise ChannelAborted
            batch = [self._items.popleft() for _ in range(min(most, len(self._items)))]
            self._condition.notify_all()
            return batch

    def __iter__(self) -> Iterator[T]:
        while batch := self.take(1):
            yield batch[0]

    def __len__(self) -> int:
        return len(self._items)

    def close(self) -> None:
        """No more items will come."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    @property
    def aborted(self) -> bool:
        return self._aborted

    def abort(self) -> None:
        """Drop everything and wake everybody."""
        with self._condition:
            self._aborted = True
            self._items.clear()
            self._condition.notify_all()
