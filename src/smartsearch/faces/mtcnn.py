"""MTCNN: proposals over an image pyramid, refined and checked by two further networks; five points per face.

After Zhang, Zhang, Li, Qiao, "Joint Face Detection and Alignment using Multitask Cascaded Convolutional Networks",
2016, whose constants these are unless said otherwise. The graphs are made by `from_mtcnn`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from smartsearch.faces.detection import Detections, Floats, suppressed

if TYPE_CHECKING:
    from smartsearch.onnx.sessions import LazySession

CELL, STRIDE = 12, 2
"""The proposal network sees 12 by 12 pixels, every second pixel."""

FACTOR = 0.709
"""From one level of the pyramid to the next: the area halves."""

REFINED, CHECKED = 24, 48
"""Pixels of the windows that the second and third network see."""

BATCH = 256
"""Windows at once: a picture of a crowd, or of leaves, gives thousands."""

MOST_WINDOWS = 2000
"""Proposals that go on to the second network, best first."""


CERTAIN = 0.87
"""The least score of a face; 0.7 in the paper. Above 0.8 it also sees faces in dogs and textures, half as often above
0.87, and of real faces 2 % are lost between (benchmarks/face_detection.py)."""


class MtcnnDetector:
    """Three sessions and their thresholds. ``smallest`` is the side of the smallest face looked for, in pixels."""

    def __init__(
        self,
        proposals: LazySession,
        refinement: LazySession,
        output: LazySession,
        *,
        smallest: int = 24,
        thresholds: tuple[float, float, float] = (0.6, 0.7, CERTAIN),
    ) -> None:
        self._proposals = proposals
        self._refinement = refinement
        self._output = output
        self._smallest = smallest
        self._thresholds = thresholds

    def detect(self, picture: Image.Image) -> Detections:
        """Faces in an RGB picture, best first."""
        boxes, scores = self._propose(picture)
        if not len(boxes):
            return Detections.none()
        places = suppressed(boxes, scores, 0.7)[:MOST_WINDOWS]
        windows = _squares(boxes[places])
        results = self._look(self._refinement, picture, windows, REFINED)
        windows, scores, regressed, _ = _above(self._thresholds[1], windows, results)
        boxes = _moved(windows, regressed)
        places = suppressed(boxes, scores, 0.7)
        windows = _squares(boxes[places])
        results = self._look(self._output, picture, windows, CHECKED)
        windows, scores, regressed, points = _above(self._thresholds[2], windows, results)
        boxes = _moved(windows, regressed)
        places = suppressed(boxes, scores, 0.7, by_smaller=True)
        return Detections(boxes, scores, _placed(windows, points)).chosen(places)

    def _propose(self, picture: Image.Image) -> tuple[Floats, Floats]:
        boxes, scores = [np.empty((0, 4), np.float32)], [np.empty(0, np.float32)]
        width, height = picture.size
        scale = CELL / self._smallest
        while min(width, height) * scale >= CELL:
            size = max(CELL, round(width * scale)), max(CELL, round(height * scale))
            level = picture.resize(size, Image.Resampling.BILINEAR)
            found = self._proposals.run_all({"pixels": _normalised(np.asarray(level)[None])})
            level_boxes, level_scores = self._windows(found["score"][0, 0], found["box"][0], width / size[0])
            places = suppressed(level_boxes, level_scores, 0.5)
            boxes.append(level_boxes[places])
            scores.append(level_scores[places])
            scale *= FACTOR
        return np.concatenate(boxes), np.concatenate(scores)

    def _windows(self, score: Floats, regression: Floats, zoom: float) -> tuple[Floats, Floats]:
        """Boxes in the picture's pixels of the places where the proposal network sees a face."""
        rows, columns = np.nonzero(score > self._thresholds[0])
        corner = np.stack([columns, rows], 1).astype(np.float32) * STRIDE
        windows = np.concatenate([corner, corner + CELL], 1) * zoom
        boxes = _moved(windows.astype(np.float32), regression[:, rows, columns].T)
        return boxes, score[rows, columns]

    def _look(self, network: LazySession, picture: Image.Image, windows: Floats, side: int) -> dict[str, Floats]:
        """The network's answers for square windows of the picture; outside of it is black."""
        answers: list[dict[str, Floats]] = []
        for start in range(0, len(windows), BATCH):
            crops = [
                np.asarray(picture.transform((side, side), Image.Transform.EXTENT, tuple(window), _BILINEAR))
                for window in windows[start : start + BATCH].tolist()
            ]
            answers.append(network.run_all({"pixels": _normalised(np.stack(crops))}))
        if not answers:
            return {"score": np.empty((0, 1), np.float32), "box": np.empty((0, 4), np.float32)}
        return {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}


_BILINEAR = Image.Resampling.BILINEAR


def _normalised(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Floats:
    """(n, height, width, 3) 0-255 -> (n, 3, height, width), about -1 to 1."""
    return np.ascontiguousarray((pixels.transpose(0, 3, 1, 2).astype(np.float32) - 127.5) / 128)


def _above(threshold: float, windows: Floats, results: dict[str, Floats]) -> tuple[Floats, Floats, Floats, Floats]:
    """Windows, scores, regressions and points of what the network takes for a face."""
    scores = results["score"][:, 0]
    places = np.nonzero(scores > threshold)[0]
    points = results.get("points", np.zeros((len(windows), 10), np.float32))
    return windows[places], scores[places], results["box"][places], points[places]


def _moved(windows: Floats, regression: Floats) -> Floats:
    """Windows with their edges moved by these fractions of width and height."""
    sides = windows[:, 2:] - windows[:, :2]
    moved: Floats = (windows + regression * np.concatenate([sides, sides], 1)).astype(np.float32)
    return moved


def _squares(boxes: Floats) -> Floats:
    """The squares around the boxes' centres whose side is the longer one."""
    centres, half = (boxes[:, :2] + boxes[:, 2:]) / 2, np.max(boxes[:, 2:] - boxes[:, :2], axis=1, keepdims=True) / 2
    return np.concatenate([centres - half, centres + half], 1)


def _placed(windows: Floats, points: Floats) -> Floats:
    """(n, 10) fractions of the windows, x before y -> (n, 5, 2) pixels."""
    sides = windows[:, 2:] - windows[:, :2]
    fractions = np.stack([points[:, :5], points[:, 5:]], 2)
    return (windows[:, None, :2] + fractions * sides[:, None]).astype(np.float32)
