"""Text in pictures on the page: a filter, how much is read, reading the rest, erasing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import expect

from smartsearch.config import Places
from smartsearch.core.settings import OcrSettings, Settings
from smartsearch.library import Library
from smartsearch.ocr import models
from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open, served


@pytest.fixture
def unread(tmp_path: Path) -> Iterator[str]:
    """Two photos with nothing to read and one sign, indexed without reading."""
    (tmp_path / "photos").mkdir()
    for name, text in (("sign", "BAKERY"), ("plain", ""), ("wall", "")):
        picture = Image.new("RGB", (640, 360), "white" if text else "#88aacc")
        ImageDraw.Draw(picture).text((60, 120), text, fill="black", font=ImageFont.load_default(110))
        picture.save(tmp_path / "photos" / f"{name}.jpg")
    places = Places(tmp_path / "home", tmp_path / "library")
    with Library.open(places, Settings(ocr=OcrSettings("later")), create=True) as library:
        library.index([tmp_path / "photos"])
    with served(tmp_path / "home", tmp_path / "library") as address:
        yield address


@pytest.mark.skipif(not models.installed(), reason="the extra for text is not installed")
def test_text_is_read_filtered_and_erased(open_page: Open, unread: str) -> None:
    page = open_page("/settings", at=unread)
    section = page.get_by_role("region", name="Text in pictures")
    expect(section.get_by_text("0 photos looked at, 0 with text. 3 photos not looked at yet.")).to_be_visible()
    reader = section.get_by_text("by PP-OCRv6 small.")
    expect(reader).to_have_attribute("title", models.FINGERPRINT)
    section.get_by_role("button", name="Read them now").click()
    expect(section.get_by_text("3 photos looked at, 1 with text. Every photo has been looked at.")).to_be_visible(
        timeout=150_000
    )
    expect(section.get_by_role("button", name="Read them now")).to_have_count(0)
    assert_accessible(page)
    section.get_by_role("button", name="Photos with text").click()
    expect(page.locator("[data-place]")).to_have_count(1)
    page.get_by_role("button", name="Filters").first.click()
    has_text = page.get_by_role("checkbox", name="Has text in it 1")
    expect(has_text).to_be_checked()
    assert_accessible(page)
    has_text.uncheck()
    expect(page.locator("[data-place]")).to_have_count(3)
    page.goto(f"{unread}/settings")
    section.get_by_role("button", name="Erase what was read").click()
    dialog = page.get_by_role("dialog", name="Erase what was read?")
    expect(dialog).to_contain_text("The photos stay")
    dialog.get_by_role("button", name="Cancel").click()
    assert httpx2.get(f"{unread}/api/v1/text").json()["with_text"] == 1
    section.get_by_role("button", name="Erase what was read").click()
    dialog.get_by_role("button", name="Erase what was read").click()
    expect(section.get_by_text("0 photos looked at, 0 with text. 3 photos not looked at yet.")).to_be_visible()
    assert httpx2.get(f"{unread}/api/v1/text").json()["images"] == 0


def test_without_the_models_it_says_how_to_get_them(open_page: Open, unread: str) -> None:
    page = open_page("/", at=unread, phone=True)
    status = httpx2.get(f"{unread}/api/v1/text").json() | {"installed": False}
    page.route("**/api/v1/text", lambda route: route.fulfill(json=status))
    page.goto("/settings")
    section = page.get_by_role("region", name="Text in pictures")
    expect(section.get_by_text("pip install")).to_be_visible()
    expect(section.get_by_role("button", name="Read them now")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page)
