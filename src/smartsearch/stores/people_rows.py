"""Reading and writing rows of people inside one transaction: `smartsearch.core.people.PeopleRows`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from smartsearch.core.errors import AssetNotFoundError, PersonExistsError
from smartsearch.core.faces import Box
from smartsearch.core.people import Decision, Face, FaceTable, Grouping, Person, PersonEvent, PersonSummary
from smartsearch.stores import rows

_AMONG = "(SELECT value FROM json_each(?))"
_SHOWN = "missing_since IS NULL AND images.id NOT IN (SELECT image_id FROM hidden_images)"
_FACES = """
    SELECT faces.id, image_id, "left", top, faces.width, faces.height, score, quality, size, person_id, confidence,
           EXISTS (SELECT 1 FROM face_decisions WHERE face_id = faces.id
                   AND face_decisions.person_id = faces.person_id AND same),
           ignored, suggested_id, coalesce(suggested_confidence, 0)
    FROM faces"""
_PERSONS = """
    SELECT id, name, created_at, hidden, favourite, notes, birth_date, cover_face, suggested_id,
           coalesce(suggested_confidence, 0)
    FROM persons"""
_COUNTS = f"""
    SELECT person_id, count(*), count(DISTINCT image_id), min(moment), max(moment)
    FROM faces JOIN images ON images.id = image_id
    WHERE person_id IS NOT NULL AND {_SHOWN}"""
_MICROSECONDS_A_DAY = 86_400e6


class SqlitePeopleRows:
    """The rows that one connection sees in its transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # -- reading

    def persons(self, ids: Sequence[int] | None = None) -> list[Person]:
        if ids is None:
            return [_person(row) for row in self._connection.execute(f"{_PERSONS} ORDER BY id")]
        query = f"{_PERSONS} WHERE id IN {_AMONG} ORDER BY id"
        return [_person(row) for row in self._connection.execute(query, (rows.ids_json(ids),))]

    def person_named(self, name: str) -> Person | None:
        row = self._connection.execute(f"{_PERSONS} WHERE name_key = ?", (_key(name),)).fetchone()
        return None if row is None else _person(row)

    def summaries(self, ids: Sequence[int] | None = None) -> list[PersonSummary]:
        chosen, parameters = ("", ()) if ids is None else (f" AND person_id IN {_AMONG}", (rows.ids_json(ids),))
        execute = self._connection.execute
        counts = {row[0]: row[1:] for row in execute(f"{_COUNTS}{chosen} GROUP BY person_id", parameters)}
        verified = dict(
            execute(
                "SELECT faces.person_id, count(*) FROM face_decisions JOIN faces ON faces.id = face_id"
                " AND faces.person_id = face_decisions.person_id WHERE same GROUP BY faces.person_id"
            ).fetchall()
        )
        best = {
            row[0]: row[1]
            for row in execute(
                "SELECT person_id, faces.id, max(quality) FROM faces JOIN images ON images.id = image_id"
                f" WHERE person_id IS NOT NULL AND {_SHOWN}{chosen} GROUP BY person_id",
                parameters,
            )
        }
        concealed = {
            row[0]
            for row in execute(
                "SELECT cover_face FROM persons JOIN faces ON faces.id = cover_face"
                " WHERE image_id IN (SELECT image_id FROM hidden_images)"
            )
        }
        made = []
        for person in self.persons(ids):
            faces, images, first, last = counts.get(person.id, (0, 0, None, None))
            shown = person.cover_face is not None and person.cover_face not in concealed
            cover = person.cover_face if shown else best.get(person.id)
            made.append(
                PersonSummary(person, faces, images, verified.get(person.id, 0), _moment(first), _moment(last), cover)
            )
        return made

    def faces(self, ids: Sequence[int]) -> list[Face]:
        found = self._connection.execute(f"{_FACES} WHERE faces.id IN {_AMONG}", (rows.ids_json(ids),))
        faces = {row[0]: _face(row) for row in found}
        return [faces[face_id] for face_id in ids if face_id in faces]

    def faces_in(self, image_ids: Sequence[int]) -> list[Face]:
        query = f"{_FACES} WHERE image_id IN {_AMONG} ORDER BY image_id, faces.id"
        return [_face(row) for row in self._connection.execute(query, (rows.ids_json(image_ids),))]

    def faces_of(self, person_ids: Sequence[int]) -> list[Face]:
        query = f"{_FACES} WHERE person_id IN {_AMONG} ORDER BY faces.id"
        return [_face(row) for row in self._connection.execute(query, (rows.ids_json(person_ids),))]

    def nobodys_faces(self, limit: int | None = None) -> list[Face]:
        query = (
            f"{_FACES} JOIN images ON images.id = image_id WHERE person_id IS NULL AND NOT ignored AND {_SHOWN}"
            " ORDER BY quality DESC, faces.id LIMIT ?"
        )
        return [_face(row) for row in self._connection.execute(query, (-1 if limit is None else max(limit, 0),))]

    def images_of(self, person_id: int) -> list[tuple[int, datetime]]:
        found = self._connection.execute(
            "SELECT DISTINCT images.id, moment FROM faces JOIN images ON images.id = image_id"
            f" WHERE person_id = ? AND {_SHOWN} ORDER BY moment, images.id",
            (person_id,),
        )
        return [(image_id, rows.wall_clock(moment)) for image_id, moment in found]

    def companions(self, person_id: int) -> list[tuple[int, int]]:
        return self._connection.execute(
            "SELECT other.person_id, count(DISTINCT other.image_id) AS together FROM faces"
            " JOIN faces AS other ON other.image_id = faces.image_id AND other.person_id != faces.person_id"
            f" JOIN images ON images.id = faces.image_id WHERE faces.person_id = ? AND {_SHOWN}"
            " GROUP BY other.person_id ORDER BY together DESC, other.person_id",
            (person_id,),
        ).fetchall()

    def face_table(self, space: str) -> FaceTable:
        found = self._connection.execute(
            "SELECT faces.id, image_id, coalesce(person_id, 0), ignored, quality, moment, vector FROM faces"
            " JOIN images ON images.id = image_id WHERE space = ? AND vector IS NOT NULL ORDER BY faces.id",
            (space,),
        ).fetchall()
        columns = list(zip(*found, strict=True)) if found else [()] * 7
        blobs = columns[6]
        dim = len(blobs[0]) // 2 if blobs else 0
        vectors = np.frombuffer(b"".join(blobs), "<f2").astype(np.float32).reshape(len(blobs), dim)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return FaceTable(
            ids=np.array(columns[0], np.int64),
            image_ids=np.array(columns[1], np.int64),
            person_ids=np.array(columns[2], np.int64),
            ignored=np.array(columns[3], np.bool_),
            quality=np.array(columns[4], np.float32),
            moments=np.array(columns[5], np.float64) / _MICROSECONDS_A_DAY,
            vectors=vectors / np.maximum(lengths, 1e-12),
        )

    def decisions(self, face_ids: Sequence[int] | None = None) -> list[Decision]:
        chosen, parameters = (
            ("", ()) if face_ids is None else (f" WHERE face_id IN {_AMONG}", (rows.ids_json(face_ids),))
        )
        found = self._connection.execute(
            f"SELECT face_id, person_id, same, decided_at FROM face_decisions{chosen} ORDER BY face_id, person_id",
            parameters,
        )
        return [Decision(face, person, bool(same), rows.utc(at)) for face, person, same, at in found]

    def events(self, limit: int | None = None) -> list[PersonEvent]:
        found = self._connection.execute(
            "SELECT id, at, kind, detail, journal, undone FROM person_events ORDER BY id DESC LIMIT ?",
            (-1 if limit is None else max(limit, 0),),
        )
        return [
            PersonEvent(event_id, rows.utc(at), kind, json.loads(detail), tuple(json.loads(journal)), bool(undone))
            for event_id, at, kind, detail, journal, undone in found
        ]

    def thumbnail(self, face_id: int) -> bytes | None:
        row = self._connection.execute("SELECT webp FROM face_thumbnails WHERE face_id = ?", (face_id,)).fetchone()
        return None if row is None else bytes(row[0])

    def unscanned(self, analyzer: str) -> list[int]:
        found = self._connection.execute(
            "SELECT images.id FROM images LEFT JOIN face_scans ON image_id = images.id"
            " WHERE missing_since IS NULL AND (analyzer IS NULL OR analyzer != ?) ORDER BY images.id",
            (analyzer,),
        )
        return [row[0] for row in found]

    def fingerprint(self) -> int:
        return int(self._connection.execute("SELECT generation FROM library").fetchone()[0])

    def newest_face(self) -> int:
        return int(self._connection.execute("SELECT coalesce(max(id), 0) FROM faces").fetchone()[0])

    def counts(self) -> tuple[int, int, int]:
        row = self._connection.execute(
            "SELECT (SELECT count(*) FROM face_scans), (SELECT count(*) FROM faces), (SELECT count(*) FROM persons)"
        ).fetchone()
        return int(row[0]), int(row[1]), int(row[2])

    # -- writing

    def put_person(self, person: Person) -> int:
        if person.name is not None:
            other = self.person_named(person.name)
            if other is not None and other.id != person.id:
                raise PersonExistsError(f"There is a person called {other.name!r} already.", hint="Merge the two.")
        values = (
            rows.clean_text(person.name),
            None if person.name is None else _key(person.name),
            rows.micros(person.created_at),
            person.hidden,
            person.favourite,
            rows.clean_text(person.notes),
            None if person.birth_date is None else person.birth_date.isoformat(),
            person.cover_face,
            person.suggested_id,
            person.suggested_confidence,
        )
        done = self._connection.execute(
            "INSERT INTO persons (id, name, name_key, created_at, hidden, favourite, notes, birth_date, cover_face,"
            " suggested_id, suggested_confidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
            " SET name = excluded.name, name_key = excluded.name_key, hidden = excluded.hidden,"
            " favourite = excluded.favourite, notes = excluded.notes, birth_date = excluded.birth_date,"
            " cover_face = excluded.cover_face, suggested_id = excluded.suggested_id,"
            " suggested_confidence = excluded.suggested_confidence",
            (person.id or None, *values),
        )
        assert done.lastrowid is not None
        return person.id or done.lastrowid

    def delete_person(self, person_id: int) -> None:
        self._connection.execute("UPDATE faces SET confidence = 0 WHERE person_id = ?", (person_id,))
        self._connection.execute("DELETE FROM persons WHERE id = ?", (person_id,))

    def put_face(self, face: Face) -> None:
        self._connection.execute(
            "UPDATE faces SET person_id = (SELECT id FROM persons WHERE id = ?), confidence = ?, ignored = ?,"
            " suggested_id = ?, suggested_confidence = ? WHERE id = ?",
            (face.person_id, face.confidence, face.ignored, face.suggested_id, face.suggested_confidence, face.id),
        )

    def add_face(self, image_id: int, box: Box) -> int:
        if self._connection.execute("SELECT 1 FROM images WHERE id = ?", (image_id,)).fetchone() is None:
            raise AssetNotFoundError(f"There is no image {image_id} in the library.")
        done = self._connection.execute(
            'INSERT INTO faces (image_id, "left", top, width, height, score, quality, size, sharpness, pose)'
            " VALUES (?, ?, ?, ?, ?, 1, 0, 0, 0, 0)",
            (image_id, box.left, box.top, box.width, box.height),
        )
        assert done.lastrowid is not None
        return done.lastrowid

    def delete_faces(self, ids: Sequence[int]) -> None:
        self._connection.execute(f"DELETE FROM faces WHERE id IN {_AMONG}", (rows.ids_json(ids),))

    def put_decision(self, decision: Decision) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO face_decisions (face_id, person_id, same, decided_at) VALUES (?, ?, ?, ?)",
            (decision.face_id, decision.person_id, decision.same, rows.micros(decision.decided_at)),
        )

    def delete_decision(self, face_id: int, person_id: int) -> None:
        self._connection.execute("DELETE FROM face_decisions WHERE face_id = ? AND person_id = ?", (face_id, person_id))

    def regroup(self, groupings: Sequence[Grouping]) -> None:
        self._connection.executemany(
            "UPDATE faces SET person_id = ?, confidence = ?, suggested_id = ?, suggested_confidence = ? WHERE id = ?",
            [
                (each.person_id, each.confidence, each.suggested_id, each.suggested_confidence, each.face_id)
                for each in groupings
            ],
        )

    def add_event(self, event: PersonEvent) -> int:
        done = self._connection.execute(
            "INSERT INTO person_events (at, kind, detail, journal, undone) VALUES (?, ?, ?, ?, ?)",
            (
                rows.micros(event.at),
                event.kind,
                json.dumps(dict(event.detail)),
                json.dumps([dict(entry) for entry in event.journal]),
                event.undone,
            ),
        )
        assert done.lastrowid is not None
        return done.lastrowid

    def mark_undone(self, event_id: int) -> None:
        self._connection.execute("UPDATE person_events SET undone = 1 WHERE id = ?", (event_id,))

    def forget_events(self, ids: Sequence[int]) -> None:
        self._connection.execute(f"DELETE FROM person_events WHERE id IN {_AMONG}", (rows.ids_json(ids),))


def _key(name: str) -> str:
    return (rows.clean_text(name) or "").casefold()


def _moment(value: int | None) -> datetime | None:
    return None if value is None else rows.wall_clock(value)


def _person(row: tuple[Any, ...]) -> Person:
    person_id, name, created_at, hidden, favourite, notes, birth_date, cover, suggested, confidence = row
    return Person(
        id=person_id,
        name=name,
        created_at=rows.utc(created_at),
        hidden=bool(hidden),
        favourite=bool(favourite),
        notes=notes,
        birth_date=None if birth_date is None else date.fromisoformat(birth_date),
        cover_face=cover,
        suggested_id=suggested,
        suggested_confidence=confidence,
    )


def _face(row: tuple[Any, ...]) -> Face:
    face_id, image_id, left, top, width, height, score, quality, size, person_id, confidence, *rest = row
    verified, ignored, suggested_id, suggested_confidence = rest
    return Face(
        id=face_id,
        image_id=image_id,
        box=Box(left, top, width, height),
        score=score,
        quality=quality,
        size=size,
        person_id=person_id,
        confidence=confidence,
        verified=bool(verified),
        ignored=bool(ignored),
        suggested_id=suggested_id,
        suggested_confidence=suggested_confidence,
    )
