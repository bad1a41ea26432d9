"""Answers to take along."""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from pathlib import Path

from fastapi.testclient import TestClient
from PIL import Image

from smartsearch.library import Library
from tests.api.conftest import COUNT, save_photo

URL = "/api/v1/search/export"


def test_json_holds_what_a_search_finds(client: TestClient) -> None:
    body = {"query": "a plain red surface", "min_score": 0}
    answer = client.post(URL, json=body | {"limit": 5})
    found = client.post("/api/v1/search", json=body | {"top_k": 5, "explain": True}).json()["results"]
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == found


def test_csv_has_a_line_for_each_result(client: TestClient) -> None:
    answer = client.post(URL, json={"filters": {"camera": "X100"}, "format": "csv"})
    assert answer.headers["content-disposition"] == 'attachment; filename="smartsearch.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == COUNT
    assert rows[0]["path"].endswith("lake-23.jpg")
    assert [bool(row["latitude"]) for row in rows[:2]] == [False, True]


def test_zip_holds_the_originals_byte_for_byte(client: TestClient, photos: Path) -> None:
    answer = client.post(URL, json={"filters": {"name": "red-*"}, "format": "zip"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        inside = {name.partition("-")[2]: archive.read(name) for name in archive.namelist()}
        assert archive.read("results.csv").count(b"\r\n") == 3
    for path in photos.rglob("red-*"):
        assert hashlib.sha256(inside[path.name]).digest() == hashlib.sha256(path.read_bytes()).digest()


def test_zip_of_previews_and_of_what_cannot_be_read(own: TestClient, library: Library, tmp_path: Path) -> None:
    kept, gone = (save_photo(tmp_path / "more" / f"zip-{name}.jpg", 30 + n) for n, name in enumerate(("kept", "gone")))
    library.index([tmp_path / "more"])
    gone.unlink()
    answer = own.post(URL, json={"filters": {"name": "zip-*"}, "format": "zip", "pictures": "previews"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        [preview] = [name for name in archive.namelist() if name.endswith(f"{kept.name}.webp")]
        assert Image.open(io.BytesIO(archive.read(preview))).format == "WEBP"
        assert gone.name in archive.read("errors.txt").decode()
        assert "is not there" in archive.read("errors.txt").decode()
