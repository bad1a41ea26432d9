"""A library of generated photos, indexed once by the packaged model, and clients that ask it over HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from smartsearch.api.app import create_app
from smartsearch.config import Places
from smartsearch.core.settings import OcrSettings, RuntimeSettings, ServerSettings, Settings
from smartsearch.library import Library
from smartsearch.testing_models import COLOURS
from tests.pictures import save_picture

BASE_URL = "http://127.0.0.1:8000"
COUNT = 24


def save_photo(path: Path, number: int) -> Path:
    """A picture with what cameras write: time, camera, and for every second one a position."""
    colours = list(COLOURS)
    name = colours[number % len(colours)]
    save_picture(path, name, number, size=(320, 240))
    picture = Image.open(path)
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Fujifilm", f"X100{'VT'[number % 2]}"
    moment = datetime(2021, 1, 15, 12) + timedelta(days=20 * number)
    exif.get_ifd(0x8769)[0x9003] = moment.strftime("%Y:%m:%d %H:%M:%S")
    if number % 2 == 0:
        position = exif.get_ifd(0x8825)
        position[1], position[2] = "N", (Fraction(38), Fraction(40 + number % 3), Fraction(0))
        position[3], position[4] = "W", (Fraction(9), Fraction(8), Fraction(number))
    picture.save(path, exif=exif, quality=90)
    return path


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 photos in two folders."""
    folder = tmp_path_factory.mktemp("pictures") / "photos"
    colours = list(COLOURS)
    for number in range(COUNT):
        save_photo(
            folder / ("trip" if number % 3 else "home") / f"{colours[number % 12]}-lake-{number:02d}.jpg", number
        )
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff not really")
    return folder


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """The folder of an indexed library that nobody has open: copy it."""
    base = tmp_path_factory.mktemp("indexed")
    places = Places(base / "home", base / "library")
    with Library.open(places, settings(photos), create=True) as library:
        library.index([photos])
    return places.library


def settings(photos: Path) -> Settings:
    return Settings(
        ocr=OcrSettings("later"),
        runtime=RuntimeSettings(workers=1, threads=1),
        server=ServerSettings(browse=(str(photos.parent),), max_upload_bytes=1 << 20),
    )


@pytest.fixture(scope="session")
def open_copy(tmp_path_factory: pytest.TempPathFactory, indexed: Path, photos: Path) -> Iterator[Callable[[], Library]]:
    """Opens a copy of the indexed library."""
    opened: list[Library] = []

    def make() -> Library:
        base = tmp_path_factory.mktemp("copy")
        shutil.copytree(indexed, base / "library")
        library = Library.open(Places(base / "home", base / "library"), settings(photos))
        opened.append(library)
        return library

    yield make
    for library in opened:
        library.close()


@pytest.fixture(scope="session")
def shared_library(open_copy: Callable[[], Library]) -> Library:
    """For tests that change nothing."""
    return open_copy()


@pytest.fixture(scope="session")
def client(shared_library: Library) -> Iterator[TestClient]:
    """Asks the shared library; only for what changes nothing."""
    with TestClient(create_app(shared_library), base_url=BASE_URL) as asking:
        yield asking


@pytest.fixture
def library(open_copy: Callable[[], Library]) -> Library:
    """A library of the test's own."""
    return open_copy()


@pytest.fixture
def own(library: Library) -> Iterator[TestClient]:
    """Asks the test's own library."""
    with TestClient(create_app(library), base_url=BASE_URL) as asking:
        yield asking


@pytest.fixture
def noise(tmp_path: Path) -> Path:
    """A picture that is in no library."""
    path = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(path)
    return path
