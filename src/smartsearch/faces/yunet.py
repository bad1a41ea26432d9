"""YuNet: a face detector of one pass, for models that the user imports or pulls.

Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023; decoding as in libfacedetection.train.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from smartsearch.faces.detection import Detections, suppressed

if TYPE_CHECKING:
    from smartsearch.onnx.sessions import LazySession

STRIDES = (8, 16, 32)
_PAD = 32


class YunetDetector:
    """``threshold`` on the geometric mean of class and objectness; ``smallest`` side of a face in pixels."""

    def __init__(self, network: LazySession, *, threshold: float = 0.7, smallest: int = 16) -> None:
        self._network = network
        self._threshold = threshold
        self._smallest = smallest

    def detect(self, picture: Image.Image) -> Detections:
        canvas, zoom = self._canvas(picture)
        pixels = np.asarray(canvas)[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32)  # BGR, 0-255
        found = self._network.run_all({self._network.inputs()[0].name: pixels})
        levels = [self._level(found, stride, canvas.width // stride) for stride in STRIDES]
        boxes, scores, points = (np.concatenate(parts) for parts in zip(*levels, strict=True))
        large = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) >= self._smallest
        detections = Detections(boxes[large] * zoom, scores[large], points[large] * zoom)
        return detections.chosen(suppressed(detections.boxes, detections.scores, 0.3))

    def _canvas(self, picture: Image.Image) -> tuple[Image.Image, np.float32]:
        """What the network sees, and how many pixels of the picture one of its pixels is: the picture itself on a
        canvas of whole cells, or fitted into the only size that some exports take."""
        height, width = self._network.inputs()[0].shape[2:4]
        if width is None or height is None:
            canvas = Image.new("RGB", (-(-picture.width // _PAD) * _PAD, -(-picture.height // _PAD) * _PAD))
            canvas.paste(picture, (0, 0))
            return canvas, np.float32(1)
        scale = min(width / picture.width, height / picture.height, 1.0)
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        canvas = Image.new("RGB", (width, height))
        canvas.paste(picture.resize(size, Image.Resampling.BILINEAR), (0, 0))
        return canvas, np.float32(picture.width / size[0])

    def _level(
        self, found: dict[str, np.ndarray], stride: int, columns: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Boxes, scores and points of one level: offsets from the cells' corners, in strides; sizes by exponent."""
        classes, objects = found[f"cls_{stride}"][0, :, 0], found[f"obj_{stride}"][0, :, 0]
        scores = np.sqrt(np.clip(classes, 0, 1) * np.clip(objects, 0, 1)).astype(np.float32)
        places = np.nonzero(scores >= self._threshold)[0]
        cells = np.stack([places % columns, places // columns], 1).astype(np.float32)
        box = found[f"bbox_{stride}"][0, places]
        centres = (cells + box[:, :2]) * stride
        half = np.exp(np.minimum(box[:, 2:], 20)) * stride / 2
        points = (found[f"kps_{stride}"][0, places].reshape(-1, 5, 2) + cells[:, None]) * stride
        boxes = np.concatenate([centres - half, centres + half], 1)
        return boxes.astype(np.float32), scores[places], points.astype(np.float32)
