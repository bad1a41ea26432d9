"""Searching over HTTP, with the packaged model over generated photos."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from smartsearch.library import Library
from tests.api.conftest import COUNT, save_photo

EVERYTHING = {"min_score": 0}


def ask(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/search", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def names(page: dict[str, Any]) -> list[str]:
    return [found["image"]["name"] for found in page["results"]]


def complaint(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    return found


def test_photos_are_found_by_describing_them(client: TestClient) -> None:
    page = ask(client, query="a plain red surface", top_k=2, **EVERYTHING)
    assert sorted(names(page)) == ["red-lake-00.jpg", "red-lake-12.jpg"]
    best = page["results"][0]
    assert 0 < best["score"] <= 1
    assert best["image"]["taken_at"].startswith("2021-")
    assert best["image"]["color"].startswith("#")
    assert (best["image"]["width"], best["image"]["height"]) == (320, 240)
    assert "reasons" not in best or best["reasons"] is None
    assert page["total"] is None, "nobody has looked to the end"


def test_explained_results_say_why_they_are_there(client: TestClient) -> None:
    page = ask(client, query="red", filters={"formats": ["jpg"]}, explain=True, **EVERYTHING)
    assert page["results"][0]["reasons"] == [
        "looks like “red”",
        "“red” is in its file name",
        "meets the filters",
    ]
    assert -1 <= page["results"][0]["similarity"] <= 1


def test_a_page_can_be_read_again_explained(client: TestClient) -> None:
    page = ask(client, query="red", top_k=100, **EVERYTHING)
    assert page["next_cursor"] is None
    name = page["cursor"].rpartition(".")[0]
    [third] = ask(client, cursor=f"{name}.2", top_k=1, explain=True)["results"]
    assert third["image"] == page["results"][2]["image"]
    assert third["reasons"]


def test_filters_narrow_the_answer(client: TestClient, photos: Path) -> None:
    assert names(ask(client, filters={"name": "*lake-0[5]*"})) == []
    in_home = ask(client, filters={"after": "2021-06", "before": "2021", "folders": [str(photos / "home")]})
    assert sorted(name[-6:-4] for name in names(in_home)) == ["09", "12", "15"]
    newest = ask(client, filters={"camera": "x100v"})["results"]
    taken = [found["image"]["taken_at"] for found in newest]
    assert len(taken) == COUNT // 2
    assert taken == sorted(taken, reverse=True)
    box = ask(client, filters={"south": 38, "west": -10, "north": 39, "east": -9})
    assert len(box["results"]) == COUNT // 2
    assert all(found["image"]["position"] for found in box["results"])
    assert ask(client, filters={"has_position": False})["total"] == COUNT // 2
    assert ask(client, filters={"words": "trip"})["total"] == 2 * COUNT // 3


def test_who_asks_for_nothing_browses_the_library(client: TestClient) -> None:
    page = ask(client, top_k=10)
    assert page["total"] == COUNT, "known at once"
    taken = [found["image"]["taken_at"] for found in page["results"]]
    assert taken == sorted(taken, reverse=True)
    assert names(ask(client, query="  ", top_k=10)) == names(page)
    rest = ask(client, cursor=page["next_cursor"], top_k=100)
    assert (len(rest["results"]), rest["total"], rest["next_cursor"]) == (COUNT - 10, COUNT, None)
    oldest = ask(client, sort="oldest", top_k=COUNT)
    assert names(oldest) == (names(page) + names(rest))[::-1]


def test_what_matches_can_be_put_in_order_of_time(client: TestClient) -> None:
    relevant = ask(client, query="a plain red surface", top_k=COUNT, min_score=0.01)
    newest = ask(client, query="a plain red surface", top_k=3, min_score=0.01, sort="newest")
    assert newest["total"] == len(relevant["results"]) > 3
    rest = ask(client, cursor=newest["next_cursor"], top_k=COUNT)
    found = newest["results"] + rest["results"]
    taken = [result["image"]["taken_at"] for result in found]
    assert taken == sorted(taken, reverse=True)
    score = {result["image"]["id"]: result["score"] for result in relevant["results"]}
    assert {result["image"]["id"]: result["score"] for result in found} == score


def test_chosen_images_are_a_filter(client: TestClient) -> None:
    ids = [found["image"]["id"] for found in ask(client, top_k=5)["results"]][1:3]
    page = ask(client, filters={"ids": [*ids, 10**12]})
    assert sorted(found["image"]["id"] for found in page["results"]) == sorted(ids)
    assert page["total"] == 2


def test_filters_by_camera_colour_album_and_hidden(own: TestClient) -> None:
    models = ask(own, filters={"cameras": ["X100V", "unknown"]})
    assert models["total"] == COUNT // 2
    assert ask(own, filters={"cameras": ["X100"]})["total"] == 0, "the whole name"
    assert {name.split("-")[0] for name in names(ask(own, filters={"color": "#ff0000"}))} == {"red"}
    album = own.post("/api/v1/albums", json={"name": "few", "images": [3, 4]}).json()
    assert ask(own, filters={"album": album["id"]})["total"] == 2
    own.patch("/api/v1/images/3", json={"hidden": True})
    assert ask(own, filters={"album": album["id"]})["total"] == 1
    hidden = ask(own, filters={"hidden": True})
    assert [found["image"]["id"] for found in hidden["results"]] == [3]
    assert ask(own, query="anything", filters={"hidden": True}, min_score=0)["results"][0]["image"]["id"] == 3
    for asked in (
        {"query": "is:hidden"},
        {"query": "anything is:hidden", "min_score": 0},
        {"query": "album:few is:hidden"},
    ):
        assert [found["image"]["id"] for found in ask(own, **asked)["results"]] == [3]
    assert ask(own, query="-is:hidden")["total"] == COUNT - 1
    assert ask(own, query="is:hidden OR album:few")["total"] == 2


def test_pages_do_not_overlap_and_end(client: TestClient) -> None:
    page = ask(client, query="a lake", top_k=10, **EVERYTHING)
    seen = names(page)
    while page["next_cursor"]:
        page = ask(client, cursor=page["next_cursor"], top_k=10)
        seen += names(page)
    assert len(seen) == len(set(seen)) == page["total"] == COUNT


def test_a_cursor_may_be_moved(client: TestClient) -> None:
    first = ask(client, query="a lake", top_k=10, **EVERYTHING)
    name = first["next_cursor"].rpartition(".")[0]
    everything = ask(client, cursor=f"{name}.0", top_k=1000)
    assert names(everything)[:10] == names(first)
    assert names(ask(client, cursor=f"{name}.20", top_k=2)) == names(everything)[20:22]
    assert ask(client, cursor=f"{name}.5000")["results"] == []


def test_pages_stay_while_images_come_and_go(own: TestClient, library: Library, tmp_path: Path) -> None:
    first = ask(own, query="a plain red surface", top_k=5, **EVERYTHING)
    save_photo(tmp_path / "more" / "red-new.jpg", 36)
    library.index([tmp_path / "more"])
    gone = first["results"][0]["image"]["id"]
    library.prune([gone])
    second = ask(own, cursor=first["next_cursor"], top_k=100)
    assert not set(names(first)) & set(names(second))
    assert len(names(first)) + len(names(second)) == COUNT + 1
    again = ask(own, query="a plain red surface", top_k=5, **EVERYTHING)
    assert "red-new.jpg" in names(again), "a new question sees the new library"
    assert gone not in [found["image"]["id"] for found in again["results"]]


def test_equal_questions_are_answered_from_the_cache(own: TestClient, library: Library) -> None:
    ask(own, query="a dog", top_k=3, **EVERYTHING)
    before = library.answers.hits
    ask(own, query="a dog", top_k=7, **EVERYTHING)
    assert library.answers.hits == before + 1
    library.prune([1])
    ask(own, query="a dog", top_k=3, **EVERYTHING)
    assert library.answers.hits == before + 1
    [texts] = library.texts.caches()
    assert texts.encode.cache_info().misses == 1, "the words were encoded once for all of them"


def test_similar_images(client: TestClient) -> None:
    [red] = ask(client, filters={"name": "red-lake-00.jpg"})["results"]
    page = client.get(f"/api/v1/images/{red['image']['id']}/similar", params={"top_k": 1, "formats": ["jpeg", "png"]})
    assert names(page.json()) == ["red-lake-12.jpg"]
    assert names(ask(client, like=red["image"]["id"], top_k=1)) == ["red-lake-12.jpg"]


def test_search_by_an_uploaded_image(client: TestClient, tmp_path: Path) -> None:
    example = save_photo(tmp_path / "example.jpg", 7 + 12).read_bytes()
    form = {"top_k": "2", "filters": json.dumps({"formats": ["jpeg"]}), "min_score": "0"}
    page = client.post("/api/v1/search/image", files={"file": example}, data=form)
    assert page.status_code == 200, page.text
    colour = names(page.json())[0].split("-")[0]
    assert {name.split("-")[0] for name in names(page.json())} == {colour}
    assert len(names(ask(client, cursor=page.json()["next_cursor"], top_k=100))) == COUNT - 2
    mixed = client.post(
        "/api/v1/search/image",
        files={"file": example},
        data={"query": "a plain red surface", "image_weight": "0", "top_k": "2", "min_score": "0", "explain": "true"},
    )
    assert sorted(names(mixed.json())) == ["red-lake-00.jpg", "red-lake-12.jpg"]
    assert mixed.json()["results"][0]["reasons"][1] == "resembles the example image"


def test_uploads_that_are_no_images_cost_themselves_only(client: TestClient) -> None:
    for content in (b"", b"hello", b"\xff\xd8\xff\xe0 broken", b"\x89PNG\r\n\x1a\n" + bytes(100)):
        answer = client.post("/api/v1/search/image", files={"file": ("../../etc/passwd", content)})
        found = complaint(answer, 422)
        assert found["type"].startswith("urn:smartsearch:problem:")
        assert "/" not in found["detail"].replace("image/", "")
    assert client.get("/api/v1/health").status_code == 200


def test_huge_uploads_are_refused(client: TestClient) -> None:
    larger = client.post("/api/v1/search/image", files={"file": b"x" * ((1 << 20) + 1)})
    assert complaint(larger, 413)["type"].endswith("content-too-large")
    huge = client.post("/api/v1/search/image", files={"file": b"x" * (3 << 20)})
    assert complaint(huge, 413)["type"].endswith("content-too-large")
    assert complaint(client.post("/api/v1/search", content=b" " * (2 << 20)), 413)["status"] == 413

    def endless() -> Any:
        for _ in range(64):
            yield b"x" * (1 << 16)

    streamed = client.post("/api/v1/search", content=endless(), headers={"content-type": "application/json"})
    assert complaint(streamed, 413)["status"] == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"sort": "random"}, 422),
        ({"filters": {"color": "red"}}, 422),
        ({"filters": {"album": 0}}, 422),
        ({"query": "x", "top_k": 0}, 422),
        ({"query": "x", "top_k": 10**9}, 422),
        ({"query": "x", "colour": "red"}, 422),
        ({"query": "x" * 1001}, 422),
        ({"query": "x\0y"}, 422),
        ({"query": "x", "min_score": 2}, 422),
        ({"query": "x", "diversity": 0.8}, 422),
        ({"query": "x", "filters": {"after": "yesterday"}}, 400),
        ({"query": "x", "filters": {"formats": ["exe"]}}, 400),
        ({"query": "x", "filters": {"south": 1}}, 400),
        ({"query": "x", "filters": {"south": 100, "west": 0, "north": 0, "east": 0}}, 422),
        ({"query": "x", "filters": {"folders": ["a\0b"]}}, 422),
        ({"like": 0}, 422),
        ({"like": 2**63}, 422),
        ({"like": 999999}, 404),
        ({"cursor": "nonsense"}, 400),
        ({"cursor": "x.-1"}, 400),
        ({"cursor": "x.²"}, 400),
        ({"cursor": "unknown.50"}, 410),
        ({"cursor": "unknown.50", "query": "x"}, 400),
    ],
)
def test_questions_that_cannot_be_answered(client: TestClient, body: dict[str, Any], status: int) -> None:
    assert complaint(client.post("/api/v1/search", json=body), status)["detail"]


def test_bodies_that_are_no_json(client: TestClient) -> None:
    for content in (b"", b"{", b"[1]", b'{"query": NaN}', b'{"query": "\\ud800"}', b"\xff", b"[" * 5000):
        answer = client.post("/api/v1/search", content=content, headers={"content-type": "application/json"})
        assert complaint(answer, answer.status_code)["status"] in (400, 422)


def test_a_search_without_vectors_says_what_to_do(tmp_path: Path, photos: Path) -> None:
    from smartsearch.api.app import create_app
    from smartsearch.config import Places
    from tests.api.conftest import BASE_URL, settings

    places = Places(tmp_path / "home", tmp_path / "library")
    with Library.open(places, settings(photos), create=True) as empty:
        page = ask(TestClient(create_app(empty), base_url=BASE_URL), query="a dog")
        assert (page["results"], page["total"]) == ([], 0)
