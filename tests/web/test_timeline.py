"""The timeline: photos under the day, month or year they were taken, and a scrubber that jumps through time."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open


def test_photos_stand_under_their_time_and_the_scrubber_jumps(open_page: Open, dated: str) -> None:
    page = open_page("/timeline", at=dated)
    expect(page.get_by_role("heading", name="April 2024 · 1 photo")).to_be_visible()
    expect(page.get_by_role("button", name="photo-59.jpg")).to_be_visible()
    scrubber = page.get_by_role("slider", name="Time")
    scrubber.focus()
    page.keyboard.press("PageDown")
    expect(scrubber).to_have_attribute("aria-valuetext", "December 2023")
    expect(page.get_by_role("heading", name="December 2023 · 2 photos")).to_be_in_viewport()
    page.keyboard.press("End")
    expect(page.get_by_role("heading", name="January 2021 · 1 photo")).to_be_in_viewport()
    expect(page.get_by_role("button", name="photo-00.jpg")).to_be_in_viewport()
    page.get_by_text("Days").click()
    expect(page.get_by_role("heading", name="Fri, January 15, 2021 · 1 photo")).to_be_in_viewport()
    scrubber.focus()
    page.keyboard.press("Home")
    expect(page.get_by_role("heading", name="Tue, April 9, 2024 · 1 photo")).to_be_visible()
    page.get_by_text("Years").click()
    expect(page.get_by_role("heading", name="2024 · 5 photos")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="2024 · 5 photos")).to_be_visible()
    assert_accessible(page)


def test_the_scrubber_is_dragged_on_a_phone(open_page: Open, dated: str) -> None:
    page = open_page("/timeline", at=dated, phone=True, dark=True)
    expect(page.get_by_role("heading", name="April 2024 · 1 photo")).to_be_visible()
    box = page.get_by_role("slider").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 1)
    page.mouse.up()
    expect(page.get_by_role("button", name="photo-00.jpg")).to_be_in_viewport()
    assert_accessible(page)


def test_a_search_is_shown_on_the_timeline(open_page: Open, dated: str) -> None:
    page = open_page("/?q=camera:X100V&after=2022", at=dated)
    page.get_by_role("main").get_by_role("link", name="Timeline").click()
    expect(page.get_by_role("heading", name="March 2024 · 1 photo")).to_be_visible()
    expect(page.get_by_text("21 photos")).to_be_visible()
    scope = page.get_by_role("group", name="Photos shown here")
    expect(scope.get_by_text("X100V")).to_be_visible()
    assert_accessible(page)
    scope.get_by_role("button", name="Remove since 2022").click()
    expect(page.get_by_text("30 photos")).to_be_visible()
    page.get_by_role("link", name="All results").click()
    expect(page.get_by_label("Search photos")).to_have_value("camera:X100V")
    page.goto("/timeline?format=png")
    page.get_by_role("button", name="Show all photos").click()
    expect(page.get_by_text("60 photos")).to_be_visible()
