"""What a face detector finds, and what detectors share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Detections:
    """Faces in one picture, best first. Coordinates in its pixels.

    ``boxes`` (n, 4) left, top, right, bottom; ``scores`` (n,) 0-1; ``points`` (n, 5, 2) x and y of the left eye, the
    right eye, the nose and the left and right corner of the mouth, left and right as the viewer sees them.
    """

    boxes: Floats
    scores: Floats
    points: Floats

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def none(cls) -> Detections:
        return cls(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32))

    def chosen(self, places: NDArray[np.integer]) -> Detections:
        """Those at these places."""
        return Detections(self.boxes[places], self.scores[places], self.points[places])


class Detector(Protocol):
    """Finds faces in an upright RGB picture."""

    def detect(self, picture: Image.Image) -> Detections: ...


def suppressed(boxes: Floats, scores: Floats, overlap: float, *, by_smaller: bool = False) -> NDArray[np.int64]:
    """Non-maximum suppression: the places of the boxes kept, best first; equal scores by place.

    Of two boxes that overlap by more than ``overlap`` (intersection over union, or over the smaller) the better stays.
    """
    order = np.lexsort((np.arange(len(scores)), -scores))
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    while order.size:
        best, order = int(order[0]), order[1:]
        kept.append(best)
        corner = np.minimum(boxes[best, 2:], boxes[order, 2:]) - np.maximum(boxes[best, :2], boxes[order, :2])
        shared = np.prod(np.maximum(corner, 0), axis=1)
        whole = np.minimum(areas[best], areas[order]) if by_smaller else areas[best] + areas[order] - shared
        order = order[shared <= overlap * whole]
    return np.array(kept, np.int64)
