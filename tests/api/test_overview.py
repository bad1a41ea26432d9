"""Facets, timeline and map over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from smartsearch.core.query import Everything
from smartsearch.core.reading import PutText, TextLine, TextScan
from smartsearch.library import Library
from tests.api.conftest import COUNT
from tests.api.test_search import ask, complaint

FACETS, TIMELINE, MAP = "/api/v1/search/facets", "/api/v1/timeline", "/api/v1/map"


def posted(client: TestClient, url: str, **body: Any) -> dict[str, Any]:
    answer = client.post(url, json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_each_facet_is_counted_under_the_other_filters(client: TestClient) -> None:
    everything = posted(client, FACETS)
    assert everything["total"] == COUNT
    assert everything["formats"] == [{"value": "jpeg", "count": COUNT}]
    assert everything["cameras"] == [{"value": "X100T", "count": 12}, {"value": "X100V", "count": 12}]
    assert everything["with_position"] == COUNT // 2
    assert everything["with_text"] == 0
    assert sum(month["count"] for month in everything["months"]) == COUNT
    assert [folder["value"].rpartition("/")[2] for folder in everything["folders"]] == ["trip", "home"]
    narrowed = posted(client, FACETS, filters={"cameras": ["X100V"], "after": "2022"})
    assert narrowed["total"] == 3
    assert {value["value"]: value["count"] for value in narrowed["cameras"]} == {"X100T": 3, "X100V": 3}
    assert sum(month["count"] for month in narrowed["months"]) == 12
    assert narrowed["formats"] == [{"value": "jpeg", "count": 3}]


def test_places_by_name(client: TestClient) -> None:
    found = posted(client, FACETS)
    assert found["countries"] == [{"value": "Portugal", "count": COUNT // 2}]
    assert sum(town["count"] for town in found["towns"]) == COUNT // 2
    town = found["towns"][0]
    assert town["value"].endswith(", Portugal")
    assert ask(client, filters={"places": [town["value"]]})["total"] == town["count"]
    assert ask(client, filters={"places": ["Portugal"]})["total"] == COUNT // 2
    south, north = found["regions"]
    assert (south["value"], north["value"]) == ("Setúbal, Portugal", "Lisbon, Portugal")
    assert south["count"] + north["count"] == COUNT // 2
    assert ask(client, filters={"regions": [south["value"]]})["total"] == south["count"]
    either = {"regions": [south["value"]], "places": [north["value"]]}  # the one is a region, the other a town
    assert ask(client, filters=either)["total"] == COUNT // 2
    assert posted(client, FACETS, filters={"regions": [north["value"]]})["regions"] == [south, north]
    assert ask(client, filters={"places": ["Atlantis"]})["total"] == 0
    narrowed = posted(client, FACETS, filters={"places": [town["value"]], "cameras": ["X100V"]})
    assert (narrowed["total"], narrowed["towns"]) == (town["count"], found["towns"]), "counted without its own filter"
    assert posted(client, FACETS, filters={"cameras": ["X100T"]})["countries"] == []


def test_what_has_text_is_counted_and_found(own: TestClient, library: Library) -> None:
    line = TextLine("EXIT", 0.9, ((0, 0), (9, 0), (9, 9), (0, 9)))
    first, second, third = library.store.select(Everything(), limit=3)
    texts = [(first, (line,)), (second, (line,)), (third, ())]
    library.store.apply([PutText(number, TextScan("r", lines)) for number, lines in texts])
    assert posted(own, FACETS)["with_text"] == 2
    found = ask(own, filters={"has_text": True})
    assert {hit["image"]["id"] for hit in found["results"]} == {first, second}
    assert ask(own, filters={"has_text": False})["total"] == COUNT - 2
    assert posted(own, FACETS, filters={"has_text": False})["with_text"] == 2, "counted without its own filter"
    assert posted(own, FACETS, query="-has:text")["with_text"] == 0


def test_what_a_facet_says_a_search_finds(client: TestClient) -> None:
    for folder in posted(client, FACETS)["folders"]:
        assert ask(client, filters={"folders": [folder["value"]]})["total"] == folder["count"]
    for tag in posted(client, FACETS)["tags"][:3]:
        assert ask(client, filters={"tags": [tag["value"]]})["total"] == tag["count"]


def test_facets_go_by_the_filters_of_a_query(client: TestClient) -> None:
    everything = posted(client, FACETS)
    assert posted(client, FACETS, query="a red lake")["total"] == COUNT, "words decide nothing here"
    camera = posted(client, FACETS, query="a red lake camera:X100V")
    assert camera["total"] == 12
    assert [found["value"] for found in camera["cameras"]] == ["X100V"]
    either = posted(client, FACETS, query="camera:X100V OR camera:X100T", filters={"cameras": ["X100T"]})
    assert either["total"] == 12
    assert posted(client, FACETS, query="nonsense:field ((")["total"] == everything["total"]


def test_facets_of_words_and_hidden_images(own: TestClient) -> None:
    assert posted(own, FACETS, filters={"words": "trip"})["total"] == 16
    album = own.post("/api/v1/albums", json={"name": "few", "images": [1, 2]}).json()
    own.patch("/api/v1/images/1", json={"hidden": True, "rating": 2})
    hidden = posted(own, FACETS, filters={"hidden": True})
    assert (hidden["total"], hidden["ratings"]) == (1, [{"value": 2, "count": 1}])
    assert posted(own, FACETS, query="is:hidden") == posted(own, FACETS, query="is:hidden", filters={"hidden": True})
    assert posted(own, TIMELINE, query="is:hidden", unit="year")["total"] == 1
    assert posted(own, FACETS)["albums"] == [{"value": album["id"], "name": "few", "count": 1}]


def test_the_timeline_leads_into_the_newest_search(client: TestClient) -> None:
    found = posted(client, TIMELINE, filters={"camera": "X100"}, unit="month")
    assert (found["unit"], found["total"]) == ("month", COUNT)
    newest = ask(client, filters={"camera": "X100"}, sort="newest", top_k=COUNT)["results"]
    place = 0
    for bucket in found["buckets"]:
        assert bucket["cover"]["id"] == newest[place]["image"]["id"]
        assert newest[place]["image"]["taken_at"].startswith(bucket["start"][:7])
        place += bucket["count"]
    days = posted(client, TIMELINE, unit="day")
    assert {bucket["cover"] for bucket in days["buckets"]} == {None}
    assert posted(client, TIMELINE, unit="day", covers=True)["buckets"][0]["cover"]["id"] > 0


def test_the_map(client: TestClient) -> None:
    world = posted(client, MAP)
    assert world["total"] == COUNT // 2
    assert [cluster["count"] for cluster in world["clusters"]] == [COUNT // 2]
    near = posted(client, MAP, zoom=12, south=38, west=-10, north=39, east=-9)
    assert (near["total"], len(near["clusters"])) == (COUNT // 2, 3)
    assert near["clusters"][0]["cover"]["position"]["latitude"] == pytest.approx(near["clusters"][0]["latitude"])
    assert posted(client, MAP, south=0, west=0, north=1, east=1) == {"total": 0, "clusters": []}


def test_timeline_and_map_of_a_search(client: TestClient) -> None:
    asked = {"query": "a red picture camera:X100T", "min_score": 0.2}
    newest = ask(client, **asked, sort="newest", top_k=COUNT)["results"]
    assert 0 < len(newest) < 12
    found = posted(client, TIMELINE, **asked, unit="day", covers=True)
    assert found["total"] == len(newest)
    assert [bucket["cover"]["id"] for bucket in found["buckets"]] == [hit["image"]["id"] for hit in newest]
    placed = [hit for hit in newest if hit["image"]["position"]]
    assert posted(client, MAP, **asked)["total"] == len(placed)
    assert posted(client, TIMELINE, like=1, min_score=0, unit="year")["total"] == COUNT - 1
    either = {"query": "camera:X100V after:2022 OR camera:X100T before:2021-06"}
    assert posted(client, TIMELINE, **either)["total"] == ask(client, **either)["total"] > 0


def test_equal_questions_are_counted_once(own: TestClient, library: Library) -> None:
    posted(own, FACETS)
    before = library.overviews.misses
    posted(own, FACETS)
    assert library.overviews.misses == before
    own.patch("/api/v1/images/1", json={"rating": 1})
    assert posted(own, FACETS)["ratings"] == [{"value": 1, "count": 1}]
    assert library.overviews.misses == before + 2, "the places are counted by themselves"


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        (FACETS, {"filters": {"formats": ["exe"]}}, 400),
        (FACETS, {"what": 1}, 422),
        (TIMELINE, {"unit": "week"}, 422),
        (TIMELINE, {"like": 10**6}, 404),
        (TIMELINE, {"sort": "newest"}, 422),
        (MAP, {"query": "x" * 1001}, 422),
        (MAP, {"zoom": 21}, 422),
        (MAP, {"south": 91}, 422),
        (MAP, {"west": "x"}, 422),
    ],
)
def test_questions_that_make_no_sense(client: TestClient, url: str, body: dict[str, Any], status: int) -> None:
    complaint(client.post(url, json=body), status)
