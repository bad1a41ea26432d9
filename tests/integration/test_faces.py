"""Faces of real photos, by the real default model."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hub_server import HubRepository, HubServer
from PIL import Image, ImageDraw
from tests.pictures import save_album

from smartsearch.config import Places
from smartsearch.core.assets import Asset
from smartsearch.core.errors import (
    DownloadError,
    FacesOffError,
    UnknownModelError,
    WeightsCorruptError,
    WeightsMissingError,
)
from smartsearch.core.faces import Box, FaceScan
from smartsearch.core.people import Face
from smartsearch.core.query import FaceCount, HasPerson
from smartsearch.core.settings import OcrSettings, RuntimeSettings, Settings
from smartsearch.faces import models
from smartsearch.faces.analyzer import OnnxFaceAnalyzer
from smartsearch.faces.models import DEFAULT, FaceModels
from smartsearch.library import Library
from smartsearch.onnx.hub import Hub


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the default face model made, once."""
    home = tmp_path_factory.mktemp("home")
    FaceModels(home / "face-models", RuntimeSettings()).analyzer()
    return home


@pytest.fixture(scope="session")
def analyzer(home: Path) -> OnnxFaceAnalyzer:
    return FaceModels(home / "face-models", RuntimeSettings()).analyzer()


def look(analyzer: OnnxFaceAnalyzer, path: Path, turn: int = 0) -> FaceScan:
    picture = Image.open(path).convert("RGB").rotate(turn, expand=True)
    picture.thumbnail((analyzer.side, analyzer.side))
    return analyzer.analyze(np.asarray(picture), picture.width)


