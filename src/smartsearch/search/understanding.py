"""What a query means in one library: the parser, told the names the library knows and the day it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from smartsearch.core.assets import Album
from smartsearch.core.errors import QueryError
from smartsearch.core.places import Gazetteer
from smartsearch.core.ports import Store
from smartsearch.core.query import IdIn, Query, WithinBox
from smartsearch.core.querydates import DateReader, Hemisphere
from smartsearch.core.queryfields import BadValueError, Field, Names, QueryContext
from smartsearch.core.queryparse import ParsedQuery, parse
from smartsearch.core.querysyntax import Clause, condition_of
from smartsearch.core.settings import SearchSettings
from smartsearch.search.hiding import unasked
from smartsearch.search.languages import translated
from smartsearch.search.places import PhotoPlaces
from smartsearch.search.spelling import Spelling


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a generation. ``smart``: the smart albums by id."""

    generation: int
    names: Names
    smart: Mapping[int, Album]
    hemisphere: Hemisphere


class QueryReader:
    """Parses queries. Safe to use from several threads.

    ``today`` is the day "yesterday" is before. Names are read anew when the library has changed. ``relevant`` finds the
    images that answer the words of a smart album. ``english_only``: the model wants other languages translated.
    """

    def __init__(
        self,
        store: Store,
        settings: SearchSettings,
        gazetteer: Gazetteer,
        today: Callable[[], date] = date.today,
        spelling: Spelling | None = None,
        relevant: Callable[[tuple[Clause, ...]], tuple[int, ...]] = lambda _: (),
        english_only: Callable[[], bool] = lambda: False,
        fields: Callable[[], Mapping[str, Field]] = dict,
    ) -> None:
        self._store = store
        self.places = PhotoPlaces(store, gazetteer)
        """Where the photos were taken."""
        self._settings = settings
        self._today = today
        self._spelling = spelling
        self._relevant = relevant
        self._english_only = english_only
        self._fields = fields
        self._lock = threading.Lock()
        self._known: _Known | None = None

    def configure(self, settings: SearchSettings) -> None:
        """Go by other settings from now on."""
        with self._lock:
            self._settings, self._known = settings, None

    def parse(self, text: str, inside: tuple[int, ...] = ()) -> ParsedQuery:
        """Never raises for what the text is. ``inside``: it is the query of this smart album."""
        context = self.context(inside)
        parsed = parse(text, context)
        return translated(parsed, context) if self._settings.translate and self._english_only() else parsed

    def checked(self, text: str) -> ParsedQuery:
        """The same, with words pointed out that may be misspelt."""
        parsed = self.parse(text)
        return parsed if self._spelling is None or parsed.translation else self._spelling.checked(parsed)

    def context(self, inside: tuple[int, ...] = ()) -> QueryContext:
        """What queries are read with now. ``inside``: the smart albums whose queries are being read."""
        generation = self._store.generation
        with self._lock:
            if self._known is None or self._known.generation != generation:
                albums = self._store.albums()
                smart = {album.id: album for album in albums if album.query is not None}
                self._known = _Known(generation, self._names(albums), smart, self._hemisphere())
            known = self._known
        names = replace(known.names, smart=lambda album_id: self._held(known.smart.get(album_id), inside))
        return QueryContext(DateReader(self._today(), known.hemisphere), names)

    def smart(self, album: Album) -> Query | None:
        """What a smart album holds now, None for any other. QueryError for one whose query cannot be read."""
        try:
            return self._held(album, (), why=True)
        except BadValueError as error:
            raise QueryError(error.message, hint="Change its query.") from error

    def _held(self, album: Album | None, inside: tuple[int, ...], *, why: bool = False) -> Query | None:
        """Why its query cannot be read is said to whoever looks at albums, not to whoever searches in this one."""
        if album is None or album.query is None:
            return None
        if album.id in inside:
            raise BadValueError(f"The smart album {album.name!r} is made of itself.")
        parsed = self.parse(album.query, (*inside, album.id))
        wrong = next((problem for problem in parsed.problems if not problem.harmless), None)
        if wrong is not None:
            reason = f": {wrong.message}" if why or inside else "."
            raise BadValueError(f"The query of {album.name!r} cannot be read{reason}")
        condition = None if parsed.tree is None else condition_of(parsed.tree)
        return IdIn(self._relevant(parsed.clauses)) if condition is None else unasked(condition)

    def _names(self, albums: Sequence[Album]) -> Names:
        from smartsearch.config import full_path

        return Names(
            fields=self._fields(),
            albums={album.name.casefold(): album.id for album in albums},
            people=self._people(),
            folder=full_path,
            place=self.places.near,
            visited=self.places.visited,
            region=self.places.region,
            region_names=self.places.region_names,
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
