"""People without a database: `smartsearch.core.people.PeopleStore` in the plainest way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import numpy as np

from smartsearch.core.assets import Asset, Embedding
from smartsearch.core.errors import AssetNotFoundError, PersonExistsError, PersonNotFoundError
from smartsearch.core.faces import Box, FaceScan, KnownFace, matched
from smartsearch.core.people import (
    Decision,
    Face,
    FaceTable,
    Grouping,
    PeopleRows,
    Person,
    PersonEvent,
    PersonSummary,
)
from smartsearch.core.query import Shown
from smartsearch.stores import rows


@dataclass
class PeopleState:
    """All rows of people. ``vectors`` holds (space, vector) per face."""

    next_id: int = 1
    persons: dict[int, Person] = field(default_factory=dict)
    faces: dict[int, Face] = field(default_factory=dict)
    vectors: dict[int, tuple[str, Embedding]] = field(default_factory=dict)
    thumbnails: dict[int, bytes] = field(default_factory=dict)
    scans: dict[int, str] = field(default_factory=dict)
    decisions: dict[tuple[int, int], Decision] = field(default_factory=dict)
    events: dict[int, PersonEvent] = field(default_factory=dict)

    def copy(self) -> PeopleState:
        copied = {name: value.copy() if hasattr(value, "copy") else value for name, value in vars(self).items()}
        return PeopleState(**copied)

    def new_id(self) -> int:
        self.next_id += 1
        return self.next_id - 1

    def of_image(self, image_id: int) -> tuple[tuple[int, ...], int | None]:
        faces = [face for face in self.faces.values() if face.image_id == image_id]
        people = {face.person_id for face in faces if face.person_id is not None}
        return tuple(sorted(people)), len(faces) if image_id in self.scans else None

    def kept(self, face_id: int) -> bool:
        return self.faces[face_id].ignored or any(face == face_id for face, _ in self.decisions)

    def put_scan(self, image_id: int, scan: FaceScan) -> None:
        known = []
        for face in sorted(self.faces.values(), key=lambda face: face.id):
            if face.image_id == image_id:
                space, vector = self.vectors.get(face.id, ("", None))
                known.append(
                    KnownFace(face.id, face.box, vector if space == scan.analyzer else None, self.kept(face.id))
                )
        same = matched(known, scan.faces)
        self.delete_faces(each.id for each in known if not each.kept and each.id not in same.values())
        for place, found in enumerate(scan.faces):
            face_id = same.get(place) or self.new_id()
            old = self.faces.get(face_id, Face(face_id, image_id, found.box))
            self.faces[face_id] = replace(old, box=found.box, score=found.score, quality=found.quality, size=found.size)
            self.vectors[face_id] = scan.analyzer, rows.vector_from(rows.vector_bytes(found.vector))
            self.thumbnails[face_id] = found.thumbnail
        self.scans[image_id] = scan.analyzer

    def forget_scan(self, image_id: int) -> None:
        self.scans.pop(image_id, None)
        self.delete_faces(
            face.id for face in self.faces.values() if face.image_id == image_id and not self.kept(face.id)
        )

    def forget_image(self, image_id: int) -> None:
        self.scans.pop(image_id, None)
        self.delete_faces(face.id for face in self.faces.values() if face.image_id == image_id)

    def copy_faces(self, source_id: int, image_id: int) -> None:
        self.delete_faces(face.id for face in self.faces.values() if face.image_id == image_id)
        for face in [face for face in self.faces.values() if face.image_id == source_id]:
            copy = self.new_id()
            self.faces[copy] = replace(face, id=copy, image_id=image_id)
            for held in (self.vectors, self.thumbnails):
                if face.id in held:
                    held[copy] = held[face.id]  # type: ignore[assignment]
            for (face_id, person_id), decision in list(self.decisions.items()):
                if face_id == face.id:
                    self.decisions[copy, person_id] = replace(decision, face_id=copy)
        if source_id in self.scans:
            self.scans[image_id] = self.scans[source_id]

    def delete_faces(self, ids: Iterable[int]) -> None:
        doomed = set(ids)
        for held in (self.faces, self.vectors, self.thumbnails):
            for face_id in doomed:
                held.pop(face_id, None)
        self.decisions = {key: value for key, value in self.decisions.items() if key[0] not in doomed}


class _Held(Protocol):
    """What of a MemoryStore's state matters here."""

    generation: int
    assets: dict[int, Asset]
    people: PeopleState


