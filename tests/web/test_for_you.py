"""Proposed albums on the page: shown, kept, dismissed and proposed again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from playwright.sync_api import expect

from smartsearch.config import Places
from smartsearch.core.settings import OcrSettings, Settings
from smartsearch.library import Library
from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open, served


@pytest.fixture
def eventful(tmp_path: Path) -> Iterator[str]:
    """Two afternoons with ten photos each, a month apart."""
    (tmp_path / "photos").mkdir()
    for number in range(20):
        picture = Image.new("RGB", (160, 120), (12 * number, 90, 200 - 8 * number))
        exif = Image.Exif()
        moment = datetime(2021, 6 + number // 10, 5, 14) + timedelta(minutes=4 * (number % 10))
        exif.get_ifd(0x8769)[0x9003] = moment.strftime("%Y:%m:%d %H:%M:%S")
        picture.save(tmp_path / "photos" / f"{number:02d}.jpg", exif=exif)
    places = Places(tmp_path / "home", tmp_path / "library")
    with Library.open(places, Settings(ocr=OcrSettings("later")), create=True) as library:
        library.index([tmp_path / "photos"])
    with served(tmp_path / "home", tmp_path / "library") as address:
        yield address


def test_proposals_are_dismissed_and_kept(open_page: Open, eventful: str) -> None:
    page = open_page("/albums", at=eventful, phone=True)
    section = page.get_by_role("region", name="For you")
    expect(section.get_by_role("listitem")).to_have_count(2)
    expect(section.get_by_text("5 July 2021")).to_be_visible()
    assert_accessible(page)
    section.get_by_role("button", name="Do not propose “5 July 2021” again").click()
    expect(section.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(section.get_by_role("listitem")).to_have_count(2)
    section.get_by_role("button", name="Do not propose “5 July 2021” again").click()
    expect(section.get_by_role("listitem")).to_have_count(1)
    page.reload()
    section.get_by_text("Dismissed (1)").click()
    assert_accessible(page)
    section.get_by_role("button", name="Bring back “5 July 2021”").click()
    expect(section.get_by_text("Dismissed (1)")).to_have_count(0)
    section.get_by_role("button", name="Do not propose “5 July 2021” again").click()
    expect(section.get_by_text("Dismissed (1)")).to_be_visible()
    section.get_by_role("button", name="Keep “5 June 2021” as an album").click()
    expect(page.get_by_role("heading", name="5 June 2021")).to_be_visible()
    expect(page.locator("[data-place]").first).to_be_visible()
    [album] = httpx2.get(f"{eventful}/api/v1/albums").json()["albums"]
    assert (album["name"], album["images"]) == ("5 June 2021", 10)
    assert httpx2.get(f"{eventful}/api/v1/proposals").json()["proposals"] == []
