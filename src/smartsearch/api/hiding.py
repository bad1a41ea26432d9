"""What is hidden from those who may only look (`Caller.sees_hidden`): the one place that says so.

Hidden photos and the faces in them are not there for viewers, nor are hidden persons: in photos that are shown, their
faces are nobody's. Searches leave hidden photos out (`search.hiding`), and queries know no hidden person, whoever asks.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import replace

from smartsearch.api.deps import ASKING
from smartsearch.core.errors import (
    AlbumNotFoundError,
    AssetNotFoundError,
    FaceNotFoundError,
    NotFoundError,
    PersonNotFoundError,
)
from smartsearch.core.people import Face, PersonSummary
from smartsearch.library import Library
from smartsearch.search.albums import AlbumView

HIDEABLE: dict[str, type[NotFoundError]] = {
    "image": AssetNotFoundError,
    "face": FaceNotFoundError,
    "person": PersonNotFoundError,
    "album": AlbumNotFoundError,
}
"""What can be hidden, by the name of its id in a route, and what is said instead of it."""
NOBODY = 0
"""The id of no person and no album."""


def is_hidden(library: Library, what: str, number: int) -> bool:
    """Whether one of `HIDEABLE` is not there for whoever asks."""
    if ASKING.get().sees_hidden:
        return False
    match what:
        case "person":
            return number in hidden_persons(library)
        case "album":
            found = next((each for each in library.store.albums() if each.id == number), None)
            return (
                found is not None and found.query is not None and is_hidden_album(library, library.albums.get(number))
            )
        case "face":
            with library.store.people.reading() as rows:
                images = [face.image_id for face in rows.faces([number])]
        case _:
            images = [number]
    return any(asset.hidden for asset in library.store.assets(images))


def hidden_persons(library: Library) -> Container[int]:
    """Ids of those whom whoever asks must not hear of."""
    if ASKING.get().sees_hidden:
        return ()
    with library.store.people.reading() as rows:
        return {person.id for person in rows.persons() if person.hidden}


def is_hidden_album(library: Library, view: AlbumView) -> bool:
    """Whether a smart album asks for somebody whom whoever asks must not hear of: by the whole name, or by the first
    name if nobody else has it."""
    if ASKING.get().sees_hidden or view.album.query is None:
        return False
    shown, hidden = set[str](), set[str]()
    with library.store.people.reading() as rows:
        for person in rows.persons():
            words = (person.name or "").casefold().split()
            (hidden if person.hidden else shown).update([" ".join(words), *words[:1]] if words else ())
    said = " ".join(f"{view.album.query} {view.problem}".casefold().split())
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) for name in hidden - shown)


def faces_seen(library: Library, faces: Sequence[Face]) -> list[Face]:
    """The faces as whoever asks may see them."""
    if ASKING.get().sees_hidden:
        return list(faces)
    inside = library.store.assets(sorted({face.image_id for face in faces}))
    shown, hidden = {asset.id for asset in inside if not asset.hidden}, hidden_persons(library)
    return [_unnamed(face, hidden) for face in faces if face.image_id in shown]


def _unnamed(face: Face, hidden: Container[int]) -> Face:
    if face.person_id in hidden:
        face = replace(face, person_id=None, confidence=0.0, verified=False)
    return replace(face, suggested_id=None, suggested_confidence=0.0) if face.suggested_id in hidden else face


def persons_seen(library: Library, found: Sequence[PersonSummary]) -> list[PersonSummary]:
    """The persons whom whoever asks may see; a group is not said to resemble a hidden one."""
    hidden = hidden_persons(library)
    return [
        replace(each, person=replace(each.person, suggested_id=None, suggested_confidence=0.0))
        if each.person.suggested_id in hidden
        else each
        for each in found
        if each.person.id not in hidden
    ]
