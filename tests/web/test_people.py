"""People: a yes first; then named, merged, taken apart and reviewed, by mouse and by keys."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from smartsearch.config import Places
from smartsearch.core.clustering import Thresholds
from smartsearch.core.faces import Box, FaceScan, FoundFace, PutFaces
from smartsearch.core.query import Everything
from smartsearch.core.settings import Settings
from smartsearch.faces.models import DEFAULT
from smartsearch.library import Library
from smartsearch.people.grouping import group_faces
from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open, served

COLOURS = ("#7a4a3a", "#3a4a7a", "#3a7a4a")


def _face(who: int, variant: int, left: float = 0.1) -> FoundFace:
    vector = np.zeros(128, np.float32)
    vector[who], vector[20 + variant] = 0.99, np.sqrt(1 - 0.99**2)
    picture = io.BytesIO()
    Image.new("RGB", (96, 96), COLOURS[who]).save(picture, "WEBP")
    box = Box(left, 0.2, 0.2, 0.3)
    return FoundFace(box, 0.9, 0.5 + variant / 100, 80, 0.5, 0.1, vector, picture.getvalue())


@pytest.fixture
def peopled(tmp_path: Path, dated_library: Path) -> Iterator[str]:
    """Somebody in three photos, somebody else beside and alone, a third in two."""
    shutil.copytree(dated_library, tmp_path / "library")
    with Library.open(Places(tmp_path / "home", tmp_path / "library"), Settings()) as library:
        ids = library.store.select(Everything(), limit=6)
        shown = [
            [_face(0, 0)],
            [_face(0, 1)],
            [_face(0, 2), _face(1, 3, 0.6)],
            [_face(1, 4)],
            [_face(2, 5)],
            [_face(2, 6)],
        ]
        library.store.apply(
            [
                PutFaces(image_id, FaceScan(DEFAULT.fingerprint, tuple(faces)))
                for image_id, faces in zip(ids, shown, strict=True)
            ]
        )
        group_faces(library.store.people, DEFAULT.fingerprint, Thresholds(0.5, 0.5, 0.3))
        library.faces.set_enabled(True)
    with served(tmp_path / "home", tmp_path / "library") as address:
        yield address


def test_faces_are_looked_for_after_a_yes_only(open_page: Open, address: str) -> None:
    page = open_page("/people", phone=True, dark=True)
    expect(page.get_by_role("heading", name="Shall smartsearch look for faces?")).to_be_visible()
    expect(page.get_by_role("button", name="Yes, look for faces")).to_be_visible()
    assert_accessible(page)


def test_people_are_named_merged_and_taken_apart(open_page: Open, peopled: str) -> None:
    page = open_page("/people", at=peopled)
    tiles = page.get_by_role("main").get_by_role("listitem")
    expect(tiles).to_have_count(3)
    assert_accessible(page)
    tiles.first.get_by_role("link").click()
    page.get_by_role("textbox", name="Name").fill("Anna")
    page.keyboard.press("Enter")
    expect(page.locator("[data-place]")).to_have_count(3)
    page.get_by_text("Faces", exact=True).click()
    page.get_by_role("button", name="Face 1").click()
    expect(page.get_by_text("1 face selected")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Somebody else").click()
    page.get_by_role("textbox", name="Name").last.fill("Berta")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Face 3")).to_have_count(0)
    page.get_by_role("button", name="All people").click()
    expect(tiles).to_have_count(4)
    page.get_by_role("link", name="Berta").drag_to(page.get_by_role("link", name="Anna"))
    expect(page.get_by_text("1 group merged into Anna")).to_be_visible()
    expect(tiles).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    expect(tiles).to_have_count(4)


def test_questions_are_answered_by_keys(open_page: Open, peopled: str) -> None:
    page = open_page("/people", at=peopled)
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("heading", name="Who is this?")).to_be_visible()
    left = page.get_by_text("left", exact=False)
    assert_accessible(page)
    before = left.inner_text()
    page.get_by_role("combobox", name="Name").fill("Carla")
    page.keyboard.press("Enter")
    expect(left).not_to_have_text(before)
    page.get_by_role("button", name="All people").click()
    expect(page.get_by_role("link", name="Carla")).to_be_visible()


def test_a_person_fits_a_phone(open_page: Open, peopled: str) -> None:
    page = open_page("/people", at=peopled, phone=True, dark=True)
    page.get_by_role("main").get_by_role("listitem").first.get_by_role("link").click()
    expect(page.locator("[data-place]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page)
