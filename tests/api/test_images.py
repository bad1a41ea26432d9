"""One image over HTTP: its facts, its pictures with validators and ranges, ratings, hiding, tags."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from smartsearch.core.assets import AutoTags, PutAutoTags, Tag
from smartsearch.core.query import NameLike, Shown
from smartsearch.library import Library
from tests.api.conftest import save_photo
from tests.api.test_search import ask, complaint, names


def path_of(client: TestClient, image_id: int) -> Path:
    return Path(client.get(f"/api/v1/images/{image_id}").json()["path"])


@pytest.fixture
def extra(library: Library, tmp_path: Path) -> int:
    """The id of an image in a folder of the test's own."""
    save_photo(tmp_path / "extra" / "one.jpg", 40)
    library.index([tmp_path / "extra"])
    [image_id] = library.store.select(NameLike("one.jpg"))
    return image_id


class TestFacts:
    def test_everything_that_is_known(self, client: TestClient, photos: Path) -> None:
        [found] = ask(client, filters={"name": "red-lake-00.jpg"})["results"]
        image = client.get(f"/api/v1/images/{found['image']['id']}").json()
        assert image.items() >= found["image"].items(), "the brief form is part of it"
        assert image["folder"] == str(photos / "home")
        assert (image["camera_make"], image["camera_model"]) == ("Fujifilm", "X100V")
        assert image["exif"]["EXIF"]["Model"] == "X100V"
        assert (image["hidden"], image["user_rating"], image["albums"]) == (False, None, [])
        assert len(image["sha256"]) == 64

    @pytest.mark.parametrize(("image_id", "status"), [("999999", 404), ("0", 422), ("x", 422), (str(2**63), 422)])
    @pytest.mark.parametrize("part", ["", "/thumbnail", "/preview", "/original"])
    def test_ids_of_nothing(self, client: TestClient, image_id: str, status: int, part: str) -> None:
        assert complaint(client.get(f"/api/v1/images/{image_id}{part}"), status)["detail"]


