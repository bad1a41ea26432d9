"""The map: photos where they were taken, on land that needs no network; an area of it becomes a search."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open

ON_LAND = """(map) => {
    const tiles = [...map.querySelectorAll("canvas")];
    return tiles.some((tile) => {
        const { data } = tile.getContext("2d").getImageData(0, 0, tile.width, tile.height);
        return data.some((value, index) => index % 4 === 3 && value > 0);
    });
}"""


def _drawn(page: Page) -> None:
    expect(page.locator(".photo-map canvas").first).to_be_attached()
    page.wait_for_function(f"() => ({ON_LAND})(document.querySelector('.photo-map'))")


def test_photos_stand_on_the_map_and_an_area_becomes_a_search(open_page: Open, dated: str) -> None:
    page = open_page("/map", at=dated)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    expect(page.locator(".map-photos").first).to_be_visible()
    _drawn(page)
    assert_accessible(page)
    assert all(url.startswith((dated, "data:", "blob:")) for url in asked), asked
    page.get_by_role("button", name="Show the 30 photos in this area").click()
    expect(page).to_have_url(re.compile(r"\?box="))
    expect(page.locator("[data-place]").first).to_be_visible()
    page.go_back()
    expect(page.locator(".map-photos").first).to_be_visible()


def test_a_cluster_is_opened_by_keyboard_until_photos_show(open_page: Open, dated: str) -> None:
    page = open_page("/map?view=38,-9,3", at=dated, dark=True)
    cluster = page.locator(".map-photos")
    expect(cluster).to_have_count(1)
    expect(cluster).to_have_accessible_name("30 photos")
    cluster.focus()
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("view=38.0000,-9.0000,3$"))
    expect(cluster).not_to_have_count(1)
    assert_accessible(page)


def test_a_box_is_dragged_over_the_map(open_page: Open, dated: str) -> None:
    page = open_page("/map?view=38.7,-9.1,8", at=dated)
    expect(page.locator(".map-photos").first).to_be_visible()
    page.get_by_role("button", name="Draw a box to search in").click()
    page.mouse.move(500, 250)
    page.mouse.down()
    page.mouse.move(900, 600)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"\?box=[^&]+$"))
    expect(page.locator("[data-place]").first).to_be_visible()


def test_the_map_fits_a_phone(open_page: Open, dated: str) -> None:
    page = open_page("/map?view=38.7,-9.1,4", at=dated, phone=True)
    expect(page.locator(".map-photos").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page)


def test_without_positions_the_map_explains_itself(open_page: Open, address: str) -> None:
    page = open_page("/map")
    expect(page.get_by_role("heading", name="No photo says where it was taken")).to_be_visible()


def test_a_search_is_shown_on_the_map(open_page: Open, dated: str) -> None:
    page = open_page("/?q=before:2021", at=dated)
    page.get_by_role("main").get_by_role("link", name="Map").click()
    expect(page.get_by_role("button", name="Show the 9 photos in this area")).to_be_visible()
    page.get_by_role("button", name="Show the 9 photos in this area").click()
    expect(page.get_by_label("Search photos")).to_have_value("before:2021")
    expect(page.get_by_text("9 photos", exact=True)).to_be_visible()
    page.goto("/map?q=camera:X100T")
    expect(page.get_by_role("heading", name="None of these photos says where it was taken")).to_be_visible()


def test_a_photo_shows_where_it_was_taken(open_page: Open, dated: str) -> None:
    page = open_page("/?position=1", at=dated)
    page.locator("[data-place='0']").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("i")
    info = page.get_by_role("complementary", name="Information")
    _drawn(page)
    assert_accessible(page)
    info.get_by_role("link", name="Show on the map").click()
    expect(page).to_have_url(re.compile(r"/map\?view=38\.\d+(,|%2C)-9\.\d+(,|%2C)10$"))


def test_places_are_ticked_in_the_sidebar(open_page: Open, dated: str) -> None:
    page = open_page("/", at=dated)
    page.get_by_role("button", name="Filters").click()
    page.get_by_text("Place", exact=True).click()
    town = page.get_by_role("group", name="Town").get_by_role("checkbox", name=re.compile("^Lisbon, Portugal"))
    region = page.get_by_role("group", name="Region").get_by_role("checkbox", name=re.compile("^Setúbal, Portugal"))
    town.check()
    expect(page).to_have_url(re.compile("place=Lisbon"))
    expect(page.get_by_role("button", name="Remove Lisbon, Portugal")).to_be_visible()
    region.check()
    expect(page.get_by_role("button", name="Remove Setúbal, Portugal")).to_be_visible()
    page.reload()
    expect(town).to_be_checked()
    expect(region).to_be_checked()
    assert_accessible(page)
