"""The Settings page: theme, model, how queries are read, what is tagged and indexed."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open


def test_settings_are_changed_and_found_again(open_page: Open, dated: str) -> None:
    page = open_page("/settings", at=dated)
    model = page.get_by_role("listitem").filter(has_text="pocket").first
    expect(model).to_contain_text("In use")
    page.get_by_text("December to February").click()
    expect(page.get_by_text("Saved").first).to_be_visible()
    hidden_files = page.get_by_role("switch", name="Include hidden files and folders")
    hidden_files.click()
    expect(hidden_files).to_be_checked()  # once the server has saved it
    page.get_by_role("spinbutton", name="Tags per photo, at most").fill("4")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Forget them").click()
    expect(page.get_by_text("Earlier searches are forgotten")).to_be_visible()
    page.get_by_text("Dark", exact=True).click()
    page.reload()
    expect(hidden_files).to_be_checked()
    expect(page.get_by_role("spinbutton", name="Tags per photo, at most")).to_have_value("4")
    expect(page.get_by_role("radio", name="December to February")).to_be_checked()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert_accessible(page)


def test_a_model_that_takes_over_later_says_what_is_to_be_done(open_page: Open, dated: str) -> None:
    page = open_page("/settings", at=dated)
    models = page.get_by_role("listitem")
    tiny, pocket = models.filter(has_text="Knows twelve colours"), models.filter(has_text="pocket").first
    tiny.get_by_role("button", name="Use tiny").click()
    expect(tiny).to_contain_text("Not ready yet")
    expect(tiny).to_contain_text("takes over when the next look for changes (smartsearch index)")
    expect(pocket).to_contain_text("In use")  # and answers until then
    page.reload()
    expect(tiny).to_contain_text("smartsearch index")
    assert_accessible(page)
    tiny.get_by_role("button", name="Start now").click()
    expect(page).to_have_url(re.compile("/indexing$"))
    page.go_back()


def test_settings_fit_a_phone(open_page: Open, dated: str) -> None:
    page = open_page("/settings", at=dated, phone=True)
    expect(page.get_by_role("heading", name="Search model")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page)
