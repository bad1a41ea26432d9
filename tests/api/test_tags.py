"""The tree of tags over HTTP."""

from __future__ import annotations

from fastapi.testclient import TestClient

from tests.api.test_search import complaint

URL = "/api/v1/tags"


def tree(client: TestClient) -> dict[str, int]:
    return {tag["name"]: tag["images"] for tag in client.get(URL).json()["tags"] if tag["editable"]}


def test_tags_are_given_moved_and_taken_off(own: TestClient) -> None:
    own.post("/api/v1/images/1/tags", json={"tags": [" animal / dog"]})
    own.post("/api/v1/images/2/tags", json={"tags": ["animal/cat", "pet"]})
    assert tree(own) == {"animal": 2, "animal/cat": 1, "animal/dog": 1, "pet": 1}
    assert own.post("/api/v1/search", json={"filters": {"tags": ["animal"]}}).json()["total"] == 2
    assert own.post("/api/v1/search", json={"query": "tag:animal/dog"}).json()["total"] == 1
    assert own.patch(f"{URL}/animal", json={"name": "pet"}).json() == {"images": 2}
    assert tree(own) == {"pet": 2, "pet/cat": 1, "pet/dog": 1}
    assert own.delete(f"{URL}/pet/dog").json() == {"images": 1}
    assert tree(own) == {"pet": 1, "pet/cat": 1}


def test_tags_that_cannot_be_moved(own: TestClient) -> None:
    own.post("/api/v1/images/1/tags", json={"tags": ["animal"]})
    assert "below itself" in complaint(own.patch(f"{URL}/animal", json={"name": "animal/dog"}), 400)["detail"]
    assert complaint(own.patch(f"{URL}/nothing", json={"name": "a"}), 404)["type"].endswith("tag-not-found")
    complaint(own.delete(f"{URL}/nothing"), 404)
    complaint(own.patch(f"{URL}/animal", json={"name": " / "}), 422)
    complaint(own.post("/api/v1/images/1/tags", json={"tags": ["/"]}), 422)
    assert tree(own) == {"animal": 1}
