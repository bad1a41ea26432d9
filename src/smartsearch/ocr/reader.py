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

GLANCE, LOOK = 480, 960
"""Longer side in pixels, of a picture of 4:3, at which the detector says whether there is text at all, and where. The
glance costs a third of the look; what it misses is measured in benchmarks/ocr.py."""
GLANCE_SCORE, LOOK_SCORE = 0.4, 0.5
"""Least mean probability of a region, at a glance and in the look."""
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
        return bool(regions(text_probability(self._detector, picture, GLANCE), GLANCE_SCORE))

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
