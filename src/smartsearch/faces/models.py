"""Which models look for faces: described as values, kept in a folder of the machine, the default made from packages."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from smartsearch.core.clustering import Thresholds
from smartsearch.core.errors import UnknownModelError, WeightsCorruptError, WeightsMissingError
from smartsearch.core.settings import RuntimeSettings
from smartsearch.faces import from_dlib, from_mtcnn
from smartsearch.faces.analyzer import OnnxFaceAnalyzer
from smartsearch.faces.detection import Detector
from smartsearch.faces.embedding import FaceEmbedder, Input
from smartsearch.faces.mtcnn import MtcnnDetector
from smartsearch.faces.scrfd import ScrfdDetector
from smartsearch.faces.yunet import YunetDetector
from smartsearch.onnx.descriptions import Licence
from smartsearch.onnx.hub import Hub, ProgressCallback
from smartsearch.onnx.sessions import LazySession

DESCRIPTION_FILE = "face-model.json"


@dataclass(frozen=True, slots=True)
class FaceModel:
    """A detector and an embedder. ``side``: the longer side in pixels of the picture looked at. ``revision`` changes
    when the vectors do. ``files`` are relative to the model's folder: those of the detector, then the embedder."""

    name: str
    revision: str
    detector: str
    """mtcnn, yunet or scrfd."""
    input: Input
    thresholds: Thresholds
    files: tuple[str, ...]
    licence: Licence
    side: int = 1024
    summary: str = ""

    @property
    def fingerprint(self) -> str:
        """The space of the vectors."""
        return f"face:{self.name}@{self.revision}"


DEFAULT = FaceModel(
    name="mtcnn-dlib",
    revision="1",
    detector="mtcnn",
    input=Input("dlib"),
    thresholds=Thresholds(link=0.944, join=0.938, review=0.915),
    files=("pnet.onnx", "rnet.onnx", "onet.onnx", "embedder.onnx"),
    licence=Licence("MIT (detector), CC0-1.0 (embedder)", commercial=True),
    summary="MTCNN and dlib's 128-d ResNet, made from the packages mtcnn and face-recognition-models",
)
"""Thresholds: docs/decisions."""

_ARCFACE = Thresholds(link=0.38, join=0.38, review=0.28)

PULLED: dict[str, FaceModel] = {
    "yunet-sface": FaceModel(
        name="yunet-sface",
        revision="1",
        detector="yunet",
        input=Input("arcface"),
        thresholds=Thresholds(link=0.4, join=0.4, review=0.3),
        files=("detector.onnx", "embedder.onnx"),
        licence=Licence("MIT (YuNet), Apache-2.0 (SFace)", commercial=True),
        summary="YuNet and SFace of the OpenCV Zoo",
    ),
    "scrfd-arcface": FaceModel(
        name="scrfd-arcface",
        revision="1",
        detector="scrfd",
        input=Input("arcface", mean=(127.5,) * 3, std=(127.5,) * 3),
        thresholds=_ARCFACE,
        files=("detector.onnx", "embedder.onnx"),
        licence=Licence(
            "insightface model licence",
            commercial=False,
            note="The weights of insightface are for non-commercial research only; ask its authors for other uses.",
        ),
        summary="SCRFD and ArcFace 512-d of insightface (buffalo, antelope)",
    ),
    "yunet-mobilefacenet": FaceModel(
        name="yunet-mobilefacenet",
        revision="1",
        detector="yunet",
        input=Input("arcface", mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)),
        thresholds=_ARCFACE,
        files=("detector.onnx", "embedder.onnx"),
        licence=Licence("as stated by whoever you have the files from"),
        summary="YuNet and a MobileFaceNet of 112 pixels with ImageNet normalisation",
    ),
}
"""Layouts that `import_files` knows."""


SOURCES: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "yunet-sface": (
        ("opencv/face_detection_yunet", "face_detection_yunet_2023mar.onnx"),
        ("opencv/face_recognition_sface", "face_recognition_sface_2021dec.onnx"),
    ),
    "scrfd-arcface": (
        ("immich-app/buffalo_l", "detection/model.onnx"),
        ("immich-app/buffalo_l", "recognition/model.onnx"),
    ),
}
"""Repository and file of detector and embedder on the Hugging Face Hub."""


