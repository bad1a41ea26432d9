"""Text in pictures over HTTP."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from smartsearch.core.query import Everything
from smartsearch.core.reading import PutText, TextLine, TextScan
from smartsearch.library import Library
from smartsearch.ocr import models

QUAD = ((10, 20), (110, 22), (109, 42), (9, 40))
API = "/api/v1"


def test_text_of_an_image_is_shown_found_and_erased(own: TestClient, library: Library) -> None:
    first, second = library.store.select(Everything())[:2]
    lines = (TextLine("Happy birthday", 0.9, QUAD), TextLine("dear Anna", 0.8, QUAD))
    library.store.apply([PutText(first, TextScan("r", lines))])
    found = own.get(f"{API}/images/{first}/text", params={"query": "a birthdoy cake"}).json()
    assert [(line["text"], line["matched"]) for line in found["lines"]] == [
        ("Happy birthday", True),
        ("dear Anna", False),
    ]
    assert found["lines"][0]["corners"] == [list(point) for point in QUAD]
    assert found["reader"] == "r"
    nobody = own.get(f"{API}/images/{second}/text").json()
    assert (nobody["reader"], nobody["lines"]) == (None, [])
    hits = own.post(f"{API}/search", json={"query": 'text:"birthday dear"'}).json()["results"]
    assert [hit["image"]["id"] if "image" in hit else hit["id"] for hit in hits] == [first]
    assert own.get(f"{API}/text").json()["images"] == 1
    assert own.delete(f"{API}/text").status_code == 204
    assert own.get(f"{API}/text").json()["images"] == 0


def test_unknown_images_and_missing_models(own: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own.get(f"{API}/images/999999/text").status_code == 404
    monkeypatch.setattr(models, "_folder", lambda: None)
    status = own.get(f"{API}/text").json()
    assert (status["installed"], "pip install" in status["install"]) == (False, True)
    refused = own.post(f"{API}/text/run")
    assert refused.status_code == 409
    assert "pip install" in refused.text


def test_reading_is_a_job(own: TestClient, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    class Blind:
        fingerprint, side = models.FINGERPRINT, 64

        def read(self, pixels: object, width: int) -> TextScan:
            return TextScan(self.fingerprint)

    monkeypatch.setattr(models, "reader", lambda _: Blind())
    job = own.post(f"{API}/text/run")
    assert job.status_code == 202
    assert job.json()["kind"] == "text"
