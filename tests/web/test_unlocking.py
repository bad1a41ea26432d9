"""An encrypted library on the web page: locked at the start, unlocked, used, locked again."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.web.accessibility import assert_accessible
from tests.web.conftest import PROGRAM, Open, served
from tests.web.test_login import log_in

PASSPHRASE = "tortoise lamp orbit mild"
LOCKED = "The library is locked"


@pytest.fixture(scope="module")
def encrypted(dated_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the users anna and bob, and an encrypted library that nothing but its passphrase opens."""
    folder = tmp_path_factory.mktemp("encrypted")
    shutil.copytree(dated_library, folder / "library")
    environment = os.environ | {"SMARTSEARCH_HOME": str(folder / "home")}
    (folder / "passphrase").write_text(PASSPHRASE)
    encrypt = [PROGRAM, "--library", folder / "library", "encrypt", "--passphrase-file", folder / "passphrase"]
    for command in ([*encrypt, "--json"], [PROGRAM, "--library", folder / "library", "lock"]):
        subprocess.run(command, env=environment, check=True, capture_output=True)
    return folder


def test_unlocked_used_and_locked_on_the_page(open_page: Open, encrypted: Path) -> None:
    with served(encrypted / "home", encrypted / "library") as address:
        asked: list[str] = []
        page = open_page("/timeline", at=address)
        page.on("request", lambda request: asked.append(request.url))
        expect(page.get_by_role("heading", name=LOCKED)).to_be_visible()
        assert_accessible(page)
        assert page.locator("nav").count() == 0
        page.get_by_label("Passphrase").fill("not the passphrase")
        page.get_by_role("button", name="Unlock").click()
        expect(page.get_by_role("alert")).to_have_text("That is not the passphrase of this library.")
        assert page.get_by_label("Passphrase").input_value() == ""
        page.get_by_label("Passphrase").fill(PASSPHRASE)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
        page.get_by_role("link", name="Photos", exact=True).first.click()
        picture = page.locator("main img").first
        expect(picture).to_be_visible()
        thumbnail = picture.get_attribute("src")
        page.get_by_role("link", name="Settings").click()
        section = page.get_by_role("region", name="Encryption")
        expect(section.get_by_text("it opens with the passphrase")).to_be_visible()
        other = open_page("/", at=address)
        expect(other.locator("main img").first).to_be_visible()
        section.get_by_role("button", name="Lock now").click()
        expect(page.get_by_role("heading", name=LOCKED)).to_be_visible()
        assert page.evaluate("address => fetch(address).then(answer => answer.status)", thumbnail) == 423
        other.get_by_role("link", name="Albums").click()  # another window hears of it with its next question
        expect(other.get_by_role("heading", name=LOCKED)).to_be_visible()
        page.get_by_label("Passphrase").fill(PASSPHRASE)
        page.get_by_role("button", name="Unlock").click()
        expect(page.get_by_role("heading", name="Settings")).to_be_visible()
        assert not [url for url in asked if "tortoise" in url]


def test_a_viewer_waits_for_an_owner(open_page: Open, encrypted: Path) -> None:
    environment = os.environ | {"SMARTSEARCH_HOME": str(encrypted / "home")}
    password = "correct horse battery"
    for user in (["anna"], ["bob", "--role", "viewer"]):
        subprocess.run([PROGRAM, "users", "add", *user], input=f"{password}\n", text=True, env=environment, check=True)
    with served(encrypted / "home", encrypted / "library") as address:
        bob, anna = open_page("/", at=address), open_page("/", at=address)
        log_in(bob, "bob")
        expect(bob.get_by_text("An owner has to unlock it")).to_be_visible()
        assert bob.get_by_label("Passphrase").count() == 0
        log_in(anna, "anna")
        anna.get_by_label("Passphrase").fill(PASSPHRASE)
        anna.get_by_role("button", name="Unlock").click()
        expect(anna.locator("main img").first).to_be_visible()
        bob.reload()
        expect(bob.locator("main img").first).to_be_visible()
