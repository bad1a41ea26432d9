"""Embedding spaces: vectors compare only within one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Resize = Literal["crop", "squash", "pad"]
Interpolation = Literal["bilinear", "bicubic", "lanczos"]


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How pixels become the input of an image encoder.

    ``size`` is the side of the square input in pixels. ``resize``: ``crop`` scales the shorter side to ``size`` and
    cuts the centre, ``squash`` scales both sides, ``pad`` scales the longer side and fills with ``fill`` (RGB 0-255).
    ``mean`` and ``std`` are per channel on the 0-1 scale.
    """

    size: int
    resize: Resize = "crop"
    interpolation: Interpolation = "bicubic"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    fill: tuple[int, int, int] = (0, 0, 0)

    def fingerprint(self) -> str:
        """Eight hex digits that change when any field does."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class EmbeddingSpace:
    """The space a vector belongs to: (model, revision, preprocessing), with its dimension.

    Vectors are L2-normalised, so the metric is the inner product, that is cosine similarity.
    ``variant`` (fp32, fp16, int8) is part of the space: quantised weights give slightly other vectors.
    """

    model: str
    revision: str
    preprocessing: str
    dim: int
    variant: str = "fp32"
    metric: Literal["cosine"] = "cosine"

    @property
    def key(self) -> str:
        """The stable name of the space, safe as a file name."""
        return f"{self.model}@{self.revision}-{self.variant}-{self.preprocessing}"


NO_SPACE = EmbeddingSpace("", "", "", 0)
"""The space of no model: for questions about files whose vectors do not matter, so that no model needs to be there."""


GALLERY, LEAST_GALLERY, MOST_GALLERY = 500, 16, 1000
"""The number of images a cut-off is stated for, and between which numbers its growth was measured."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Maps a cosine to the probability that the photo matches: ``sigmoid(z*Z + cos*C + bias)``.

    ``Z = (cos - median_q) / spread_q``, where median and spread (down to the 16th percentile) are of the query's
    cosines to a bank of background images, so that the map follows each query's own score range. ``cut_off`` is the
    least probability shown by default when a search looks among `GALLERY` images. The more there are, the more likely
    is one that looks right by chance: by ``growth`` the cut-off's log-odds grow with the logarithm of their number
    (0: they do not).
    """

    z: float
    cos: float
    bias: float
    cut_off: float = 0.5
    growth: float = 0.0
    background: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    """Embeddings of the bank, (n, dim) float32. None: a sample of the library itself serves."""

    def cut_off_among(self, pictures: int) -> float:
        """The cut-off of a search among so many pictures; constant beyond `LEAST_GALLERY` and `MOST_GALLERY`."""
        if not self.growth or not 0.0 < self.cut_off < 1.0:
            return self.cut_off
        ratio = min(max(pictures, LEAST_GALLERY), MOST_GALLERY) / GALLERY
        odds: float = self.cut_off / (1.0 - self.cut_off) * ratio**self.growth
        return odds / (1.0 + odds)
