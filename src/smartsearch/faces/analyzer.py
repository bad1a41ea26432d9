"""From a picture to its faces: found, measured, described by vectors, with a thumbnail each."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smartsearch.core.clustering import Thresholds
from smartsearch.core.faces import Box, FaceScan, FoundFace
from smartsearch.faces.detection import Detections, Detector, Floats
from smartsearch.faces.embedding import FaceEmbedder

MOST_FACES = 500
"""Of one picture, best first: a stadium is no album of its spectators."""

THUMBNAIL, THUMBNAIL_QUALITY, MARGIN = 128, 82, 0.35
"""Side in pixels, WebP quality (about 4 KB), and how much around the face is shown, as a fraction of its size."""


class OnnxFaceAnalyzer:
    """A `smartsearch.core.ports.FaceAnalyzer` of a detector and an embedder."""

    def __init__(
        self, fingerprint: str, detector: Detector, embedder: FaceEmbedder, thresholds: Thresholds, side: int
    ) -> None:
        self.fingerprint = fingerprint
        self.thresholds = thresholds
        self.side = side
        self._detector = detector
        self._embedder = embedder

    def analyze(self, pixels: NDArray[np.uint8], width: int) -> FaceScan:
        """See the port."""
        picture = Image.fromarray(pixels)
        found = self._detector.detect(picture) if min(picture.size) >= 12 else Detections.none()
        found = found.chosen(np.arange(min(len(found), MOST_FACES)))
        cuts = [self._embedder.input.cut(picture, points) for points in found.points]
        vectors = self._embedder.embed(cuts) if cuts else np.empty((0, 0), np.float32)
        zoom = width / picture.width
        faces = [
            _found(picture, found, place, cut, vector, zoom)
            for place, (cut, vector) in enumerate(zip(cuts, vectors, strict=True))
            if np.isfinite(vector).all()
        ]
        return FaceScan(self.fingerprint, tuple(faces))


def _found(
    picture: Image.Image, found: Detections, place: int, cut: Image.Image, vector: Floats, zoom: float
) -> FoundFace:
    left, top, right, bottom = (float(edge) for edge in found.boxes[place])
    width, height = picture.size
    left, right = max(left, 0.0), min(right, float(width))
    top, bottom = max(top, 0.0), min(bottom, float(height))
    side = max(min(right - left, bottom - top), 1.0)
    clear, turned = sharpness(cut), pose(found.points[place])
    score = float(found.scores[place])
    return FoundFace(
        box=Box(left / width, top / height, max(right - left, 1.0) / width, max(bottom - top, 1.0) / height),
        score=score,
        quality=min(score, min(side / 80, 1.0), 0.25 + 0.75 * clear, 1 - 0.8 * turned),
        size=side * zoom,
        sharpness=clear,
        pose=turned,
        vector=vector,
        thumbnail=thumbnail(picture, (left, top, right, bottom)),
    )


BLURRED, SHARP = 0.0015, 0.02
"""The measure of `sharpness` in portraits blurred by 4 pixels of an aligned face (median 0.0016) and below that of most
untouched ones (a quarter lie under 0.017); measured on 80 test portraits."""


def sharpness(face: Image.Image) -> float:
    """0 (blurred) to 1: the variance of the Laplacian of an aligned face (Pech-Pacheco et al. 2000), over its contrast,
    so that a dim face is not a blurred one; on a logarithmic scale."""
    grey = np.asarray(face.convert("L"), np.float32)
    inner = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * inner
    measure = max(float(laplacian.var()) / max(float(inner.var()), 1.0), BLURRED)
    return min(float(np.log(measure / BLURRED) / np.log(SHARP / BLURRED)), 1.0)


def pose(points: Floats) -> float:
    """0 (frontal) to 1 (profile): how far the nose is from the middle between the eyes, against half their distance."""
    left, right, nose = points[0], points[1], points[2]
    axis = right - left
    distance = float(np.hypot(*axis))
    if distance < 1e-3:
        return 1.0
    aside = abs(float((nose - (left + right) / 2) @ axis) / distance)
    return min(aside / (distance / 2), 1.0)


def thumbnail(picture: Image.Image, box: tuple[float, float, float, float]) -> bytes:
    """A square around the face as WebP; smaller near the edge of the picture, where there is no more to show."""
    left, top, right, bottom = box
    half = max(right - left, bottom - top) * (0.5 + MARGIN)
    x, y = (left + right) / 2, (top + bottom) / 2
    half = max(min(half, max(x, picture.width - x), max(y, picture.height - y)), 1.0)
    area = (
        max(0, round(x - half)),
        max(0, round(y - half)),
        min(picture.width, max(round(x + half), 1)),
        min(picture.height, max(round(y + half), 1)),
    )
    shown = picture.crop(area)
    shown.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=THUMBNAIL_QUALITY, method=4)
    return buffer.getvalue()
