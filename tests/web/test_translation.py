"""A query in another language: what it was read as is told, and can be taken back."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open


def test_a_german_query_says_what_it_was_read_as(open_page: Open) -> None:
    page = open_page("/?q=ein+hund+am+strand&all=1", phone=True)
    chip = page.get_by_text("Searched for: dog on beach (Deutsch)")
    expect(chip).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Remove Searched for").click()
    expect(page.get_by_text("Searched for:")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Search photos")).to_have_value('"ein hund am strand"')
    page.go_back()
    expect(chip).to_be_visible()
