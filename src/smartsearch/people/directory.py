"""The person directory: who there is, and everything a user may say about it. Every change can be undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from smartsearch.core.errors import FaceNotFoundError, PersonNotFoundError, UsageError
from smartsearch.core.faces import Box
from smartsearch.core.people import Face, PeopleRows, PeopleStore, Person, PersonEvent, PersonSummary
from smartsearch.people.journal import Operation, take_back

LONGEST_NAME = 200
LONGEST_NOTES = 10_000


@dataclass(frozen=True, slots=True)
class PersonName:
    """A named person who is not hidden, and in how many shown images they are."""

    id: int
    name: str
    images: int


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What to change of a person; what is None stays. ``clear`` names fields that become empty: "name", "birth_date",
    "cover_face"."""

    name: str | None = None
    hidden: bool | None = None
    favourite: bool | None = None
    notes: str | None = None
    birth_date: date | None = None
    cover_face: int | None = None
    clear: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True, slots=True)
class Claim:
    """A file says that the face at this place of an image is this person."""

    image_id: int
    box: Box
    name: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of claims: ``named`` faces that were known, ``drawn`` ones that no model had found, ``refused`` where
    the user has said otherwise, or the name is none. ``persons`` are new."""

    named: int = 0
    drawn: int = 0
    refused: int = 0
    persons: int = 0


class People:
    """What may be done with the people of one library.

    Errors: PersonNotFoundError, FaceNotFoundError, PersonExistsError, UsageError; then nothing has changed.
    """

    def __init__(self, store: PeopleStore, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._clock = clock

    # -- reading

    def names(self) -> list[PersonName]:
        """Everybody with a name, by name without case: what a query may ask for."""
        named = [
            PersonName(each.person.id, each.person.name, each.images)
            for each in self.summaries(hidden=False)
            if each.person.name is not None
        ]
        return sorted(named, key=lambda each: (each.name.casefold(), each.id))

    def summaries(self, *, hidden: bool | None = False) -> list[PersonSummary]:
        """Favourites first, then the named, then by number of images. ``hidden`` None: all."""
        with self._store.reading() as rows:
            found = rows.summaries()
        chosen = [each for each in found if hidden is None or each.person.hidden == hidden]

        def order(each: PersonSummary) -> tuple[bool, bool, int, int]:
            return not each.person.favourite, each.person.name is None, -each.images, each.person.id

        return sorted(chosen, key=order)

    def summary(self, person_id: int) -> PersonSummary:
        with self._store.reading() as rows:
            found = rows.summaries([person_id])
        if not found:
            raise _no_person(person_id)
        return found[0]

    def find(self, name: str) -> PersonSummary:
        """By name without case, or by ``#id``. PersonNotFoundError says which names there are."""
        wanted = name.strip()
        with self._store.reading() as rows:
            person = rows.person_named(wanted)
            if person is None and wanted.removeprefix("#").isdigit():
                found = rows.persons([int(wanted.removeprefix("#"))])
                person = found[0] if found else None
            if person is not None:
                return rows.summaries([person.id])[0]
        known = ", ".join(each.name for each in self.names()[:20])
        raise PersonNotFoundError(
            f"There is no person called {name!r}.", hint=f"There are: {known}." if known else "Nobody has a name yet."
        )

    def faces_of(self, person_id: int) -> list[Face]:
        """The surest first."""
        self.summary(person_id)
        with self._store.reading() as rows:
            faces = rows.faces_of([person_id])
        return sorted(faces, key=lambda face: (not face.verified, -face.confidence, face.id))

    def faces_in(self, image_id: int) -> list[Face]:
        with self._store.reading() as rows:
            return rows.faces_in([image_id])

    def face(self, face_id: int) -> Face:
        with self._store.reading() as rows:
            return _faces(rows, [face_id])[0]

    def thumbnail(self, face_id: int) -> bytes:
        """WebP. FaceNotFoundError also for a face that the user drew: it has none."""
        with self._store.reading() as rows:
            webp = rows.thumbnail(face_id)
        if webp is None:
            raise FaceNotFoundError(f"There is no picture of face {face_id}.")
        return webp

    def images_of(self, person_id: int) -> list[tuple[int, datetime]]:
        """(image id, moment) of the shown images with the person, oldest first."""
        self.summary(person_id)
        with self._store.reading() as rows:
            return rows.images_of(person_id)

    def companions(self, person_id: int) -> list[tuple[Person, int]]:
        """With whom the person is seen, and in how many shown images, most first."""
        self.summary(person_id)
        with self._store.reading() as rows:
            known = {person.id: person for person in rows.persons()}
            return [(known[other], count) for other, count in rows.companions(person_id) if other in known]

    def unknown(self, limit: int | None = None) -> list[Face]:
        """Faces that are nobody's, the best first."""
        with self._store.reading() as rows:
            return rows.nobodys_faces(limit)

    def history(self, limit: int = 50) -> list[PersonEvent]:
        """What was done, newest first."""
        with self._store.reading() as rows:
            return rows.events(limit)

    # -- persons

    def create(self, name: str, faces: Sequence[int] = ()) -> PersonSummary:
        """A new person, with these faces. PersonExistsError if the name is taken."""
        with self._operation("create") as (operation, detail):
            person_id = operation.put_person(Person(0, _name(name), self._clock()))
            _give(operation, faces, person_id)
            detail.update(person=person_id, faces=list(faces))
        return self.summary(person_id)

    def change(self, person_id: int, change: PersonChange) -> PersonSummary:
        """Rename, hide, favour, annotate. A group that gets a name keeps its best face as the proof of who it is."""
        with self._operation("change") as (operation, detail):
            person = _person(operation.rows, person_id)
            if change.birth_date is not None and change.birth_date > self._clock().date():
                raise UsageError("A birth date lies in the past.")
            changed = _changed(operation.rows, person, change)
            if changed != person:
                operation.put_person(changed)
            if person.name is None and changed.name is not None:
                _anchor(operation, person_id)
            detail.update(person=person_id, fields=_differing(person, changed))
        return self.summary(person_id)

    def merge(self, person_id: int, others: Sequence[int]) -> PersonSummary:
        """All their faces become this person's. The name is this person's, or else the first that one of the others
        has. Of two faces in one photo the one that is surer stays; the other becomes nobody's."""
        with self._operation("merge") as (operation, detail):
            person = _person(operation.rows, person_id)
            if person_id in others:
                raise UsageError("A person cannot be merged with themselves.")
            if not others:
                raise UsageError("Nobody to merge with is named.")
            doomed = [_person(operation.rows, other) for other in dict.fromkeys(others)]
            _anchor(operation, person_id)
            for other in doomed:
                _anchor(operation, other.id)
                _take_over(operation, person_id, other)
                operation.delete_person(other.id)
            name = person.name or next((other.name for other in doomed if other.name), None)
            if name != person.name:
                operation.put_person(replace(person, name=name))
            detail.update(person=person_id, others=list(others))
        return self.summary(person_id)

    def split(self, person_id: int, faces: Sequence[int], name: str | None = None) -> PersonSummary:
        """These faces are somebody else: a new person, named or not. The user's word keeps the two apart."""
        if not faces:
            raise UsageError("No faces to split off are named.")
        with self._operation("split") as (operation, detail):
            _person(operation.rows, person_id)
            for face in _faces(operation.rows, faces):
                if face.person_id != person_id:
                    raise UsageError(f"Face {face.id} is not of person {person_id}.")
            made = operation.put_person(Person(0, None if name is None else _name(name), self._clock()))
            _give(operation, faces, made)
            for face_id in dict.fromkeys(faces):
                operation.decide(face_id, person_id, same=False)
            detail.update(person=person_id, new=made, faces=list(faces))
        return self.summary(made)

    def ungroup(self, person_id: int) -> None:
        """Give up a person: the faces are nobody's again, until they are grouped anew."""
        with self._operation("ungroup") as (operation, detail):
            _person(operation.rows, person_id)
            operation.delete_person(person_id)
            detail.update(person=person_id)

    # -- faces

    def assign(self, faces: Sequence[int], *, person_id: int | None = None, name: str | None = None) -> PersonSummary:
        """These faces are this person: by id, or by a name, which makes a new person if nobody has it."""
        with self._operation("assign") as (operation, detail):
            if person_id is None:
                wanted = _name(name or "")
                known = operation.rows.person_named(wanted)
                person_id = known.id if known else operation.put_person(Person(0, wanted, self._clock()))
            _person(operation.rows, person_id)
            _give(operation, faces, person_id)
            detail.update(person=person_id, faces=list(faces))
        return self.summary(person_id)

    def unassign(self, faces: Sequence[int]) -> None:
        """These faces are not who they were taken for; they are nobody's now."""
        with self._operation("unassign") as (operation, detail):
            for face in _faces(operation.rows, faces):
                operation.free(face, rejected=face.person_id)
            detail.update(faces=list(faces))

    def verify(self, person_id: int, faces: Sequence[int], *, right: bool = True) -> PersonSummary:
        """The answer to "is this Anna?": yes makes the faces hers for good, no that they never become hers."""
        with self._operation("verify" if right else "reject") as (operation, detail):
            _person(operation.rows, person_id)
            if right:
                _give(operation, faces, person_id)
            else:
                for face in _faces(operation.rows, faces):
                    _reject(operation, face, person_id)
            detail.update(person=person_id, faces=list(faces), right=right)
        return self.summary(person_id)

    def ignore(self, faces: Sequence[int], *, ignored: bool = True) -> None:
        """Strangers: left out of groups and questions; or no longer."""
        with self._operation("ignore") as (operation, detail):
            for face in _faces(operation.rows, faces):
                if ignored:
                    operation.free(face)
                    face = operation.rows.faces([face.id])[0]
                operation.put_face(replace(face, ignored=ignored))
            detail.update(faces=list(faces), ignored=ignored)

    def draw(self, image_id: int, box: Box, name: str) -> Face:
        """A face that no model found, drawn and named by the user. AssetNotFoundError."""
        with self._operation("draw") as (operation, detail):
            face_id = operation.add_face(Face(0, image_id, box))
            wanted = _name(name)
            known = operation.rows.person_named(wanted)
            person_id = known.id if known else operation.put_person(Person(0, wanted, self._clock()))
            _give(operation, [face_id], person_id)
            detail.update(person=person_id, faces=[face_id])
        return self.face(face_id)

    def accept(self, claims: Sequence[Claim]) -> ImportReport:
        """Take over what files say, as one operation. The user's own word goes before theirs."""
        report = ImportReport()
        with self._operation("import") as (operation, detail):
            known: dict[str, int] = {}
            for claim in claims:
                report = _accepted(operation, claim, known, self._clock(), report)
            detail.update(named=report.named, drawn=report.drawn)
        return report

    # -- undoing

    def undo(self) -> PersonEvent:
        """Take the last operation back that was not taken back yet. UsageError if there is none."""
        with self._store.writing() as rows:
            for event in rows.events():
                if not event.undone:
                    take_back(rows, event)
                    return event
        raise UsageError("There is nothing to undo.")

    @contextmanager
    def _operation(self, kind: str) -> Iterator[tuple[Operation, dict[str, Any]]]:
        """A write transaction that ends with the event in the trail. Names do not go into ``detail``: what is erased
        must be nowhere."""
        with self._store.writing() as rows:
            operation, detail = Operation(rows, kind, self._clock()), dict[str, Any]()
            yield operation, detail
            operation.finish(detail)


