"""Logging in and out; what a viewer is not shown; users, sessions and tokens on the Settings page."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.accessibility import assert_accessible
from tests.web.conftest import PROGRAM, Open, served

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def guarded(dated_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with an owner, anna, and a viewer, bob."""
    folder = tmp_path_factory.mktemp("guarded")
    shutil.copytree(dated_library, folder / "library")
    environment = os.environ | {"SMARTSEARCH_HOME": str(folder / "home")}
    for user in (["anna"], ["bob", "--role", "viewer"]):
        subprocess.run([PROGRAM, "users", "add", *user], input=f"{PASSWORD}\n", text=True, env=environment, check=True)
    with served(folder / "home", folder / "library") as address:
        yield address


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_an_address_asks_for_a_login_and_is_shown_afterwards(open_page: Open, guarded: str) -> None:
    asked: list[str] = []
    page = open_page("/timeline", at=guarded)
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_role("heading", name="Log in to your photos")).to_be_visible()
    assert_accessible(page)
    assert page.locator("nav").count() == 0
    log_in(page, "anna", "wrong")
    expect(page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    assert [url for url in asked if "/api/v1/" in url and not url.endswith("/session")] == []
    log_in(page, "anna")
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    assert page.url.endswith("/timeline")
    page.reload()
    expect(page.get_by_role("heading", name="Timeline")).to_be_visible()


def test_after_logging_out_nothing_is_left(open_page: Open, guarded: str) -> None:
    page = open_page("/", at=guarded)
    log_in(page, "anna")
    picture = page.locator("main img").first
    expect(picture).to_be_visible()
    address = picture.get_attribute("src")
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in to your photos")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Log in to your photos")).to_be_visible()
    assert page.evaluate("address => fetch(address).then(answer => answer.status)", address) == 401
    kept = page.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async name =>"
        " (await (await caches.open(name)).keys()).map(request => request.url)))).flat()"
    )
    assert not [url for url in kept if "/api/" in url]
    # A session that ends elsewhere asks for a login, too.
    log_in(page, "anna")
    expect(page.locator("main img").first).to_be_visible()
    page.context.clear_cookies()
    page.get_by_role("link", name="Albums").click()
    expect(page.get_by_role("heading", name="Log in to your photos")).to_be_visible()


def test_a_viewer_is_not_shown_what_changes_something(open_page: Open, guarded: str) -> None:
    page = open_page("/", at=guarded)
    log_in(page, "bob")
    expect(page.locator("main img").first).to_be_visible()
    page.goto(f"{guarded}/?q=a+lake&all=1&liked=1")
    expect(page.get_by_text("1 meant", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Remember")).to_have_count(0)
    page.locator("[data-place='0']").hover()
    expect(page.get_by_role("button", name="This is meant: more like it")).to_have_count(0)
    expect(page.get_by_role("link", name="Duplicates")).to_have_count(0)
    page.goto(f"{guarded}/duplicates")
    expect(page.get_by_role("heading", name="Duplicates", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Not duplicates")).to_have_count(0)
    page.get_by_role("link", name="Tags").click()
    expect(page.locator("[data-tag]").first).to_be_visible()
    expect(page.get_by_role("button", name="More for")).to_have_count(0)
    page.get_by_role("link", name="Photos", exact=True).click()
    page.locator("main img").first.click()
    viewer = page.get_by_role("dialog")
    expect(viewer.get_by_role("button", name="More like this")).to_be_visible()
    page.keyboard.press("i")
    expect(viewer.get_by_role("heading", name="Information")).to_be_visible()
    for name in ("Put into an album", "1 star", "Add a tag"):
        expect(viewer.get_by_role("button", name=name)).to_have_count(0)
    page.keyboard.press("h")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Indexing")).to_have_count(0)
    page.get_by_role("link", name="Albums").click()
    expect(page.get_by_role("button", name="New album")).to_have_count(0)
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_text("Logged in as bob (viewer)")).to_be_visible()
    expect(page.get_by_role("heading", name="Search model")).to_have_count(0)
    expect(page.get_by_role("heading", name="Users")).to_have_count(0)


def test_users_sessions_and_tokens(open_page: Open, guarded: str) -> None:
    page = open_page("/settings", at=guarded)
    log_in(page, "anna")
    page.get_by_role("button", name="Add a user").click()
    page.get_by_label("Name").fill("carol")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_label("Role of carol")).to_have_value("viewer")
    page.get_by_role("button", name="Make a token").click()
    page.get_by_label("What it is for").fill("photo frame")
    page.get_by_role("button", name="Make", exact=True).click()
    expect(page.get_by_role("dialog").get_by_text("sst_")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(page.get_by_text("photo frame")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_text("Nothing was changed, removed or moved")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="add token")).to_contain_text("anna")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Revoke photo frame").click()
    page.get_by_role("button", name="Revoke photo frame: really?").click()
    expect(page.get_by_text("photo frame")).to_have_count(0)
    page.get_by_role("heading", name="Audit log").scroll_into_view_if_needed()


def test_the_first_password_is_set_on_the_page(open_page: Open, dated_library: Path, tmp_path: Path) -> None:
    shutil.copytree(dated_library, tmp_path / "library")
    with served(tmp_path / "home", tmp_path / "library") as address:
        page = open_page("/settings", at=address)
        page.get_by_role("button", name="Set a password").click()
        page.get_by_label("Name").fill("anna")
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_role("heading", name="Log in to your photos")).to_be_visible()
        log_in(page, "anna")
        expect(page.get_by_text("Logged in as anna (owner)")).to_be_visible()
