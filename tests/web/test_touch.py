"""Fingers on a phone: holding, swiping, pinching. And the clipboard."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open

Point = tuple[float, float]

COPY = """async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })]);
}"""


class Fingers:
    """Touches as the browser gets them from a screen, unlike the events of a script."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)

    def touch(self, *points: Point) -> None:
        self._send("touchStart", points)

    def move(self, *points: Point) -> None:
        self._send("touchMove", points)

    def lift(self) -> None:
        self._send("touchEnd", ())

    def swipe(self, begin: Point, end: Point) -> None:
        self.touch(begin)
        for step in (0.25, 0.5, 0.75, 1):
            self.move((begin[0] + (end[0] - begin[0]) * step, begin[1] + (end[1] - begin[1]) * step))
        self.lift()

    def _send(self, kind: str, points: tuple[Point, ...]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def middle(element: Locator) -> Point:
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_fingers_turn_zoom_and_select(open_page: Open) -> None:
    page = open_page("/", phone=True)
    fingers = Fingers(page)
    tile = page.locator('[data-place="0"]')
    expect(tile).to_be_visible()

    bar = page.get_by_role("toolbar", name="Selected photos")
    fingers.touch(middle(tile))
    expect(bar).to_contain_text("1 selected")  # while the finger is still down
    fingers.lift()
    page.locator('[data-place="1"]').tap()
    expect(bar).to_contain_text("2 selected")
    page.get_by_role("button", name="Clear the selection").tap()

    tile.tap()
    viewer = page.get_by_role("dialog")
    expect(viewer.get_by_text("1 of 17")).to_be_visible()
    fingers.swipe((300, 420), (80, 430))
    expect(viewer.get_by_text("2 of 17")).to_be_visible()
    fingers.swipe((80, 420), (300, 410))
    expect(viewer.get_by_text("1 of 17")).to_be_visible()

    percent = viewer.get_by_text(re.compile(r"^\d+ %$"))
    expect(percent).to_have_count(0)
    fingers.touch((180, 420), (210, 420))
    fingers.move((130, 420), (260, 420))
    fingers.move((80, 420), (310, 420))
    fingers.lift()
    expect(percent).to_be_visible()
    picture = viewer.get_by_role("img").first
    before = picture.bounding_box()
    fingers.swipe((300, 420), (80, 420))  # moves the zoomed picture
    expect(viewer.get_by_text("1 of 17")).to_be_visible()
    assert picture.bounding_box() != before
    fingers.touch((80, 420), (310, 420))
    fingers.move((180, 420), (200, 420))
    fingers.lift()
    expect(percent).to_have_count(0)

    viewer.get_by_role("button", name="Information").tap()
    colours = page.get_by_role("group", name="Colours").get_by_role("link")
    expect(colours.first).to_be_visible()
    assert min(colours.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().width)")) >= 24
    assert_accessible(page)
    page.get_by_role("button", name="Close the information").tap()
    fingers.swipe((200, 300), (205, 520))
    expect(viewer).to_have_count(0)


def test_a_pasted_image_is_searched_by(open_page: Open, sample_photos: Path) -> None:
    page = open_page("/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(page.locator('[data-place="0"]')).to_be_visible()
    page.evaluate(COPY, base64.b64encode((sample_photos / "coffee.png").read_bytes()).decode())
    page.get_by_role("combobox", name="Search photos").focus()
    page.keyboard.press("Control+V")
    expect(page.get_by_role("button", name="Remove Like your image")).to_be_visible()
    expect(page.locator('[data-place="0"]')).to_have_attribute(
        "aria-label", re.compile(r"^coffee\.png.*(100|9\d) % match$")
    )
