"""Nothing outside the library's folders is told by any route, however the way there is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from smartsearch.api.app import create_app
from smartsearch.library import Library
from tests.api.conftest import BASE_URL

SECRET = "the secret outside"
PATHS = {"path", "paths", "folder", "folders", "name"}
"""Parameters and fields that are tried with every spelling; the others, which take no paths, with a few."""
DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))


def ways_to(target: Path) -> list[str]:
    """A path outside, in the spellings that have fooled programs: dots, encodings, separators, ends, prefixes."""
    up = "../" * 12
    plain = str(target).lstrip("/")
    return [
        str(target),
        f"//{plain}",
        f"{up}{plain}",
        f"/{up}{plain}",
        f"./{up}{plain}",
        f"....//....//{plain}",
        up.replace("/", "\\") + plain.replace("/", "\\"),
        quote(f"{up}{plain}", safe=""),
        quote(quote(f"{up}{plain}", safe=""), safe=""),
        f"{up}{plain}".replace(".", "%c0%ae"),
        f"{up}{plain}".replace("/", "\u2215"),
        f"{up}{plain}".replace(".", "\uff0e"),
        f"{target}/.",
        f"{target}%00.jpg",
        f"{target}?.jpg",
        f"{target}#.jpg",
        f"file://{target}",
        f"~/{up}{plain}",
        f"/proc/self/root{target}",
        f"/proc/self/cwd/{up}{plain}",
        "\\\\?\\" + str(target),
    ]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "outside" / "secret.txt"
    path.parent.mkdir()
    path.write_text(SECRET)
    return path


@pytest.fixture
def asking(library: Library) -> Iterator[TestClient]:
    # Entered: else every one of the thousands of requests has an event loop made for it.
    with TestClient(create_app(library), base_url=BASE_URL, raise_server_exceptions=False) as client:
        yield client


def text_parameters() -> list[tuple[str, str, str, str]]:
    """Method, path, place and name of every parameter of every route that takes text."""
    found = []
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", []):
                schema = json.dumps(parameter["schema"])
                if '"string"' in schema:
                    found.append((method.upper(), path, parameter["in"], parameter["name"]))
    return found


def bodies() -> list[tuple[str, str, list[str]]]:
    """Method, path and fields of text of every route with a JSON body."""
    found = []
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            reference = (content or {}).get("schema", {}).get("$ref")
            if reference is None:
                continue
            schema = DOCUMENT["components"]["schemas"][reference.rsplit("/", 1)[1]]
            fields = [name for name, inner in schema["properties"].items() if '"string"' in json.dumps(inner)]
            if fields:
                found.append((method.upper(), path, fields))
    return found


def assert_told_nothing(answer: object, where: str) -> None:
    status, text = answer.status_code, answer.text
    assert status != 500, where
    assert SECRET not in text, where


def test_there_are_routes_to_try() -> None:
    assert ("GET", "/api/v1/folders", "query", "path") in text_parameters()
    assert any(path == "/api/v1/index/scan" for _, path, _ in bodies())


def test_parameters(asking: TestClient, outside: Path) -> None:
    for method, path, place, name in text_parameters():
        for way in ways_to(outside) if name in PATHS else ways_to(outside)[:4]:
            address = path.replace(f"{{{name}}}", quote(way, safe="/%"))
            query = {name: way} if place == "query" else {}
            headers = {name: way.encode("ascii", "replace").decode()} if place == "header" else {}
            where = f"{method} {path} {name}={way!r}"
            answer = asking.request(method, re.sub(r"\{\w+\}", "1", address), params=query, headers=headers)
            assert_told_nothing(answer, where)
            if path.endswith("/folders"):
                assert answer.status_code in (403, 404, 422), where


def test_bodies(asking: TestClient, library: Library, outside: Path) -> None:
    before = [root.path for root in library.store.roots()]
    for method, path, fields in bodies():
        if path.startswith("/api/v1/users"):
            continue  # would ask everybody for a login
        for way in ways_to(outside) if PATHS & set(fields) else ways_to(outside)[:1]:
            for given in (way, [way]):
                for sent in (dict.fromkeys(fields, given), *({name: given} for name in PATHS & set(fields))):
                    answer = asking.request(method, re.sub(r"\{\w+\}", "1", path), json=sent)
                    assert_told_nothing(answer, f"{method} {path} {sent}")
    assert [root.path for root in library.store.roots()] == before
    assert library.store.asset_by_path(str(outside)) is None


def test_the_page_and_its_files(asking: TestClient, library: Library, outside: Path, tmp_path: Path) -> None:
    web = tmp_path / "web"
    (web / "assets").mkdir(parents=True)
    (web / "index.html").write_text("<p>the page</p>")
    (web / "assets" / "link.txt").symlink_to(outside)
    with TestClient(create_app(library, web=web), base_url=BASE_URL, raise_server_exceptions=False) as client:
        for way in ways_to(outside):
            for folder in ("/", "/assets/", "/api/", "/api/v1/images/"):
                assert_told_nothing(client.get(folder + quote(way, safe="/%.\\:")), folder + way)
        assert_told_nothing(client.get("/assets/link.txt"), "a link out of the page's folder")


def test_an_original_that_became_a_link_to_elsewhere(asking: TestClient, library: Library, outside: Path) -> None:
    """What it leads to is not sent, whichever picture is asked for."""
    [asset] = library.store.assets([1])
    copy = outside.parent / "elsewhere.jpg"
    original = Path(asset.path)
    aside = original.with_name("aside.tmp")
    copy.write_bytes(original.read_bytes() + SECRET.encode())
    original.rename(aside)
    try:
        original.symlink_to(copy)
        for kind in ("original", "preview"):
            answer = asking.get(f"/api/v1/images/1/{kind}")
            assert answer.status_code in (403, 404), kind
            assert SECRET.encode() not in answer.content
        answer = asking.post("/api/v1/search/export", json={"format": "zip", "filters": {"ids": [1]}})
        assert SECRET.encode() not in answer.content
    finally:
        original.unlink()
        aside.rename(original)
