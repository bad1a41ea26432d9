"""Likes over HTTP: at once, kept, listed, erased, learned from."""

from __future__ import annotations

import json
from typing import Any

from fastapi.testclient import TestClient

from smartsearch.core.query import Shown
from smartsearch.library import Library
from smartsearch.testing import random_vectors
from tests.api.test_search import ask, complaint, names
from tests.contract.making import put

WORDS, MORE_WORDS = [f"rex {n}" for n in range(30)], [f"other {n}" for n in range(40)]


def ids_of(client: TestClient, pattern: str) -> list[int]:
    return [found["image"]["id"] for found in ask(client, filters={"name": pattern})["results"]]


def test_likes_refine_a_search_at_once(client: TestClient) -> None:
    blue = ids_of(client, "blue-lake-*")[0]
    [red] = ids_of(client, "red-lake-00.jpg")
    page = ask(client, query="Rex", liked=[blue], disliked=[red], explain=True, top_k=100)
    assert page["results"][0]["image"]["id"] == blue
    assert page["results"][0]["reasons"][0] == "you liked it"
    assert page["results"][0]["score"] == 1
    assert red not in [found["image"]["id"] for found in page["results"]]
    assert "feedback" in [part["kind"] for part in page["results"][1]["evidence"]]
    liked_alone = ask(client, liked=[blue], top_k=1)
    assert names(liked_alone)[0].startswith("blue-lake-")
    assert len(ask(client, disliked=[red], top_k=100)["results"]) == 23, "all others"


def test_wrong_likes_are_refused(client: TestClient) -> None:
    assert "999" in complaint(client.post("/api/v1/search", json={"query": "x", "liked": [999]}), 404)["detail"]
    complaint(client.post("/api/v1/search", json={"query": "x", "liked": [1], "disliked": [1]}), 400)
    complaint(client.post("/api/v1/search", json={"query": "x", "liked": [0]}), 422)
    cursor = ask(client, query="red", top_k=1, min_score=0)["next_cursor"]
    complaint(client.post("/api/v1/search", json={"cursor": cursor, "liked": [1]}), 400)


def test_what_was_said_is_kept_listed_and_erased(own: TestClient, library: Library) -> None:
    blue = ids_of(own, "blue-lake-*")[0]
    [red] = ids_of(own, "red-lake-00.jpg")
    said = {"query": "Rex in:home", "liked": [blue], "disliked": [red]}
    answer = own.post("/api/v1/feedback", json=said)
    assert (answer.status_code, answer.json()) == (201, {"facts": 2})
    own.post("/api/v1/feedback", json={"query": "the lake", "liked": [red]})
    facts = own.get("/api/v1/feedback").json()["feedback"]
    assert [(fact["query"], fact["liked"], fact["image_ids"]) for fact in facts] == [
        ("Rex in:home", True, [blue]),
        ("Rex in:home", False, [red]),
        ("the lake", True, [red]),
    ]
    assert facts[0]["sha256"] == library.store.assets([blue])[0].file_hash.hex()
    assert facts[0]["paths"][0].rpartition("/")[2].startswith("blue-lake")
    assert len(own.get("/api/v1/feedback", params={"query": "THE LAKE"}).json()["feedback"]) == 1
    status = own.get("/api/v1/learn").json()
    assert (status["likes"], status["dislikes"], status["queries"], status["revisions"]) == (2, 1, 2, [])
    assert own.delete("/api/v1/feedback", params={"image_id": red}).json() == {"facts": 2}
    library.prune([blue])
    [left] = own.get("/api/v1/feedback").json()["feedback"]
    assert (left["image_ids"], left["paths"]) == ([], []), "a fact outlives its image"
    assert own.delete("/api/v1/feedback").json() == {"facts": 1}


def test_what_cannot_be_kept_keeps_nothing(own: TestClient) -> None:
    for said, status in (
        ({"query": "in:home", "liked": [1]}, 400),
        ({"query": "a dog OR a cat", "liked": [1]}, 400),
        ({"query": "x", "liked": [1], "disliked": [1]}, 400),
        ({"query": "x"}, 400),
        ({"query": "x", "liked": [1, 999]}, 404),
        ({"query": "x", "loved": [1]}, 422),
    ):
        complaint(own.post("/api/v1/feedback", json=said), status)
    complaint(own.delete("/api/v1/feedback", params={"image_id": 999}), 404)
    assert own.get("/api/v1/feedback").json() == {"feedback": []}


def followed(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    """The job when it has ended."""
    stream = client.get(f"/api/v1/jobs/{job['id']}/events").text
    ended: dict[str, Any] = json.loads(stream.strip().rpartition("data: ")[2])
    return ended


def test_learning_is_a_job_that_can_be_taken_back(own: TestClient, library: Library) -> None:
    refused = complaint(own.post("/api/v1/learn"), 409)
    assert "0 photos liked for words; 15 are needed" in refused["detail"]
    complaint(own.post("/api/v1/learn/revert"), 400)
    space = library.catalog.encoders(library.model).text.space
    [rex] = random_vectors(["rex"], space.dim)
    kind = {f"/rex/{n}.jpg": (rex + noise) / 2 for n, noise in enumerate(random_vectors(WORDS, space.dim))}
    others = {f"/other/{n}.jpg": noise for n, noise in enumerate(random_vectors(MORE_WORDS, space.dim))}
    library.store.apply([put(path, embeddings={space.key: vector}) for path, vector in (kind | others).items()])
    rex_ids = [asset.id for asset in library.store.assets(library.store.select(Shown())) if "/rex/" in asset.path]
    own.post("/api/v1/feedback", json={"query": "Rex", "liked": rex_ids})
    before = ask(own, query="Rex", top_k=10, min_score=0)
    started = own.post("/api/v1/learn")
    assert started.status_code == 202, started.text
    job = followed(own, started.json())
    assert (job["kind"], job["state"], job["detail"]["accepted"]) == ("learn", "done", True)
    [revision] = own.get("/api/v1/learn").json()["revisions"]
    assert revision["id"] == job["detail"]["revision"]
    assert revision["ndcg_after"] > revision["ndcg_before"]
    assert all("/rex/" in found["image"]["path"] for found in ask(own, query="Rex", top_k=10, min_score=0)["results"])
    again = complaint(own.post(f"/api/v1/jobs/{job['id']}/resume"), 400)
    assert "learn" in again["detail"]
    assert own.post("/api/v1/learn/revert").json()["revisions"] == []
    assert names(ask(own, query="Rex", top_k=10, min_score=0)) == names(before)
    assert len(own.get("/api/v1/feedback").json()["feedback"]) == len(rex_ids), "what was said stays"
