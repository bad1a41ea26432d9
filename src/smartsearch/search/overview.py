"""The library at a glance, for pages that draw filters, a timeline or a map. Equal questions are answered once for each
generation of the library."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from smartsearch.core.overview import Cluster, Facets, TimeBucket, TimeUnit, ValueCount
from smartsearch.core.ports import Store
from smartsearch.core.query import And, ColorNear, HasGps, Query, WithinBox
from smartsearch.core.queryfields import COLORS
from smartsearch.search.places import PhotoPlaces, PlaceCounts

KEPT = 128

T = TypeVar("T")


class Overviews:
    """Counts over one store. Safe to use from several threads.

    ``where`` is everything that must hold, `search.service.searched` included.
    """

    def __init__(self, store: Store, places: PhotoPlaces) -> None:
        self._store = store
        self._places = places
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, object] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def facets(self, where: Query) -> Facets:
        """What the images have in common, and how many do."""
        return self._cached(("facets", where), lambda: self._store.facets(where))

    def timeline(self, where: Query, unit: TimeUnit) -> list[TimeBucket]:
        """How many were taken when, latest first."""
        return self._cached(("timeline", where, unit), lambda: self._store.timeline(where, unit))

    def map(self, where: Query, box: WithinBox, zoom: int) -> list[Cluster]:
        """Where in the box they were taken, near ones put together for a map at ``zoom`` (0-20)."""
        inside = And((where, box)) if not isinstance(where, And) else And((*where.parts, box))
        return self._cached(("map", inside, zoom), lambda: self._store.clusters(inside, zoom))

    def places(self, where: Query) -> PlaceCounts:
        """The towns, regions and countries that they were taken in."""
        placed = And((where, HasGps()))
        return self._cached(("places", where), lambda: self._places.facets(self._store.select(placed)))

    def colors(self, where: Query) -> list[ValueCount]:
        """How many have some of each colour that has a name (see `ColorNear`), most frequent first."""

        def count() -> list[ValueCount]:
            values = {value: name for name, value in reversed(COLORS.items())}  # "grey" before "gray"
            counts = [(self._store.count(And((where, ColorNear(value)))), name) for value, name in values.items()]
            return [
                ValueCount(name, found) for found, name in sorted(counts, key=lambda one: (-one[0], one[1])) if found
            ]

        return self._cached(("colors", where), count)

    def _cached(self, question: Hashable, answer: Callable[[], T]) -> T:
        key = question, self._store.generation
        with self._lock:
            if key in self._kept:
                self.hits += 1
                self._kept.move_to_end(key)
                return cast(T, self._kept[key])
            self.misses += 1
        found = answer()
        with self._lock:
            self._kept[key] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found
