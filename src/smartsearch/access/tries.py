"""How often a login or a passphrase may be tried: from one address, and altogether. In memory, of bounded size."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from smartsearch.core.errors import TooManyTriesError

PER_ADDRESS = 10
ALTOGETHER = 100
WINDOW_SECONDS = 300.0
MAX_ADDRESSES = 1024
"""Remembered; the one that tried longest ago is forgotten first. The common limit does not depend on it."""


class Tries:
    """Counts failed tries in windows."""

    def __init__(
        self,
        per_address: int = PER_ADDRESS,
        altogether: int = ALTOGETHER,
        window_seconds: float = WINDOW_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        *,
        what: str = "logins",
    ) -> None:
        self._what = what
        self._limits = per_address, altogether
        self._window = window_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._addresses: OrderedDict[str, tuple[float, int]] = OrderedDict()
        """Start of the window, tries in it."""
        self._all = (clock(), 0)

    @contextmanager
    def trying(self, address: str) -> Iterator[None]:
        """Around a try, which fails by raising. It counts from its beginning, so that many at once are not one; when it
        was right it does not count, nor do the ones before it from there. TooManyTriesError if there were too many."""
        self._begin(address)
        yield
        with self._lock:
            self._addresses.pop(network_of(address), None)
            self._all = self._all[0], max(0, self._all[1] - 1)

    def _begin(self, address: str) -> None:
        key, now = network_of(address), self._clock()
        with self._lock:
            mine, everybody = self._current(self._addresses.get(key), now), self._current(self._all, now)
            for (start, count), limit in ((mine, self._limits[0]), (everybody, self._limits[1])):
                if count >= limit:
                    raise TooManyTriesError(
                        f"Too many {self._what} were tried.",
                        seconds=max(1, round(start + self._window - now)),
                        hint="Wait a few minutes.",
                    )
            self._addresses[key] = mine[0], mine[1] + 1
            self._addresses.move_to_end(key)
            self._all = everybody[0], everybody[1] + 1
            while len(self._addresses) > MAX_ADDRESSES:
                self._addresses.popitem(last=False)

    def _current(self, kept: tuple[float, int] | None, now: float) -> tuple[float, int]:
        return kept if kept is not None and now - kept[0] < self._window else (now, 0)


def network_of(address: str) -> str:
    """An IPv4 address, or the /64 network of an IPv6 one: whoever has one of those has all of it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "?"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