class MemoryPeople:
    """The `PeopleStore` port over a MemoryStore's state."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[Any]], state: Callable[[], Any]) -> None:
        self._transaction = transaction
        self._state = state

    @contextmanager
    def reading(self) -> Iterator[PeopleRows]:
        yield _Rows(self._state())

    @contextmanager
    def writing(self) -> Iterator[PeopleRows]:
        with self._transaction() as state:
            yield _Rows(state)
            state.generation += 1

    def erase(self, person_id: int | None = None) -> int:
        with self._transaction() as state:
            people: PeopleState = state.people
            state.generation += 1
            if person_id is None:
                state.people = PeopleState(next_id=people.next_id)
                return len(people.faces)
            if person_id not in people.persons:
                raise PersonNotFoundError(f"There is no person {person_id} in the library.")
            doomed = {face.id for face in people.faces.values() if face.person_id == person_id}
            for event in list(people.events.values()):
                if any(entry.get("person") == person_id or entry.get("face") in doomed for entry in event.journal):
                    del people.events[event.id]
            people.delete_faces(doomed)
            _Rows(state).delete_person(person_id)
            for face in list(people.faces.values()):
                if face.suggested_id == person_id:
                    people.faces[face.id] = replace(face, suggested_id=None, suggested_confidence=0.0)
            return len(doomed)


class _Rows:
    def __init__(self, state: _Held) -> None:
        self._assets = state.assets
        self._people = state.people
        self._generation = state.generation

    # -- reading

    def persons(self, ids: Sequence[int] | None = None) -> list[Person]:
        held = self._people.persons
        return [held[i] for i in sorted(held) if ids is None or i in ids]

    def person_named(self, name: str) -> Person | None:
        return next((each for each in self.persons() if (each.name or "\0").casefold() == name.casefold()), None)

    def summaries(self, ids: Sequence[int] | None = None) -> list[PersonSummary]:
        made = []
        for person in self.persons(ids):
            theirs = self.faces_of([person.id])
            shown = [face for face in theirs if self._shown(face.image_id)]
            moments = [self._moment(face.image_id) for face in shown]
            chosen = next((face for face in self.faces([person.cover_face or 0])), None)
            visible = chosen is not None and not self._assets[chosen.image_id].hidden
            best = max(shown, key=lambda face: (face.quality, -face.id), default=None)
            made.append(
                PersonSummary(
                    person,
                    faces=len(shown),
                    images=len({face.image_id for face in shown}),
                    verified=sum(face.verified for face in theirs),
                    first_seen=min(moments, default=None),
                    last_seen=max(moments, default=None),
                    cover=person.cover_face if visible else best.id if best else None,
                )
            )
        return made

    def faces(self, ids: Sequence[int]) -> list[Face]:
        held = {face.id: face for face in self._all()}
        return [held[i] for i in ids if i in held]

    def faces_in(self, image_ids: Sequence[int]) -> list[Face]:
        found = [face for face in self._all() if face.image_id in image_ids]
        return sorted(found, key=lambda face: (face.image_id, face.id))

    def faces_of(self, person_ids: Sequence[int]) -> list[Face]:
        return [face for face in self._all() if face.person_id in person_ids]

    def nobodys_faces(self, limit: int | None = None) -> list[Face]:
        found = [
            face for face in self._all() if face.person_id is None and not face.ignored and self._shown(face.image_id)
        ]
        return sorted(found, key=lambda face: (-face.quality, face.id))[: None if limit is None else max(limit, 0)]

    def images_of(self, person_id: int) -> list[tuple[int, datetime]]:
        ids = {face.image_id for face in self.faces_of([person_id]) if self._shown(face.image_id)}
        return sorted(((i, self._moment(i)) for i in ids), key=lambda pair: (pair[1], pair[0]))

    def companions(self, person_id: int) -> list[tuple[int, int]]:
        images = {image_id for image_id, _ in self.images_of(person_id)}
        pairs = {(face.person_id, face.image_id) for face in self._all() if face.image_id in images}
        counts = Counter(other for other, _ in pairs if other is not None and other != person_id)
        return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))

    def face_table(self, space: str) -> FaceTable:
        held = self._people.vectors
        chosen = [face for face in self._all() if face.id in held and held[face.id][0] == space]
        vectors = [held[face.id][1] for face in chosen]
        epoch = datetime(1970, 1, 1)
        matrix = np.array(vectors, np.float32).reshape(len(chosen), vectors[0].size if vectors else 0)
        return FaceTable(
            ids=np.array([face.id for face in chosen], np.int64),
            image_ids=np.array([face.image_id for face in chosen], np.int64),
            person_ids=np.array([face.person_id or 0 for face in chosen], np.int64),
            ignored=np.array([face.ignored for face in chosen], np.bool_),
            quality=np.array([face.quality for face in chosen], np.float32),
            moments=np.array([(self._moment(face.image_id) - epoch).total_seconds() / 86400 for face in chosen]),
            vectors=matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12),
        )

    def decisions(self, face_ids: Sequence[int] | None = None) -> list[Decision]:
        held = self._people.decisions
        return [held[key] for key in sorted(held) if face_ids is None or key[0] in face_ids]

    def events(self, limit: int | None = None) -> list[PersonEvent]:
        newest = sorted(self._people.events.values(), key=lambda event: -event.id)
        return newest[: None if limit is None else max(limit, 0)]

    def thumbnail(self, face_id: int) -> bytes | None:
        return self._people.thumbnails.get(face_id)

    def unscanned(self, analyzer: str) -> list[int]:
        scans = self._people.scans
        return [i for i in sorted(self._assets) if self._assets[i].missing_since is None and scans.get(i) != analyzer]

    def fingerprint(self) -> int:
        return self._generation

    def newest_face(self) -> int:
        return max(self._people.faces, default=0)

    def counts(self) -> tuple[int, int, int]:
        return len(self._people.scans), len(self._people.faces), len(self._people.persons)

    # -- writing

    def put_person(self, person: Person) -> int:
        if person.name is not None:
            other = self.person_named(person.name)
            if other is not None and other.id != person.id:
                raise PersonExistsError(f"There is a person called {other.name!r} already.", hint="Merge the two.")
        person_id = person.id or self._people.new_id()
        self._people.persons[person_id] = replace(person, id=person_id)
        return person_id

    def delete_person(self, person_id: int) -> None:
        self._people.persons.pop(person_id, None)
        for face in list(self._people.faces.values()):
            if face.person_id == person_id:
                self._people.faces[face.id] = replace(face, person_id=None, confidence=0.0)
        held = self._people.decisions
        self._people.decisions = {key: value for key, value in held.items() if key[1] != person_id}

    def put_face(self, face: Face) -> None:
        if face.id in self._people.faces:
            known = face.person_id if face.person_id in self._people.persons else None
            old = self._people.faces[face.id]
            self._people.faces[face.id] = replace(
                old,
                person_id=known,
                confidence=face.confidence,
                ignored=face.ignored,
                suggested_id=face.suggested_id,
                suggested_confidence=face.suggested_confidence,
            )

    def add_face(self, image_id: int, box: Box) -> int:
        if image_id not in self._assets:
            raise AssetNotFoundError(f"There is no image {image_id} in the library.")
        face_id = self._people.new_id()
        self._people.faces[face_id] = Face(face_id, image_id, box, quality=0.0)
        return face_id

    def delete_faces(self, ids: Sequence[int]) -> None:
        self._people.delete_faces(ids)

    def put_decision(self, decision: Decision) -> None:
        self._people.decisions[decision.face_id, decision.person_id] = decision

    def delete_decision(self, face_id: int, person_id: int) -> None:
        self._people.decisions.pop((face_id, person_id), None)

    def regroup(self, groupings: Sequence[Grouping]) -> None:
        for each in groupings:
            if each.face_id in self._people.faces:
                self._people.faces[each.face_id] = replace(
                    self._people.faces[each.face_id],
                    person_id=each.person_id,
                    confidence=each.confidence,
                    suggested_id=each.suggested_id,
                    suggested_confidence=each.suggested_confidence,
                )

    def add_event(self, event: PersonEvent) -> int:
        event_id = self._people.new_id()
        self._people.events[event_id] = replace(event, id=event_id)
        return event_id

    def mark_undone(self, event_id: int) -> None:
        if event_id in self._people.events:
            self._people.events[event_id] = replace(self._people.events[event_id], undone=True)

    def forget_events(self, ids: Sequence[int]) -> None:
        for event_id in ids:
            self._people.events.pop(event_id, None)

    def _all(self) -> list[Face]:
        decisions = self._people.decisions
        found = []
        for face in sorted(self._people.faces.values(), key=lambda face: face.id):
            said = decisions.get((face.id, face.person_id)) if face.person_id is not None else None
            found.append(replace(face, verified=said is not None and said.same))
        return found

    def _shown(self, image_id: int) -> bool:
        return Shown().matches(self._assets[image_id])

    def _moment(self, image_id: int) -> datetime:
        asset = self._assets[image_id]
        return asset.metadata.taken_at or asset.modified_at.replace(tzinfo=None)
