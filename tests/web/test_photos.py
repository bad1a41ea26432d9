"""Looking at photos and finding them, as a person does it."""

from __future__ import annotations

import base64
import csv
import re
from pathlib import Path

import httpx2
from playwright.sync_api import Locator, Page, expect

from tests.web.accessibility import assert_accessible
from tests.web.conftest import Open

SEARCH = "Search photos"

DROP = """async ([name, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type: 'image/png' }));
  for (const kind of ['dragenter', 'dragover', 'drop'])
    document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def field(page: Page) -> Locator:
    return page.get_by_role("combobox", name=SEARCH)


def photo(page: Page, place: int) -> Locator:
    return page.locator(f'[data-place="{place}"]')


def test_a_photo_is_found_by_words_and_opened(open_page: Open) -> None:
    page = open_page("/")
    expect(page.get_by_text("17 photos")).to_be_visible()
    field(page).fill("a cat")
    field(page).press("Enter")
    expect(page).to_have_url(re.compile(r"\?q=a\+cat$"))
    expect(photo(page, 0)).to_have_attribute("aria-label", re.compile(r"^chelsea\.png.* match$"))
    photo(page, 0).click()
    expect(page.get_by_role("dialog", name="chelsea.png")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(field(page)).to_have_value("a cat")
    expect(photo(page, 0)).to_be_focused()
    page.go_back()
    expect(page.get_by_text("17 photos")).to_be_visible()


def test_filters_stand_in_the_address_and_survive_reload_and_back(open_page: Open) -> None:
    page = open_page("/")
    page.get_by_role("button", name="Filters").click()
    panel = page.get_by_role("complementary", name="Filters")
    panel.get_by_text("Format", exact=True).click()
    panel.get_by_label("JPEG").check()
    expect(page).to_have_url(re.compile("format=jpeg"))
    expect(page.get_by_text("5 photos")).to_be_visible()
    page.reload()
    expect(page.get_by_text("5 photos")).to_be_visible()
    expect(panel.get_by_label("JPEG")).to_be_checked()
    panel.get_by_role("button", name="Blue").click()
    expect(page).to_have_url(re.compile("color="))
    page.go_back()
    expect(page.get_by_text("5 photos")).to_be_visible()
    page.get_by_role("button", name="Remove JPEG").click()
    expect(page.get_by_text("17 photos")).to_be_visible()
    panel.get_by_label("From").fill("1999-01-01")
    panel.get_by_label("From").press("Enter")
    expect(page).to_have_url(re.compile("after=1999-01-01"))
    panel.get_by_role("button", name="Clear filters").click()
    expect(page).to_have_url(re.compile(r"/$"))
    assert_accessible(page)


def test_what_is_read_out_of_the_words_is_shown_as_chips(open_page: Open) -> None:
    page = open_page("/?q=a+cat+type%3Apng+camra%3AX100")
    expect(page.get_by_role("button", name="Remove png")).to_be_visible()
    page.get_by_role("button", name="Did you mean camera?").click()
    expect(field(page)).to_have_value("a cat type:png camera:X100")
    page.get_by_role("button", name="Remove X100").click()
    expect(field(page)).to_have_value("a cat type:png")
    expect(photo(page, 0)).to_have_attribute("aria-label", re.compile(r"^chelsea\.png"))


def test_the_viewer_shows_changes_and_undoes(open_page: Open) -> None:
    page = open_page("/")
    photo(page, 0).click()
    viewer = page.get_by_role("dialog")
    expect(viewer).to_be_visible()
    first = viewer.get_attribute("aria-label") or ""
    page.keyboard.press("ArrowRight")
    expect(viewer).not_to_have_attribute("aria-label", first)
    expect(viewer.get_by_text("2 of 17")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(viewer).to_have_attribute("aria-label", first)
    page.keyboard.press("z")
    expect(viewer.get_by_text(re.compile(r"\d+ %$"))).to_be_visible()
    page.keyboard.press("z")

    page.keyboard.press("i")
    info = page.get_by_role("complementary", name="Information")
    info.get_by_label("Add a tag").first.fill("seen by the test")
    info.get_by_label("Add a tag").first.press("Enter")
    expect(info.get_by_role("link", name="seen by the test")).to_be_visible()
    info.get_by_role("button", name="Remove seen by the test").click()
    expect(info.get_by_role("link", name="seen by the test")).to_have_count(0)
    page.get_by_role("heading", name="Information").click()
    page.keyboard.press("4")
    expect(info.get_by_role("button", name="4 stars")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("0")
    expect(info.get_by_role("button", name="4 stars")).to_have_attribute("aria-pressed", "false")
    assert_accessible(page)

    page.keyboard.press("h")
    expect(viewer.get_by_text("1 of 17")).to_be_visible()
    expect(viewer).not_to_have_attribute("aria-label", first)
    page.get_by_role("button", name="Undo").last.click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name=first).first).to_be_visible()


def test_a_dropped_image_is_searched_by_alone_and_with_words(open_page: Open, sample_photos: Path) -> None:
    page = open_page("/")
    expect(photo(page, 0)).to_be_visible()
    image = base64.b64encode((sample_photos / "coffee.png").read_bytes()).decode()
    page.evaluate(DROP, ["coffee.png", image])
    expect(page.get_by_role("button", name="Remove Like your image")).to_be_visible()
    expect(photo(page, 0)).to_have_attribute("aria-label", re.compile(r"^coffee\.png.*(100|9\d) % match$"))
    page.reload()
    expect(photo(page, 0)).to_have_attribute("aria-label", re.compile(r"^coffee\.png"))
    field(page).fill("a cat")
    field(page).press("Enter")
    expect(page.get_by_role("slider", name="How much the image counts against the words")).to_be_visible()
    expect(photo(page, 1)).to_be_visible()
    page.get_by_role("button", name="Remove Like your image").click()
    expect(photo(page, 0)).to_have_attribute("aria-label", re.compile(r"^chelsea\.png"))


def test_what_is_no_image_is_refused_with_a_reason(open_page: Open, tmp_path: Path) -> None:
    page = open_page("/")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"this is no picture")
    page.get_by_test_id("example").set_input_files(broken)
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.get_by_role("heading", level=2)).not_to_have_text("")


def test_more_like_this(open_page: Open) -> None:
    page = open_page("/?q=a+cat")
    photo(page, 0).click()
    page.get_by_role("button", name="More like this").click()
    expect(page).to_have_url(re.compile(r"\?like=\d+$"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Remove Like this photo")).to_be_visible()
    expect(photo(page, 0)).to_be_visible()


def test_the_whole_way_by_keyboard(open_page: Open) -> None:
    page = open_page("/")
    expect(photo(page, 0)).to_be_visible()
    page.keyboard.press("/")
    expect(field(page)).to_be_focused()
    page.keyboard.type("a cup of coffee")
    page.keyboard.press("Enter")
    expect(photo(page, 0)).to_have_attribute("aria-label", re.compile(r"^coffee\.png"))
    page.keyboard.press("Escape")  # empties the field
    page.keyboard.press("Enter")
    expect(page.get_by_text("17 photos")).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement?.dataset.place !== undefined"):
            break
    expect(photo(page, 0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(photo(page, 1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => Number(document.activeElement?.dataset.place) > 1")  # the focus follows a rendering
    below = page.evaluate("() => Number(document.activeElement.dataset.place)")
    assert below > 1
    page.keyboard.press("Space")
    expect(page.get_by_role("toolbar", name="Selected photos")).to_contain_text("1 selected")
    page.keyboard.press("Space")
    expect(page.get_by_role("toolbar", name="Selected photos")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(photo(page, below)).to_be_focused()


def test_several_are_selected_and_exported(open_page: Open) -> None:
    page = open_page("/")
    photo(page, 2).click(modifiers=["Control"])
    photo(page, 6).click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="Selected photos")
    expect(bar).to_contain_text("5 selected")
    bar.get_by_role("button", name="Export").click()
    page.get_by_role("dialog").get_by_label("Table (CSV)").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save").click()
    rows = list(csv.DictReader(Path(download.value.path()).read_text("utf-8").splitlines()))
    assert len(rows) == 5
    expect(page.get_by_role("dialog")).to_have_count(0)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method != "GET" else None)
    bar.get_by_role("button", name="Rate").click()
    page.get_by_role("menuitem", name="4 stars").click()
    expect(page.get_by_text("5 photos rated 4 stars")).to_be_visible()
    assert [url.rpartition("/api/v1")[2] for url in asked if "edits" in url] == ["/images/edits"]
    page.get_by_role("button", name="Undo").click()
    bar.get_by_role("button", name="Hide").click()
    expect(page.get_by_text("5 photos hidden")).to_be_visible()
    expect(page.locator("[data-place]")).to_have_count(12)
    page.get_by_role("button", name="Undo").last.click()
    expect(page.locator("[data-place]")).to_have_count(17)


def test_hidden_photos_are_asked_for_and_shown_again(open_page: Open, address: str) -> None:
    httpx2.patch(f"{address}/api/v1/images/3", json={"hidden": True})
    page = open_page("/?q=is%3Ahidden")
    expect(page.locator("[data-place]")).to_have_count(1)
    photo(page, 0).click(modifiers=["Control"])
    page.get_by_role("toolbar", name="Selected photos").get_by_role("button", name="Show again").click()
    expect(page.locator("[data-place]")).to_have_count(0)
    page.get_by_role("button", name="Remove Hidden").click()
    expect(page.get_by_text("17 photos")).to_be_visible()


def test_the_list_shows_names_and_sizes(open_page: Open) -> None:
    page = open_page("/?view=list", dark=True)
    expect(page.get_by_role("button", name="rocket.jpg")).to_contain_text("640 × 427")
    assert_accessible(page)


def test_phone_width(open_page: Open) -> None:
    page = open_page("/", phone=True)
    expect(photo(page, 0)).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off at the side"
    page.get_by_role("button", name="Filters").tap()
    panel = page.get_by_role("complementary", name="Filters")
    panel.get_by_role("button", name="Blue").tap()
    assert_accessible(page)
    panel.get_by_role("button", name="Show photos").tap()
    expect(panel).to_have_count(0)
    page.get_by_role("button", name="Remove #2f6fe0").tap()
    photo(page, 1).tap()
    viewer = page.get_by_role("dialog")
    expect(viewer.get_by_text("2 of 17")).to_be_visible()
    viewer.get_by_role("button", name="Information").tap()
    expect(page.get_by_role("complementary", name="Information")).to_be_visible()


def test_an_empty_library_says_what_to_do(open_page: Open, empty_address: str) -> None:
    page = open_page("/", at=empty_address, dark=True)
    expect(page.get_by_role("heading", name="No photos yet")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="Add a folder").click()
    expect(page).to_have_url(re.compile("/indexing$"))


def test_a_search_without_a_match_advises(open_page: Open) -> None:
    page = open_page("/?q=a+cat&format=bmp")
    expect(page.get_by_role("heading", name="No photo matches")).to_be_visible()
    page.get_by_role("button", name="Clear filters").first.click()
    expect(photo(page, 0)).to_be_visible()


def test_the_page_is_an_application_that_opens_without_its_server(open_page: Open) -> None:
    page = open_page("/")
    manifest = page.request.get("/manifest.webmanifest").json()
    for icon in manifest["icons"]:
        assert page.request.get(icon["src"]).ok
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    expect(photo(page, 0)).to_be_visible()
    kept = page.evaluate(
        "() => caches.open('shell-1').then((cache) => cache.keys()).then((all) => all.map((r) => r.url))"
    )
    assert kept
    assert not [url for url in kept if "/api/" in url], "photos and answers are not kept"


def test_going_back_comes_back_to_the_same_photos(open_page: Open) -> None:
    page = open_page("/")
    expect(photo(page, 0)).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 400})
    page.evaluate("() => window.scrollTo(0, 350)")
    expect(photo(page, 11)).to_be_in_viewport()
    place = page.evaluate("() => new Promise((done) => setTimeout(() => done(window.scrollY), 400))")
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    page.go_back()
    expect(photo(page, 11)).to_be_in_viewport()
    page.wait_for_function("(place) => Math.abs(window.scrollY - place) < 5", arg=place)
    photo(page, 11).click()
    expect(page.get_by_role("dialog").get_by_text("12 of 17")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog").get_by_text("13 of 17")).to_be_visible()
    page.reload()
    expect(page.get_by_role("dialog").get_by_text("13 of 17")).to_be_visible()
    page.keyboard.press("Escape")
    expect(photo(page, 12)).to_be_in_viewport()
