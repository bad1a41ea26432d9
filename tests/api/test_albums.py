"""Albums over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any
from unittest.mock import ANY

import pytest
from fastapi.testclient import TestClient

from smartsearch.library import Library
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
    gone = own.delete(address)
    assert (gone.status_code, gone.json()) == (200, {"name": "Porto", "images": [2, 3], "query": None})
    assert own.get(URL).json() == {"albums": []}
    assert own.get("/api/v1/images/1").json()["albums"] == []
    made(own, "another")
    restored = own.put(address, json=gone.json()).json()
    assert (restored["id"], restored["images"]) == (album["id"], 1), "image 3 is hidden, and in it"
    assert own.get("/api/v1/images/3").json()["albums"] == [album["id"]]


def test_albums_that_cannot_be_restored(own: TestClient) -> None:
    first, smart = made(own, "a"), made(own, "smart", query="lake")
    complaint(own.put(f"{URL}/{first['id']}", json={"name": "b"}), 409)
    complaint(own.put(f"{URL}/{smart['id'] + 99}", json={"name": "b"}), 404)
    gone = own.delete(f"{URL}/{smart['id']}").json()
    complaint(own.put(f"{URL}/{smart['id']}", json=gone | {"name": "a"}), 409)
    assert own.put(f"{URL}/{smart['id']}", json=gone).json() == smart | {"created_at": ANY}
    complaint(own.delete(f"{URL}/{smart['id'] + 99}"), 404)


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


def test_a_smart_album_stays_current(own: TestClient) -> None:
    smart = made(own, "Red ones", query="name:red rating:>=4")
    assert (smart["images"], smart["cover"], smart["problem"]) == (0, None, "")
    found = own.post("/api/v1/search", json={"query": "name:red"}).json()["results"]
    own.patch(f"/api/v1/images/{found[0]['image']['id']}", json={"rating": 5})
    smart = own.get(f"{URL}/{smart['id']}").json()
    assert (smart["images"], smart["cover"]) == (1, found[0]["image"]["id"])
    for asked in ({"filters": {"album": smart["id"]}}, {"query": 'album:"red ones"'}, {"query": 'in:"Red ones"'}):
        assert own.post("/api/v1/search", json=asked).json()["total"] == 1
    assert own.post("/api/v1/timeline", json={"filters": {"album": smart["id"]}}).json()["total"] == 1
    assert own.patch(f"{URL}/{smart['id']}", json={"query": "name:red"}).json()["images"] == len(found)


def test_a_smart_album_of_words_goes_by_the_cut_off(own: TestClient) -> None:
    asked = own.post("/api/v1/search", json={"query": "red", "top_k": 1000}).json()
    smart = made(own, "By sight", query="red")
    assert smart["images"] == len(asked["results"]) > 0
    within = own.post("/api/v1/search", json={"query": 'album:"By sight" name:00'}).json()
    assert within["total"] == len([hit for hit in asked["results"] if "00" in hit["image"]["name"]])


def test_smart_albums_that_cannot_be(own: TestClient) -> None:
    assert "camra" in complaint(own.post(URL, json={"name": "a", "query": "camra:X100"}), 400)["detail"]
    complaint(own.post(URL, json={"name": "a", "query": " "}), 422)
    complaint(own.post(URL, json={"name": "a", "query": "photos", "images": [1]}), 422)
    smart = made(own, "a", query="rating:5")
    assert complaint(own.patch(f"{URL}/{smart['id']}", json={"add": [1]}), 409)["type"].endswith("smart-album")
    by_hand = made(own, "b")
    complaint(own.patch(f"{URL}/{by_hand['id']}", json={"query": "rating:5"}), 409)


def test_an_album_made_of_itself_is_refused(own: TestClient) -> None:
    first = made(own, "first", query="rating:5")
    second = made(own, "second", query="album:first OR rating:4")
    assert "made of itself" in complaint(own.patch(f"{URL}/{first['id']}", json={"query": "in:second"}), 400)["detail"]
    assert own.get(f"{URL}/{first['id']}").json()["query"] == "rating:5"
    assert own.get(f"{URL}/{second['id']}").json()["problem"] == ""


def test_a_query_that_has_gone_bad_says_so_and_loses_nothing(own: TestClient) -> None:
    inner = made(own, "inner", query="rating:5")
    outer = made(own, "outer", query="album:inner")
    own.delete(f"{URL}/{inner['id']}")
    shown = own.get(f"{URL}/{outer['id']}").json()
    assert (shown["images"], shown["query"]) == (0, "album:inner")
    assert "inner" in shown["problem"]
    found = complaint(own.post("/api/v1/search", json={"filters": {"album": outer["id"]}}), 400)
    assert "inner" in found["detail"]
    problems = own.post("/api/v1/query/parse", json={"query": "album:outer"}).json()["problems"]
    assert "cannot be read" in problems[0]["message"]


def test_a_proposed_album_is_dismissed_restored_and_kept(library: Library, own: TestClient) -> None:
    library.proposals._today = lambda: date(2022, 1, 15)
    [proposed] = own.get("/api/v1/proposals").json()["proposals"]
    assert (proposed["kind"], proposed["name"], proposed["images"]) == ("day", "On this day, 2021", 1)
    url = f"/api/v1/proposals/{proposed['key']}"
    assert own.delete(url).status_code == 204
    assert own.get("/api/v1/proposals").json() == {"proposals": []}
    complaint(own.delete(url), 404)
    library.proposals._today = lambda: date(2022, 9, 1)
    [away] = own.get("/api/v1/proposals", params={"dismissed": True}).json()["proposals"]
    assert away == proposed | {"name": "On this day, 15 January 2021"}, "also on other days of the year"
    library.proposals._today = lambda: date(2022, 1, 15)
    assert own.post(f"{url}/restore").status_code == 204
    assert own.get("/api/v1/proposals", params={"dismissed": True}).json() == {"proposals": []}
    complaint(own.post(f"{url}/restore"), 404)
    complaint(own.post("/api/v1/proposals/day-x/restore"), 404)
    assert own.get("/api/v1/proposals").json() == {"proposals": [proposed]}
    kept = own.post(url)
    assert kept.status_code == 201
    assert (kept.json()["name"], kept.json()["cover"]) == ("On this day, 2021", proposed["cover"])
    assert own.get("/api/v1/proposals").json() == {"proposals": []}
    complaint(own.post(f"/api/v1/proposals/{proposed['key']}"), 404)
