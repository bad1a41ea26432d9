"""The Duplicates page: groups, the user's word that they are none, and a trash that is off."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import expect

from smartsearch.config import Places
from smartsearch.core.settings import OcrSettings, Settings
from smartsearch.library import Library
from tests.unit.media.pictures import detailed
from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open, served


@pytest.fixture
def doubled(tmp_path: Path) -> Iterator[str]:
    """A photo, its copy and a smaller one; another with a copy; one alone."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for name, seed in (("best", 3), ("second", 5), ("alone", 9)):
        detailed(400, 300, seed).save(photos / f"{name}.jpg", quality=90)
    shutil.copy(photos / "best.jpg", photos / "copy.jpg")
    shutil.copy(photos / "second.jpg", photos / "second-copy.jpg")
    detailed(400, 300, 3).resize((200, 150)).save(photos / "small.png")
    places = Places(tmp_path / "home", tmp_path / "library")
    with Library.open(places, Settings(ocr=OcrSettings("later")), create=True) as library:
        library.index([photos])
    with served(tmp_path / "home", tmp_path / "library") as address:
        yield address


def test_groups_are_shown_and_kept_apart_on_the_users_word(open_page: Open, doubled: str) -> None:
    page = open_page("/duplicates", at=doubled)
    three = page.get_by_role("region", name="3 photos")
    expect(three.get_by_role("listitem")).to_have_count(3)
    best, *rest = three.get_by_role("listitem").all()
    expect(best).to_contain_text("Keep")
    for other in rest:
        expect(other).not_to_contain_text("Keep")
    expect(three).to_contain_text("Same bytes")
    expect(three).to_contain_text("Same picture")
    expect(page.get_by_text("2 groups, ")).to_be_visible()
    expect(page.get_by_text("alone.jpg")).to_have_count(0)
    assert_accessible(page)
    page.get_by_role("radio", name="Near").check(force=True)
    expect(page).to_have_url(f"{doubled}/duplicates?kind=near")
    page.get_by_role("radio", name="All").check(force=True)
    page.get_by_role("region", name="2 photos").get_by_role("button", name="Not duplicates").click()
    expect(page.get_by_role("region", name="2 photos")).to_have_count(0)
    expect(page.get_by_text("1 group, ")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("region", name="2 photos")).to_be_visible()
    assert httpx2.get(f"{doubled}/api/v1/duplicates").json()["total"] == 2


def test_the_trash_is_off_and_says_how_to_allow_it(open_page: Open, doubled: str) -> None:
    page = open_page("/duplicates", at=doubled, phone=True)
    expect(page.get_by_text("set allow_trash = true under [duplicates] in config.toml")).to_be_visible()
    expect(page.get_by_role("button", name="Move to the trash")).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page)


def test_without_duplicates_it_says_so(open_page: Open, empty_address: str) -> None:
    page = open_page("/duplicates", at=empty_address)
    expect(page.get_by_role("heading", name="No duplicates")).to_be_visible()
    assert_accessible(page)