class TestPictures:
    @pytest.mark.parametrize("kind", ["thumbnail", "preview", "original"])
    def test_they_may_be_cached_for_good_by_their_addresses(self, client: TestClient, kind: str) -> None:
        [found] = ask(client, filters={"name": "red-lake-00.jpg"})["results"]
        answer = client.get(found["image"][f"{kind}_url"])
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert answer.headers["content-type"] == ("image/jpeg" if kind == "original" else "image/webp")
        assert Image.open(io.BytesIO(answer.content)).size == (320, 240)
        again = client.get(found["image"][f"{kind}_url"], headers={"if-none-match": f'"x", W/{answer.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        bare = client.get(f"/api/v1/images/{found['image']['id']}/{kind}")
        assert (bare.headers["cache-control"], bare.headers["etag"]) == ("private, no-cache", answer.headers["etag"])

    def test_parts_of_the_original(self, client: TestClient) -> None:
        whole = path_of(client, 1).read_bytes()
        part = client.get("/api/v1/images/1/original", headers={"range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, whole[10:20])
        assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
        beyond = client.get("/api/v1/images/1/original", headers={"range": f"bytes={len(whole)}-"})
        assert complaint(beyond, 416)["type"].endswith("range-not-satisfiable")
        changed = client.get("/api/v1/images/1/original", headers={"range": "bytes=10-19", "if-range": '"old"'})
        assert (changed.status_code, changed.content) == (200, whole)

    def test_the_original_keeps_its_name(self, client: TestClient) -> None:
        name = path_of(client, 1).name
        shown = client.get("/api/v1/images/1/original")
        assert shown.headers["content-disposition"] == f"inline; filename*=utf-8''{name}"
        saved = client.get("/api/v1/images/1/original", params={"download": True})
        assert saved.headers["content-disposition"].startswith("attachment;")

    def test_any_name_can_be_sent(self, own: TestClient, library: Library, tmp_path: Path) -> None:
        name = os.fsdecode(b'a\xff "quoted"; \r\nx: \xc3\xa9.jpg')
        save_photo(tmp_path / "odd.jpg", 41).rename(tmp_path / name)
        library.index([tmp_path / name])
        [found] = ask(own, filters={"name": "a*quoted*"})["results"]
        answer = own.get(found["image"]["original_url"])
        assert answer.status_code == 200
        assert answer.headers["content-disposition"].endswith("%20%22quoted%22%3B%20%0D%0Ax%3A%20%C3%A9.jpg")
        assert "x" not in answer.headers

    def test_a_lost_thumbnail_is_made_again_from_the_original(self, own: TestClient, library: Library) -> None:
        [asset] = library.store.assets([1])
        thumbnail = library.thumbnails.path(asset.file_hash)
        assert thumbnail is not None
        thumbnail.unlink()
        answer = own.get("/api/v1/images/1/thumbnail")
        assert Image.open(io.BytesIO(answer.content)).format == "WEBP"


class TestFilesThatAreNotWhatTheyWere:
    def test_a_vanished_file(self, own: TestClient, extra: int) -> None:
        path = path_of(own, extra)
        path.unlink()
        assert own.get(f"/api/v1/images/{extra}/thumbnail").status_code == 200
        for kind in ("preview", "original"):
            found = complaint(own.get(f"/api/v1/images/{extra}/{kind}"), 404)
            assert str(path) not in found["detail"]

    def test_a_changed_file_is_sent_but_not_for_good(self, own: TestClient, extra: int) -> None:
        before = own.get(own.get(f"/api/v1/images/{extra}").json()["original_url"])
        path = path_of(own, extra)
        save_photo(path, 43)
        os.utime(path, ns=(1, 1))
        after = own.get(own.get(f"/api/v1/images/{extra}").json()["original_url"])
        assert after.content == path.read_bytes()
        assert after.headers["cache-control"] == "private, no-cache"
        assert after.headers["etag"] != before.headers["etag"]
        changed = complaint(own.get(f"/api/v1/images/{extra}/preview"), 422)
        assert "changed" in changed["detail"]

    def test_a_link_that_leads_out_of_the_folders_is_not_followed(
        self, own: TestClient, extra: int, tmp_path: Path
    ) -> None:
        path = path_of(own, extra)
        secret = tmp_path / "secret.jpg"
        shutil.copy2(path, secret)  # same size, same time: only its place tells
        path.unlink()
        path.symlink_to(secret)
        for kind in ("preview", "original"):
            found = complaint(own.get(f"/api/v1/images/{extra}/{kind}"), 403)
            assert str(tmp_path) not in str(found)

    def test_a_folder_that_was_given_up_is_closed(self, own: TestClient, library: Library, extra: int) -> None:
        library.store.remove_root(str(path_of(own, extra).parent))
        assert complaint(own.get(f"/api/v1/images/{extra}/original"), 403)["type"].endswith("outside-roots")

    @pytest.mark.parametrize("kind", ["fifo", "folder"])
    def test_what_is_no_file(self, own: TestClient, extra: int, kind: str) -> None:
        path = path_of(own, extra)
        path.unlink()
        make: dict[str, Callable[[Path], Any]] = {"fifo": os.mkfifo, "folder": Path.mkdir}
        make[kind](path)
        assert complaint(own.get(f"/api/v1/images/{extra}/original"), 404)["detail"]


class TestWhatTheUserSays:
    def test_ratings(self, own: TestClient) -> None:
        rated = own.patch("/api/v1/images/1", json={"rating": 4}).json()
        assert (rated["rating"], rated["user_rating"]) == (4, 4)
        assert [found["image"]["id"] for found in ask(own, filters={"min_rating": 4})["results"]] == [1]
        assert own.patch("/api/v1/images/1", json={}).json()["rating"] == 4
        assert own.patch("/api/v1/images/1", json={"rating": None}).json()["rating"] is None

    def test_hidden_images_are_left_out(self, own: TestClient, library: Library) -> None:
        everything = library.store.count(Shown())
        assert own.patch("/api/v1/images/1", json={"hidden": True}).json()["hidden"] is True
        assert library.store.count(Shown()) == everything - 1
        assert own.get("/api/v1/images/1/thumbnail").status_code == 200
        assert own.patch("/api/v1/images/1", json={"hidden": False}).json()["hidden"] is False

    @pytest.mark.parametrize("change", [{"rating": 6}, {"rating": "x"}, {"stars": 3}, {"hidden": "maybe"}, []])
    def test_changes_that_make_no_sense(self, client: TestClient, change: Any) -> None:
        complaint(client.patch("/api/v1/images/1", json=change), 422)

    def test_own_tags(self, own: TestClient) -> None:
        def tags(answer: Any) -> list[str]:
            assert answer.status_code == 200, answer.text
            return [tag["name"] for tag in answer.json()["tags"] if tag["source"] == "user"]

        assert tags(own.put("/api/v1/images/1/tags", json={"tags": ["b", " a ", "b"]})) == ["a", "b"]
        assert tags(own.post("/api/v1/images/1/tags", json={"tags": ["Places/Lisbon", "a"]})) == [
            "Places/Lisbon",
            "a",
            "b",
        ]
        assert names(ask(own, filters={"tags": ["places/lisbon"]})) == [path_of(own, 1).name]
        assert tags(own.delete("/api/v1/images/1/tags/places%2FLisbon")) == ["a", "b"]
        assert tags(own.delete("/api/v1/images/1/tags/unknown")) == ["a", "b"]
        assert tags(own.put("/api/v1/images/1/tags", json={"tags": []})) == []

    def test_an_automatic_tag_that_was_taken_off_stays_off(self, own: TestClient, library: Library) -> None:
        guess = PutAutoTags(1, AutoTags("other", (Tag("guess", 0.9, "auto"),)))
        library.store.apply([guess])
        assert {"name": "guess", "source": "auto", "confidence": 0.9} in own.get("/api/v1/images/1").json()["tags"]
        own.delete("/api/v1/images/1/tags/Guess")
        library.store.apply([guess])
        assert "guess" not in str(own.get("/api/v1/images/1").json()["tags"])

    @pytest.mark.parametrize("names_", [[""], ["  "], ["x" * 201], ["a\0b"], "beach", [1], ["x"] * 201])
    def test_tags_that_cannot_be(self, client: TestClient, names_: Any) -> None:
        complaint(client.put("/api/v1/images/1/tags", json={"tags": names_}), 422)

    def test_of_nothing(self, client: TestClient) -> None:
        for answer in (
            client.patch("/api/v1/images/999999", json={"rating": 1}),
            client.put("/api/v1/images/999999/tags", json={"tags": ["a"]}),
            client.post("/api/v1/images/999999/tags", json={"tags": ["a"]}),
            client.delete("/api/v1/images/999999/tags/a"),
        ):
            complaint(answer, 404)
