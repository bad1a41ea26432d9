"""Albums that a library proposes: trips, events, people, this day in other years."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, TypeVar

import numpy as np

from smartsearch.core.errors import AlbumNotFoundError
from smartsearch.core.occasions import Occasion, Taken, events, in_order, on_day, on_this_day, trips
from smartsearch.core.ports import Store
from smartsearch.core.query import And, HasPerson, Shown
from smartsearch.search.albums import Albums, AlbumView
from smartsearch.search.places import PhotoPlaces

ProposalKind = Literal["trip", "event", "day", "person"]
MOST = 60
"""Proposals of each kind, the latest (of people those on most photos)."""
FEWEST_OF_PERSON = 10
_One = TypeVar("_One", "Occasion", "Proposal")
_Subjects = frozenset[tuple[str, int]]
"""What was dismissed: the kind of proposal, and the image or person it was about."""


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


@dataclass(frozen=True, slots=True)
class _Made:
    proposed: list[Proposal]
    dismissed: list[Proposal]


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
        self._kept: tuple[tuple[int, date], _Made] | None = None

    def all(self) -> list[Proposal]:
        """This day first, then trips, events and people."""
        return self._now().proposed

    def dismissed(self) -> list[Proposal]:
        """What would be proposed had it not been dismissed, in the same order; days of the year whenever they are.
        What photos were forgotten of, or persons no longer named, is not among them, but stays dismissed."""
        return self._now().dismissed

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
        """Take `dismiss` back, by the key of then or that of `dismissed`. AlbumNotFoundError if that was not
        dismissed."""
        found = next((proposal for proposal in self.dismissed() if proposal.key == key), None)
        said = self._store.dismissed_proposals()
        subjects = said & {_subject(key)} if found is None else _dismissals(found, said)
        if not subjects:
            raise AlbumNotFoundError(f"There is no dismissed proposal {key!r}.")
        for subject in subjects:
            self._store.dismiss_proposal(*subject, False)

    def _proposed(self, key: str) -> Proposal:
        found = next((proposal for proposal in self.all() if proposal.key == key), None)
        if found is None:
            raise AlbumNotFoundError(f"There is no proposal {key!r} any more.")
        return found

    def _now(self) -> _Made:
        state = self._store.generation, self._today()
        with self._lock:
            if self._kept is None or self._kept[0] != state:
                self._kept = state, self._made(state[1])
            return self._kept[1]

    def _made(self, today: date) -> _Made:
        taken, said = in_order(*self._store.taken()), self._store.dismissed_proposals()
        away, together, persons = trips(taken), events(taken), self._persons()
        made = [
            *(_of(day, f"On this day, {day.start.year}") for day in _left(on_this_day(taken, today), said)),
            *(self._named(occasion) for occasion in _left(away, said)),
            *(self._named(occasion) for occasion in _left(together, said)),
            *_left(persons, said),
        ]
        dismissed = [
            *(_of(day, f"On this day, {spelled(day.start.date(), day.end.date())}") for day in _days(taken, said)),
            *(self._named(occasion) for occasion in (*away, *together) if _dismissals(occasion, said)),
            *(person for person in persons if _dismissals(person, said)),
        ]
        return _Made(self._told_apart(made), self._told_apart(dismissed))

    def _told_apart(self, made: list[Proposal]) -> list[Proposal]:
        """Two parties in one town on one day are "Lisbon, 5 June 2021" and "Lisbon, 5 June 2021 (2)". Without those
        there is an album called after."""
        known = {album.name.casefold() for album in self._store.albums()}
        times: Counter[str] = Counter()
        found = []
        for proposal in made:
            times[proposal.name] += 1
            again = times[proposal.name]
            found.append(proposal if again == 1 else replace(proposal, name=f"{proposal.name} ({again})"))
        return [proposal for proposal in found if proposal.name.casefold() not in known]

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
        return sorted(found, key=lambda proposal: (-proposal.images, proposal.name))


def _subject(key: str) -> tuple[str, int]:
    """What a proposal is about: its kind, and its first image or its person."""
    kind, number = key.partition("-")[0], key.rpartition("-")[2]
    good = number.isascii() and number.isdigit() and len(number) < 19
    return kind, int(number) if good else 0


def _dismissals(one: Occasion | Proposal, said: _Subjects) -> _Subjects:
    """What was said of it. An occasion stays dismissed when earlier photos are added to it: it still has the one that
    was its first."""
    numbers = {number for kind, number in said if kind == one.kind}
    return frozenset((one.kind, number) for number in numbers.intersection((_subject(one.key)[1], *one.ids)))


def _left(found: Sequence[_One], said: _Subjects) -> list[_One]:
    """The first that were not dismissed."""
    return [one for one in found if not _dismissals(one, said)][:MOST]


def _days(taken: Taken, said: _Subjects) -> list[Occasion]:
    """The days that were dismissed, of whatever day of the year, latest first."""
    numbers = [number for kind, number in said if kind == "day"]
    moments = taken.moments[np.isin(taken.ids, numbers)]
    days = {datetime(1970, 1, 1) + timedelta(microseconds=moment) for moment in moments.tolist()}
    return [day for one in sorted({moment.date() for moment in days}, reverse=True) for day in on_day(taken, one)]


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
