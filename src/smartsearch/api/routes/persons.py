"""People: who there is, and what the user says about it. Every change can be undone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from smartsearch.api.deps import MAX_ID, LibraryDep
from smartsearch.api.hiding import hidden_persons, persons_seen
from smartsearch.api.routes.faces import FaceIds, Faces
from smartsearch.api.schemas import AmongHidden, ImageBrief, Strict, Words, offset_of
from smartsearch.core.errors import PersonNotFoundError
from smartsearch.core.people import PersonSummary
from smartsearch.library import Library
from smartsearch.people.directory import PersonChange as Change

router = APIRouter(tags=["people"])

PersonId = Annotated[int, Path(ge=1, le=MAX_ID, description="A person's id.", examples=[1])]
Name = Annotated[Words, Field(min_length=1, max_length=200, examples=["Anna"])]


class Person(BaseModel):
    """Somebody: named, or a group of faces that look alike."""

    id: int = Field(examples=[1])
    name: str | None = Field(description="null: a group without a name.", examples=["Anna"])
    faces: int = Field(description="In shown images.")
    images: int = Field(description="Shown ones. The search filter `people` finds them.")
    verified: int = Field(description="Faces that the user confirmed.")
    cover_face: int | None
    cover_url: str | None = Field(examples=["/api/v1/faces/7/thumbnail"])
    favourite: bool
    hidden: bool
    birth_date: date | None
    notes: str
    first_seen: datetime | None = Field(description="Wall clock of the first image.")
    last_seen: datetime | None
    suggested_id: int | None = Field(description="The named person whom a group without a name may be.")
    suggested_confidence: float = Field(description="0-1.")

    @classmethod
    def of(cls, summary: PersonSummary) -> Self:
        person = summary.person
        same = ("id", "name", "favourite", "hidden", "birth_date", "notes", "suggested_id", "suggested_confidence")
        counted = ("faces", "images", "verified", "first_seen", "last_seen")
        return cls(
            **{name: getattr(person, name) for name in same},
            **{name: getattr(summary, name) for name in counted},
            cover_face=summary.cover,
            cover_url=None if summary.cover is None else f"/api/v1/faces/{summary.cover}/thumbnail",
        )


class Persons(BaseModel):
    """Favourites first, then the named, then by number of images."""

    persons: list[Person]
    total: int


class Companion(BaseModel):
    """Somebody who is in the same photos."""

    person: Person
    images: int


class PersonDetail(Person):
    """With whom, and when."""

    companions: list[Companion] = Field(description="The ten most frequent.")
    years: dict[int, int] = Field(description="Shown images by year.", examples=[{2021: 14}])


class NewPerson(Strict):
    """Somebody to name."""

    name: Name
    faces: FaceIds = Field([], description="Ids of their faces.")


class PersonChange(Strict):
    """What to change; what is left out stays. null empties a name, a birth date or a cover."""

    name: Name | None = None
    hidden: bool | None = None
    favourite: bool | None = None
    notes: Annotated[str, Field(max_length=10_000)] | None = None
    birth_date: date | None = None
    cover_face: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None


class Merge(Strict):
    """Who else this person is."""

    others: list[Annotated[int, Field(ge=1, le=MAX_ID)]] = Field(min_length=1, max_length=10_000)


class Split(Strict):
    """Which faces are somebody else's."""

    faces: FaceIds = Field(min_length=1)
    name: Name | None = None


class Verification(Strict):
    """Whether these faces are this person."""

    faces: FaceIds = Field(min_length=1)
    right: bool = True


class PersonImage(BaseModel):
    """A photo of a person."""

    image: ImageBrief
    age: int | None = Field(description="Of the person, in whole years, where birth and photo have a date.")


class PersonImages(BaseModel):
    """Newest first."""

    images: list[PersonImage]
    total: int
    next_cursor: str | None


class Event(BaseModel):
    """Something that was done."""

    id: int
    at: datetime
    kind: str = Field(examples=["merge"])
    detail: dict[str, Any]
    undone: bool


class Events(BaseModel):
    """Newest first."""

    events: list[Event]