class FaceModels:
    """The face models of this machine, in ``folder``."""

    def __init__(self, folder: Path, runtime: RuntimeSettings) -> None:
        self.folder = folder
        # Whole pictures are analysed side by side: one thread each is faster than all of them on one small network.
        self._runtime = replace(runtime, threads=1)

    def installed(self) -> list[FaceModel]:
        """The default first, whether or not it is made yet, then those imported."""
        found = [_read(path.parent) for path in sorted(self.folder.glob(f"*/{DESCRIPTION_FILE}"))]
        return [DEFAULT, *(model for model in found if model.name != DEFAULT.name)]

    def get(self, name: str) -> FaceModel:
        for model in self.installed():
            if model.name == name:
                return model
        known = ", ".join(model.name for model in self.installed())
        raise UnknownModelError(f"There is no face model called {name!r}.", hint=f"On this machine: {known}.")

    def analyzer(self, name: str = DEFAULT.name) -> OnnxFaceAnalyzer:
        """Ready to use; the default is made on its first use, which takes a second. UnknownModelError,
        WeightsMissingError."""
        model = self.get(name)
        folder = self.folder / model.name
        if model.name == DEFAULT.name and not all((folder / file).is_file() for file in model.files):
            self._install(model, _default_files())
        sessions = [LazySession(folder / file, self._runtime) for file in model.files]
        detector = _DETECTORS[model.detector](*sessions[:-1])
        return OnnxFaceAnalyzer(
            model.fingerprint, detector, FaceEmbedder(sessions[-1], model.input), model.thresholds, model.side
        )

    def import_files(self, layout: str, detector: Path, embedder: Path) -> FaceModel:
        """Install ONNX files that the user has, after trying them. ``layout``: one of `PULLED`. UnknownModelError,
        WeightsMissingError, WeightsCorruptError when the files do not fit the layout."""
        if layout not in PULLED:
            raise UnknownModelError(f"There is no layout {layout!r}.", hint=f"Known: {', '.join(PULLED)}.")
        for path in (detector, embedder):
            if not path.is_file():
                raise WeightsMissingError(f"The model file {path} is not there.")
        model = PULLED[layout]
        self._try(model, detector, embedder)
        self._install(model, [detector.read_bytes(), embedder.read_bytes()])
        return model

    def pull(self, layout: str, hub: Hub, progress: ProgressCallback = lambda _: None) -> FaceModel:
        """Download a model of `SOURCES` and install it, after trying it. The licence is the caller's to show first.
        UnknownModelError, DownloadError, WeightsCorruptError, DiskFullError."""
        if layout not in SOURCES:
            raise UnknownModelError(f"{layout!r} cannot be pulled.", hint=f"These can: {', '.join(SOURCES)}.")
        folder = self.folder / ".pulling" / layout
        fetched = []
        for repository, file in SOURCES[layout]:
            target = folder / repository.replace("/", "--")
            hub.fetch_files(repository, "main", [file], target, {}, progress)
            fetched.append(target / file)
        model = self.import_files(layout, *fetched)
        shutil.rmtree(self.folder / ".pulling", ignore_errors=True)
        return model

    def _try(self, model: FaceModel, detector: Path, embedder: Path) -> None:
        """Run both once. Whatever they raise means that they are not what the layout says."""
        import numpy as np
        from PIL import Image

        grey = Image.new("RGB", (320, 240), (90, 120, 150))
        try:
            _DETECTORS[model.detector](LazySession(detector, self._runtime)).detect(grey)
            side = model.input.side
            faces = FaceEmbedder(LazySession(embedder, self._runtime), model.input)
            vectors = faces.embed([grey.resize((side, side))])
        except WeightsCorruptError:
            raise
        except Exception as error:
            raise WeightsCorruptError(f"The files do not fit the layout {model.name}: {error}.") from error
        if vectors.shape[1] < 32 or not np.isfinite(vectors).all():
            raise WeightsCorruptError(f"{embedder} makes no vectors of faces: shape {vectors.shape}.")

    def _install(self, model: FaceModel, contents: list[bytes]) -> None:
        """Whole or not at all: put together beside, then renamed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".tmp-", dir=self.folder))
        try:
            for file, content in zip(model.files, contents, strict=True):
                (part / file).write_bytes(content)
            (part / DESCRIPTION_FILE).write_text(json.dumps(_to_json(model), indent=2), encoding="utf-8")
            target = self.folder / model.name
            shutil.rmtree(target, ignore_errors=True)
            os.replace(part, target)
        finally:
            shutil.rmtree(part, ignore_errors=True)


_DETECTORS: dict[str, Callable[..., Detector]] = {
    "mtcnn": MtcnnDetector,
    "yunet": YunetDetector,
    "scrfd": ScrfdDetector,
}


def _default_files() -> list[bytes]:
    return [*(from_mtcnn.build(network) for network in ("pnet", "rnet", "onet")), from_dlib.build()]


def _to_json(model: FaceModel) -> dict[str, Any]:
    return asdict(model)


def _read(folder: Path) -> FaceModel:
    try:
        data = json.loads((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
        wanted = data.pop("input")
        return FaceModel(
            input=Input(**wanted | {name: tuple(wanted[name]) for name in ("mean", "std")}),
            thresholds=Thresholds(**data.pop("thresholds")),
            licence=Licence(**data.pop("licence")),
            files=tuple(data.pop("files")),
            **data,
        )
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise WeightsCorruptError(f"The face model in {folder} cannot be read: {error}.") from error
