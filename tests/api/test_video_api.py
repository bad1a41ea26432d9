"""Videos over HTTP: where a hit is, its scenes, and the file in parts as players ask for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from smartsearch.library import Library
from tests.videos import save_video


@pytest.fixture
def clip(library: Library, tmp_path: Path) -> int:
    path = save_video(tmp_path / "videos" / "clip.mp4", ["red", "green", "blue"])
    library.index([path.parent])
    asset = library.store.asset_by_path(str(path))
    assert asset is not None
    return asset.id


def test_a_hit_says_where(own: TestClient, clip: int) -> None:
    page = own.post("/api/v1/search", json={"query": "blue is:video", "min_score": 0}).json()
    (found,) = page["results"]
    assert found["image"]["id"] == clip
    assert found["image"]["duration"] == 9.0
    assert 5.9 <= found["at"] < 8.1
    plain = own.post("/api/v1/search", json={"query": "is:video"}).json()["results"][0]
    assert plain["at"] is None, "nothing was compared"
    photo = own.post("/api/v1/search", json={"query": "blue -is:video", "min_score": 0}).json()["results"][0]
    assert (photo["at"], photo["image"]["duration"]) == (None, None)


def test_scenes_and_their_pictures(own: TestClient, clip: int) -> None:
    scenes = own.get(f"/api/v1/images/{clip}/scenes").json()
    assert len(scenes) == 3
    assert [scene["at"] for scene in scenes] == sorted(scene["at"] for scene in scenes)
    pictures = [own.get(scene["thumbnail_url"]) for scene in scenes]
    assert len({picture.content for picture in pictures}) == 3
    assert all(picture.headers["content-type"] == "image/webp" for picture in pictures)
    assert all("immutable" in picture.headers["cache-control"] for picture in pictures)
    assert own.get(f"/api/v1/images/{clip}/scenes/thumbnail", params={"at": 1.234}).status_code == 404
    assert own.get(f"/api/v1/images/{clip}/scenes/thumbnail", params={"at": "nan"}).status_code == 422
    photo = own.post("/api/v1/search", json={"query": "-is:video"}).json()["results"][0]["image"]["id"]
    assert own.get(f"/api/v1/images/{photo}/scenes").json() == []


def test_the_file_comes_in_parts(own: TestClient, clip: int, tmp_path: Path) -> None:
    whole = (tmp_path / "videos" / "clip.mp4").read_bytes()
    part = own.get(f"/api/v1/images/{clip}/original", headers={"range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole[100:200]
    assert part.headers["content-type"] == "video/mp4"
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"
    assert part.headers["content-disposition"].startswith("inline")
    assert "media-src 'self'" in part.headers["content-security-policy"]