@router.get("/persons")
def persons(
    library: LibraryDep,
    skip: Annotated[int, Query(ge=0, le=MAX_ID)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    hidden: Annotated[AmongHidden, Query(description="The hidden ones instead.")] = False,
    named: Annotated[bool | None, Query(description="Only those with a name, or without.")] = None,
) -> Persons:
    """Everybody."""
    found = [
        each
        for each in persons_seen(library, library.people.summaries(hidden=hidden))
        if named is None or (each.person.name is not None) == named
    ]
    return Persons(persons=[Person.of(each) for each in found[skip : skip + limit]], total=len(found))


@router.post("/persons", status_code=201)
def create_person(new: NewPerson, library: LibraryDep) -> Person:
    """Name somebody new. 409 if the name is taken."""
    return Person.of(library.people.create(new.name, new.faces))


@router.post("/persons/undo")
def undo_person_change(library: LibraryDep) -> Event:
    """Take the last operation on people back. Again and again, back to the first."""
    event = library.people.undo()
    return Event(id=event.id, at=event.at, kind=event.kind, detail=dict(event.detail), undone=True)


@router.get("/persons/events")
def person_events(library: LibraryDep, limit: Annotated[int, Query(ge=1, le=1000)] = 50) -> Events:
    """What was done with people."""
    return Events(
        events=[
            Event(id=each.id, at=each.at, kind=each.kind, detail=dict(each.detail), undone=each.undone)
            for each in library.people.history(limit)
        ]
    )


@router.get("/persons/{person_id}")
def person(person_id: PersonId, library: LibraryDep) -> PersonDetail:
    """One person, with whom they are seen and in which years."""
    summary, hidden = _seen(library, person_id), hidden_persons(library)
    together = [each for each in library.people.companions(person_id) if each[0].id not in hidden][:10]
    years: dict[int, int] = {}
    for _, moment in library.people.images_of(person_id):
        years[moment.year] = years.get(moment.year, 0) + 1
    return PersonDetail(
        **Person.of(summary).model_dump(),
        companions=[Companion(person=Person.of(_seen(library, other.id)), images=count) for other, count in together],
        years=years,
    )


def _seen(library: Library, person_id: int) -> PersonSummary:
    """PersonNotFoundError."""
    found = persons_seen(library, [library.people.summary(person_id)])
    if not found:
        raise PersonNotFoundError(f"There is no person {person_id} in the library.")
    return found[0]


@router.patch("/persons/{person_id}")
def change_person(person_id: PersonId, change: PersonChange, library: LibraryDep) -> Person:
    """Rename, hide, favour, annotate. 409 if the name is taken: merge then."""
    given = change.model_dump(exclude_unset=True)
    emptied = frozenset(name for name in ("name", "birth_date", "cover_face") if name in given and given[name] is None)
    kept = {name: value for name, value in given.items() if value is not None}
    return Person.of(library.people.change(person_id, Change(**kept, clear=emptied)))


@router.delete("/persons/{person_id}", status_code=204)
def ungroup_person(
    person_id: PersonId,
    library: LibraryDep,
    erase: Annotated[bool, Query(description="Delete their faces too, leaving no trace. Cannot be undone.")] = False,
) -> Response:
    """Give a person up: the faces are nobody's again."""
    if erase:
        library.faces.erase(person_id)
    else:
        library.people.ungroup(person_id)
    return Response(status_code=204)


@router.get("/persons/{person_id}/images")
def person_images(
    person_id: PersonId,
    library: LibraryDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[Words | None, Query(description="From `next_cursor`.")] = None,
) -> PersonImages:
    """The photos of a person. The search filter `people` finds them too, with everything else."""
    offset = offset_of(cursor)
    who = library.people.summary(person_id).person
    found = library.people.images_of(person_id)[::-1]
    chosen = [image_id for image_id, _ in found[offset : offset + limit]]
    images = [
        PersonImage(image=ImageBrief.of(asset), age=who.age_at(asset.metadata.taken_at))
        for asset in library.store.assets(chosen)
    ]
    more = offset + limit < len(found)
    return PersonImages(images=images, total=len(found), next_cursor=str(offset + limit) if more else None)


@router.get("/persons/{person_id}/faces")
def person_faces(person_id: PersonId, library: LibraryDep) -> Faces:
    """The surest first."""
    return Faces.of(library, library.people.faces_of(person_id))


@router.post("/persons/{person_id}/merge")
def merge_persons(person_id: PersonId, merge: Merge, library: LibraryDep) -> Person:
    """The others are this person too."""
    return Person.of(library.people.merge(person_id, merge.others))


@router.post("/persons/{person_id}/split")
def split_person(person_id: PersonId, split: Split, library: LibraryDep) -> Person:
    """These faces are somebody else; returns who."""
    return Person.of(library.people.split(person_id, split.faces, split.name))


@router.post("/persons/{person_id}/verify")
def verify_faces(person_id: PersonId, answer: Verification, library: LibraryDep) -> Person:
    """The answer to "is this Anna?"."""
    return Person.of(library.people.verify(person_id, answer.faces, right=answer.right))