def _person(rows: PeopleRows, person_id: int) -> Person:
    found = rows.persons([person_id])
    if not found:
        raise _no_person(person_id)
    return found[0]


def _no_person(person_id: int) -> PersonNotFoundError:
    return PersonNotFoundError(f"There is no person {person_id} in the library.")


def _faces(rows: PeopleRows, ids: Sequence[int]) -> list[Face]:
    """All of these, each once."""
    wanted = list(dict.fromkeys(ids))
    found = rows.faces(wanted)
    if len(found) != len(wanted):
        missing = sorted(set(wanted) - {face.id for face in found})
        raise FaceNotFoundError(f"There is no face {missing[0]} in the library.")
    return found


def _name(name: str) -> str:
    """The name as it is kept. UsageError if it is none."""
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > LONGEST_NAME or not cleaned.isprintable():
        raise UsageError(f"A name has 1 to {LONGEST_NAME} printable characters.")
    if cleaned.startswith("#"):
        raise UsageError("A name does not begin with #.")
    return cleaned


def _changed(rows: PeopleRows, person: Person, change: PersonChange) -> Person:
    given = {
        name: getattr(change, name)
        for name in ("hidden", "favourite", "birth_date", "notes", "cover_face")
        if getattr(change, name) is not None
    }
    if change.name is not None:
        given["name"] = _name(change.name)
    if change.notes is not None and len(change.notes) > LONGEST_NOTES:
        raise UsageError(f"Notes have at most {LONGEST_NOTES} characters.")
    if change.cover_face is not None and _faces(rows, [change.cover_face])[0].person_id != person.id:
        raise UsageError(f"Face {change.cover_face} is not of person {person.id}.")
    cleared = dict.fromkeys(change.clear & {"name", "birth_date", "cover_face"})
    if given.get("name"):
        cleared |= {"suggested_id": None}
    return replace(person, **given | cleared)


