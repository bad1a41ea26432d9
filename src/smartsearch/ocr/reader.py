"""From a picture to the lines of text in it: a cheap look first, reading only where that sees text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smartsearch.core.reading import Point, TextLine, TextScan
from smartsearch.ocr.lines import cut_out, read_lines, text_probability
from smartsearch.ocr.regions import Quad, Region, in_reading_order, regions

if TYPE_CHECKING:
    from smartsearch.onnx.sessions import LazySession

GLANCE, LOOK = 576, 960
"""Longer side in pixels, of a picture of 4:3, at which the detector says whether there may be text at all, and where
it is. Costs and misses are measured in benchmarks/ocr.py, other sizes in decision 0011."""
GLANCE_SCORE, LOOK_SCORE = 0.4, 0.5
"""Least mean probability of a region, at a glance and in the look."""
GLANCE_LINES, GLANCE_CONFIDENCE = 2, 0.6
"""Of the likeliest regions of a glance so many are read: one must be as sure as this. Windows, stripes and leaves look
like text to the detector in three of four photos without any; the recogniser knows better, at a tenth of the cost."""
LEAST_CONFIDENCE = 0.7
"""Lines below it are mostly no text, or in a script that the model does not know."""
ONE_CHARACTER = 0.95
"""The same for lines of one character: a stroke is easily taken for 1, I or 一."""
LEAST_SIDE = 8
"""Pixels; a lower or narrower picture holds no legible text."""


class OnnxOcrReader:
    """A `smartsearch.core.ports.OcrReader` of PP-OCR's detector and recogniser."""

    side = 1280

    def __init__(self, fingerprint: str, detector: LazySession, recogniser: LazySession) -> None:
        self.fingerprint = fingerprint
        self._detector = detector
        self._recogniser = recogniser

    @cached_property
    def _characters(self) -> Sequence[str]:
        return self._recogniser.metadata()["character"].split("\n")

    def read(self, pixels: NDArray[np.uint8], width: int) -> TextScan:
        """See the port."""
        picture = Image.fromarray(pixels)
        if min(picture.size) < LEAST_SIDE or not self._shows_text(picture):
            return TextScan(self.fingerprint)
        probability = text_probability(self._detector, picture, LOOK)
        found = regions(probability, LOOK_SCORE)
        zoom = np.array(picture.size) / np.array(probability.shape[::-1])
        return TextScan(self.fingerprint, self._lines(picture, found, zoom, width / picture.width))

    def _shows_text(self, picture: Image.Image) -> bool:
        """A picture that is hardly larger than the glance is looked at once."""
        if picture.width * picture.height <= GLANCE * GLANCE:
            return True
        probability = text_probability(self._detector, picture, GLANCE)
        found = sorted(regions(probability, GLANCE_SCORE), key=lambda region: -region.score)[:GLANCE_LINES]
        if not found:
            return False
        zoom = np.array(picture.size) / np.array(probability.shape[::-1])
        cuts = [cut_out(picture, region.quad * zoom) for region in found]
        lines = read_lines(self._recogniser, self._characters, cuts)
        return any(line.text and line.confidence >= GLANCE_CONFIDENCE for line in lines)

    def _lines(
        self, picture: Image.Image, found: Sequence[Region], zoom: NDArray[np.float64], enlarge: float
    ) -> tuple[TextLine, ...]:
        quads = [region.quad * zoom for region in found]
        quads = [quads[place] for place in in_reading_order(quads)]
        if not quads:
            return ()
        cuts = [cut_out(picture, quad) for quad in quads]
        limits = np.array(picture.size) * enlarge
        return tuple(
            TextLine(line.text, line.confidence, _points(quad * enlarge, limits))
            for quad, line in zip(quads, read_lines(self._recogniser, self._characters, cuts), strict=True)
            if line.text and line.confidence >= (LEAST_CONFIDENCE if len(line.text) > 1 else ONE_CHARACTER)
        )


def _points(quad: Quad, limits: NDArray[np.float64]) -> tuple[Point, Point, Point, Point]:
    a, b, c, d = ((round(x), round(y)) for x, y in np.clip(quad, 0, limits).tolist())
    return a, b, c, d