class TestAnalyzer:
    def test_one_person_is_alike_and_two_are_not(self, analyzer: OnnxFaceAnalyzer, shared_data: Path) -> None:
        people = shared_data / "faces" / "by-person"
        [obama], [again], [biden] = (
            look(analyzer, people / name).faces for name in ("obama/obama.jpg", "obama/obama2.jpg", "biden/biden.jpg")
        )
        assert obama.vector.shape == (128,)
        assert float(obama.vector @ again.vector) > DEFAULT.thresholds.join > float(obama.vector @ biden.vector)
        assert obama.score > 0.9
        assert obama.quality > 0.3
        assert obama.thumbnail[8:12] == b"WEBP"
        assert 1000 < len(obama.thumbnail) < 8000

    def test_a_crowd_is_counted(self, analyzer: OnnxFaceAnalyzer, shared_data: Path) -> None:
        found = look(analyzer, shared_data / "faces" / "groups" / "bald_guys.jpg").faces
        assert 23 <= len(found) <= 26
        assert all(face.box.left >= 0 and face.box.left + face.box.width <= 1 for face in found)

    def test_pictures_without_faces(self, analyzer: OnnxFaceAnalyzer, shared_data: Path) -> None:
        assert look(analyzer, shared_data / "faces" / "groups" / "dogs.jpg").faces == ()
        noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3)).astype(np.uint8)
        for pixels in (np.zeros((1, 1, 3), np.uint8), np.zeros((5, 900, 3), np.uint8), noise):
            assert analyzer.analyze(pixels, pixels.shape[1]).faces == ()

    def test_upside_down_and_tiny_faces_break_nothing(self, analyzer: OnnxFaceAnalyzer, shared_data: Path) -> None:
        path = shared_data / "faces" / "by-person" / "obama" / "obama.jpg"
        assert len(look(analyzer, path, turn=180).faces) <= 1
        tiny = np.asarray(Image.open(path).convert("RGB").resize((40, 60)))
        assert len(analyzer.analyze(tiny, 40).faces) <= 1

    def test_a_drawn_face_is_mostly_left_alone(self, analyzer: OnnxFaceAnalyzer) -> None:
        picture = Image.new("RGB", (400, 400), "white")
        pen = ImageDraw.Draw(picture)
        pen.ellipse((100, 80, 300, 320), fill="#ffd08a", outline="black", width=4)
        for left in (150, 220):
            pen.ellipse((left, 150, left + 30, 180), fill="white", outline="black", width=3)
            pen.ellipse((left + 10, 160, left + 20, 170), fill="black")
        pen.arc((150, 200, 250, 280), 20, 160, fill="red", width=6)
        assert analyzer.analyze(np.asarray(picture), 400).faces == ()

    def test_a_mosaic_of_faces_in_one_picture(self, analyzer: OnnxFaceAnalyzer, shared_data: Path) -> None:
        portraits = sorted((shared_data / "faces" / "lfw").glob("*/*"))[:144]
        mosaic = Image.new("RGB", (672, 672))
        for number, path in enumerate(portraits):
            face = Image.open(path).convert("RGB").crop((50, 50, 200, 200)).resize((56, 56))
            mosaic.paste(face, (number % 12 * 56, number // 12 * 56))
        found = analyzer.analyze(np.asarray(mosaic), 672).faces
        places = {(int(each.box.left * 12 + 0.3), int(each.box.top * 12 + 0.3)) for each in found}
        assert len(places) > 130
        assert len(found) < 160


OBAMA = Box(0.42, 0.08, 0.26, 0.29)
"""Where the default model sees the face in obama.jpg."""


class TestModels:
    def test_the_default_may_be_used_commercially(self, home: Path) -> None:
        models = FaceModels(home / "face-models", RuntimeSettings())
        assert [model.name for model in models.installed()] == ["mtcnn-dlib"]
        assert models.get("mtcnn-dlib").licence.commercial is True
        with pytest.raises(UnknownModelError, match="On this machine: mtcnn-dlib"):
            models.get("other")

    def test_imported_files_are_tried_and_used(self, tmp_path: Path, shared_data: Path) -> None:
        files = shared_data / "models"
        detector, embedder = files / "yunet_n_dynamic.onnx", files / "mobilefacenet_128.onnx"
        models = FaceModels(tmp_path / "face-models", RuntimeSettings())
        for wrong in ((embedder, detector), (detector, detector), (detector, tmp_path), (files / "README", embedder)):
            with pytest.raises((WeightsCorruptError, WeightsMissingError)):
                models.import_files("yunet-mobilefacenet", *wrong)
        assert [model.name for model in models.installed()] == ["mtcnn-dlib"]
        with pytest.raises(UnknownModelError):
            models.import_files("other", detector, embedder)
        models.import_files("yunet-mobilefacenet", detector, embedder)
        again = FaceModels(tmp_path / "face-models", RuntimeSettings())
        analyzer = again.analyzer("yunet-mobilefacenet")
        people = shared_data / "faces" / "by-person"
        [obama], [other], [biden] = (
            look(analyzer, people / name).faces for name in ("obama/obama.jpg", "obama/obama2.jpg", "biden/biden.jpg")
        )
        assert float(obama.vector @ other.vector) > analyzer.thresholds.join > float(obama.vector @ biden.vector)

    def test_a_pulled_model_is_tried_and_used(
        self, tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """YuNet with its one fixed size, and an embedder of the same layout as SFace, from a server of our own."""
        folder = tmp_path / "hub"
        folder.mkdir()
        for name, source in (("detector.onnx", "yunet_n_640_640.onnx"), ("embedder.onnx", "mobilefacenet_128.onnx")):
            (folder / name).write_bytes((shared_data / "models" / source).read_bytes())
        source = (("a/b", "detector.onnx"), ("a/b", "embedder.onnx"))
        monkeypatch.setitem(models.SOURCES, "yunet-sface", source)
        with HubServer(HubRepository("a/b", folder)) as server:
            here = FaceModels(tmp_path / "face-models", RuntimeSettings())
            assert here.pull("yunet-sface", Hub(server.endpoint)).licence.commercial is True
            with pytest.raises(UnknownModelError, match="cannot be pulled"):
                here.pull("yunet-mobilefacenet", Hub(server.endpoint))
            with pytest.raises(DownloadError):
                here.pull("scrfd-arcface", Hub(server.endpoint))
        assert [model.name for model in here.installed()] == ["mtcnn-dlib", "yunet-sface"]
        found = look(here.analyzer("yunet-sface"), shared_data / "faces" / "by-person" / "obama" / "obama.jpg").faces
        assert [face.vector.shape for face in found] == [(128,)]
        assert found[0].box.overlap(OBAMA) > 0.5

    def test_a_damaged_description_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "broken").mkdir()
        (tmp_path / "broken" / "face-model.json").write_text("{")
        with pytest.raises(WeightsCorruptError, match="broken"):
            FaceModels(tmp_path, RuntimeSettings()).installed()


@pytest.fixture
def photos(tmp_path: Path, shared_data: Path) -> Path:
    """Copies of seven photos of three people, and four pictures of nobody."""
    folder = tmp_path / "photos"
    save_album(folder, 4)
    for person, names in {
        "obama": ("obama.jpg", "obama2.jpg"),
        "biden": ("biden.jpg", "biden2.jpg"),
        "John_Salley": ("000179_02159509.jpg", "000183_02159543.jpg", "000186_02159346.jpg"),
    }.items():
        for name in names:
            source = shared_data / "faces" / "by-person" / person / name
            (folder / f"{person}-{name}").write_bytes(source.read_bytes())
    return folder


@pytest.fixture
def library(tmp_path: Path, home: Path) -> Iterator[Library]:
    with Library.open(Places(home, tmp_path / "library"), Settings(ocr=OcrSettings("later")), create=True) as opened:
        yield opened


def owners(library: Library) -> dict[str, int | None]:
    """The person of the best face of each photo that shows somebody."""
    images = library.store.select(FaceCount(1, None))
    with library.store.people.reading() as rows:
        faces: list[Face] = [max(rows.faces_in([image_id]), key=lambda face: face.size) for image_id in images]
    assets: list[Asset] = library.store.assets([face.image_id for face in faces])
    return {os.path.basename(asset.path): face.person_id for asset, face in zip(assets, faces, strict=True)}


def people_of(library: Library) -> set[frozenset[str]]:
    found = owners(library)
    return {
        frozenset(name.split("-")[0] for name, other in found.items() if other == person)
        for person in found.values()
        if person is not None
    }


@pytest.mark.slow
class TestLibrary:
    def test_nothing_is_looked_at_before_the_user_says_yes(self, library: Library, photos: Path) -> None:
        library.index([photos])
        assert library.faces.status().images == 0
        for refused in (library.faces.scan, library.faces.group):
            with pytest.raises(FacesOffError):
                refused()
        library.faces.set_enabled(True)
        assert library.faces.scan(cancelled=lambda: True).state == "cancelled"
        report = library.faces.scan()
        assert (report.state, report.progress.total, report.progress.errors) == ("done", 11, 0)
        assert people_of(library) == {frozenset({"obama"}), frozenset({"biden"}), frozenset({"John_Salley"})}
        assert library.faces.status().waiting == 0
        library.faces.erase()
        assert (library.faces.enabled, library.faces.status().faces) == (False, 0)

    def test_faces_come_with_the_index_and_names_stay(self, library: Library, photos: Path) -> None:
        library.faces.set_enabled(True)
        for photo in photos.glob("*2*.jpg"):
            photo.rename(photos.parent / photo.name)
        library.index([photos])
        assert library.faces.status().waiting == 0
        for photo in photos.parent.glob("*2*.jpg"):
            photo.rename(photos / photo.name)
        library.index()
        assert people_of(library) == {frozenset({"obama"}), frozenset({"biden"}), frozenset({"John_Salley"})}
        before = owners(library)
        obama = before["obama-obama.jpg"]
        assert obama is not None
        assert len(library.store.select(HasPerson(obama))) == 2
        library.faces.group()
        assert owners(library) == before, "groups without a name do not reshuffle"

    def test_an_erased_library_holds_no_trace(self, library: Library, photos: Path) -> None:
        library.faces.set_enabled(True)
        library.index([photos])
        with library.store.people.reading() as rows:
            faces = rows.faces_in(library.store.select(FaceCount(1, None)))
            webp = [rows.thumbnail(face.id) or b"?" for face in faces]
        with closing(sqlite3.connect(library.places.library / "library.db")) as connection:
            vectors = [row[0] for row in connection.execute("SELECT vector FROM faces")]
        traces = [*vectors, *(each[40:90] for each in webp)]
        assert len(traces) > 10
        assert all(found_in(library, trace) for trace in traces)
        assert library.faces.erase() == len(faces)
        assert not any(found_in(library, trace) for trace in traces)


def found_in(library: Library, trace: bytes) -> bool:
    return any(trace in path.read_bytes() for path in library.places.library.rglob("*") if path.is_file())
