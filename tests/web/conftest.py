"""Chromium drives the built page over a real server, which answers from a real library of the sample photos."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from smartsearch.api.app import WEB_FOLDER
from smartsearch.testing_models import make_tiny_model
from tests.api.conftest import save_photo

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("smartsearch")
SHOTS = ROOT / "build" / "web"
"""Screenshots: what to look at after a run."""

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

sys.path.insert(0, str(ROOT / "scripts"))

from demo import fetch_photos  # noqa: E402
from web_tools import HOW_TO_CHROMIUM, HOW_TO_NODE, chromium  # noqa: E402


@pytest.fixture(scope="session")
def sample_photos() -> Path:
    """The photos of `make demo`, fetched once."""
    made = ROOT / ".demo" / "photos"
    folder = made if made.is_dir() else ROOT / "build" / "sample-photos"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONPATH", raising=False)  # pip may reach the package registry; the program may not
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.with_suffix(".lock")):  # the tests run in several processes
            fetch_photos(folder)
    return folder


def index(home: Path, library: Path, photos: Path) -> None:
    """Index photos as a person would, but for the text in them."""
    environment = os.environ | {"SMARTSEARCH_HOME": str(home), "SMARTSEARCH_OCR_WHEN": "later"}
    subprocess.run([PROGRAM, "--library", library, "index", photos], env=environment, check=True, capture_output=True)


@contextmanager
def served(home: Path, library: Path) -> Iterator[str]:
    """A server process over a library; its address."""
    command = [PROGRAM, "--library", library, "serve", "--port", "0"]
    environment = os.environ | {"SMARTSEARCH_HOME": str(home)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            said = server.stderr.readline()
            address = re.search(r"http://\S+?(?=[\s;]|$)", said)
            assert address, f"the server said {said!r}"
            yield address[0]
        finally:
            server.terminate()
            server.communicate()


@pytest.fixture(scope="session")
def address(sample_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server over the sample photos, indexed with the packaged model."""
    folder = tmp_path_factory.mktemp("web")
    index(folder / "home", folder / "library", sample_photos)
    with served(folder / "home", folder / "library") as running:
        yield running


@pytest.fixture(scope="session")
def dated_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library, not open, of photos of three years, 15 January 2021 to 9 April 2024, 20 days apart; every second
    one says that it was taken near Lisbon. To be copied by whoever changes it."""
    folder = tmp_path_factory.mktemp("dated")
    for number in range(60):
        save_photo(folder / "photos" / f"photo-{number:02d}.jpg", number)
    index(folder / "home", folder / "library", folder / "photos")
    return folder / "library"


@pytest.fixture(scope="session")
def dated(dated_library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server over a copy of them, with a second model that the library does not use."""
    folder = tmp_path_factory.mktemp("served")
    make_tiny_model(folder / "home" / "models" / "tiny" / "fp32")
    shutil.copytree(dated_library, folder / "library")
    with served(folder / "home", folder / "library") as address:
        yield address


@pytest.fixture(scope="session")
def empty_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server over a library without a photo."""
    folder = tmp_path_factory.mktemp("empty")
    with served(folder / "home", folder / "library") as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests; every test has its own context."""
    path = chromium()
    if path is None:
        pytest.skip(f"no browser: {HOW_TO_CHROMIUM}")
    if not (WEB_FOLDER / "index.html").is_file():
        pytest.skip(f"the web page is not built (make web): {HOW_TO_NODE}")
    rights = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=[*rights, "--disable-gpu"])
        yield launched
        launched.close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens a path of the page, of the sample photos' server unless told `at` which. Anything it complains of fails the
    test; its last state is kept as a picture."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_(path: str = "/", *, phone: bool = False, dark: bool = False, at: str | None = None) -> Page:
        context = browser.new_context(
            viewport=PHONE if phone else DESKTOP,  # type: ignore[arg-type]
            has_touch=phone,
            is_mobile=phone,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            base_url=at or request.getfixturevalue("address"),
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _heard(message, complaints))
        page.goto(path)
        return page

    yield open_
    SHOTS.mkdir(parents=True, exist_ok=True)
    for number, context in enumerate(contexts):
        for page in context.pages:
            page.screenshot(path=SHOTS / f"{request.node.name}{f'-{number}' if number else ''}.png")
        context.close()
    assert not complaints, complaints


def _heard(message: ConsoleMessage, complaints: list[str]) -> None:
    """Answers that tests provoke are the tests' own business; scripts, policies and missing files are not."""
    if message.type == "error" and "/api/v1/" not in (message.location or {}).get("url", ""):
        complaints.append(message.text)
