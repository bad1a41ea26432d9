"""Text read in a photo lies over it in the viewer: framed, marked where it was searched for, to be selected."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import expect

from smartsearch.config import Places
from smartsearch.core.query import Everything
from smartsearch.core.reading import PutText, TextLine, TextScan
from smartsearch.core.settings import Settings
from smartsearch.library import Library
from tests.web.conftest import Open, served


def test_text_can_be_selected(open_page: Open, tmp_path: Path, dated_library: Path) -> None:
    shutil.copytree(dated_library, tmp_path / "library")
    with Library.open(Places(tmp_path / "home", tmp_path / "library"), Settings()) as library:
        photo = library.store.select(Everything(), limit=1)[0]
        quads = [((10, 20), (110, 24), (109, 44), (9, 40)), ((10, 60), (90, 60), (90, 80), (10, 80))]
        lines = [TextLine(text, 0.9, quad) for text, quad in zip(("Happy birthday", "Anna"), quads, strict=True)]
        library.store.apply([PutText(photo, TextScan("r", tuple(lines)))])
    with served(tmp_path / "home", tmp_path / "library") as address:
        page = open_page(f"/?q=text:birthday&photo={photo}", at=address)
        page.get_by_role("dialog").wait_for()
        page.keyboard.press("t")
        expect(page.locator("svg text")).to_have_text(["Happy birthday", "Anna"])
        expect(page.locator("svg rect.stroke-yellow-300")).to_have_count(1)
        page.locator("svg text").first.select_text()
        assert page.evaluate("getSelection().toString()") == "Happy birthday"
        page.keyboard.press("t")
        expect(page.locator("svg text")).to_have_count(0)
