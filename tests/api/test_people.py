"""People over HTTP: named, merged, split, asked about, undone, erased; consent first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from smartsearch.core.clustering import Thresholds
from smartsearch.core.faces import Box, FaceScan, FoundFace, PutFaces
from smartsearch.core.query import Everything
from smartsearch.faces.models import DEFAULT
from smartsearch.library import Library
from smartsearch.people.grouping import group_faces

API = "/api/v1"


def face(who: int, variant: int, left: float = 0.1) -> FoundFace:
    vector = np.zeros(128, np.float32)
    vector[who], vector[20 + variant] = 0.99, np.sqrt(1 - 0.99**2)
    return FoundFace(
        Box(left, 0.2, 0.2, 0.3), 0.9, 0.5 + variant / 100, 80, 0.5, 0.1, vector, b"RIFF\0\0\0\0WEBP%d" % who
    )


@pytest.fixture
def library(open_copy: Callable[[], Library]) -> Library:
    """Anna in the first three photos, Ben beside her in the third and alone in the fourth."""
    opened = open_copy()
    ids = opened.store.select(Everything(), limit=5)
    shown: list[list[FoundFace]] = [[face(0, 0)], [face(0, 1)], [face(0, 2), face(1, 3, 0.6)], [face(1, 4)], []]
    opened.store.apply(
        [
            PutFaces(image_id, FaceScan(DEFAULT.fingerprint, tuple(faces)))
            for image_id, faces in zip(ids, shown, strict=True)
        ]
    )
    group_faces(opened.store.people, DEFAULT.fingerprint, Thresholds(0.5, 0.5, 0.3))
    return opened


@pytest.fixture
def ask(own: TestClient) -> Callable[..., Any]:
    def call(method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = own.request(method, API + path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content and "json" in answer.headers["content-type"] else answer

    return call


def test_people_are_listed_named_and_found(ask: Callable[..., Any]) -> None:
    listed = ask("GET", "/persons")
    assert (listed["total"], [each["faces"] for each in listed["persons"]]) == (2, [3, 2])
    anna, ben = (each["id"] for each in listed["persons"])
    assert ask("PATCH", f"/persons/{anna}", {"name": "Anna", "birth_date": "2000-03-01"})["name"] == "Anna"
    ask("PATCH", f"/persons/{ben}", {"name": "anna"}, status=409)
    detail = ask("GET", f"/persons/{anna}")
    assert detail["companions"][0] == {"person": ask("GET", "/persons?named=false")["persons"][0], "images": 1}
    assert sum(detail["years"].values()) == 3
    images = ask("GET", f"/persons/{anna}/images?limit=2")
    assert (len(images["images"]), images["total"], images["next_cursor"]) == (2, 3, "2")
    assert images["images"][0]["age"] in (20, 21)
    shown = ask("GET", f"/images/{images['images'][0]['image']['id']}/faces")["faces"]
    assert ("Anna", images["images"][0]["age"]) in {(each["person_name"], each["age"]) for each in shown}
    ask("PATCH", f"/persons/{anna}", {"birth_date": "2999-01-01"}, status=400)
    found = ask("POST", "/search", {"filters": {"people": [anna], "without_people": [ben]}})
    assert len(found["hits" if "hits" in found else "results"]) == 2
    assert ask("POST", "/search/facets", {"filters": {"min_faces": 2}})["total"] == 1
    cleared = ask("PATCH", f"/persons/{anna}", {"name": None, "birth_date": None})
    assert (cleared["name"], cleared["birth_date"]) == (None, None)


def test_faces_are_given_and_taken(ask: Callable[..., Any]) -> None:
    anna, _ = (each["id"] for each in ask("GET", "/persons")["persons"])
    [first, *_] = ask("GET", f"/persons/{anna}/faces")["faces"]
    shown = ask("GET", f"/images/{first['image_id']}/faces")["faces"]
    assert [each["id"] for each in shown] == [first["id"]]
    assert shown[0]["box"] == {"left": 0.1, "top": 0.2, "width": 0.2, "height": 0.3}
    assert ask("GET", f"/faces/{first['id']}") == shown[0]
    picture = ask("GET", f"/faces/{first['id']}/thumbnail")
    assert picture.headers["content-type"] == "image/webp"
    given = ask("POST", f"/faces/{first['id']}/assign", {"name": "Clara"})
    assert (given["person_name"], given["verified"], given["confidence"]) == ("Clara", True, 1.0)
    suggested = ask("GET", f"/faces/{first['id']}/suggestions")["suggestions"]
    assert suggested == []
    taken = ask("POST", f"/faces/{first['id']}/unassign")
    assert (taken["person_id"], taken["verified"]) == (None, False)
    assert [each["id"] for each in ask("GET", "/faces/unknown")["faces"]] == [first["id"]]
    assert ask("POST", f"/faces/{first['id']}/ignore")["ignored"] is True
    assert ask("GET", "/faces/unknown")["faces"] == []
    assert ask("POST", f"/faces/{first['id']}/ignore", {"ignored": False})["ignored"] is False
    ask("POST", "/faces/ignore", {"faces": [first["id"]]}, status=204)
    ask("POST", "/faces/ignore", {"faces": [first["id"], 999]}, status=404)
    for _ in range(5):
        ask("POST", "/persons/undo")
    assert ask("GET", f"/faces/{first['id']}") == first
    ask("POST", "/persons/undo", status=400)
    assert all(event["undone"] for event in ask("GET", "/persons/events")["events"])


def test_merge_split_and_verify(ask: Callable[..., Any]) -> None:
    anna, ben = (each["id"] for each in ask("GET", "/persons")["persons"])
    faces = [each["id"] for each in ask("GET", f"/persons/{anna}/faces")["faces"]]
    other = ask("POST", f"/persons/{anna}/split", {"faces": faces[:1], "name": "Dora"})
    assert (other["name"], other["faces"]) == ("Dora", 1)
    ask("POST", f"/persons/{anna}/merge", {"others": [anna]}, status=400)
    merged = ask("POST", f"/persons/{anna}/merge", {"others": [other["id"]]})
    assert (merged["name"], merged["faces"]) == ("Dora", 3)
    assert ask("POST", f"/persons/{anna}/verify", {"faces": faces})["verified"] == 3
    assert ask("POST", f"/persons/{anna}/verify", {"faces": faces[1:2], "right": False})["faces"] == 2
    ask("DELETE", f"/persons/{ben}", status=204)
    ask("GET", f"/persons/{ben}", status=404)


def test_questions_are_asked(ask: Callable[..., Any]) -> None:
    asked = ask("GET", "/faces/review")["questions"]
    assert [(each["kind"], each["settles"], each["person_id"]) for each in asked] == [
        ("who", 3, None),
        ("who", 2, None),
    ]
    assert asked[0]["group_id"] == ask("GET", "/persons")["persons"][0]["id"]
    assert len(asked[0]["faces"]) == 3


def test_consent_comes_first_and_erasing_is_whole(ask: Callable[..., Any], library: Library) -> None:
    before = ask("GET", "/faces/consent")
    assert (before["enabled"], before["faces"], before["images"]) == (False, 5, 5)
    assert before["waiting"] == library.status().total_images - 5
    ask("POST", "/faces/scan", status=403)
    assert ask("PUT", "/faces/consent", {"enabled": True})["enabled"] is True
    person = ask("GET", "/persons")["persons"][0]["id"]
    ask("DELETE", f"/persons/{person}?erase=true", status=204)
    assert ask("GET", "/faces/consent")["faces"] == 2
    ask("DELETE", "/faces", status=204)
    after = ask("GET", "/faces/consent")
    assert (after["enabled"], after["faces"], after["persons"]) == (False, 0, 0)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/persons/999", None, 404),
        ("GET", "/persons/0", None, 422),
        ("GET", "/persons/1/images?cursor=nonsense", None, 400),
        ("GET", "/persons/1/images?cursor=-1", None, 400),
        ("GET", "/faces/999", None, 404),
        ("GET", "/faces/999/thumbnail", None, 404),
        ("GET", "/images/999999/faces", None, 404),
        ("POST", "/persons", {"name": " "}, 400),
        ("POST", "/persons", {"name": "Anna", "faces": [999]}, 404),
        ("POST", "/faces/1/assign", {}, 422),
        ("POST", "/faces/1/assign", {"name": "A", "person_id": 1}, 422),
        ("POST", "/persons/1/verify", {"faces": []}, 422),
        ("PATCH", "/persons/1", {"birth_date": "soon"}, 422),
    ],
)
def test_wrong_requests(ask: Callable[..., Any], method: str, path: str, body: object, status: int) -> None:
    ask(method, path, body, status)