def _differing(before: Person, after: Person) -> list[str]:
    """Which of the fields that a user may change differ; not what they say, which has no place in the trail."""
    fields = ("name", "hidden", "favourite", "birth_date", "notes", "cover_face")
    return [name for name in fields if getattr(before, name) != getattr(after, name)]


def _give(operation: Operation, faces: Sequence[int], person_id: int) -> None:
    """By the user's word. A guess about another face in the same photo yields to it; another word does not."""
    for face in _faces(operation.rows, faces):
        for other in operation.rows.faces_in([face.image_id]):
            if other.person_id == person_id and other.id != face.id:
                if other.verified:
                    raise UsageError(
                        f"Face {other.id} in the same photo is this person already.", hint="Unassign that one first."
                    )
                operation.free(other)
        operation.give(face, person_id)


def _reject(operation: Operation, face: Face, person_id: int) -> None:
    if face.person_id == person_id:
        operation.free(face, rejected=person_id)
        return
    operation.decide(face.id, person_id, same=False)
    if face.suggested_id == person_id:
        operation.put_face(replace(face, suggested_id=None, suggested_confidence=0.0))
    if face.person_id is not None:
        group = _person(operation.rows, face.person_id)
        if group.suggested_id == person_id:
            operation.put_person(replace(group, suggested_id=None, suggested_confidence=0.0))


