"""Grouping a library's faces: reads the table, clusters it, and writes what changed in one transaction.

Killed at any moment, nothing has changed or everything has. What the user said is never touched: it goes in as
constraints. Persons with a name keep every face they have, unless the user rejected it; groups without a name are
kept too, so that they do not reshuffle while the user looks at them, unless all is asked to be made anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np

from smartsearch.core.clustering import Clusters, Constraints, Thresholds, cluster
from smartsearch.core.people import Decision, FaceTable, Grouping, PeopleRows, PeopleStore, Person
from smartsearch.people.neighbours import nearest

ATTEMPTS = 3

SMALLEST_GROUP = 2
"""Faces. One face alone is nobody yet: it waits among the unknown."""


@dataclass(frozen=True, slots=True)
class GroupingReport:
    """What a run came to. ``faces`` in the model's space, ``assigned`` of them somebody's; ``new_groups`` were made,
    ``joined`` faces changed hands, ``questions`` are doubtful."""

    faces: int
    assigned: int
    groups: int
    new_groups: int
    joined: int
    questions: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Known:
    """What the store held when the run began."""

    table: FaceTable
    persons: dict[int, Person]
    decisions: list[Decision]


def group_faces(
    store: PeopleStore,
    space: str,
    thresholds: Thresholds,
    *,
    anew: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> GroupingReport:
    """Group the faces of a space. ``anew`` forgets the groups without a name first, and what was guessed of the named;
    what the user said stays. Reads, thinks, then writes if nothing changed meanwhile, else begins again; where changes
    do not cease, the last attempt keeps the others waiting."""
    started = time.perf_counter()
    for attempt in range(ATTEMPTS):
        with store.reading() as rows:
            known, before = _read(rows, space), rows.fingerprint()
        clusters = _cluster(known, _settled(known, anew), thresholds)
        with store.writing() as rows:
            if rows.fingerprint() != before and attempt == ATTEMPTS - 1:
                known = _read(rows, space)
                clusters, before = _cluster(known, _settled(known, anew), thresholds), rows.fingerprint()
            if rows.fingerprint() == before:
                report = _Writing(rows, known, clusters, thresholds, clock()).write()
                return replace(report, seconds=time.perf_counter() - started)
    raise AssertionError("the last attempt holds the library")


def _read(rows: PeopleRows, space: str) -> _Known:
    return _Known(rows.face_table(space), {person.id: person for person in rows.persons()}, rows.decisions())


def _settled(known: _Known, anew: bool) -> np.ndarray:
    """The person of each face that goes in as certain, 0 for none; -1 for a stranger, who is left out."""
    table = known.table
    settled = np.zeros_like(table.person_ids) if anew else table.person_ids.copy()
    places = {face_id: place for place, face_id in enumerate(table.ids.tolist())}
    for decision in known.decisions:
        place = places.get(decision.face_id)
        if place is None:
            continue
        if decision.same:
            settled[place] = decision.person_id
        elif settled[place] == decision.person_id:
            settled[place] = 0
    settled[table.ignored] = -1
    return settled


def _cluster(known: _Known, settled: np.ndarray, thresholds: Thresholds) -> Clusters:
    """Over the faces that are nobody's stranger; labels and doubts are places in the table."""
    table = known.table
    chosen = np.nonzero(settled >= 0)[0]
    place_of = {face_id: place for place, face_id in enumerate(table.ids[chosen].tolist())}
    rejected = frozenset(
        (place_of[each.face_id], each.person_id)
        for each in known.decisions
        if not each.same and each.face_id in place_of
    )
    constraints = Constraints(
        images=table.image_ids[chosen],
        persons=settled[chosen],
        rejected=rejected,
        moments=table.moments[chosen],
        born={person.id: _days(person.birth_date) for person in known.persons.values() if person.birth_date},
        named=frozenset(person.id for person in known.persons.values() if person.name is not None),
    )
    vectors = table.vectors[chosen]
    found = cluster(vectors, nearest(vectors), constraints, thresholds)
    labels, persons = np.full(len(table), -1, np.int64), np.zeros(len(table), np.int64)
    similarity = np.zeros(len(table), np.float32)
    labels[chosen], persons[chosen], similarity[chosen] = chosen[found.labels], found.persons, found.similarity
    doubtful = tuple(
        each._replace(first=int(chosen[each.first]), second=int(chosen[each.second])) for each in found.doubtful
    )
    return Clusters(labels, persons, similarity, doubtful)


