"""Suggestions over HTTP."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from smartsearch.library import Library
from tests.api.conftest import COUNT
from tests.api.test_search import ask

URL = "/api/v1/suggestions"


def suggested(client: TestClient, q: str, **more: Any) -> list[dict[str, Any]]:
    answer = client.get(URL, params={"q": q} | more)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["suggestions"]
    return found


def test_names_of_the_library(own: TestClient) -> None:
    assert suggested(own, "a photo by x100v")[0] == {
        "kind": "camera",
        "text": "X100V",
        "insert": "camera:X100V",
        "count": 12,
    }
    assert {"folder", "word"} <= {one["kind"] for one in suggested(own, "trip")}
    assert suggested(own, "lake", limit=1)[0]["count"] > 0


def test_places_where_photos_were_taken(client: TestClient) -> None:
    found = suggested(client, "lisbon")
    assert ("place", "place:Lisbon") in [(one["kind"], one["insert"]) for one in found]
    assert ("region", 'region:"Lisbon, Portugal"') in [(one["kind"], one["insert"]) for one in found]
    assert ask(client, query="place:Lisbon")["total"] == COUNT // 2
    assert 0 < ask(client, query='region:"Lisbon, Portugal"')["total"] < COUNT // 2, "the rest is over the river"


def test_own_tags_show_at_once(own: TestClient) -> None:
    own.put("/api/v1/images/1/tags", json={"tags": ["zebra crossing"]})
    assert suggested(own, "zebar")[0]["insert"] == 'tag:"zebra crossing"'


def test_recent_queries_are_kept_in_the_library_until_cleared(own: TestClient, library: Library) -> None:
    ask(own, query="dog on a beach", min_score=0)
    assert suggested(own, "dog on")[0] == {
        "kind": "recent",
        "text": "dog on a beach",
        "insert": "dog on a beach",
        "count": 0,
    }
    assert "dog on a beach" in (library.store.setting("recent_queries") or "")
    assert own.delete(f"{URL}/recent").status_code == 204
    assert [one for one in suggested(own, "") if one["kind"] == "recent"] == []
    assert library.store.setting("recent_queries") == "[]"


def test_limits(client: TestClient) -> None:
    assert len(suggested(client, "", limit=3)) == 3
    for params in ({"q": "x" * 1001}, {"limit": "0"}, {"limit": "51"}, {"q": "a\0b"}):
        assert client.get(URL, params=params).status_code == 422
