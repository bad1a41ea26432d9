"""Albums as they are shown: those put together by hand, and smart ones, which hold whatever answers a query now."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from smartsearch.core.assets import Album
from smartsearch.core.errors import AlbumNotFoundError, ModelError, QueryError
from smartsearch.core.ports import Store
from smartsearch.core.query import And, InAlbum, Not, Or, Query, Shown
from smartsearch.core.queryparse import caret, says_nothing
from smartsearch.core.querysyntax import Clause
from smartsearch.search.ranking import relevant
from smartsearch.search.service import SearchRequest, SearchService
from smartsearch.search.understanding import QueryReader

KEPT = 64
"""Answers kept. One of 100,000 images takes about 4 MB, a usual one a few kilobytes."""


@dataclass(frozen=True, slots=True)
class AlbumView:
    """An album with what it holds now. ``problem`` says why a smart one cannot be looked into."""

    album: Album
    problem: str = ""


class RelevantImages:
    """The images that answer clauses with words: all that score at least the cut-off. Equal questions are answered once
    for each generation of the library. Safe to use from several threads."""

    def __init__(self, store: Store, service: Callable[[], SearchService]) -> None:
        self._store = store
        self._service = service
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[int, ...]] = OrderedDict()

    def __call__(self, clauses: tuple[Clause, ...]) -> tuple[int, ...]:
        service = self._service()
        key = clauses, service.space.key, self._store.generation
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = relevant(self._store, service.plan(SearchRequest(clauses=clauses, browse=True))).ids
        with self._lock:
            self._kept[key] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found


class Albums:
    """The albums of one library. Safe to use from several threads.

    A smart album has no images of its own: its query is read anew whenever it is looked at, so that "last summer" is
    the last one, and photos that come later are in it. Where the query has words, the model's cut-off decides.
    """

    def __init__(self, store: Store, queries: QueryReader) -> None:
        self._store = store
        self._queries = queries

    def all(self) -> list[AlbumView]:
        """By name, ignoring case."""
        return [self._view(album) for album in self._store.albums()]

    def get(self, album_id: int) -> AlbumView:
        """AlbumNotFoundError."""
        return self._view(self._album(album_id))

    def find(self, name: str) -> Album:
        """By name, ignoring case where only one album is called so. AlbumNotFoundError."""
        albums = self._store.albums()
        exact = [album for album in albums if album.name == name]
        found = exact or [album for album in albums if album.name.casefold() == name.casefold()]
        if not found:
            raise AlbumNotFoundError(f"There is no album {name!r}.", hint="`smartsearch albums list` shows all.")
        return found[0]

    def add(self, name: str, images: Sequence[int] = (), query: str | None = None) -> AlbumView:
        """A new album: of these images, or smart. AlbumExistsError; QueryError for a query that cannot be read."""
        if query is not None:
            self._check(query)
        made = self._store.add_album(name, query)
        return self._view(self._store.change_album(made.id, add=images) if images else made)

    def restore(self, album_id: int, name: str, images: Sequence[int] = (), query: str | None = None) -> AlbumView:
        """Make a removed album again under its own id. AlbumNotFoundError for an id that no album had,
        AlbumExistsError; QueryError for a query that cannot be read."""
        if query is not None:
            self._check(query, album_id)
        return self._view(self._store.restore_album(album_id, name, query=query, images=images))

    def change(
        self,
        album_id: int,
        *,
        name: str | None = None,
        query: str | None = None,
        add: Sequence[int] = (),
        remove: Sequence[int] = (),
    ) -> AlbumView:
        """Rename it, put images in, take images out, or give a smart one another query. AlbumNotFoundError,
        AlbumExistsError, SmartAlbumError; QueryError for a query that cannot be read or asks for the album itself."""
        if query is not None:
            self._check(query, album_id)
        return self._view(self._store.change_album(album_id, name=name, query=query, add=add, remove=remove))

    def resolved(self, where: Query) -> Query:
        """The condition with every smart album in it replaced by what it holds now. QueryError for one whose query
        cannot be read."""
        match where:
            case InAlbum(album_id):
                known = next((album for album in self._store.albums() if album.id == album_id), None)
                return (self._queries.smart(known) if known else None) or where
            case And(parts) | Or(parts):
                resolved = tuple(map(self.resolved, parts))
                return where if resolved == parts else type(where)(resolved)
            case Not(part):
                return Not(self.resolved(part))
        return where

    def _album(self, album_id: int) -> Album:
        found = [album for album in self._store.albums() if album.id == album_id]
        if not found:
            raise AlbumNotFoundError(f"There is no album {album_id}.")
        return found[0]

    def _view(self, album: Album) -> AlbumView:
        if album.query is None:
            return AlbumView(album)
        try:
            held = self._queries.smart(album)
        except (QueryError, ModelError) as error:
            return AlbumView(album, error.message)
        assert held is not None  # it has a query
        where = And((Shown(), held))
        cover = self._store.select(where, order="moment", descending=True, limit=1)
        return AlbumView(replace(album, images=self._store.count(where), cover=cover[0] if cover else None))

    def _check(self, query: str, album_id: int | None = None) -> None:
        parsed = self._queries.parse(query, inside=() if album_id is None else (album_id,))
        wrong = next((problem for problem in parsed.problems if not problem.harmless), None)
        if wrong is not None:
            raise QueryError(f"{wrong.message}\n{caret(query, wrong)}" if "\n" not in query else wrong.message)
        if says_nothing(parsed):
            raise QueryError("A smart album needs a query.", hint='For instance "dog on a beach rating:>=4".')
