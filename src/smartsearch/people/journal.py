"""Operations on people that can be undone: each keeps what was there before every row it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from smartsearch.core.people import Decision, Face, PeopleRows, Person, PersonEvent

Entry = Mapping[str, Any]


class Operation:
    """One operation inside a write transaction: changes rows and remembers them. Call `finish` at its end."""

    def __init__(self, rows: PeopleRows, kind: str, now: datetime) -> None:
        self.rows = rows
        self.now = now
        self._kind = kind
        self._journal: list[dict[str, Any]] = []
        self._seen: set[tuple[str, int, int]] = set()

    def put_person(self, person: Person) -> int:
        """Insert (id 0) or replace; returns the id. PersonExistsError."""
        if person.id:
            self._keep_person(person.id)
            return self.rows.put_person(person)
        made = self.rows.put_person(person)
        self._remember(("person", made, 0), {"person": made, "was": None})
        return made

    def delete_person(self, person_id: int) -> None:
        """The faces become nobody's; decisions about the person go."""
        self._keep_person(person_id)
        for face in self.rows.faces_of([person_id]):
            self._keep_face(face)
        for decision in self.rows.decisions():
            if decision.person_id == person_id:
                self._keep_decision(decision.face_id, person_id)
        self.rows.delete_person(person_id)

    def put_face(self, face: Face) -> None:
        [before] = self.rows.faces([face.id])
        self._keep_face(before)
        self.rows.put_face(face)

    def give(self, face: Face, person_id: int) -> None:
        """The user says that the face is this person's: whatever else was said of it is taken back."""
        for decision in self._decisions_of(face.id):
            if decision.same or decision.person_id == person_id:
                self.take_back(face.id, decision.person_id)
        self.decide(face.id, person_id, same=True)
        self.put_face(
            replace(
                face,
                person_id=person_id,
                confidence=1.0,
                ignored=False,
                suggested_id=None,
                suggested_confidence=0.0,
            )
        )

    def free(self, face: Face, *, rejected: int | None = None) -> None:
        """The face is nobody's, and by the user's word not ``rejected``'s."""
        for decision in self._decisions_of(face.id):
            if decision.same:
                self.take_back(face.id, decision.person_id)
        if rejected is not None:
            self.decide(face.id, rejected, same=False)
        self.put_face(replace(face, person_id=None, confidence=0.0, suggested_id=None, suggested_confidence=0.0))

    def decide(self, face_id: int, person_id: int, *, same: bool) -> None:
        self._keep_decision(face_id, person_id)
        self.rows.put_decision(Decision(face_id, person_id, same, self.now))

    def take_back(self, face_id: int, person_id: int) -> None:
        self._keep_decision(face_id, person_id)
        self.rows.delete_decision(face_id, person_id)

    def add_face(self, face: Face) -> int:
        """A face drawn by hand or told of by a file."""
        made = self.rows.add_face(face.image_id, face.box)
        self._remember(("face", made, 0), {"face": made, "was": None})
        return made

    def finish(self, detail: Mapping[str, Any]) -> int:
        """Write the event; returns its id. Nothing is written if nothing changed."""
        if not self._journal:
            return 0
        return self.rows.add_event(PersonEvent(0, self.now, self._kind, detail, tuple(self._journal)))

    def _decisions_of(self, face_id: int) -> list[Decision]:
        return self.rows.decisions([face_id])

    def _keep_person(self, person_id: int) -> None:
        found = self.rows.persons([person_id])
        self._remember(
            ("person", person_id, 0), {"person": person_id, "was": person_to_json(found[0]) if found else None}
        )

    def _keep_face(self, face: Face) -> None:
        fields = ("person_id", "confidence", "ignored", "suggested_id", "suggested_confidence")
        was = {name: getattr(face, name) for name in fields}
        # The person is named beside the face, so that erasing somebody finds every entry that tells of them.
        self._remember(("face", face.id, 0), {"face": face.id, "person": face.person_id, "was": was})

    def _keep_decision(self, face_id: int, person_id: int) -> None:
        known = [each for each in self._decisions_of(face_id) if each.person_id == person_id]
        was = {"same": known[0].same, "decided_at": known[0].decided_at.isoformat()} if known else None
        self._remember(
            ("decision", face_id, person_id),
            {"face": face_id, "person": person_id, "decision": was, "decided": True},
        )

    def _remember(self, key: tuple[str, int, int], entry: dict[str, Any]) -> None:
        if key not in self._seen:
            self._seen.add(key)
            self._journal.append(entry)


def take_back(rows: PeopleRows, event: PersonEvent) -> None:
    """Put back what was there before the event. Faces that are gone by now are left out."""
    persons = [entry for entry in event.journal if "face" not in entry]
    faces = [entry for entry in event.journal if "face" in entry and "decided" not in entry]
    decisions = [entry for entry in event.journal if "decided" in entry]
    made = [entry["person"] for entry in persons if entry["was"] is None]
    for person_id in made:  # before the others, whose names they may bear
        rows.delete_person(person_id)
    for entry in persons:
        if entry["was"] is not None:
            rows.put_person(person_from_json(entry["was"]))
    rows.delete_faces([entry["face"] for entry in faces if entry["was"] is None])
    for entry in faces:
        found = rows.faces([entry["face"]])
        if found and entry["was"] is not None:
            rows.put_face(replace(found[0], **entry["was"]))
    known = {person.id for person in rows.persons()}
    for entry in decisions:
        if not rows.faces([entry["face"]]) or entry["person"] not in known:
            continue
        if entry["decision"] is None:
            rows.delete_decision(entry["face"], entry["person"])
        else:
            at = datetime.fromisoformat(entry["decision"]["decided_at"])
            rows.put_decision(Decision(entry["face"], entry["person"], entry["decision"]["same"], at))
    rows.mark_undone(event.id)


def person_to_json(person: Person) -> dict[str, Any]:
    values = {name: getattr(person, name) for name in Person.__dataclass_fields__}
    values["created_at"] = person.created_at.astimezone(UTC).isoformat()
    values["birth_date"] = None if person.birth_date is None else person.birth_date.isoformat()
    return values


def person_from_json(values: Mapping[str, Any]) -> Person:
    known = dict(values)
    known["created_at"] = datetime.fromisoformat(known["created_at"])
    known["birth_date"] = None if known["birth_date"] is None else date.fromisoformat(known["birth_date"])
    return Person(**known)
