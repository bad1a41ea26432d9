"""From detections to faces, with parts that stand in for networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from PIL import Image

from smartsearch.core.clustering import Thresholds
from smartsearch.faces.analyzer import MOST_FACES, OnnxFaceAnalyzer
from smartsearch.faces.detection import Detections, Floats
from smartsearch.faces.embedding import FaceEmbedder, Input


class Crowd:
    """A detector that sees so many faces, the first the surest."""

    def __init__(self, count: int) -> None:
        places = np.arange(count)
        corner = np.stack([places % 40 * 10, places // 40 * 10], 1).astype(np.float32)
        points = corner[:, None] + np.array([[2, 3], [6, 3], [4, 5], [2, 7], [6, 7]], np.float32)
        scores = np.linspace(1, 0.9, count, dtype=np.float32)
        self._found = Detections(np.concatenate([corner, corner + 9], 1), scores, points)

    def detect(self, picture: Image.Image) -> Detections:
        return self._found


class Numbered:
    """An embedder whose vectors are the faces' numbers; that of the second is not finite."""

    input = Input("dlib")

    def embed(self, faces: Sequence[Image.Image]) -> Floats:
        vectors = np.repeat(np.arange(len(faces), dtype=np.float32)[:, None], 8, axis=1)
        vectors[1] = np.nan
        return vectors


def test_of_a_crowd_the_surest_are_kept() -> None:
    embedder = cast(FaceEmbedder, Numbered())
    analyzer = OnnxFaceAnalyzer("A", Crowd(600), embedder, Thresholds(0.5, 0.5, 0.3), 400)
    found = analyzer.analyze(np.full((200, 400, 3), 90, np.uint8), 800).faces
    assert len(found) == MOST_FACES - 1
    assert [float(face.vector[0]) for face in found[:3]] == [0.0, 2.0, 3.0]
    assert found[0].size == 18, "in pixels of the original, which is twice as wide"
    assert all(face.box.top >= 0 and face.box.top + face.box.height <= 1 for face in found)
