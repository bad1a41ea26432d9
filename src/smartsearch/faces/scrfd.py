"""SCRFD and RetinaFace as insightface exports them: a face detector of one pass, for models that the user brings.

Guo et al., "Sample and Computation Redistribution for Efficient Face Detection", 2021. Nine outputs: scores, boxes and
points for each of three strides, two anchors a cell; boxes and points are distances from the cell's corner in strides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from smartsearch.faces.detection import Detections, suppressed

if TYPE_CHECKING:
    from smartsearch.onnx.sessions import LazySession

STRIDES = (8, 16, 32)
ANCHORS = 2


class ScrfdDetector:
    """``side``: pictures are fitted into a square of this many pixels."""

    def __init__(self, network: LazySession, *, threshold: float = 0.5, side: int = 640, overlap: float = 0.4) -> None:
        self._network = network
        self._threshold = threshold
        self._side = side
        self._overlap = overlap

    def detect(self, picture: Image.Image) -> Detections:
        scale = min(1.0, self._side / max(picture.size))
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        canvas = Image.new("RGB", (self._side, self._side))
        canvas.paste(picture.resize(size, Image.Resampling.BILINEAR), (0, 0))
        pixels = (np.asarray(canvas)[None].transpose(0, 3, 1, 2).astype(np.float32) - 127.5) / 128
        names = [info.name for info in self._network.outputs()]
        found = self._network.run_all({self._network.inputs()[0].name: pixels}, names)
        outputs = [found[name].reshape(-1, found[name].shape[-1]) for name in names]
        levels = [
            self._level(outputs[place], outputs[place + 3], outputs[place + 6], stride)
            for place, stride in enumerate(STRIDES)
        ]
        boxes, scores, points = (np.concatenate(parts) for parts in zip(*levels, strict=True))
        zoom = np.float32(picture.width / size[0])
        return Detections(boxes * zoom, scores, points * zoom).chosen(suppressed(boxes, scores, self._overlap))

    def _level(
        self, scores: np.ndarray, boxes: np.ndarray, points: np.ndarray, stride: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        places = np.nonzero(scores[:, 0] >= self._threshold)[0]
        cells = places // ANCHORS
        columns = self._side // stride
        corner = np.stack([cells % columns, cells // columns], 1).astype(np.float32) * stride
        distances = boxes[places] * stride
        edges = np.concatenate([corner - distances[:, :2], corner + distances[:, 2:]], 1)
        marks = points[places].reshape(-1, 5, 2) * stride + corner[:, None]
        return edges.astype(np.float32), scores[places, 0].astype(np.float32), marks.astype(np.float32)
