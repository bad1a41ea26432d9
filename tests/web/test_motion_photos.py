"""A motion photo in the page: marked on its tile, its video played in the viewer and left again."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from smartsearch.config import Places
from smartsearch.core.query import HasMotion
from smartsearch.core.settings import OcrSettings, RuntimeSettings, Settings
from smartsearch.library import Library
from tests.motion_photos import micro_video, motion_video, picture
from tests.web.conftest import Open, served


@pytest.fixture
def with_motion(tmp_path: Path, dated_library: Path) -> Iterator[str]:
    shutil.copytree(dated_library, tmp_path / "library")
    video = motion_video(tmp_path / "made", "libvpx-vp9")  # the Chromium of the tests plays no H.264
    folder = tmp_path / "moving"
    folder.mkdir()
    (folder / "moving.jpg").write_bytes(picture(micro_video(len(video))) + video)
    settings = Settings(ocr=OcrSettings("later"), runtime=RuntimeSettings(workers=1, threads=1))
    with Library.open(Places(tmp_path / "home", tmp_path / "library"), settings) as library:
        report = library.index([folder])
        assert not report.problems
        assert library.store.count(HasMotion()) == 1
    with served(tmp_path / "home", tmp_path / "library") as address:
        yield address


def test_a_motion_photo_plays_and_stops(with_motion: str, open_page: Open) -> None:
    page = open_page("/", at=with_motion)
    expect(page.locator("[data-place='0']")).to_be_visible(timeout=30_000)  # of a server that has just started
    tile = page.get_by_role("button", name=re.compile(r"^moving\.jpg.*motion photo"))
    expect(tile).to_have_count(1)
    expect(page.get_by_title("Motion photo", exact=True)).to_have_count(1)
    tile.click()
    video = page.locator("video")
    expect(page.get_by_role("button", name="Play the motion photo")).to_be_visible()
    expect(video).to_have_count(0)
    page.get_by_role("button", name="Play the motion photo").click()
    expect(video).to_have_js_property("duration", 1)
    expect(video).to_have_js_property("loop", True)
    expect(video).to_have_js_property("paused", False)
    page.keyboard.press("v")
    expect(video).to_have_count(0)
    page.keyboard.press("v")
    expect(video).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(video).to_have_count(0)
    expect(page.get_by_role("button", name="Play the motion photo")).to_have_count(0)
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="Play the motion photo")).to_be_visible()
    expect(video).to_have_count(0)
