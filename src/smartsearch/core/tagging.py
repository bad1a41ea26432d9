"""Automatic tags: which tags of a vocabulary a photo gets. A tag is a search asked in advance, and scored like one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import AutoTags, Embedding, Tag
from smartsearch.core.ranking import Scorer
from smartsearch.core.spaces import Calibration, EmbeddingSpace

_DIGITS, _HALF_A_DIGIT = 4, 0.5e-4
"""What of a confidence is kept. Less than the last bits in which two matrix products may differ would show."""


@dataclass(frozen=True, slots=True)
class TagQuery:
    """One tag, ready to be asked: its vector (of length 1), and the least confidence (0-1) it is given at."""

    name: str
    vector: Embedding
    threshold: float


class Tagger:
    """Gives photos of one space their tags. Implements the `ImageTagger` port; thread-safe.

    ``background`` is the calibration's, or a sample of the library where the model brings none: (n, dim) float32,
    n >= 1. ``most`` is the number of tags a photo gets at most, the surest first.
    """

    def __init__(
        self,
        space: EmbeddingSpace,
        fingerprint: str,
        queries: tuple[TagQuery, ...],
        background: NDArray[np.float32],
        calibration: Calibration,
        most: int,
    ) -> None:
        self.space = space
        self.fingerprint = fingerprint
        self._names = [query.name for query in queries]
        self._vectors = np.array([query.vector for query in queries], np.float32).reshape(-1, space.dim)
        self._thresholds = np.array([query.threshold for query in queries])
        self._scorer = Scorer.for_queries(self._vectors, background, calibration)
        self._most = most

    def confidences(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, dim) image vectors -> (tags, n) probabilities that the photo shows what the tag says."""
        return self._scorer.probability(self._vectors @ vectors.T)

    def tag(self, vectors: NDArray[np.float32]) -> list[AutoTags]:
        """(n, dim) image vectors -> the tags of each.

        Seen at the precision they are stored with and rounded, so that the same photo gets the same tags from its
        pixels and, later, from the database.
        """
        confidences = self.confidences(vectors.astype(np.float16).astype(np.float32))
        given: list[list[Tag]] = [[] for _ in vectors]
        for tag, image in np.argwhere(confidences >= self._thresholds[:, None] - _HALF_A_DIGIT).tolist():
            confidence = round(float(confidences[tag, image]), _DIGITS)
            if confidence >= self._thresholds[tag]:
                given[image].append(Tag(self._names[tag], confidence, "auto"))
        return [AutoTags(self.fingerprint, self._surest(tags)) for tags in given]

    def _surest(self, tags: list[Tag]) -> tuple[Tag, ...]:
        return tuple(sorted(tags, key=lambda tag: -tag.confidence)[: self._most])
