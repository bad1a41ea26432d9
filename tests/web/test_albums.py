"""Albums: made, named, emptied, deleted and taken back."""

from __future__ import annotations

import httpx2
from playwright.sync_api import Page, expect

from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open


def _album(address: str, name: str, images: int = 3) -> int:
    found = httpx2.post(f"{address}/api/v1/search", json={"top_k": images}).json()["results"]
    body = {"name": name, "images": [hit["image"]["id"] for hit in found]}
    made: int = httpx2.post(f"{address}/api/v1/albums", json=body).json()["id"]
    return made


def _choose(page: Page, album: str, action: str) -> None:
    page.get_by_role("button", name=f"More for {album}").click()
    page.get_by_role("menuitem", name=action).click()


def test_an_album_is_made_named_and_its_name_kept_for_one(open_page: Open) -> None:
    page = open_page("/albums")
    page.get_by_role("button", name="New album").first.click()
    page.get_by_role("textbox", name="Name").fill("Harbour")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Harbour")).to_be_visible()
    expect(page.get_by_text("This album is empty")).to_be_visible()
    _choose(page, "Harbour", "Rename")
    page.get_by_role("textbox", name="Name").fill("Old harbour")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Old harbour")).to_be_visible()
    page.get_by_role("button", name="All albums").click()
    page.get_by_role("button", name="New album").first.click()
    page.get_by_role("textbox", name="Name").fill("Old harbour")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("already")
    assert_accessible(page)


def test_an_album_shows_its_photos(open_page: Open, address: str) -> None:
    album = _album(address, "Three of them")
    page = open_page("/albums", phone=True, dark=True)
    page.get_by_role("link", name="Three of them 3 photos").click()
    expect(page).to_have_url(f"{address}/albums/{album}")
    expect(page.locator("[data-place]")).to_have_count(3)
    page.locator("[data-place='1']").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    assert_accessible(page)


def test_selected_photos_are_taken_out_and_back(open_page: Open, address: str) -> None:
    album = _album(address, "To be emptied")
    page = open_page(f"/albums/{album}")
    page.locator("[data-place='0']").focus()
    page.keyboard.press("x")
    page.get_by_role("button", name="Take out of To be emptied").click()
    expect(page.locator("[data-place]")).to_have_count(2)
    expect(page.get_by_text("2 photos")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-place]")).to_have_count(3)
    assert httpx2.get(f"{address}/api/v1/albums/{album}").json()["images"] == 3


def test_deleting_an_album_can_be_undone(open_page: Open, address: str) -> None:
    album = _album(address, "To be deleted")
    page = open_page("/albums")
    tile = page.get_by_role("link", name="To be deleted 3 photos")
    _choose(page, "To be deleted", "Delete the album")
    expect(tile).to_have_count(0)
    assert httpx2.get(f"{address}/api/v1/albums/{album}").status_code == 404
    page.get_by_role("button", name="Undo").click()
    expect(tile).to_be_visible()
    assert httpx2.get(f"{address}/api/v1/albums/{album}").json()["images"] == 3, "links to it hold again"
    assert_accessible(page)


def test_an_album_that_is_not_there_says_so(open_page: Open) -> None:
    page = open_page("/albums/999999")
    expect(page.get_by_role("heading", name="There is no album 999999.")).to_be_visible()


def test_a_search_is_saved_and_stays_current(open_page: Open, address: str) -> None:
    page = open_page("/?q=name%3Ajpg+OR+name%3Apng&rating=5")
    page.get_by_role("button", name="Save the search").click()
    page.get_by_role("textbox", name="Name").fill("Five stars")
    expect(page.get_by_role("textbox", name="It holds what answers")).to_have_value("(name:jpg OR name:png) rating:>=5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Five stars")).to_be_visible()
    expect(page.get_by_text("No photo answers this at the moment")).to_be_visible()
    assert_accessible(page)
    _choose(page, "Five stars", "Change")
    page.get_by_role("textbox", name="It holds what answers").fill("camra:x")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("camra")
    page.get_by_role("textbox", name="It holds what answers").fill("name:jpg")
    page.keyboard.press("Enter")
    expect(page.locator("[data-place='0']")).to_be_visible()
    page.get_by_role("button", name="All albums").click()
    expect(page.get_by_role("img", name="Smart album")).to_be_visible()


def test_a_smart_album_that_cannot_be_read_says_why(open_page: Open, address: str) -> None:
    inner = _album(address, "Inner")
    made = httpx2.post(f"{address}/api/v1/albums", json={"name": "Outer", "query": "album:Inner"}).json()
    httpx2.delete(f"{address}/api/v1/albums/{inner}")
    page = open_page(f"/albums/{made['id']}", phone=True)
    expect(page.get_by_text("There is no album 'Inner'")).to_be_visible()
    expect(page.get_by_role("button", name="Change", exact=True)).to_be_visible()
