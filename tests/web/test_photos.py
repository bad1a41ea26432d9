"""Looking at photos and finding them."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.conftest import Open


def test_a_photo_is_found_by_words_and_opened(open_page: Open) -> None:
    page = open_page("/?q=a+cat")
    best = page.get_by_role("button", name="chelsea.png").first
    expect(best).to_have_attribute("data-place", "0")
    best.click()
    expect(page.get_by_role("dialog", name="chelsea.png")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Search photos")).to_have_value("a cat")
