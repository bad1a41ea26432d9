"""From aligned faces to vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smartsearch.faces.alignment import ARCFACE_112, aligned
from smartsearch.faces.detection import Floats

if TYPE_CHECKING:
    from smartsearch.onnx.sessions import LazySession

DLIB_150 = np.array([[46.9, 45.0], [101.5, 45.0], [73.6, 78.2], [50.4, 104.7], [97.6, 104.7]], np.float32)
"""Where MTCNN's points lie in the 150 pixels that dlib's network was trained on: the mean over 259 faces that dlib
itself had aligned (its 5-point predictor, padding 0.25). Measured here; see docs/decisions."""

TEMPLATES = {"dlib": (DLIB_150, 150), "arcface": (ARCFACE_112, 112)}

BATCH = 32


@dataclass(frozen=True, slots=True)
class Input:
    """How a network wants its faces: the template and side, and ``(x - mean) / std`` of each channel on 0-255.
    ``mirrored``: the mean of a face and its mirror image tells people apart better, at twice the cost."""

    template: str
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    bgr: bool = False
    mirrored: bool = True

    @property
    def side(self) -> int:
        return TEMPLATES[self.template][1]

    def cut(self, picture: Image.Image, points: Floats) -> Image.Image:
        """The face with these five points, aligned."""
        template, side = TEMPLATES[self.template]
        return aligned(picture, points, template, side)


class FaceEmbedder:
    """One network and its input."""

    def __init__(self, network: LazySession, wanted: Input) -> None:
        self._network = network
        self.input = wanted

    def embed(self, faces: Sequence[Image.Image]) -> Floats:
        """Aligned faces -> (n, dim) L2-normalised."""
        pixels = np.stack([np.asarray(face) for face in faces])
        views = [pixels, pixels[:, :, ::-1]] if self.input.mirrored else [pixels]
        vectors = sum(_normalised(self._run(view)) for view in views)
        return _normalised(np.asarray(vectors, np.float32))

    def _run(self, pixels: NDArray[np.uint8]) -> Floats:
        wanted = self.input
        ordered = pixels[..., ::-1] if wanted.bgr else pixels
        values = (ordered.astype(np.float32) - np.array(wanted.mean, np.float32)) / np.array(wanted.std, np.float32)
        values = np.ascontiguousarray(values.transpose(0, 3, 1, 2))
        name, shape = self._network.inputs()[0].name, self._network.inputs()[0].shape
        output = self._network.outputs()[0].name
        step = shape[0] or BATCH  # some networks take one face at a time
        parts = [
            self._network.run(output, {name: values[start : start + step]}) for start in range(0, len(values), step)
        ]
        return np.concatenate(parts).reshape(len(values), -1).astype(np.float32)


def _normalised(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = vectors / np.maximum(lengths, 1e-12)
    return unit
