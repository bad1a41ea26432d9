"""Albums that a library proposes: trips, events, people, this day in other years."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from smartsearch.core.errors import AlbumNotFoundError
from smartsearch.core.occasions import Occasion, events, in_order, on_this_day, trips
from smartsearch.core.ports import Store
from smartsearch.core.query import And, HasPerson, Shown
from smartsearch.search.albums import Albums, AlbumView
from smartsearch.search.places import PhotoPlaces

ProposalKind = Literal["trip", "event", "day", "person"]
MOST = 60
"""Proposals of each kind, the latest (of people those on most photos)."""
FEWEST_OF_PERSON = 10


@dataclass(frozen=True, slots=True)
class Proposal:
    """An album that might be made: of these images or, with a ``query``, a smart one. ``key`` names it while its first
    image stays the same. Times are those of the photos (see `Asset.moment`)."""

    key: str
    kind: ProposalKind
    name: str
    images: int
    cover: int
    ids: tuple[int, ...] = ()
    query: str | None = None
    start: datetime | None = None
    end: datetime | None = None


class Proposals:
    """Proposes albums for one library; computed once for each generation and day. Safe to use from several threads.

    Whatever an album is called after is proposed no more, nor what was dismissed.
    """

    def __init__(
        self,
        store: Store,
        albums: Albums,
        places: PhotoPlaces,
        people: Callable[[], Iterable[tuple[int, str]]],
        today: Callable[[], date] = date.today,
    ) -> None:
        self._store = store
        self._albums = albums
        self._places = places
        self._people = people
        self._today = today
        self._lock = threading.Lock()
        self._kept: tuple[tuple[int, date], list[Proposal]] | None = None

    def all(self) -> list[Proposal]:
        """This day first, then trips, events and people."""
        state = self._store.generation, self._today()
        with self._lock:
            if self._kept is None or self._kept[0] != state:
                self._kept = state, self._made(state[1])
            return self._kept[1]

    def keep(self, key: str) -> AlbumView:
        """Make the album. AlbumNotFoundError if it is proposed no more."""
        found = self._proposed(key)
        return self._albums.add(found.name, found.ids, found.query)

    def dismiss(self, key: str) -> Proposal:
        """Do not propose it again, however much is added to it. AlbumNotFoundError if it is proposed no more."""
        found = self._proposed(key)
        self._store.dismiss_proposal(*_subject(key), True)
        return found

    def restore(self, key: str) -> None:
        """Take `dismiss` back. AlbumNotFoundError if that was not dismissed."""
        if not self._store.dismiss_proposal(*_subject(key), False):
            raise AlbumNotFoundError(f"There is no dismissed proposal {key!r}.")

    def _proposed(self, key: str) -> Proposal:
        found = next((proposal for proposal in self.all() if proposal.key == key), None)
        if found is None:
            raise AlbumNotFoundError(f"There is no proposal {key!r} any more.")
        return found

    def _made(self, today: date) -> list[Proposal]:
        taken = in_order(*self._store.taken())
        made = [_of(occasion, f"On this day, {occasion.start.year}") for occasion in on_this_day(taken, today)[:MOST]]
        made += [self._named(occasion) for occasion in trips(taken)[:MOST]]
        made += [self._named(occasion) for occasion in events(taken)[:MOST]]
        made += self._persons()
        dismissed = self._store.dismissed_proposals()
        made = [proposal for proposal in made if not _is_dismissed(proposal, dismissed)]
        known = {album.name.casefold() for album in self._store.albums()}
        return [proposal for proposal in _told_apart(made) if proposal.name.casefold() not in known]

    def _named(self, occasion: Occasion) -> Proposal:
        when = spelled(occasion.start.date(), occasion.end.date())
        town = None if occasion.position is None else self._places.at(*occasion.position)
        if occasion.kind == "trip":
            return _of(occasion, f"Trip to {town.name}, {town.country_name}, {when}" if town else f"Trip, {when}")
        return _of(occasion, f"{town.name}, {when}" if town else when)

    def _persons(self) -> list[Proposal]:
        found = []
        for person_id, name in self._people():
            where = And((Shown(), HasPerson(person_id)))
            images = self._store.count(where)
            if images >= FEWEST_OF_PERSON:
                [cover] = self._store.select(where, order="moment", descending=True, limit=1)
                said = name.replace('"', "")
                query = f'person:"{said}"'
                found.append(Proposal(f"person-{person_id}", "person", name, images, cover, query=query))
        return sorted(found, key=lambda proposal: (-proposal.images, proposal.name))[:MOST]


def _subject(key: str) -> tuple[str, int]:
    """What a proposal is about: its kind, and its first image or its person."""
    kind, number = key.partition("-")[0], key.rpartition("-")[2]
    good = number.isascii() and number.isdigit() and len(number) < 19
    return kind, int(number) if good else 0


def _is_dismissed(proposal: Proposal, dismissed: frozenset[tuple[str, int]]) -> bool:
    """An occasion stays dismissed when earlier photos are added to it: it still has the one that was its first."""
    if _subject(proposal.key) in dismissed:
        return True
    ids = {number for kind, number in dismissed if kind == proposal.kind}
    return not ids.isdisjoint(proposal.ids)


def _told_apart(made: list[Proposal]) -> list[Proposal]:
    """Two parties in one town on one day are "Lisbon, 5 June 2021" and "Lisbon, 5 June 2021 (2)"."""
    times: Counter[str] = Counter()
    found = []
    for proposal in made:
        times[proposal.name] += 1
        again = times[proposal.name]
        found.append(proposal if again == 1 else replace(proposal, name=f"{proposal.name} ({again})"))
    return found


def _of(occasion: Occasion, name: str) -> Proposal:
    ids = occasion.ids
    cover = ids[len(ids) // 2]
    return Proposal(occasion.key, occasion.kind, name, len(ids), cover, ids, start=occasion.start, end=occasion.end)


def spelled(first: date, last: date) -> str:
    """Days as people write them: "5 June 2021", "5-7 June 2021", "28 June - 2 July 2021"."""
    if first == last:
        return f"{first.day} {first:%B %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}-{last.day} {last:%B %Y}"
    if first.year == last.year:
        return f"{first.day} {first:%B} - {last.day} {last:%B %Y}"
    return f"{first.day} {first:%B %Y} - {last.day} {last:%B %Y}"
