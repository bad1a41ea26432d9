"""The networks of PP-OCR: where text is, and what a line says.

Du et al., "PP-OCR: A Practical Ultra Lightweight OCR System", 2020, and its successors; normalisation and sizes are
those they were trained with. Pictures go in as blue, green, red: the training read them with OpenCV.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smartsearch.ocr.regions import Floats, Quad

if TYPE_CHECKING:
    from smartsearch.onnx.sessions import LazySession

STRIDE = 32
"""The detector takes sides that are multiples of this."""
LINE_HEIGHT = 48
WIDEST = 3200
"""Pixels of a line that is read; a longer one is squeezed into them."""
SURELY_READ = 0.9
"""Confidence under which a line is also read upside down: turned text was read with at most 0.81, upright text mostly
with more than this. That tells directions apart better than PP-OCR's network for it, which was wrong for a third of
short lines."""
STANDING = 1.5
"""A region this much higher than wide holds a line from bottom to top or top to bottom, or a column of characters."""
PIXELS_AT_ONCE = 6 * 1600
"""Columns of lines in one inference: its answer has a number for each of 18,000 characters at every eighth."""


def text_probability(network: LazySession, picture: Image.Image, side: int) -> Floats:
    """The detector's map (height, width) for the picture at as many pixels as one of 4:3 has whose longer side is
    ``side``, so that strips stay legible; a smaller picture is not enlarged."""
    scale = min(1.0, sqrt(0.75 * side * side / (picture.width * picture.height)))
    width, height = (ceil(length * scale / STRIDE) * STRIDE for length in picture.size)
    return np.asarray(_only_output(network, _normalised(picture.resize((width, height), _BILINEAR))[None])[0, 0])


@dataclass(frozen=True, slots=True)
class ReadLine:
    """What a line says, and the mean probability (0-1) of its characters."""

    text: str
    confidence: float


def cut_out(picture: Image.Image, quad: Quad) -> Image.Image:
    """The picture in the rectangle, its text horizontal."""
    width = max(1, round(float(np.hypot(*(quad[1] - quad[0])))))
    height = max(1, round(float(np.hypot(*(quad[3] - quad[0])))))
    corners = tuple(quad[[0, 3, 2, 1]].ravel().tolist())
    line = picture.transform((width, height), Image.Transform.QUAD, corners, _BILINEAR)
    return line.transpose(Image.Transpose.ROTATE_90) if height >= STANDING * width else line


def read_lines(network: LazySession, characters: Sequence[str], lines: Sequence[Image.Image]) -> list[ReadLine]:
    """What each line says, upright or upside down, "" where nothing is recognised."""
    result = _read(network, characters, lines)
    doubtful = [place for place, line in enumerate(result) if line.confidence < SURELY_READ]
    turned = _read(network, characters, [lines[place].transpose(Image.Transpose.ROTATE_180) for place in doubtful])
    for place, line in zip(doubtful, turned, strict=True):
        if line.confidence > result[place].confidence:
            result[place] = line
    return result


def _read(network: LazySession, characters: Sequence[str], lines: Sequence[Image.Image]) -> list[ReadLine]:
    widths = [min(WIDEST, max(8, round(line.width * LINE_HEIGHT / line.height))) for line in lines]
    result = [ReadLine("", 0.0)] * len(lines)
    waiting = sorted(range(len(lines)), key=lambda place: widths[place])
    while waiting:
        # Lines of like width together: what is added on the right of the shorter ones costs as much as text.
        widest = widths[waiting[-1]]
        count = max(1, PIXELS_AT_ONCE // widest)
        chosen = [place for place in waiting[-count:] if widths[place] * 2 > widest]
        waiting = waiting[: len(waiting) - len(chosen)]
        inputs = np.zeros((len(chosen), 3, LINE_HEIGHT, -(-widest // 8) * 8), np.float32)
        for row, place in enumerate(chosen):
            fitted = lines[place].resize((widths[place], LINE_HEIGHT), _BILINEAR)
            inputs[row, :, :, : widths[place]] = _normalised(fitted)
        for place, answer in zip(chosen, _only_output(network, inputs), strict=True):
            result[place] = _decoded(answer, characters)
    return result


def _decoded(answer: Floats, characters: Sequence[str]) -> ReadLine:
    """Connectionist temporal classification, greedily (Graves et al. 2006): (steps, 1 + characters + 1); the first
    column is the blank, the last the space."""
    best = answer.argmax(axis=1)
    new = (best != 0) & np.concatenate([[True], best[1:] != best[:-1]])
    said = best[new]
    if not len(said):
        return ReadLine("", 0.0)
    text = "".join(characters[code - 1] if code <= len(characters) else " " for code in said.tolist())
    return ReadLine(text.strip(), float(answer.max(axis=1)[new].mean()))


_BILINEAR = Image.Resampling.BILINEAR


def _normalised(picture: Image.Image) -> Floats:
    """(3, height, width), blue first, -1 to 1."""
    pixels: NDArray[np.uint8] = np.asarray(picture)
    return np.ascontiguousarray(pixels[:, :, ::-1].transpose(2, 0, 1).astype(np.float32) / 127.5 - 1)


def _only_output(network: LazySession, pixels: Floats) -> Floats:
    (name,) = (tensor.name for tensor in network.inputs())
    (answer,) = network.run_all({name: pixels}).values()
    return np.asarray(answer, np.float32)
