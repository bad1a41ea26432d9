"""The Indexing page: a folder is chosen, read while one watches, paused, gone on with, and taken out again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.pictures import save_picture
from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open, served

PHOTOS = 60


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """One disk may be looked at; what text a photo has is left for later."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").mkdir()
    allowed = json.dumps(str(tmp_path / "disk"))
    (tmp_path / "home" / "config.toml").write_text(f'[server]\nbrowse = [{allowed}]\n[ocr]\nwhen = "later"\n', "utf-8")
    return tmp_path / "home"


@pytest.fixture
def folder(home: Path, tmp_path: Path) -> Path:
    """Photos that take a while: large ones, different files of the same picture, and one that is none."""
    folder = tmp_path / "disk" / "Pictures" / "Trip"
    picture = save_picture(tmp_path / "picture.jpg", "red", 1, size=(1600, 1200)).read_bytes()
    folder.mkdir(parents=True)
    for number in range(PHOTOS):
        (folder / f"photo-{number:03d}.jpg").write_bytes(picture + number.to_bytes(2, "big"))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not really")
    return folder


def _add(page: Page, *way: str) -> None:
    page.get_by_role("button", name="Add a folder").first.click()
    dialog = page.get_by_role("dialog")
    for name in way:
        dialog.get_by_role("list").get_by_role("button", name=name).click()
    dialog.get_by_role("button", name=f"Add “{way[-1]}”").click()
    expect(dialog).to_have_count(0)


def test_a_folder_is_added_watched_paused_and_removed(
    open_page: Open, tmp_path: Path, home: Path, folder: Path
) -> None:
    with served(home, tmp_path / "library") as address:
        page = open_page("/indexing", at=address)
        expect(page.get_by_text("Which photos do you want to find?")).to_be_visible()
        assert_accessible(page)
        _add(page, "Pictures", "Trip")
        expect(page.get_by_role("progressbar")).to_have_attribute(
            "aria-valuenow", re.compile(r"[1-9]\d*"), timeout=90_000
        )
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("status").filter(has_text="Paused")).to_be_visible(timeout=90_000)
        assert_accessible(page)
        page.get_by_role("button", name="Resume").click()
        page.get_by_text("Up to date").wait_for(timeout=90_000)
        expect(page.get_by_test_id("total")).to_have_text(f"{PHOTOS} photos in the library")
        expect(page.get_by_role("listitem").filter(has_text="broken.jpg")).to_be_visible()
        with page.expect_response("**/index/errors/retry") as begun:
            page.get_by_role("button", name="Try them again").click()
        httpx2.get(f"{address}/api/v1/jobs/{begun.value.json()['id']}/events", timeout=90)  # they end with the job
        _leave_out(page, "broken.*")
        page.get_by_role("button", name="More for").click()
        page.get_by_role("menuitem", name="Remove from the library").click()
        expect(page.get_by_role("dialog")).to_contain_text(f"{PHOTOS} photos will be forgotten")
        page.get_by_role("button", name="Remove the folder").click()
        page.get_by_text("Which photos do you want to find?").wait_for(timeout=30_000)
    assert len(list(folder.iterdir())) == PHOTOS + 1


def _leave_out(page: Page, pattern: str) -> None:
    page.get_by_role("textbox", name="Patterns").fill(pattern)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("textbox", name="Patterns")).to_have_value(pattern)


def test_only_allowed_folders_can_be_looked_at(open_page: Open, tmp_path: Path, home: Path) -> None:
    with served(home, tmp_path / "library") as address:
        page = open_page("/indexing", at=address, phone=True, dark=True)
        page.get_by_role("button", name="Add a folder").first.click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("No folders in here.")).to_be_visible()
        dialog.get_by_role("textbox", name="Folder").fill("/etc")
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("alert")).to_contain_text("not among those")
        expect(dialog.get_by_role("button", name="Choose a folder")).to_be_disabled()
        assert_accessible(page)
