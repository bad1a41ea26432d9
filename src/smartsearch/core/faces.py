"""Faces as an analyser finds them, and how a new look at a picture is matched with the faces that are known in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in fractions (0-1) of the upright picture's width and height."""

    left: float
    top: float
    width: float
    height: float

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0-1."""
        width = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        height = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        shared = max(width, 0.0) * max(height, 0.0)
        whole = self.width * self.height + other.width * other.height - shared
        return shared / whole if whole > 0 else 0.0


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face as the analyser found it. ``score`` is the detector's, 0-1; ``quality`` (0-1) says how far the vector can
    be trusted, from ``size`` (pixels of the shorter side in the picture), ``sharpness`` (0-1) and ``pose`` (0 frontal,
    1 profile). ``thumbnail`` is WebP."""

    box: Box
    score: float
    quality: float
    size: float
    sharpness: float
    pose: float
    vector: Vector = field(repr=False)
    thumbnail: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FaceScan:
    """One look at one picture. ``analyzer`` is the fingerprint of detector and embedder: the space of the vectors."""

    analyzer: str
    faces: tuple[FoundFace, ...]


@dataclass(frozen=True, slots=True)
class PutFaces:
    """Replace the faces of an image by those of a new look at it; what the user said of a face stays with it."""

    asset_id: int
    scan: FaceScan


SAME_PLACE = 0.4
"""Boxes that overlap by this much (intersection over union) are one face, whoever found it."""

SAME_VECTOR = 0.97
"""A face whose place changed (the picture was cropped or turned) is known by a vector this near; far above what two
pictures of one person reach."""


@dataclass(frozen=True, slots=True)
class KnownFace:
    """A face of the image as it is stored. ``vector`` None: of another space, or drawn by hand."""

    id: int
    box: Box
    vector: Vector | None
    kept: bool
    """The user has said something about it."""


def matched(known: Sequence[KnownFace], found: Sequence[FoundFace]) -> dict[int, int]:
    """Which found face (place in ``found``) is which known one (id): place -> id, each at most once."""
    pairs = [
        (old.box.overlap(new.box), place, old.id)
        for old in known
        for place, new in enumerate(found)
        if old.box.overlap(new.box) >= SAME_PLACE
    ]
    same: dict[int, int] = {}
    taken: set[int] = set()
    for _, place, face_id in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if place not in same and face_id not in taken:
            same[place] = face_id
            taken.add(face_id)
    for old in known:
        if old.id in taken or old.vector is None or not old.kept:
            continue
        rest = [
            (float(old.vector @ new.vector), place)
            for place, new in enumerate(found)
            if place not in same and new.vector.shape == old.vector.shape
        ]
        if rest and max(rest)[0] >= SAME_VECTOR:
            same[max(rest)[1]] = old.id
    return same
