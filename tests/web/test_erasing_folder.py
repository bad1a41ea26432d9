"""A folder's traces are erased on the Indexing page, by its name typed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import expect

from smartsearch.erasing import files_with
from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open, index, served


def test_erased_by_its_name(open_page: Open, dated_library: Path, tmp_path: Path) -> None:
    shutil.copytree(dated_library, tmp_path / "library")
    trip = tmp_path / "secret-trip"
    shutil.copytree(dated_library.parent / "photos", trip, ignore=lambda _, names: sorted(names)[3:])
    index(tmp_path / "home", tmp_path / "library", trip)
    traces = os.fsencode(trip)
    assert list(files_with(tmp_path / "library", traces))
    with served(tmp_path / "home", tmp_path / "library") as address:
        page = open_page("/indexing", at=address)
        expect(page.get_by_test_id("total")).to_have_text("63 photos in the library")
        page.get_by_role("button", name=f"More for {trip}").click()
        page.get_by_role("menuitem", name="Erase its traces").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("3 photos")
        assert_accessible(page)
        sure = dialog.get_by_role("button", name="Erase for good")
        expect(sure).to_be_disabled()
        dialog.get_by_role("textbox").fill("photos")
        expect(sure).to_be_disabled()
        dialog.get_by_role("textbox").fill("secret-trip")
        sure.click()
        expect(page.get_by_text("The traces of 3 photos are erased")).to_be_visible(timeout=30_000)
        expect(page.get_by_test_id("total")).to_have_text("60 photos in the library")
        expect(page.get_by_text(str(trip))).to_have_count(0)
    assert list(files_with(tmp_path / "library", traces)) == []
    assert len(list(trip.iterdir())) == 3
