"""Many images changed by one request."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import COUNT
from tests.api.test_search import ask, complaint

URL = "/api/v1/images/edits"


def edited(client: TestClient, *edits: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(URL, json={"edits": list(edits)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def said(client: TestClient) -> list[Any]:
    """What the user said of each image."""
    details = [client.get(f"/api/v1/images/{number}").json() for number in range(1, COUNT + 1)]
    return [[one[name] for name in ("tags", "user_rating", "hidden", "albums")] for one in details]


def test_many_at_once_and_back(own: TestClient) -> None:
    album = own.post("/api/v1/albums", json={"name": "few", "images": [1]}).json()["id"]
    own.patch("/api/v1/images/2", json={"rating": 1})
    before = said(own)
    automatic = next(tag["name"] for tags, *_ in before for tag in tags if tag["source"] == "auto")
    ids = list(range(1, COUNT + 1))
    done = edited(
        own,
        {"ids": [*ids, 10**9], "add_tags": ["seen"], "remove_tags": [automatic], "rating": 4, "add_to": [album]},
        {"ids": [3, 4], "hidden": True},
    )
    assert done["images"] == COUNT
    assert ask(own, filters={"tags": ["seen"], "min_rating": 4, "album": album})["total"] == COUNT - 2
    assert ask(own, filters={"tags": [automatic]})["total"] == 0
    again = edited(own, *done["undo"])
    assert said(own) == before
    edited(own, *again["undo"])
    assert ask(own, filters={"hidden": True})["total"] == 2


def test_what_changes_nothing(own: TestClient) -> None:
    assert edited(own, {"ids": [1], "hidden": False}) == {"images": 1, "undo": []}
    assert edited(own, {"ids": [10**9], "rating": 3}) == {"images": 0, "undo": []}
    assert edited(own, {"ids": [1], "rating": 3})["undo"] == [{"ids": [1], "rating": None}]
    assert edited(own, {"ids": [1]})["undo"] == []


def test_a_refusal_leaves_everything_as_it_was(own: TestClient) -> None:
    smart = own.post("/api/v1/albums", json={"name": "smart", "query": "lake"}).json()["id"]
    before = said(own)
    for album, status in ((10**6, 404), (smart, 409)):
        edits = [{"ids": [1, 2], "add_tags": ["x"]}, {"ids": [1], "add_to": [album]}]
        complaint(own.post(URL, json={"edits": edits}), status)
    assert said(own) == before


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"edits": []},
        {"edits": [{"ids": []}]},
        {"edits": [{"ids": [0]}]},
        {"edits": [{"ids": [1] * 10_001}]},
        {"edits": [{"ids": [1], "rating": 6}]},
        {"edits": [{"ids": [1], "add_tags": [" "]}]},
        {"edits": [{"ids": [1], "add_tags": ["a\0"]}]},
        {"edits": [{"ids": [1], "colour": 1}]},
        {"edits": [{"ids": [1], "restore_tags": [{"name": "a", "confidence": 2}]}]},
        [],
    ],
)
def test_edits_that_make_no_sense(client: TestClient, body: Any) -> None:
    complaint(client.post(URL, json=body), 422)
