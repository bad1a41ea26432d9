"""Encoders that see and name colours: deterministic, instant, and good enough to find a red picture by "red"."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.spaces import Calibration, EmbeddingSpace, Preprocessing

PALETTE: Mapping[str, tuple[int, int, int]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
}
"""The colours, sRGB, that the fake encoders know by name."""

FAKE_PREPROCESSING = Preprocessing(size=16, resize="squash", interpolation="bilinear")
FAKE_SPACE = EmbeddingSpace("fake", "1", FAKE_PREPROCESSING.fingerprint(), dim=64)


class FakeImageEncoder:
    """Sees the mean colour of a picture, and a little of its layout so that different pictures differ.

    A picture of one palette colour has a cosine near 1 to the name of that colour in `FakeTextEncoder`.
    """

    def __init__(self, space: EmbeddingSpace = FAKE_SPACE, preprocessing: Preprocessing = FAKE_PREPROCESSING) -> None:
        self.space = space
        self.preprocessing = preprocessing
        self.batches: list[int] = []
        """The size of every batch so far."""

    def encode_images(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        size = self.preprocessing.size
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (size, size, 3):
            raise ValueError(f"expected uint8 of shape (n, {size}, {size}, 3), not {pixels.dtype} {pixels.shape}")
        self.batches.append(len(pixels))
        scaled = pixels.astype(np.float32) / 255
        palette = np.array(list(PALETTE.values()), np.float32) / 255
        distances = ((scaled.mean(axis=(1, 2))[:, None, :] - palette) ** 2).sum(axis=2)
        layout = scaled.reshape(len(pixels), -1) - 0.5
        projection = _random_vectors(["layout"], layout.shape[1] * (self.space.dim - len(PALETTE)))
        rest = 0.02 * layout @ projection.reshape(layout.shape[1], -1) * np.sqrt(layout.shape[1])
        return _normalised(np.concatenate([np.exp(-6 * distances), rest], axis=1))


class FakeTextEncoder:
    """Knows the names of the palette's colours; every other word is a direction of its own. Counts its calls."""

    def __init__(self, space: EmbeddingSpace = FAKE_SPACE, calibration: Calibration | None = None) -> None:
        self.space = space
        self.calibration = calibration
        self.texts: list[str] = []
        """Every text encoded so far."""

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts.extend(texts)
        return _normalised(np.array([self._encode(text) for text in texts], np.float32).reshape(-1, self.space.dim))

    def _encode(self, text: str) -> NDArray[np.float32]:
        vector = np.zeros(self.space.dim, np.float32)
        known = list(PALETTE)
        for word in text.lower().split() or [""]:
            if word in PALETTE:
                vector[known.index(word)] += 1
            else:
                vector[len(known) :] += _random_vectors([word], self.space.dim - len(known))[0]
        return vector


def random_vectors(seeds: Sequence[str], dim: int) -> NDArray[np.float32]:
    """A unit vector for each string, the same on every machine; (n, dim) float32."""
    return _normalised(_random_vectors(seeds, dim))


def _random_vectors(seeds: Sequence[str], dim: int) -> NDArray[np.float32]:
    digests = [int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "little") for seed in seeds]
    drawn = np.array([np.random.default_rng(digest).standard_normal(dim) for digest in digests])
    scaled: NDArray[np.float32] = (drawn / np.sqrt(dim)).astype(np.float32)
    return scaled


def _normalised(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / norms).astype(np.float32)
