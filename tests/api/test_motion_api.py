"""Motion photos over HTTP: found by `has:motion`, their video sent byte for byte and in parts."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from smartsearch.library import Library
from tests import motion_photos as photos


@pytest.fixture
def video(tmp_path: Path) -> bytes:
    return photos.motion_video(tmp_path / "made")


@pytest.fixture
def photo(library: Library, tmp_path: Path, video: bytes) -> Path:
    path = tmp_path / "moving" / "PXL_0001.MP.jpg"
    path.parent.mkdir()
    path.write_bytes(photos.picture(photos.micro_video(len(video))) + video)
    library.index([path.parent])
    return path


def found(client: TestClient, query: str) -> list[dict[str, object]]:
    page = client.post("/api/v1/search", json={"query": query}).json()
    return [hit["image"] for hit in page["results"]]


def test_it_is_a_photo_with_motion(own: TestClient, photo: Path) -> None:
    (image,) = found(own, "has:motion")
    assert (image["name"], image["format"], image["duration"]) == (photo.name, "jpeg", None)
    assert str(image["motion_url"]).startswith(f"/api/v1/images/{image['id']}/motion?v=")
    others = found(own, "-has:motion")
    assert others
    assert {other["motion_url"] for other in others} == {None}
    refused = own.get(f"/api/v1/images/{others[0]['id']}/motion")
    assert (refused.status_code, refused.json()["type"].rsplit(":")[-1]) == (404, "asset-not-found")


def test_the_video_comes_whole_and_in_parts(own: TestClient, photo: Path, video: bytes) -> None:
    address = str(found(own, "has:motion")[0]["motion_url"])
    whole = own.get(address)
    assert whole.content == video
    assert (whole.headers["content-type"], whole.headers["accept-ranges"]) == ("video/mp4", "bytes")
    assert "immutable" in whole.headers["cache-control"]
    assert "media-src 'self'" in whole.headers["content-security-policy"]
    size = len(video)
    for asked, first, end in (
        ("bytes=0-", 0, size),
        ("bytes=100-199", 100, 200),
        ("bytes=5-5", 5, 6),
        ("bytes=-10", size - 10, size),
        (f"bytes=-{size * 9}", 0, size),
        (f"bytes={size - 1}-{10**18}", size - 1, size),
    ):
        part = own.get(address, headers={"range": asked})
        assert (part.status_code, part.content) == (206, video[first:end]), asked
        assert part.headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
    for beyond in (f"bytes={size}-", "bytes=-0", f"bytes={10**18}-"):
        part = own.get(address, headers={"range": beyond})
        assert (part.status_code, part.headers["content-range"]) == (416, f"bytes */{size}")
    for ignored in ("bytes=9-2", "bytes=0-1,5-6", "bytes=-", "lines=1-2", "bytes=x-", f"bytes={'9' * 5000}-"):
        assert own.get(address, headers={"range": ignored}).content == video, ignored
    stale = own.get(address, headers={"range": "bytes=0-9", "if-range": '"another"'})
    assert (stale.status_code, stale.content) == (200, video)
    tag = whole.headers["etag"]
    assert own.get(address, headers={"range": "bytes=0-9", "if-range": tag}).status_code == 206
    assert own.get(address, headers={"if-none-match": tag}).status_code == 304


def test_a_changed_file_or_one_outside_is_not_sent(
    own: TestClient, library: Library, photo: Path, tmp_path: Path
) -> None:
    address = str(found(own, "has:motion")[0]["motion_url"])
    data = photo.read_bytes()
    photo.write_bytes(data + b"more")
    changed = own.get(address)
    assert (changed.status_code, "has changed" in changed.json()["detail"]) == (404, True)
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(data)
    photo.unlink()
    photo.symlink_to(secret)
    assert own.get(address).status_code == 403
    photo.unlink()
    assert own.get(address).status_code == 404


def test_a_copy_has_it_and_new_bytes_lose_it(own: TestClient, library: Library, photo: Path) -> None:
    copy = photo.with_name("copy.jpg")
    copy.write_bytes(photo.read_bytes())
    library.index([photo.parent])
    assert {image["name"] for image in found(own, "has:motion")} == {photo.name, "copy.jpg"}
    photo.write_bytes(photos.picture(colour="olive"))
    library.index([photo.parent])
    assert [image["name"] for image in found(own, "has:motion")] == ["copy.jpg"]
