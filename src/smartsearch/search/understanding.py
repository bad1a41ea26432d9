"""What a query means in one library: the parser, told the names the library knows and the day it is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

from smartsearch.core.places import Gazetteer
from smartsearch.core.ports import Store
from smartsearch.core.query import WithinBox
from smartsearch.core.querydates import DateReader, Hemisphere
from smartsearch.core.queryfields import Names, QueryContext
from smartsearch.core.queryparse import ParsedQuery, parse
from smartsearch.core.settings import SearchSettings
from smartsearch.search.places import PhotoPlaces
from smartsearch.search.spelling import Spelling


class QueryReader:
    """Parses queries. Safe to use from several threads.

    ``today`` is the day "yesterday" is before. Names are read anew when the library has changed.
    """

    def __init__(
        self,
        store: Store,
        settings: SearchSettings,
        gazetteer: Gazetteer,
        today: Callable[[], date] = date.today,
        spelling: Spelling | None = None,
    ) -> None:
        self._store = store
        self.places = PhotoPlaces(store, gazetteer)
        """Where the photos were taken."""
        self._settings = settings
        self._today = today
        self._spelling = spelling
        self._lock = threading.Lock()
        self._known: tuple[int, Names, Hemisphere] | None = None

    def configure(self, settings: SearchSettings) -> None:
        """Go by other settings from now on."""
        with self._lock:
            self._settings, self._known = settings, None

    def parse(self, text: str) -> ParsedQuery:
        """Never raises for what the text is."""
        return parse(text, self.context())

    def checked(self, text: str) -> ParsedQuery:
        """The same, with words pointed out that may be misspelt."""
        parsed = self.parse(text)
        return parsed if self._spelling is None else self._spelling.checked(parsed)

    def context(self) -> QueryContext:
        """What queries are read with now."""
        generation = self._store.generation
        with self._lock:
            if self._known is None or self._known[0] != generation:
                self._known = (generation, self._names(), self._hemisphere())
            _, names, hemisphere = self._known
        return QueryContext(DateReader(self._today(), hemisphere), names)

    def _names(self) -> Names:
        from smartsearch.config import full_path

        return Names(
            albums={album.name.casefold(): album.id for album in self._store.albums()},
            people=self._people(),
            folder=full_path,
            place=self.places.near,
            visited=self.places.visited,
        )

    def _people(self) -> dict[str, tuple[int, ...]]:
        """Ids by whole name and by first name, hidden persons left out."""
        found: dict[str, dict[int, None]] = {}
        with self._store.people.reading() as rows:
            for person in rows.persons():
                name = " ".join((person.name or "").casefold().split())
                if name and not person.hidden:
                    for said in (name, name.split()[0]):
                        found.setdefault(said, {})[person.id] = None
        return {name: tuple(ids) for name, ids in found.items()}

    def _hemisphere(self) -> Hemisphere:
        """Where most photos with a position were taken, unless the settings say."""
        if self._settings.hemisphere != "auto":
            return self._settings.hemisphere
        south = self._store.count(WithinBox(-90.0, -180.0, 0.0, 180.0))
        return "south" if south and south > self._store.count(WithinBox(0.0, -180.0, 90.0, 180.0)) else "north"
