"""People: a yes first; then named, merged, taken apart and reviewed, by mouse and by keys."""

from __future__ import annotations

import io
import re
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
from smartsearch.people.directory import PersonChange
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


@pytest.fixture
def lookalike(tmp_path: Path, dated_library: Path) -> Iterator[str]:
    """Anna in two photos, and somebody in two others who may be her."""
    shutil.copytree(dated_library, tmp_path / "library")
    with Library.open(Places(tmp_path / "home", tmp_path / "library"), Settings()) as library:
        for number, image_id in enumerate(library.store.select(Everything(), limit=4)):
            face = _face(0, number)
            if number > 1:
                face.vector[0], face.vector[50], face.vector[20 + number] = 0.45, 0.88, 0.15
            library.store.apply([PutFaces(image_id, FaceScan(DEFAULT.fingerprint, (face,)))])
        thresholds = Thresholds(0.6, 0.6, 0.4)
        group_faces(library.store.people, DEFAULT.fingerprint, thresholds)
        library.people.change(1, PersonChange(name="Anna"))
        group_faces(library.store.people, DEFAULT.fingerprint, thresholds)
        library.faces.set_enabled(True)
    with served(tmp_path / "home", tmp_path / "library") as address:
        yield address


def test_faces_are_looked_for_after_a_yes_only(open_page: Open, tmp_path: Path, dated_library: Path) -> None:
    shutil.copytree(dated_library, tmp_path / "library")
    with served(tmp_path / "home", tmp_path / "library") as address:
        page = open_page("/people", phone=True, dark=True, at=address)
        expect(page.get_by_role("heading", name="Shall smartsearch look for faces?")).to_be_visible()
        assert_accessible(page)
        page.get_by_role("button", name="Yes, look for faces").click()
        expect(page.get_by_role("heading", name="Nobody found yet")).to_be_visible(timeout=60_000)
        page.get_by_role("button", name="More", exact=True).click()
        page.get_by_role("menuitem", name="Stop looking for faces").click()
        expect(page.get_by_role("button", name="Yes, look for faces")).to_be_visible()


PEOPLE = ("obama/obama.jpg", "obama/obama2.jpg", "biden/biden.jpg", "biden/biden2.jpg")


@pytest.mark.slow
def test_real_faces_are_found_named_and_shown(open_page: Open, tmp_path: Path, shared_data: Path) -> None:
    (tmp_path / "photos").mkdir()
    for name in PEOPLE:
        shutil.copy(shared_data / "faces" / "by-person" / name, tmp_path / "photos")
    with Library.open(Places(tmp_path / "home", tmp_path / "library"), Settings(), create=True) as library:
        library.index([tmp_path / "photos"])
    with served(tmp_path / "home", tmp_path / "library") as address:
        page = open_page("/people", at=address)
        page.get_by_role("button", name="Yes, look for faces").click()
        tiles = page.get_by_role("main").get_by_role("listitem")
        expect(tiles).to_have_count(2, timeout=60_000)
        tiles.first.get_by_role("link").click()
        page.get_by_role("textbox", name="Name").fill("Barack")
        page.keyboard.press("Enter")
        expect(page.locator("[data-place]")).to_have_count(2)
        page.locator("[data-place]").first.click()
        page.get_by_role("button", name="More actions").click()
        page.get_by_role("menuitem", name="Show faces").click()
        expect(page.get_by_role("link", name="Barack")).to_be_visible()


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


def test_questions_are_answered_by_single_keys(open_page: Open, lookalike: str) -> None:
    page = open_page("/people?view=review", at=lookalike)
    question = page.get_by_role("heading", name="Is this Anna?")
    for key in ("n", "y"):  # each is taken back, and the question is there again
        expect(question).to_be_visible()
        page.keyboard.press(key)
        expect(question).to_have_count(0)
        if key == "n":  # who it is then, is the next question
            page.get_by_role("combobox", name="Name").press("Escape")
        page.keyboard.press("u")
    expect(question).to_be_visible()
    page.keyboard.press("s")
    expect(question).to_have_count(0)


def test_what_is_known_of_a_person_is_kept(open_page: Open, peopled: str) -> None:
    page = open_page("/people/1?tab=about", at=peopled)
    page.get_by_label("Date of birth").fill("2011-05-06")
    page.get_by_label("Notes").fill("From the choir")
    assert_accessible(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Notes")).to_have_value("From the choir")
    page.get_by_text("Faces", exact=True).click()
    page.get_by_role("button", name="Face 2").click()
    page.get_by_role("button", name="Use as cover").click()
    expect(page.get_by_text("The cover is changed")).to_be_visible()
    page.get_by_text("Photos", exact=True).last.click()
    page.locator("[data-place]").last.click()
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Show faces").click()
    expect(page.get_by_role("link", name=re.compile(r"Not named, (9|1\d)$"))).to_be_visible()


def test_changes_are_listed_and_taken_back(open_page: Open, peopled: str) -> None:
    page = open_page("/people/1", at=peopled)
    for name in ("Anna", "Annegret"):
        page.get_by_role("textbox", name="Name").fill(name)
        page.keyboard.press("Enter")
        expect(page.get_by_role("textbox", name="Name")).to_have_value(name)
    page.get_by_role("button", name="All people").click()
    expect(page.get_by_role("link", name="Annegret")).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="History").click()
    expect(page.get_by_text("Annegret: name changed")).to_have_count(2)
    assert_accessible(page)
    page.get_by_role("button", name="Undo these 2").click()
    expect(page.get_by_text("Taken back")).to_have_count(2)
    page.get_by_role("button", name="All people").click()
    expect(page.get_by_role("link", name="Annegret")).to_have_count(0)


def test_unknown_faces_are_named(open_page: Open, peopled: str) -> None:
    page = open_page("/people/1", at=peopled)
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Give this group up").click()
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Unknown faces").click()
    for number in (1, 2):
        page.get_by_role("button", name=f"Face {number}").click()
    assert_accessible(page)
    page.get_by_role("button", name="Name them").click()
    page.get_by_role("dialog").get_by_label("Name").fill("Clara")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Face 2")).to_have_count(0)
    page.get_by_role("button", name="Face 1").click()
    page.get_by_role("button", name="A stranger").click()
    expect(page.get_by_role("heading", name="Every face is somebody’s")).to_be_visible()
    page.get_by_role("button", name="All people").click()
    expect(page.get_by_role("link", name="Clara 2 photos")).to_be_visible()


def test_erasing_takes_more_than_a_click(open_page: Open, peopled: str) -> None:
    page = open_page("/people/1", at=peopled)
    page.get_by_role("textbox", name="Name").fill("Anna")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Erase this person").click()
    erase = page.get_by_role("dialog").get_by_role("button", name="Erase this person")
    expect(erase).to_be_disabled()
    page.get_by_role("dialog").get_by_role("textbox").fill("anna")
    assert_accessible(page)
    erase.click()
    expect(page.get_by_text("The person was erased")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Erase all faces").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("erase")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Yes, look for faces")).to_be_visible()


def test_a_person_fits_a_phone(open_page: Open, peopled: str) -> None:
    page = open_page("/people", at=peopled, phone=True, dark=True)
    page.get_by_role("main").get_by_role("listitem").first.get_by_role("link").click()
    expect(page.locator("[data-place]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert_accessible(page)
