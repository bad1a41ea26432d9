"""Faces: in an image, to review; consent, and erasing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel, Field, model_validator

from smartsearch.api.deps import MAX_ID, ImageId, JobsDep, LibraryDep
from smartsearch.api.hiding import faces_seen
from smartsearch.api.routes.images import one
from smartsearch.api.routes.jobs import Job
from smartsearch.api.schemas import Strict, Words
from smartsearch.core.people import Face as StoredFace
from smartsearch.core.people import Person
from smartsearch.library import Library

router = APIRouter(tags=["people"])

FaceId = Annotated[int, Path(ge=1, le=MAX_ID, description="A face's id.", examples=[1])]
FaceIds = Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID)]], Field(max_length=10_000)]


class FaceBox(BaseModel):
    """Fractions (0-1) of the upright picture."""

    left: float
    top: float
    width: float
    height: float


class Face(BaseModel):
    """A face in an image."""

    id: int = Field(examples=[7])
    image_id: int
    box: FaceBox
    person_id: int | None
    person_name: str | None
    age: int | None = Field(description="Of the person, in whole years, where birth and photo have a date.")
    confidence: float = Field(description="0-1 that it is this person; 1 where the user said so.")
    verified: bool
    ignored: bool = Field(description="A stranger.")
    quality: float = Field(description="0-1: size, sharpness and pose.")
    suggested_id: int | None = Field(description="Whose it may be.")
    suggested_confidence: float
    thumbnail_url: str = Field(examples=["/api/v1/faces/7/thumbnail"])

    @classmethod
    def of(cls, face: StoredFace, person: Person | None, taken_at: datetime | None) -> Self:
        same = ("id", "image_id", "person_id", "confidence", "verified", "ignored", "quality")
        suggested = ("suggested_id", "suggested_confidence")
        box = face.box
        return cls(
            **{name: getattr(face, name) for name in (*same, *suggested)},
            box=FaceBox(left=box.left, top=box.top, width=box.width, height=box.height),
            person_name=None if person is None else person.name,
            age=None if person is None else person.age_at(taken_at),
            thumbnail_url=f"/api/v1/faces/{face.id}/thumbnail",
        )


class Faces(BaseModel):
    """Some faces."""

    faces: list[Face]

    @classmethod
    def of(cls, library: Library, faces: Sequence[StoredFace]) -> Self:
        return cls(faces=described(library, faces))


def described(library: Library, faces: Sequence[StoredFace]) -> list[Face]:
    """Faces with the names of their people, and how old they were, as far as whoever asks may see them."""
    faces = faces_seen(library, faces)
    wanted = sorted({face.person_id for face in faces if face.person_id is not None})
    with library.store.people.reading() as rows:
        persons = {person.id: person for person in rows.persons(wanted)}
    born = {person.id for person in persons.values() if person.birth_date is not None}
    dated = sorted({face.image_id for face in faces if face.person_id in born})
    taken = {asset.id: asset.metadata.taken_at for asset in library.store.assets(dated)}
    return [Face.of(face, persons.get(face.person_id or 0), taken.get(face.image_id)) for face in faces]


class Consent(BaseModel):
    """Whether faces are looked for, and what is known."""

    enabled: bool
    since: datetime | None
    model: str = Field(examples=["mtcnn-dlib"])
    images: int = Field(description="Looked at.")
    faces: int
    persons: int
    waiting: int = Field(description="Images not looked at yet: start a scan.")


class ConsentChange(Strict):
    """Yes or no."""

    enabled: bool


class Assignment(Strict):
    """Whose face it is: an id, or a name, which makes a new person if nobody has it."""

    person_id: Annotated[int, Field(ge=1, le=MAX_ID)] | None = None
    name: Annotated[Words, Field(min_length=1, max_length=200)] | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.person_id is None) == (self.name is None):
            raise ValueError("give a person_id or a name")
        return self


class Ignoring(Strict):
    """Whether it is a stranger."""

    ignored: bool = True


class FacesIgnored(Ignoring):
    """Whether these are strangers."""

    faces: FaceIds = Field(min_length=1)


class ReviewQuestion(BaseModel):
    """Something to ask the user."""

    kind: str = Field(description="is_this: about `person`; who: about a group without a name.", examples=["is_this"])
    person_id: int | None = Field(description="Whom it resembles.")
    person_name: str | None
    group_id: int | None = Field(description="The group without a name; null for a face alone.")
    faces: list[Face] = Field(description="The best of them, at most 12.")
    face_ids: list[int] = Field(description="All that the answer is about.")
    settles: int
    confidence: float = Field(description="0-1, of is_this.")


class ReviewQuestions(BaseModel):
    """By how much one answer settles.

    Yes: `POST /persons/{person_id}/merge` with the group, or `POST /faces/{id}/assign` for a face alone. No:
    `POST /persons/{person_id}/verify` with all `face_ids` and `right: false`. Who: `PATCH /persons/{group_id}` with a
    name, or merge the group into whom it is.
    """

    questions: list[ReviewQuestion]


class FaceSuggestion(BaseModel):
    """Whose it may be."""

    person_id: int
    person_name: str | None
    confidence: float


class FaceSuggestions(BaseModel):
    """The likeliest first."""

    suggestions: list[FaceSuggestion]


@router.get("/images/{image_id}/faces")
def image_faces(image_id: ImageId, library: LibraryDep) -> Faces:
    """The faces in an image."""
    one(library, image_id)
    return Faces.of(library, library.people.faces_in(image_id))


@router.get("/faces/consent")
def face_consent(library: LibraryDep) -> Consent:
    """Whether faces are looked for: only after the user has said yes."""
    status = library.faces.status()
    return Consent(**{name: getattr(status, name) for name in Consent.model_fields})


@router.put("/faces/consent")
def change_face_consent(change: ConsentChange, library: LibraryDep) -> Consent:
    """Say yes or no. A no keeps what is known; `DELETE /faces` erases it."""
    library.faces.set_enabled(change.enabled)
    return face_consent(library)


@router.post("/faces/scan", status_code=202)
def scan_faces(jobs: JobsDep) -> Job:
    """Look for faces wherever nobody has looked yet, as a job. 403 before the user's yes."""
    return Job.of(jobs.scan_faces())


