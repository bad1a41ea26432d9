"""How words are read in searches: by the model, and by what was learned from feedback."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.errors import LibraryCorruptError
from smartsearch.core.feedback import FeedbackStore, TextAdapter
from smartsearch.core.ports import TextEncoder
from smartsearch.core.spaces import Calibration, EmbeddingSpace
from smartsearch.search.text_cache import CachedTextEncoder


class AdaptedTextEncoder:
    """A text encoder whose vectors go through an adapter. They stay in the space of the images."""

    def __init__(self, encoder: TextEncoder, adapter: TextAdapter) -> None:
        self._encoder = encoder
        self._adapter = adapter

    @property
    def space(self) -> EmbeddingSpace:
        return self._encoder.space

    @property
    def calibration(self) -> Calibration | None:
        return self._encoder.calibration

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See the port."""
        return self._adapter.apply(self._encoder.encode_texts(texts))


class AdaptedTexts:
    """Text encoders by space, each with the adapter in force and a memory of its latest texts. Thread-safe."""

    def __init__(self, feedback: FeedbackStore) -> None:
        self._feedback = feedback
        self._lock = threading.Lock()
        self._plain: dict[str, CachedTextEncoder] = {}
        self._adapted: dict[str, tuple[int, AdaptedTextEncoder]] = {}

    def encoder(self, encoder: TextEncoder) -> TextEncoder:
        """The encoder as searches use it now. LibraryCorruptError for an adapter that is damaged."""
        space = encoder.space
        stored = self._feedback.adapter(space.key)
        with self._lock:
            plain = self._plain.setdefault(space.key, CachedTextEncoder(encoder))
            if stored is None:
                return plain
            known = self._adapted.get(space.key)
            if known is None or known[0] != stored.id:
                try:
                    adapter = TextAdapter.from_bytes(stored.weights, space.dim)
                except ValueError as error:
                    raise LibraryCorruptError(
                        f"What was learned from feedback is damaged ({error}).",
                        hint="Run `smartsearch learn --revert`.",
                    ) from error
                known = self._adapted[space.key] = (stored.id, AdaptedTextEncoder(plain, adapter))
            return known[1]

    def caches(self) -> list[CachedTextEncoder]:
        """For counting what they save."""
        with self._lock:
            return list(self._plain.values())
