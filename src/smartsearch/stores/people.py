"""Rows of faces as the indexer writes them, and the people of a library: `smartsearch.core.people.PeopleStore`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from smartsearch.core.errors import PersonNotFoundError
from smartsearch.core.faces import Box, FaceScan, FoundFace, KnownFace, matched
from smartsearch.core.people import PeopleRows
from smartsearch.stores import rows
from smartsearch.stores.connection import Database
from smartsearch.stores.people_rows import SqlitePeopleRows

_FOUND = ("space", "left", "top", "width", "height", "score", "quality", "size", "sharpness", "pose", "vector")
_FOUND_COLUMNS = ", ".join(f'"{name}"' for name in _FOUND)  # LEFT is a word of SQL
_COPIED = f"{_FOUND_COLUMNS}, person_id, confidence, ignored, suggested_id, suggested_confidence"
_KEPT = "(ignored OR id IN (SELECT face_id FROM face_decisions))"


def put_scan(connection: sqlite3.Connection, image_id: int, scan: FaceScan) -> None:
    """Replace the faces of an image by those found now. One that was known keeps its id and its person; one that is no
    longer found stays if the user has said something about it."""
    known = _known(connection, image_id, scan.analyzer)
    same = matched(known, scan.faces)
    kept = {face.id for face in known if face.kept} | set(same.values())
    connection.executemany("DELETE FROM faces WHERE id = ?", [(face.id,) for face in known if face.id not in kept])
    for place, face in enumerate(scan.faces):
        values = _found_values(scan.analyzer, face)
        face_id = same.get(place)
        if face_id is None:
            marks = ", ".join("?" * (len(_FOUND) + 1))
            insert = f"INSERT INTO faces (image_id, {_FOUND_COLUMNS}) VALUES ({marks})"
            face_id = connection.execute(insert, (image_id, *values)).lastrowid
        else:
            changed = ", ".join(f'"{name}" = ?' for name in _FOUND)
            connection.execute(f"UPDATE faces SET {changed} WHERE id = ?", (*values, face_id))
        connection.execute(
            "INSERT OR REPLACE INTO face_thumbnails (face_id, webp) VALUES (?, ?)", (face_id, face.thumbnail)
        )
    connection.execute(
        "INSERT OR REPLACE INTO face_scans (image_id, analyzer) VALUES (?, ?)", (image_id, scan.analyzer)
    )


def forget_scan(connection: sqlite3.Connection, image_id: int) -> None:
    """The image has new bytes: its faces must be looked for again. What the user has spoken about waits for that."""
    connection.execute(f"DELETE FROM faces WHERE image_id = ? AND NOT {_KEPT}", (image_id,))
    connection.execute("DELETE FROM face_scans WHERE image_id = ?", (image_id,))


def copy_faces(connection: sqlite3.Connection, source_id: int, image_id: int) -> None:
    """A copy of an image has the same faces, the same people and the same decisions about them."""
    connection.execute("DELETE FROM faces WHERE image_id = ?", (image_id,))
    for (face_id,) in connection.execute(
        "SELECT id FROM faces WHERE image_id = ? ORDER BY id", (source_id,)
    ).fetchall():
        copy = connection.execute(
            f"INSERT INTO faces (image_id, {_COPIED}) SELECT ?, {_COPIED} FROM faces WHERE id = ?", (image_id, face_id)
        ).lastrowid
        connection.execute(
            "INSERT INTO face_thumbnails (face_id, webp) SELECT ?, webp FROM face_thumbnails WHERE face_id = ?",
            (copy, face_id),
        )
        connection.execute(
            "INSERT INTO face_decisions (face_id, person_id, same, decided_at)"
            " SELECT ?, person_id, same, decided_at FROM face_decisions WHERE face_id = ?",
            (copy, face_id),
        )
    connection.execute(
        "INSERT OR REPLACE INTO face_scans (image_id, analyzer) SELECT ?, analyzer FROM face_scans WHERE image_id = ?",
        (image_id, source_id),
    )


def _known(connection: sqlite3.Connection, image_id: int, space: str) -> list[KnownFace]:
    found = connection.execute(
        f'SELECT id, "left", top, width, height, CASE WHEN space = ? THEN vector END, {_KEPT} FROM faces'
        " WHERE image_id = ? ORDER BY id",
        (space, image_id),
    )
    return [
        KnownFace(face_id, Box(*box), None if blob is None else rows.vector_from(blob), bool(kept))
        for face_id, *box, blob, kept in found
    ]


def _found_values(space: str, face: FoundFace) -> tuple[object, ...]:
    box = face.box
    measures = (face.score, face.quality, face.size, face.sharpness, face.pose)
    return (space, box.left, box.top, box.width, box.height, *measures, rows.vector_bytes(face.vector))


class SqlitePeople:
    """The people of one SQLite library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def reading(self) -> Iterator[PeopleRows]:
        with self._database.read() as connection:
            yield SqlitePeopleRows(connection)

    @contextmanager
    def writing(self) -> Iterator[PeopleRows]:
        with self._database.write() as connection:
            yield SqlitePeopleRows(connection)
            connection.execute("UPDATE library SET generation = generation + 1")

    def erase(self, person_id: int | None = None) -> int:
        """See the port, and `Database.erasing`."""
        with self._database.erasing() as connection:
            rows_of_people = SqlitePeopleRows(connection)
            if person_id is None:
                erased = _erase_all(connection)
            elif rows_of_people.persons([person_id]):
                erased = _erase_person(connection, person_id)
            else:
                raise PersonNotFoundError(f"There is no person {person_id} in the library.")
            connection.execute("UPDATE library SET generation = generation + 1")
        return erased


def _erase_all(connection: sqlite3.Connection) -> int:
    erased = int(connection.execute("SELECT count(*) FROM faces").fetchone()[0])
    for table in ("face_decisions", "face_thumbnails", "faces", "face_scans", "persons", "person_events"):
        connection.execute(f"DELETE FROM {table}")
    return erased


def _erase_person(connection: sqlite3.Connection, person_id: int) -> int:
    found = connection.execute("SELECT id FROM faces WHERE person_id = ?", (person_id,)).fetchall()
    doomed = {row[0] for row in found}
    people = SqlitePeopleRows(connection)
    people.forget_events([event.id for event in people.events() if _tells_of(event.journal, person_id, doomed)])
    people.delete_faces(sorted(doomed))
    people.delete_person(person_id)
    connection.execute(
        "UPDATE faces SET suggested_id = NULL, suggested_confidence = NULL WHERE suggested_id = ?", (person_id,)
    )
    return len(doomed)


def _tells_of(journal: object, person_id: int, faces: set[int]) -> bool:
    """Whether a journal mentions the person or one of the faces, by the numbers that its entries carry."""
    entries = journal if isinstance(journal, tuple) else ()
    return any(entry.get("person") == person_id or entry.get("face") in faces for entry in entries)
