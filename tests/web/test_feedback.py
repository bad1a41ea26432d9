"""Thumbs on results: they refine the search in the address, and are remembered when asked."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open


def test_a_thumb_refines_the_search_and_is_remembered(open_page: Open) -> None:
    page = open_page("/?q=a+harbour&all=1")
    tile = page.locator("[data-place='2']")
    tile.hover()
    name = tile.get_attribute("aria-label")
    assert name is not None
    page.get_by_role("button", name="This is meant: more like it").nth(2).click()
    expect(page.get_by_text("1 meant", exact=True)).to_be_visible()
    expect(page.locator("[data-place='0']")).to_have_attribute("aria-label", name.rpartition(",")[0] + ", 100 % match")
    page.locator("[data-place='1']").focus()
    page.keyboard.press("u")
    expect(page.get_by_text("1 not meant", exact=True)).to_be_visible()
    assert "liked=" in page.url
    page.get_by_role("button", name="Remember").click()
    expect(page.get_by_text("2 thumbs are remembered")).to_be_visible()
    page.get_by_role("button", name="Remove 1 meant").click()
    expect(page.get_by_text("1 meant", exact=True)).to_have_count(0)
    assert_accessible(page)
    page.goto(page.url.partition("/?")[0] + "/settings")
    expect(page.get_by_text("Meant: 1, not meant: 1, in 1 search.")).to_be_visible()
    expect(page.get_by_role("button", name="Learn from them")).to_be_disabled()
    page.get_by_text("What is remembered").click()
    page.get_by_role("button", name="Forget what was said of “a harbour”").click()
    expect(page.get_by_text("Nothing is remembered yet.")).to_be_visible()
    assert_accessible(page)
