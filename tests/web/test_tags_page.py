"""The Tags page: a tree that leads to photos, in which one's own tags are moved, merged and deleted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from smartsearch.config import Places
from smartsearch.core.assets import Tag
from smartsearch.core.query import Everything
from smartsearch.core.settings import OcrSettings, Settings
from smartsearch.library import Library
from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open, served

TAGS = (["animal/dog/poodle"], ["animal/dog"], ["animal/cat", "pet"], ["pet"])


@pytest.fixture
def tagged(tmp_path: Path, dated_library: Path) -> Iterator[str]:
    """Four photos with tags of the user's, on three levels."""
    shutil.copytree(dated_library, tmp_path / "library")
    with Library.open(Places(tmp_path / "home", tmp_path / "library"), Settings(ocr=OcrSettings("later"))) as library:
        for image_id, names in zip(library.store.select(Everything(), limit=4), TAGS, strict=True):
            library.store.set_tags(image_id, [Tag(name) for name in names], "user")
    with served(tmp_path / "home", tmp_path / "library") as address:
        yield address


def _tag(page: Page, name: str, photos: str) -> None:
    expect(page.locator(f"[data-tag='{name}']")).to_have_text(f"{name.rpartition('/')[2]}{photos}")


def test_tags_are_a_tree_that_leads_to_photos(open_page: Open, tagged: str) -> None:
    page = open_page("/", at=tagged)
    page.get_by_role("link", name="Tags", exact=True).click()
    for name, photos in (("animal", "3 photos"), ("animal/dog", "2 photos"), ("animal/dog/poodle", "1 photo")):
        _tag(page, name, photos)
    assert_accessible(page)
    animal = page.locator("[data-tag='animal']")
    animal.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-tag='animal/dog']")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-tag='animal/cat']")).to_be_focused()
    page.get_by_role("searchbox", name="Find a tag").fill("poodle")
    expect(page.locator("[data-tag]")).to_have_count(3)
    page.get_by_role("searchbox", name="Find a tag").fill("zebra")
    expect(page.get_by_text("No tag is called “zebra”.")).to_be_visible()
    page.get_by_role("searchbox", name="Find a tag").fill("dog")
    page.locator("[data-tag='animal/dog']").press("Enter")
    expect(page).to_have_url(f"{tagged}/?tag=animal%2Fdog")
    expect(page.locator("[data-place]")).to_have_count(2)


def test_tags_are_moved_merged_and_deleted(open_page: Open, tagged: str) -> None:
    page = open_page("/tags", at=tagged)
    page.get_by_role("button", name="More for animal/dog", exact=True).click()
    page.get_by_role("menuitem", name="Rename or move").click()
    name = page.get_by_role("dialog").get_by_role("combobox", name="Name")
    expect(name).to_have_value("animal/dog")
    name.fill("animal/dog/below")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("cannot be moved below itself")
    name.fill("PET")
    expect(page.get_by_text("There is a tag “pet”: the two become one")).to_be_visible()
    name.fill("pet/dog")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Now called “pet/dog”, on 2 photos")).to_be_visible()
    _tag(page, "pet", "4 photos")
    _tag(page, "pet/dog/poodle", "1 photo")
    page.get_by_role("button", name="More for animal/cat", exact=True).click()
    page.get_by_role("menuitem", name="Delete the tag").click()
    expect(page.get_by_role("heading", name="Delete “animal/cat”?")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Delete the tag").click()
    expect(page.get_by_text("“animal/cat” was taken off 1 photo")).to_be_visible()
    expect(page.locator("[data-tag='animal']")).to_have_count(0)
    tags = httpx2.get(f"{tagged}/api/v1/tags").json()["tags"]
    mine = {tag["name"]: tag["images"] for tag in tags if tag["editable"]}
    assert mine == {"pet": 4, "pet/dog": 2, "pet/dog/poodle": 1}


def test_a_phone_finds_the_tags_and_duplicates_below_more(open_page: Open, tagged: str) -> None:
    page = open_page("/", at=tagged, phone=True)
    page.get_by_role("button", name="More pages").click()
    assert_accessible(page)
    expect(page.get_by_role("menuitem")).to_have_text(["Tags", "Duplicates", "Indexing", "Settings"])
    page.get_by_role("menuitem", name="Duplicates").click()
    expect(page.get_by_role("heading", name="Duplicates", exact=True)).to_be_visible()
    page.get_by_role("button", name="More pages").click()
    page.get_by_role("menuitem", name="Tags").click()
    _tag(page, "animal/dog/poodle", "1 photo")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page)


def test_without_tags_it_says_where_they_come_from(open_page: Open, empty_address: str) -> None:
    page = open_page("/tags", at=empty_address)
    expect(page.get_by_role("heading", name="No tags yet")).to_be_visible()
    assert_accessible(page)
