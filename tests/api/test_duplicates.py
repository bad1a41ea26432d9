"""Duplicates over HTTP: groups, the user's word, and a trash that is off unless the configuration says otherwise."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from smartsearch.api.app import create_app
from smartsearch.config import Places
from smartsearch.core.settings import DuplicateSettings
from smartsearch.duplicates.review import Duplicates
from smartsearch.library import Library
from tests.api.conftest import BASE_URL, settings
from tests.api.test_search import complaint
from tests.unit.media.pictures import detailed

URL = "/api/v1/duplicates"


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An indexed library of a photo, its copy, a smaller one, and another photo."""
    base = tmp_path_factory.mktemp("duplicates")
    photos = base / "photos"
    photos.mkdir()
    picture = detailed(400, 300, 3)
    picture.save(photos / "best.jpg", quality=90)
    shutil.copy(photos / "best.jpg", photos / "copy.jpg")
    picture.resize((200, 150)).save(photos / "small.png")
    detailed(400, 300, 9).save(photos / "other.jpg")
    with Library.open(Places(base / "home", base / "library"), settings(photos), create=True) as library:
        library.index([photos])
    return base


@pytest.fixture
def pair(album: Path) -> Iterator[tuple[Library, TestClient]]:
    """A library of the test's own, over the same photos, which nobody may move."""
    places = Places(album / "home", album / "own")
    shutil.copytree(album / "library", places.library)
    with (
        Library.open(places, settings(album / "photos")) as library,
        TestClient(create_app(library), base_url=BASE_URL) as asking,
    ):
        yield library, asking
    shutil.rmtree(places.library)


def groups(client: TestClient, **parameters: Any) -> list[list[tuple[str, str | None]]]:
    answer = client.get(URL, params=parameters)
    assert answer.status_code == 200, answer.text
    return [[(each["image"]["name"], each["kind"]) for each in group["members"]] for group in answer.json()["groups"]]


def ids(client: TestClient) -> dict[str, int]:
    [group] = client.get(URL).json()["groups"]
    return {each["image"]["name"]: each["image"]["id"] for each in group["members"]}


def test_groups_with_the_one_to_keep_first(pair: tuple[Library, TestClient]) -> None:
    _, client = pair
    assert groups(client) == [[("best.jpg", None), ("copy.jpg", "exact"), ("small.png", "near")]]
    assert groups(client, kind="exact") == [[("best.jpg", None), ("copy.jpg", "exact")]]
    assert groups(client, kind=["burst"]) == groups(client, skip=1) == []
    found = client.get(URL).json()
    assert (found["total"], found["trash_allowed"]) == (1, False)
    assert found["spare_bytes"] == sum(each["image"]["file_size"] for each in found["groups"][0]["members"][1:])
    complaint(client.get(URL, params={"kind": "similar"}), 422)


def test_the_users_word(pair: tuple[Library, TestClient]) -> None:
    _, client = pair
    known = ids(client)
    apart = [known["best.jpg"], known["small.png"]]
    assert client.post(f"{URL}/distinct", json={"ids": apart}).status_code == 204
    assert groups(client) == [[("best.jpg", None), ("copy.jpg", "exact")]]
    assert client.post(f"{URL}/distinct", json={"ids": apart, "distinct": False}).status_code == 204
    assert len(groups(client)[0]) == 3
    complaint(client.post(f"{URL}/distinct", json={"ids": [1]}), 422)
    complaint(client.post(f"{URL}/distinct", json={"ids": [1, 10**6]}), 404)


def test_the_trash_is_off_and_cannot_be_switched_on_from_here(pair: tuple[Library, TestClient]) -> None:
    _, client = pair
    chosen = [ids(client)["copy.jpg"]]
    assert complaint(client.post(f"{URL}/trash/plan", json={"ids": chosen}), 403)["type"].endswith("trash-off")
    complaint(client.post(f"{URL}/trash", json={"ids": chosen, "token": "x"}), 403)
    complaint(client.patch("/api/v1/settings", json={"duplicates": {"allow_trash": True}}), 422)


def test_only_what_was_confirmed_goes(pair: tuple[Library, TestClient], album: Path, tmp_path: Path) -> None:
    library, client = pair
    library.settings = replace(library.settings, duplicates=DuplicateSettings(allow_trash=True))
    moved: list[str] = []
    library.duplicates = Duplicates(
        library.store,
        lambda: library.catalog.encoders(library.model).image.space,
        library.places.library,
        lambda: library.settings.duplicates.allow_trash,
        lambda path: (moved.append(path), os.rename(path, tmp_path / "bin"))[0],
    )
    known = ids(client)
    chosen = [known["copy.jpg"]]
    plan = client.post(f"{URL}/trash/plan", json={"ids": chosen}).json()
    assert [Path(file["path"]).name for file in plan["files"]] == ["copy.jpg"]
    complaint(client.post(f"{URL}/trash", json={"ids": chosen}), 422)
    complaint(client.post(f"{URL}/trash", json={"ids": chosen, "token": "guess"}), 409)
    complaint(client.post(f"{URL}/trash", json={"ids": [known["small.png"]], "token": plan["token"]}), 409)
    complaint(client.post(f"{URL}/trash/plan", json={"ids": list(known.values())}), 409)
    assert moved == []
    result = client.post(f"{URL}/trash", json={"ids": chosen, "token": plan["token"]}).json()
    assert ([file["id"] for file in result["moved"]], result["refused"]) == (chosen, [])
    assert client.get(f"/api/v1/images/{chosen[0]}").json()["missing"] is True
    assert groups(client) == [[("best.jpg", None), ("small.png", "near")]]
    os.rename(tmp_path / "bin", album / "photos" / "copy.jpg")