def _days(day: date) -> float:
    return float((day - date(1970, 1, 1)).days)


class _Writing:
    """Turns clusters into rows."""

    def __init__(
        self,
        rows: PeopleRows,
        known: _Known,
        clusters: Clusters,
        thresholds: Thresholds,
        now: datetime,
    ) -> None:
        self._rows = rows
        self._known = known
        self._clusters = clusters
        self._thresholds = thresholds
        self._now = now

    def write(self) -> GroupingReport:
        table, clusters = self._known.table, self._clusters
        owner, made = self._owners()
        questions = self._questions(owner)
        self._rows.regroup(list(self._changes(owner, questions)))
        self._suggest_groups(owner, questions)
        self._drop_empty(owner)
        assigned = int(np.count_nonzero(owner > 0))
        joined = int(np.count_nonzero((owner != table.person_ids) & (clusters.labels >= 0)))
        groups = len(set(owner[owner > 0].tolist()))
        return GroupingReport(len(table), assigned, groups, made, joined, len(clusters.doubtful), 0.0)

    def _owners(self) -> tuple[np.ndarray, int]:
        """The person of each face, new ones made for new groups; how many were made. Faces of poor quality do not count
        towards a new group: two blurs are alike whoever they show."""
        labels, persons = self._clusters.labels, self._clusters.persons
        owner = persons.copy()
        fresh = (labels >= 0) & (persons == 0)
        good = fresh & (self._known.table.quality >= self._thresholds.quality)
        found, counts = np.unique(labels[good], return_counts=True)
        made = 0
        order = np.argsort(labels, kind="stable")
        starts, ends = (np.searchsorted(labels[order], found, side) for side in ("left", "right"))
        for count, start, end in zip(counts.tolist(), starts.tolist(), ends.tolist(), strict=True):
            if count >= SMALLEST_GROUP:
                owner[order[start:end]] = self._rows.put_person(Person(0, None, self._now))
                made += 1
        return owner, made

    def _questions(self, owner: np.ndarray) -> dict[int, tuple[int, float]]:
        """For each group (place of its first face) that may be a named person: who, and how sure."""
        named = {person.id for person in self._known.persons.values() if person.name is not None}
        asked: dict[int, tuple[int, float]] = {}
        for first, second, similarity in self._clusters.doubtful:  # most alike first
            for one, other in ((first, second), (second, first)):
                if owner[other] in named and owner[one] not in named:
                    asked.setdefault(one, (int(owner[other]), self._thresholds.confidence(similarity)))
        return asked

    def _changes(self, owner: np.ndarray, questions: dict[int, tuple[int, float]]) -> list[Grouping]:
        clusters = self._clusters
        said = {each.face_id for each in self._known.decisions if each.same}
        changes = []
        for place, face_id in enumerate(self._known.table.ids.tolist()):
            if clusters.labels[place] < 0:
                continue
            person = int(owner[place]) or None
            sure = 1.0 if face_id in said else self._thresholds.confidence(float(clusters.similarity[place]))
            suggested, confidence = (None, 0.0)
            if person is None:
                suggested, confidence = questions.get(int(clusters.labels[place]), (None, 0.0))
            changes.append(Grouping(face_id, person, sure if person else 0.0, suggested, confidence))
        return changes

    def _suggest_groups(self, owner: np.ndarray, questions: dict[int, tuple[int, float]]) -> None:
        """Groups without a name that may be somebody: on the person's row."""
        suggestions = {int(owner[place]): asked for place, asked in questions.items() if owner[place] > 0}
        for person in self._rows.persons():
            if person.name is None:
                wanted = suggestions.get(person.id, (None, 0.0))
                if (person.suggested_id, person.suggested_confidence) != wanted:
                    self._rows.put_person(replace(person, suggested_id=wanted[0], suggested_confidence=wanted[1]))

    def _drop_empty(self, owner: np.ndarray) -> None:
        """Groups without a name that nobody is left in."""
        unnamed = {person.id for person in self._rows.persons() if person.name is None}
        filled = set(owner.tolist())
        held = {face.person_id for face in self._rows.faces_of(sorted(unnamed - filled))}
        for person_id in sorted(unnamed - filled - held):
            self._rows.delete_person(person_id)
