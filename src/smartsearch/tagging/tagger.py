"""From a model, a vocabulary and settings to a tagger, and its fingerprint."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import AutoTags
from smartsearch.core.ports import FileCipher, Store, TextEncoder
from smartsearch.core.ranking import MIN_BACKGROUND, UNCALIBRATED
from smartsearch.core.settings import TagSettings
from smartsearch.core.spaces import Calibration, EmbeddingSpace
from smartsearch.core.tagging import Tagger, TagQuery
from smartsearch.tagging.prompts import TEMPLATES, tag_vectors
from smartsearch.tagging.thresholds import Thresholds
from smartsearch.tagging.vocabulary import VocabularyTag, packaged_vocabulary, vocabulary_with

RULES = 1
"""Counted up when the same vectors, words and thresholds would give other tags."""

SAMPLE_SIZES = (1024, 256, MIN_BACKGROUND)
"""How many of the library's own photos serve as background where the model brings none. In few steps, because reaching
one makes all tags anew."""


class LazyTagger:
    """An `ImageTagger` that encodes its vocabulary at the first image: a run that finds nothing new never does."""

    def __init__(self, space: EmbeddingSpace, fingerprint: str, make: Callable[[], Tagger]) -> None:
        self.space = space
        self.fingerprint = fingerprint
        self._make = make
        self._tagger: Tagger | None = None
        self._lock = threading.Lock()

    def tag(self, vectors: NDArray[np.float32]) -> list[AutoTags]:
        with self._lock:
            self._tagger = self._tagger or self._make()
        return self._tagger.tag(vectors)


def make_tagger(
    store: Store,
    text: TextEncoder,
    thresholds: Thresholds,
    settings: TagSettings,
    library: Path,
    cipher: FileCipher | None = None,
    prompts: Path | None = None,
) -> LazyTagger | None:
    """The tagger of a library under one model, which may bring a file of encoded ``prompts``. None if there is none:
    switched off, or the model is not calibrated and the library is too small yet to stand in.

    Raises ConfigError for a vocabulary that cannot be used, WeightsCorruptError for a damaged calibration.
    """
    if not settings.auto:
        return None
    words = vocabulary(settings, library)
    calibration = text.calibration or UNCALIBRATED
    background = _background(store, text.space, calibration)
    if background is None:
        return None
    fingerprint = _fingerprint(text.space, words, thresholds, calibration, len(background), settings)

    def make() -> Tagger:
        vectors = tag_vectors(words, text, library / "vectors", cipher, prompts)
        asked = zip(words, vectors, strict=True)
        queries = tuple(TagQuery(word.name, vector, thresholds.of(word)) for word, vector in asked)
        return Tagger(text.space, fingerprint, queries, background, calibration, settings.max_per_photo)

    return LazyTagger(text.space, fingerprint, make)


def vocabulary(settings: TagSettings, library: Path) -> tuple[VocabularyTag, ...]:
    """The words in force. A relative path of the user's file starts at the library folder. ConfigError."""
    if not settings.vocabulary:
        return packaged_vocabulary()
    return vocabulary_with(library / Path(settings.vocabulary).expanduser())


def _background(store: Store, space: EmbeddingSpace, calibration: Calibration) -> NDArray[np.float32] | None:
    """The model's own bank, else a sample of the library, as `search` has it."""
    if calibration.background is not None:
        return calibration.background
    sample = store.sample_vectors(space, SAMPLE_SIZES[0])
    for size in SAMPLE_SIZES:
        if len(sample) >= size:
            chosen: NDArray[np.float32] = sample[np.linspace(0, len(sample) - 1, size).astype(int)]
            return chosen
    return None


def _fingerprint(
    space: EmbeddingSpace,
    words: Sequence[VocabularyTag],
    thresholds: Thresholds,
    calibration: Calibration,
    background: int,
    settings: TagSettings,
) -> str:
    """Sixteen hex digits of everything that decides the tags. Of a sampled background only its size counts: the sample
    itself is another at every run."""
    digest = hashlib.sha256(repr((RULES, space.key, TEMPLATES, background, settings.max_per_photo)).encode())
    digest.update(repr([(word, thresholds.of(word)) for word in words]).encode())
    for field in dataclasses.fields(calibration):
        value = getattr(calibration, field.name)
        digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return digest.hexdigest()[:16]