def _anchor(operation: Operation, person_id: int) -> None:
    """Where the user has said nothing of any face, the best one counts as confirmed: whatever is grouped anew, this
    face keeps the person."""
    faces = operation.rows.faces_of([person_id])
    if faces and not any(face.verified for face in faces):
        best = max(faces, key=lambda face: (face.quality, face.confidence, -face.id))
        operation.decide(best.id, person_id, same=True)


def _take_over(operation: Operation, person_id: int, other: Person) -> None:
    """The other's faces, and what the user said of them, become the person's."""
    held = {face.image_id: face for face in operation.rows.faces_of([person_id])}
    for face in operation.rows.faces_of([other.id]):
        rival = held.get(face.image_id)
        if rival is not None:
            surer, weaker = sorted((face, rival), key=lambda each: (not each.verified, -each.confidence, each.id))
            if weaker.verified:
                raise UsageError(
                    f"Faces {rival.id} and {face.id} are in one photo, and both were confirmed.",
                    hint="One of them must be somebody else: unassign it first.",
                )
            operation.free(weaker)
            if surer is rival:
                continue
        if face.verified:
            operation.decide(face.id, person_id, same=True)
        operation.put_face(replace(face, person_id=person_id))
        held[face.image_id] = face
    for decision in operation.rows.decisions():
        if decision.person_id == other.id and not decision.same:
            operation.decide(decision.face_id, person_id, same=False)


CLAIMED = 0.3
"""Boxes of different programs differ: some take the head, some the face. This much overlap is the same face."""


def _accepted(
    operation: Operation, claim: Claim, known: dict[str, int], now: datetime, report: ImportReport
) -> ImportReport:
    """One claim taken over, or refused; the report with it counted."""
    try:
        name = _name(claim.name)
    except UsageError:
        return replace(report, refused=report.refused + 1)
    here = operation.rows.faces_in([claim.image_id])
    person_id = known.get(name.casefold())
    if person_id is None:
        person = operation.rows.person_named(name)
        person_id = person.id if person else operation.put_person(Person(0, name, now))
        known[name.casefold()] = person_id
        report = replace(report, persons=report.persons + (person is None))
    best = max(here, key=lambda face: (face.box.overlap(claim.box), -face.id), default=None)
    if best is not None and best.box.overlap(claim.box) >= CLAIMED:
        if best.person_id == person_id and best.verified:
            return replace(report, named=report.named + 1)
        if best.verified or best.ignored or any(f.verified and f.person_id == person_id for f in here):
            return replace(report, refused=report.refused + 1)
        _give(operation, [best.id], person_id)
        return replace(report, named=report.named + 1)
    if any(face.verified and face.person_id == person_id for face in here):
        return replace(report, refused=report.refused + 1)
    drawn = operation.add_face(Face(0, claim.image_id, claim.box))
    _give(operation, [drawn], person_id)
    return replace(report, drawn=report.drawn + 1)
