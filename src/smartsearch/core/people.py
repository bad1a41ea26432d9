"""People: the values, and what may be asked of a store about them.

A person without a name is a group of faces that look alike. What the user said of a face is a `Decision`: it is kept
apart from the grouping, which is derived and may be made anew at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.faces import Box


@dataclass(frozen=True, slots=True)
class Face:
    """A face in the library. ``person_id`` None: nobody's yet. ``confidence`` (0-1) is how sure the grouping is, 1
    where the user said so (``verified``). ``ignored``: a stranger, left out of groups and questions. ``suggested_id``
    is whose face it may be, with ``suggested_confidence``."""

    id: int
    image_id: int
    box: Box
    score: float = 1.0
    quality: float = 1.0
    size: float = 0.0
    person_id: int | None = None
    confidence: float = 0.0
    verified: bool = False
    ignored: bool = False
    suggested_id: int | None = None
    suggested_confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: named, or a group without a name yet. ``cover_face`` is the user's choice. ``suggested_id`` is the
    named person whom a group without a name may be."""

    id: int
    name: str | None
    created_at: datetime
    hidden: bool = False
    favourite: bool = False
    notes: str = ""
    birth_date: date | None = None
    cover_face: int | None = None
    suggested_id: int | None = None
    suggested_confidence: float = 0.0

    def age_at(self, moment: datetime | None) -> int | None:
        """In whole years, when a picture was taken; None before the birth, or where either is not known."""
        born = self.birth_date
        if born is None or moment is None or moment.date() < born:
            return None
        return moment.year - born.year - ((moment.month, moment.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """A person with what the shown images say: counts, the first and last moment (wall clock, naive), a face to
    show."""

    person: Person
    faces: int = 0
    images: int = 0
    verified: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    cover: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the user said: this face is (``same``) or is not this person. Nothing but the user changes it."""

    face_id: int
    person_id: int
    same: bool
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class PersonEvent:
    """An operation on people, for the audit trail. ``journal`` holds what was there before, for undoing it."""

    id: int
    at: datetime
    kind: str
    detail: Mapping[str, Any]
    journal: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    undone: bool = False


@dataclass(frozen=True, slots=True)
class FaceTable:
    """All faces with a vector in one space, as columns, in order of id; what grouping works on.

    ``person_ids`` is 0 for nobody's; ``moments`` is when the picture was taken, in days since 1970; ``vectors`` is
    (n, dim) float32, L2-normalised.
    """

    ids: NDArray[np.int64]
    image_ids: NDArray[np.int64]
    person_ids: NDArray[np.int64]
    ignored: NDArray[np.bool_]
    quality: NDArray[np.float32]
    moments: NDArray[np.float64]
    vectors: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Grouping:
    """What a grouping says of one face; see `Face`."""

    face_id: int
    person_id: int | None
    confidence: float = 0.0
    suggested_id: int | None = None
    suggested_confidence: float = 0.0


class PeopleRows(Protocol):
    """Rows of faces and people within one transaction. Writing needs `PeopleStore.writing`."""

    # -- reading
    def persons(self, ids: Sequence[int] | None = None) -> list[Person]:
        """These (unknown ids are left out), or all; by id."""
        ...

    def person_named(self, name: str) -> Person | None:
        """By name, ignoring case."""
        ...

    def summaries(self, ids: Sequence[int] | None = None) -> list[PersonSummary]:
        """As `persons`, with counts over shown images."""
        ...

    def faces(self, ids: Sequence[int]) -> list[Face]:
        """In the order asked; unknown ids are left out."""
        ...

    def faces_in(self, image_ids: Sequence[int]) -> list[Face]:
        """The faces of these images, by image and id."""
        ...

    def faces_of(self, person_ids: Sequence[int]) -> list[Face]:
        """The faces of these persons, by id."""
        ...

    def nobodys_faces(self, limit: int | None = None) -> list[Face]:
        """Faces of shown images that are neither somebody's nor ignored, the best first."""
        ...

    def images_of(self, person_id: int) -> list[tuple[int, datetime]]:
        """(image id, moment) of the shown images with a face of the person, oldest first."""
        ...

    def companions(self, person_id: int) -> list[tuple[int, int]]:
        """(person, number of shown images together), most first, then by id."""
        ...

    def face_table(self, space: str) -> FaceTable: ...

    def decisions(self, face_ids: Sequence[int] | None = None) -> list[Decision]:
        """About these faces, or all; by face and person."""
        ...

    def events(self, limit: int | None = None) -> list[PersonEvent]:
        """Newest first."""
        ...

    def thumbnail(self, face_id: int) -> bytes | None: ...

    def unscanned(self, analyzer: str) -> list[int]:
        """Ids of the present images whose faces another analyser looked for, or none, in order of id."""
        ...

    def fingerprint(self) -> int:
        """Changes with every committed change to the library: what was read before is still so if it is the same."""
        ...

    def newest_face(self) -> int:
        """The largest id of a face, 0 if there is none: grows when faces are found."""
        ...

    def counts(self) -> tuple[int, int, int]:
        """How many images were looked at, how many faces and how many persons there are."""
        ...

    # -- writing
    def put_person(self, person: Person) -> int:
        """Insert (a new one has the id 0) or replace; returns the id. PersonExistsError if the name is another's."""
        ...

    def delete_person(self, person_id: int) -> None:
        """The faces become nobody's; decisions about the person go."""
        ...

    def put_face(self, face: Face) -> None:
        """Replace what can change of a face: person, confidence, ignored, suggestion. An unknown id is ignored, an
        unknown person is nobody."""
        ...

    def add_face(self, image_id: int, box: Box) -> int:
        """A face that the user drew; it has no vector. Returns its id. AssetNotFoundError."""
        ...

    def delete_faces(self, ids: Sequence[int]) -> None: ...

    def put_decision(self, decision: Decision) -> None:
        """Replaces an earlier one about the same face and person."""
        ...

    def delete_decision(self, face_id: int, person_id: int) -> None: ...

    def regroup(self, groupings: Sequence[Grouping]) -> None:
        """Replace person, confidence and suggestion of many faces."""
        ...

    def add_event(self, event: PersonEvent) -> int:
        """Append (the id is given here); returns the id."""
        ...

    def mark_undone(self, event_id: int) -> None: ...

    def forget_events(self, ids: Sequence[int]) -> None: ...


class PeopleStore(Protocol):
    """Where faces and people are kept. Errors as those of `Store`."""

    def reading(self) -> AbstractContextManager[PeopleRows]:
        """Rows of one unchanging state."""
        ...

    def writing(self) -> AbstractContextManager[PeopleRows]:
        """Rows of one write transaction: committed when the block ends, rolled back when it raises. The generation
        grows."""
        ...

    def erase(self, person_id: int | None = None) -> int:
        """Delete every face, person and decision, or one person with all faces that are theirs and every event that
        tells of them, so that no file of the store holds a trace. Returns how many faces. PersonNotFoundError."""
        ...