@router.get("/faces/review")
def review_faces(library: LibraryDep, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> ReviewQuestions:
    """What to ask the user, the questions that settle most first."""
    found = library.faces.questions(limit)
    return ReviewQuestions(
        questions=[
            ReviewQuestion(
                kind=each.kind,
                person_id=None if each.person is None else each.person.person.id,
                person_name=None if each.person is None else each.person.person.name,
                group_id=None if each.group is None else each.group.person.id,
                faces=described(library, each.faces),
                face_ids=list(each.face_ids),
                settles=each.settles,
                confidence=each.confidence,
            )
            for each in found
        ]
    )


@router.get("/faces/unknown")
def unknown_faces(library: LibraryDep, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Faces:
    """Faces that are nobody's, the best first."""
    return Faces.of(library, library.people.unknown(limit))


@router.post("/faces/ignore", status_code=204)
def ignore_faces(change: FacesIgnored, library: LibraryDep) -> Response:
    """Strangers, as one change that can be undone: left out of groups and questions; or no longer."""
    library.people.ignore(change.faces, ignored=change.ignored)
    return Response(status_code=204)


@router.delete("/faces", status_code=204)
def erase_faces(library: LibraryDep) -> Response:
    """Delete all faces and people, leaving no trace, and withdraw the consent. Cannot be undone."""
    library.faces.erase()
    return Response(status_code=204)


@router.get("/faces/{face_id}")
def face(face_id: FaceId, library: LibraryDep) -> Face:
    """One face."""
    return described(library, [library.people.face(face_id)])[0]


@router.get(
    "/faces/{face_id}/thumbnail",
    response_class=Response,
    responses={200: {"content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}}}},
)
def face_thumbnail(
    face_id: FaceId, library: LibraryDep, if_none_match: Annotated[str | None, Header(max_length=1000)] = None
) -> Response:
    """The face with some of its surroundings, WebP. A face never gets another picture under its id and validator."""
    webp = library.people.thumbnail(face_id)
    tag = f'"{face_id}-{len(webp)}-{hashlib.sha256(webp).hexdigest()[:12]}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if tag in (if_none_match or ""):
        return Response(status_code=304, headers=headers)
    return Response(webp, media_type="image/webp", headers=headers)


@router.get("/faces/{face_id}/suggestions")
def face_suggestions(face_id: FaceId, library: LibraryDep) -> FaceSuggestions:
    """Whose face it may be."""
    library.people.face(face_id)
    return FaceSuggestions(
        suggestions=[
            FaceSuggestion(
                person_id=each.person.person.id, person_name=each.person.person.name, confidence=each.confidence
            )
            for each in library.faces.suggestions(face_id)
        ]
    )


@router.post("/faces/{face_id}/assign")
def assign_face(face_id: FaceId, whose: Assignment, library: LibraryDep) -> Face:
    """Say whose face it is."""
    library.people.assign([face_id], person_id=whose.person_id, name=whose.name)
    return face(face_id, library)


@router.post("/faces/{face_id}/unassign")
def unassign_face(face_id: FaceId, library: LibraryDep) -> Face:
    """It is not who it was taken for."""
    library.people.unassign([face_id])
    return face(face_id, library)


@router.post("/faces/{face_id}/ignore")
def ignore_face(face_id: FaceId, library: LibraryDep, change: Ignoring | None = None) -> Face:
    """A stranger: left out of groups and questions; or no longer."""
    library.people.ignore([face_id], ignored=change.ignored if change else True)
    return face(face_id, library)
