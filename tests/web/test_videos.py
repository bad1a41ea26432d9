"""A video in the page: how long it lasts on its tile, played from where it matches, its scenes to jump to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from smartsearch.config import Places
from smartsearch.core.settings import OcrSettings, RuntimeSettings, Settings
from smartsearch.library import Library
from tests.videos import save_video
from tests.web.conftest import Open, served

UNTIL = """(video, least) => new Promise((done) => {
  const look = () => (video.currentTime >= least ? done(video.currentTime) : setTimeout(look, 20));
  look();
})"""
"""Waits until the video is at so many seconds, and says where it is."""


@pytest.fixture
def with_video(tmp_path: Path, dated_library: Path) -> Iterator[str]:
    shutil.copytree(dated_library, tmp_path / "library")
    save_video(tmp_path / "videos" / "clip.webm", ["red", "green", "blue"], size=(320, 192))
    settings = Settings(ocr=OcrSettings("later"), runtime=RuntimeSettings(workers=1, threads=1))
    with Library.open(Places(tmp_path / "home", tmp_path / "library"), settings) as library:
        library.index([tmp_path / "videos"])
    with served(tmp_path / "home", tmp_path / "library") as address:
        yield address


def test_a_video_plays_from_where_it_matches(with_video: str, open_page: Open) -> None:
    page = open_page("/?q=blue+is:video&all=1", at=with_video)
    tile = page.get_by_role("button", name="clip.webm, lasts 0:09")
    expect(tile).to_be_visible()
    tile.click()
    video = page.locator("video")
    expect(video).to_have_js_property("duration", 9)
    scenes = page.get_by_role("list", name="Scenes").get_by_role("button")
    expect(scenes).to_have_count(3)
    expect(scenes.nth(2)).to_have_attribute("aria-current", "true")
    assert video.evaluate(UNTIL, 5.9) < 8.1
    expect(scenes.nth(0).locator("img")).to_have_js_property("complete", True)
    assert scenes.nth(0).locator("img").evaluate("image => image.naturalWidth") > 0

    scenes.nth(0).click()
    expect(video).to_have_js_property("currentTime", 0)
    page.keyboard.press(".")
    expect(scenes.nth(1)).to_have_attribute("aria-current", "true")
    assert video.evaluate(UNTIL, 2.9) < 5.9
    video.focus()
    page.keyboard.press("Space")
    expect(video).to_have_js_property("paused", False)
    page.keyboard.press("Space")
    expect(video).to_have_js_property("paused", True)
    page.keyboard.press("Escape")
    expect(video).to_have_count(0)


def test_the_arrows_turn_from_a_video_to_photos(with_video: str, open_page: Open) -> None:
    page = open_page("/", at=with_video)
    page.get_by_role("button", name="clip.webm").click()
    video = page.locator("video")
    expect(video).to_have_count(1)
    video.focus()
    page.keyboard.press("ArrowRight")
    expect(video).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    expect(video).to_have_count(1)
    page.keyboard.press("i")
    expect(page.get_by_text("WEBM · 0:09")).to_be_visible()
