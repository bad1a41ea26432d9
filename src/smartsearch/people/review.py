"""What to ask the user: the questions whose answer settles most come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from smartsearch.core.clustering import Thresholds
from smartsearch.core.people import Face, PeopleStore, PersonSummary

SHOWN = 12
"""Faces of a group that a question shows, the best first."""


@dataclass(frozen=True, slots=True)
class Question:
    """ "Is this Anna?" about a group or a face that resembles her (``person``), or "who is this?" about a group.

    ``group``: the group without a name, None for a face alone. ``face_ids`` are all that the answer is about,
    ``faces`` the best of them. ``settles``: how many. ``confidence``: 0-1, of "is this"; 0 for "who".

    Yes: merge the group into the person, or assign the face. No: `verify(person, face_ids, right=False)`. Who: name the
    group, or merge it.
    """

    kind: Literal["is_this", "who"]
    person: PersonSummary | None
    group: PersonSummary | None
    faces: tuple[Face, ...]
    face_ids: tuple[int, ...]
    confidence: float

    @property
    def settles(self) -> int:
        return len(self.face_ids)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Whose face it may be, and how sure (0-1)."""

    person: PersonSummary
    confidence: float


def questions(store: PeopleStore, limit: int = 50) -> list[Question]:
    """By how much an answer settles, then by confidence, then by id. Hidden persons are not asked about."""
    with store.reading() as rows:
        known = {each.person.id: each for each in rows.summaries()}
        groups = [each for each in known.values() if each.person.name is None and not each.person.hidden]
        ranked = sorted(groups, key=lambda each: (-each.faces, -each.person.suggested_confidence, each.person.id))
        asked = [_about_group(each, rows.faces_of([each.person.id]), known) for each in ranked[:limit] if each.faces]
        alone = [face for face in rows.nobodys_faces() if face.suggested_id in known]
    asked += [_about_face(face, known[face.suggested_id or 0]) for face in alone[: limit * 4]]
    asked.sort(key=lambda each: (-each.settles, -each.confidence, each.face_ids))
    return asked[:limit]


def _about_group(group: PersonSummary, faces: Sequence[Face], known: dict[int, PersonSummary]) -> Question:
    person = known.get(group.person.suggested_id or 0)
    best = sorted(faces, key=lambda face: (-face.quality, face.id))
    return Question(
        kind="is_this" if person else "who",
        person=person,
        group=group,
        faces=tuple(best[:SHOWN]),
        face_ids=tuple(face.id for face in best),
        confidence=group.person.suggested_confidence if person else 0.0,
    )


def _about_face(face: Face, person: PersonSummary) -> Question:
    return Question("is_this", person, None, (face,), (face.id,), face.suggested_confidence)


NEAREST = 3
"""Faces of a person whose mean says how much a face resembles them: one may be an odd picture, all may span decades."""


def suggestions(
    store: PeopleStore, face_id: int, space: str, thresholds: Thresholds, limit: int = 5
) -> list[Suggestion]:
    """Named persons whom the face resembles, the likeliest first; nobody whom the user has ruled out, and nobody who is
    in the photo already."""
    with store.reading() as rows:
        table = rows.face_table(space)
        place = int(np.searchsorted(table.ids, face_id))
        if place >= len(table) or table.ids[place] != face_id:
            return []
        ruled_out = {each.person_id for each in rows.decisions([face_id]) if not each.same}
        here = {face.person_id for face in rows.faces_in([int(table.image_ids[place])]) if face.id != face_id}
        known = {each.person.id: each for each in rows.summaries() if each.person.name and not each.person.hidden}
    cosines = table.vectors @ table.vectors[place]
    found = []
    for person_id in sorted(set(known) - ruled_out - here):
        theirs = np.sort(cosines[(table.person_ids == person_id) & (table.ids != face_id)])[::-1]
        if theirs.size:
            found.append(Suggestion(known[person_id], thresholds.confidence(float(theirs[:NEAREST].mean()))))
    found.sort(key=lambda each: (-each.confidence, each.person.person.id))
    return found[:limit]
