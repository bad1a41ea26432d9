"""Albums over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.test_search import complaint

URL = "/api/v1/albums"


def made(client: TestClient, name: str, **more: Any) -> dict[str, Any]:
    answer = client.post(URL, json={"name": name} | more)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_album_from_its_making_to_its_end(own: TestClient) -> None:
    album = made(own, "  Lisbon ", images=[1, 2, 999999])
    assert (album["name"], album["images"], album["cover"]) == ("Lisbon", 2, 2)
    address = f"{URL}/{album['id']}"
    assert own.get(address).json() == album
    assert own.get(URL).json() == {"albums": [album]}
    assert own.get("/api/v1/images/1").json()["albums"] == [album["id"]]
    changed = own.patch(address, json={"name": "Porto", "add": [3], "remove": [1]}).json()
    assert (changed["name"], changed["images"]) == ("Porto", 2)
    own.patch("/api/v1/images/3", json={"hidden": True})
    assert own.get(address).json()["images"] == 1
    assert own.delete(address).status_code == 204
    assert own.get(URL).json() == {"albums": []}
    assert own.get("/api/v1/images/1").json()["albums"] == []


def test_two_albums_cannot_have_one_name(own: TestClient) -> None:
    made(own, "a")
    other = made(own, "b")
    assert complaint(own.post(URL, json={"name": "a"}), 409)["type"].endswith("album-exists")
    assert complaint(own.patch(f"{URL}/{other['id']}", json={"name": "a"}), 409)["detail"]
    assert own.patch(f"{URL}/{other['id']}", json={"name": "b"}).status_code == 200


def test_a_name_that_is_taken_makes_no_half_album(own: TestClient) -> None:
    album = made(own, "a")
    other = made(own, "b")
    own.patch(f"{URL}/{other['id']}", json={"name": "a", "add": [1]})
    assert own.get(f"{URL}/{other['id']}").json() == other
    assert own.get(f"{URL}/{album['id']}").json() == album


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": " "}, {"name": "a\0"}, {"name": "a", "images": [0]}, []])
def test_albums_that_cannot_be(client: TestClient, body: Any) -> None:
    complaint(client.post(URL, json=body), 422)


def test_albums_that_are_not_there(client: TestClient) -> None:
    for answer in (
        client.get(f"{URL}/7"),
        client.patch(f"{URL}/7", json={"name": "x"}),
        client.delete(f"{URL}/7"),
    ):
        assert complaint(answer, 404)["type"].endswith("album-not-found")
    complaint(client.get(f"{URL}/0"), 422)
