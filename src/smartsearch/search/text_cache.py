"""Texts asked again are not encoded again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Embedding
from smartsearch.core.ports import TextEncoder
from smartsearch.core.spaces import Calibration, EmbeddingSpace

CACHED_TEXTS = 512


class CachedTextEncoder:
    """A text encoder that remembers its latest texts. A text's vector depends on the model only, so none gets stale."""

    def __init__(self, encoder: TextEncoder, size: int = CACHED_TEXTS) -> None:
        self._encoder = encoder
        self.encode = lru_cache(size)(self._encode)
        """One text -> (dim,) float32, read-only. Its ``cache_info()`` counts."""

    @property
    def space(self) -> EmbeddingSpace:
        return self._encoder.space

    @property
    def calibration(self) -> Calibration | None:
        return self._encoder.calibration

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See the port."""
        return np.stack([self.encode(text) for text in texts]) if texts else self._encoder.encode_texts(texts)

    def _encode(self, text: str) -> Embedding:
        vector: Embedding = self._encoder.encode_texts([text])[0]
        vector.flags.writeable = False
        return vector
