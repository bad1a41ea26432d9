"""How queries are read over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import COUNT

EVERYTHING = {"min_score": 0, "top_k": 100}


def search(client: TestClient, query: str, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/search", json={"query": query, **EVERYTHING, **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def taken(page: dict[str, Any]) -> list[str]:
    return [found["image"]["taken_at"][:10] for found in page["results"]]


def test_a_query_is_understood_without_searching(client: TestClient) -> None:
    text = "a red lake in 2021, without people camra:X100"
    answer = client.post("/api/v1/query/parse", json={"query": text})
    assert answer.status_code == 200
    understood = answer.json()
    assert understood["words"] == "a red lake camra:X100"
    assert [(chip["kind"], text[chip["start"] : chip["end"]], chip["negated"]) for chip in understood["chips"]] == [
        ("words", "a red lake", False),
        ("date", "in 2021", False),
        ("words", "without people", True),
        ("words", "camra:X100", False),
    ]
    (problem,) = understood["problems"]
    assert (text[problem["start"] : problem["end"]], problem["suggestion"]) == ("camra", "camera")


def test_dates_and_fields_in_the_words_narrow_the_answer(client: TestClient) -> None:
    page = search(client, "a lake from march to june 2021 camera:x100v")
    assert page["understood"]["words"] == "a lake"
    assert taken(page)
    assert all("2021-03" <= day < "2021-07" for day in taken(page))
    assert len(search(client, "in:trip")["results"]) == 2 * COUNT // 3
    assert len(search(client, "-in:trip")["results"]) == COUNT // 3
    assert search(client, "in:TRIP OR in:home")["total"] == COUNT
    assert search(client, "lake OR in:home")["total"] == COUNT, "by words or by filter"


def test_what_is_to_be_avoided_sinks(client: TestClient) -> None:
    wanted = search(client, "a plain surface")
    without = search(client, "a plain surface -red")
    score = {found["image"]["id"]: found["score"] for found in wanted["results"]}
    assert score.keys() == {found["image"]["id"] for found in without["results"]}
    for found in without["results"]:
        assert found["score"] <= score[found["image"]["id"]] + 1e-6
    rest = search(client, '-"a plain red surface"', min_score=0.9)
    assert 0 < len(rest["results"]) < COUNT
    assert not [name for found in rest["results"] if (name := found["image"]["name"]).startswith("red")]
    assert taken(rest) == sorted(taken(rest), reverse=True)


def test_an_answer_can_be_in_order_of_dates(client: TestClient) -> None:
    newest, oldest = (taken(search(client, "a red lake", sort=sort)) for sort in ("newest", "oldest"))
    assert newest == sorted(newest, reverse=True)
    assert oldest == newest[::-1]
    assert taken(search(client, "in:home", sort="oldest")) == sorted(taken(search(client, "in:home")))


def test_pages_of_alternatives_do_not_overlap(client: TestClient) -> None:
    page = search(client, "red OR blue -green", top_k=5)
    seen = [found["image"]["id"] for found in page["results"]]
    while page["next_cursor"]:
        page = client.post("/api/v1/search", json={"cursor": page["next_cursor"], "top_k": 5}).json()
        seen += [found["image"]["id"] for found in page["results"]]
    assert len(seen) == len(set(seen)) == COUNT


def test_every_part_of_a_query_says_what_it_gave(client: TestClient) -> None:
    page = search(client, "a red lake in:trip -people", explain=True)
    best = page["results"][0]
    kinds = [part["kind"] for part in best["evidence"]]
    assert kinds in (["looks", "avoid", "filter"], ["looks", "text", "avoid", "filter"])
    parts = {part["kind"]: part for part in best["evidence"]}
    assert (parts["looks"]["text"], parts["avoid"]["text"], parts["filter"]["text"]) == (
        "a red lake",
        "people",
        "in:trip",
    )
    looks, text = parts["looks"]["score"], parts.get("text", {"score": 0.0})["score"]
    assert best["score"] == pytest.approx((1 - (1 - looks) * (1 - text)) * parts["avoid"]["score"], abs=1e-4)
    assert search(client, "red")["results"][0]["evidence"] is None


def test_a_heat_map_says_where_it_is_seen(client: TestClient) -> None:
    image = search(client, "a red lake")["results"][0]["image"]["id"]
    answer = client.get(f"/api/v1/images/{image}/heatmap", params={"query": "red in 2021"})
    assert answer.status_code == 200, answer.text
    grid = answer.json()
    assert [len(row) for row in grid["values"]] == [7] * 7
    assert all(0 <= value <= 1 for row in grid["values"] for value in row)
    assert (grid["left"], grid["width"]) == (0.125, 0.75), "of 320x240 the model sees the square in the middle"
    assert client.get(f"/api/v1/images/{image}/heatmap", params={"query": "in 2021"}).status_code == 400
    assert client.get("/api/v1/images/999/heatmap", params={"query": "red"}).status_code == 404


def test_a_misspelt_word_is_pointed_out_and_still_searched(client: TestClient) -> None:
    understood = client.post("/api/v1/query/parse", json={"query": "a bicylce on the street"}).json()
    assert [(problem["suggestion"], problem["harmless"]) for problem in understood["problems"]] == [("bicycle", True)]
    assert understood["words"] == "a bicylce on the street"


def test_an_image_says_where_it_was_taken(client: TestClient) -> None:
    places = set()
    for found in search(client, "has:gps")["results"]:
        places.add(client.get(f"/api/v1/images/{found['image']['id']}").json()["place"])
    assert places
    assert all(place.endswith(", Portugal") for place in places)
    without = search(client, "-has:gps")["results"][0]["image"]["id"]
    assert client.get(f"/api/v1/images/{without}").json()["place"] is None
    assert len(search(client, "near:Portugal")["results"]) == COUNT // 2


def test_words_of_another_language_are_looked_up_for_a_model_of_english(client: TestClient) -> None:
    answer = client.post("/api/v1/search", json={"query": "rote Blume ohne Auto"}).json()
    assert answer["understood"]["translation"] == {
        "code": "de",
        "language": "Deutsch",
        "text": "red flower without car",
    }
    english = client.post("/api/v1/search", json={"query": "red flower without car"}).json()
    assert [hit["image"]["id"] for hit in answer["results"]] == [hit["image"]["id"] for hit in english["results"]]
    quoted = client.post("/api/v1/query/parse", json={"query": '"rote Blume"'}).json()
    assert (quoted["translation"], quoted["words"]) == (None, "rote Blume")
