"""People of a real library, and the commands that speak of them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.contract.making import person
from typer.testing import CliRunner

from smartsearch.cli.main import app
from smartsearch.core.clustering import Thresholds
from smartsearch.core.faces import Box, FaceScan, FoundFace, PutFaces
from smartsearch.core.query import Everything
from smartsearch.faces.models import DEFAULT
from smartsearch.library import Library
from smartsearch.people.directory import PersonChange
from smartsearch.people.grouping import group_faces

THRESHOLDS = Thresholds(0.5, 0.5, 0.3)


def add_faces(library: Library, photos: Path) -> list[int]:
    """Faces of two people in four photos; nobody had to be found."""
    library.index([photos])
    ids = library.store.select(Everything(), limit=4)
    for number, image_id in enumerate(ids):
        vector = np.zeros(128, np.float32)
        vector[number % 2], vector[10 + number] = 0.99, np.sqrt(1 - 0.99**2)
        found = FoundFace(Box(0.1, 0.1, 0.2, 0.2), 0.9, 0.5, 50, 0.5, 0.1, vector, b"webp-of-a-face")
        library.store.apply([PutFaces(image_id, FaceScan(DEFAULT.fingerprint, (found,)))])
    group_faces(library.store.people, DEFAULT.fingerprint, THRESHOLDS)
    with library.store.people.reading() as rows:
        return [face.id for face in rows.faces_in(ids)]


def run(*arguments: object, status: int = 0, input: str | None = None) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments], input=input)
    assert result.exit_code == status, result.output
    return result.output


def test_names_are_what_a_query_may_ask_for(library: Library) -> None:
    with library.store.people.writing() as rows:
        for each in (person("Zoë"), person("anna"), person(), person("Ghost", hidden=True)):
            rows.put_person(each)
    assert [(each.name, each.images) for each in library.people.names()] == [("anna", 0), ("Zoë", 0)]


def test_the_commands(library: Library, photos: Path, tmp_path: Path) -> None:
    faces = add_faces(library, photos)
    listed = json.loads(run("persons", "list", "--json"))["persons"]
    assert [each["faces"] for each in listed] == [2, 2]
    first, second = (f"#{each['id']}" for each in listed)
    assert "Anna" in run("persons", "rename", first, "Anna")
    assert "Ben" in run("persons", "create", "--name", "Ben", "--faces", faces[1])
    assert "Anna" in run("persons", "show", "anna")
    run("persons", "edit", "Anna", "--born", "2001-02-03", "--favourite", "--notes", "aunt")
    assert json.loads(run("persons", "show", "Anna", "--json"))["birth_date"] == "2001-02-03"
    assert "Anna" in run("persons", "list")
    assert len(run("persons", "search", "Anna").splitlines()) == 2
    assert run("persons", "search", "Anna", "Ben") == ""
    run("persons", "merge", "Ben", second)
    assert json.loads(run("persons", "show", "Ben", "--json"))["faces"] == 2
    assert "Clara" in run("persons", "split", "Ben", "--faces", faces[1], "--name", "Clara")
    assert "Taken back: split" in run("persons", "undo")
    assert "split" in run("persons", "history")
    assert json.loads(run("persons", "stats", "--json"))["named"] == 2
    run("faces", "assign", faces[0], "--to", "Dora")
    run("faces", "verify", faces[2], "--person", "Anna")
    run("faces", "verify", faces[2], "--person", "Anna", "--wrong")
    run("faces", "unassign", faces[0])
    assert [each["id"] for each in json.loads(run("faces", "unknown", "--json"))["faces"]] == [faces[0], faces[2]]
    assert len(run("faces", "unknown").splitlines()) == 2
    run("faces", "ignore", faces[0])
    photo = library.store.assets([library.people.face(faces[1]).image_id])[0].path
    assert "Ben" in run("faces", "show", photo)
    assert "mtcnn-dlib" in run("faces", "models")
    assert "3 faces" not in run("persons", "export", tmp_path / "out")
    assert "0 new persons" in run("persons", "import", tmp_path / "out")
    run("persons", "import", tmp_path / "none", status=1)


def test_consent_comes_first(library: Library, photos: Path) -> None:
    add_faces(library, photos)
    assert "not looked for" in run("faces", "consent")
    result = subprocess.run(
        [Path(sys.executable).with_name("smartsearch"), "faces", "scan"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "faces consent --yes" in result.stderr
    assert "20 photos wait" in run("faces", "consent", "--yes")
    assert "Faces are not looked for" in run("faces", "consent", "--no")


def test_reviewing(library: Library, photos: Path) -> None:
    add_faces(library, photos)
    run("faces", "consent", "--yes")
    output = run("faces", "cluster", "--review", input="Anna\nBen\n")
    assert "Who is this (2 faces)?" in output
    assert {each.name for each in library.people.names()} == {"Anna", "Ben"}
    assert json.loads(run("faces", "cluster", "--json"))["questions"] == []


def test_erased_people_leave_no_trace_in_any_file(library: Library, photos: Path) -> None:
    faces = add_faces(library, photos)
    anna = library.people.create("Anna Unforgettable", [faces[0]]).person.id
    library.people.change(
        library.people.create("Ben Remembered", [faces[1]]).person.id, PersonChange(notes="secret of Ben")
    )
    with library.store.people.reading() as rows:
        vectors = rows.face_table(DEFAULT.fingerprint).vectors.astype("<f2")
    with library.store.people.reading() as rows:  # the face of Anna is the first
        assert rows.persons([anna])
    library.recent.add('person:"anna unforgettable" on a beach')
    library.recent.add("a beach")
    library.recent.save(at_once=True)
    assert "1 faces erased" in run("faces", "erase", "--person", "anna unforgettable", "--yes")
    assert not found_in(library, b"Anna Unforgettable")
    assert not found_in(library, b"anna unforgettable")
    assert found_in(library, b"a beach")
    assert not found_in(library, vectors[0].tobytes())
    assert found_in(library, b"Ben Remembered")
    run("faces", "erase", input="n\n", status=1)
    run("faces", "erase", input="y\n")
    for trace in (b"Ben Remembered", b"secret of Ben", b"webp-of-a-face", *(each.tobytes() for each in vectors)):
        assert not found_in(library, trace)


def found_in(library: Library, trace: bytes) -> bool:
    return any(trace in path.read_bytes() for path in library.places.library.rglob("*") if path.is_file())


KILLED = """
import os, signal, sys
from pathlib import Path
from smartsearch.config import Places
from smartsearch.core.settings import Settings
from smartsearch.library import Library
from smartsearch.people import grouping
from smartsearch.core.clustering import Thresholds
from smartsearch.faces.models import DEFAULT
drop = grouping._Writing._drop_empty
def killed(self, owner):
    drop(self, owner)
    os.kill(os.getpid(), signal.SIGKILL)
grouping._Writing._drop_empty = killed
library = Library.open(Places(Path(sys.argv[1]), Path(sys.argv[2])), Settings())
grouping.group_faces(library.store.people, DEFAULT.fingerprint, Thresholds(0.5, 0.5, 0.3), anew=True)
"""


def test_a_killed_grouping_loses_nothing(library: Library, photos: Path) -> None:
    faces = add_faces(library, photos)
    library.people.create("Anna", [faces[0]])
    with library.store.people.reading() as rows:
        before = rows.persons(), rows.faces(faces), rows.decisions()
    places = library.places
    ended = subprocess.run([sys.executable, "-c", KILLED, places.home, places.library], check=False)
    assert ended.returncode == -signal.SIGKILL
    with library.store.people.reading() as rows:
        assert (rows.persons(), rows.faces(faces), rows.decisions()) == before
    assert group_faces(library.store.people, DEFAULT.fingerprint, THRESHOLDS, anew=True).assigned == 4


pytestmark = pytest.mark.slow
