"""From a detector's map of probabilities to slanted rectangles around lines of text.

After Liao, Wan, Yao, Chen, Bai, "Real-time Scene Text Detection with Differentiable Binarization", 2020: the map is
thresholded, each connected region becomes its rectangle of least area, which is enlarged again by what the training
shrank it. In NumPy alone: OpenCV would add 150 MB to an installation for these three steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Quad = NDArray[np.float64]
"""(4, 2): x and y of the corners top left, top right, bottom right, bottom left as the text is seen."""

THRESHOLD = 0.3
"""Pixels above it are text (the paper's inference threshold)."""
ENLARGE = 1.6
"""Distance by which a rectangle grows, times its perimeter over its area; PP-OCR's detectors are trained for this."""
SMALLEST = 3.0
"""Shorter side, in pixels of the map, of regions that are no speckle."""
MOST_REGIONS = 1000
"""Of one picture, largest first: a page of a newspaper has some hundreds."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A line of text: its corners in pixels of the map, and the mean probability (0-1) of its pixels."""

    quad: Quad
    score: float


def regions(probability: Floats, least_score: float) -> list[Region]:
    """The regions of a (height, width) map, in no particular order."""
    found = []
    for points, score in _components(probability):
        if score < least_score:
            continue
        quad = least_rectangle(points)
        if min(_sides(quad)) >= SMALLEST:
            found.append(Region(_enlarged(quad), score))
    return found


def in_reading_order(quads: list[Quad]) -> list[int]:
    """Places of the lines from top to bottom, and from left to right among those at one height."""
    centres = [quad.mean(axis=0) for quad in quads]
    order = sorted(range(len(quads)), key=lambda place: float(centres[place][1]))
    rows: list[list[int]] = []
    for place in order:
        first = rows[-1][0] if rows else place
        height = min(_upright_height(quads[place]), _upright_height(quads[first]))
        if rows and centres[place][1] - centres[first][1] < height / 2:
            rows[-1].append(place)
        else:
            rows.append([place])
    return [place for row in rows for place in sorted(row, key=lambda place: float(centres[place][0]))]


def _components(probability: Floats) -> Iterator[tuple[NDArray[np.float64], float]]:
    """Corners of the pixel runs of each connected region (8 neighbours), with its mean probability; largest first."""
    rows, starts, ends = _runs(probability > THRESHOLD)
    if not len(rows):
        return
    labels = _joined(rows, starts, ends, probability.shape[1])
    sums = np.concatenate([np.zeros((len(probability), 1)), np.cumsum(probability, axis=1, dtype=np.float64)], axis=1)
    names, labels = np.unique(labels, return_inverse=True)
    area = np.bincount(labels, ends - starts, len(names))
    mean = np.bincount(labels, sums[rows, ends] - sums[rows, starts], len(names)) / area
    order = np.argsort(labels, kind="stable")
    members = np.split(order, np.searchsorted(labels[order], np.arange(1, len(names))))
    for name in np.argsort(-area, kind="stable")[:MOST_REGIONS].tolist():
        chosen = members[name]
        left, right, top = starts[chosen], ends[chosen], rows[chosen]
        corners = [(left, top), (right, top), (left, top + 1), (right, top + 1)]
        yield np.concatenate([np.stack(corner, 1) for corner in corners]).astype(np.float64), float(mean[name])


def _runs(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Row, first column and column after the last of every run of true pixels, in order."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = np.nonzero(steps == 1)
    return rows, starts, np.nonzero(steps == -1)[1]


def _joined(
    rows: NDArray[np.int64], starts: NDArray[np.int64], ends: NDArray[np.int64], width: int
) -> NDArray[np.int64]:
    """A label for each run; runs that touch, also at a corner, have the same."""
    stride = width + 2
    first = np.searchsorted(rows * stride + ends, (rows + 1) * stride + starts)
    after = np.searchsorted(rows * stride + starts, (rows + 1) * stride + ends, side="right")
    count = np.maximum(after - first, 0)
    upper = np.repeat(np.arange(len(rows)), count)
    lower = np.arange(len(upper)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    labels = np.arange(len(rows))
    while True:
        least = np.minimum(labels[upper], labels[lower])
        new = labels.copy()
        np.minimum.at(new, upper, least)
        np.minimum.at(new, lower, least)
        new = new[new]
        if np.array_equal(new, labels):
            return labels
        labels = new


def least_rectangle(points: NDArray[np.float64]) -> Quad:
    """The rectangle of least area around (n, 2) points: one of its sides lies on a side of their convex hull (Freeman,
    Shapira 1975)."""
    hull = _hull(points)
    edges = np.roll(hull, -1, axis=0) - hull
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    along = edges[lengths > 0] / lengths[lengths > 0, None]
    across = np.stack([-along[:, 1], along[:, 0]], 1)
    x, y = hull @ along.T, hull @ across.T
    best = int(np.argmin((x.max(0) - x.min(0)) * (y.max(0) - y.min(0))))
    left, right, top, bottom = x[:, best].min(), x[:, best].max(), y[:, best].min(), y[:, best].max()
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    return _from_top_left(corners @ np.stack([along[best], across[best]]))


def _hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Andrew's monotone chain (1979)."""
    ordered = [tuple(point) for point in np.unique(points, axis=0).tolist()]

    def chain(sequence: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
        kept: list[tuple[float, ...]] = []
        for point in sequence:
            while len(kept) > 1 and _turn(kept[-2], kept[-1], point) <= 0:
                kept.pop()
            kept.append(point)
        return kept[:-1]

    return np.array(chain(ordered) + chain(ordered[::-1]))


def _turn(a: tuple[float, ...], b: tuple[float, ...], c: tuple[float, ...]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _from_top_left(corners: Quad) -> Quad:
    """The corners in the order of `Quad`: the two on the left are top and bottom left."""
    by_x = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = by_x[:2], by_x[2:]
    left, right = left[np.argsort(left[:, 1], kind="stable")], right[np.argsort(right[:, 1], kind="stable")]
    return np.stack([left[0], right[0], right[1], left[1]])


def _sides(quad: Quad) -> tuple[float, float]:
    """Width and height."""
    return float(np.hypot(*(quad[1] - quad[0]))), float(np.hypot(*(quad[3] - quad[0])))


def _upright_height(quad: Quad) -> float:
    return float(quad[:, 1].max() - quad[:, 1].min())


def _enlarged(quad: Quad) -> Quad:
    """The rectangle grown by the same distance on all sides."""
    width, height = _sides(quad)
    distance = width * height * ENLARGE / (2 * (width + height))
    right = (quad[1] - quad[0]) / width * distance
    down = (quad[3] - quad[0]) / height * distance
    return np.stack([quad[0] - right - down, quad[1] + right - down, quad[2] + right + down, quad[3] - right + down])
