"""The tags' vectors: each phrase in each template, encoded once for a library and kept in a file beside its vectors."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.ports import TextEncoder
from smartsearch.tagging.vocabulary import VocabularyTag

TEMPLATES = ("{}", "a photo of {}")
"""Averaging prompts in the embedding space: Radford et al. 2021 (CLIP), section 3.1.4."""


def prompts_of(tag: VocabularyTag) -> list[str]:
    """Every phrase of a tag in every template."""
    return [template.format(phrase) for phrase in tag.phrases for template in TEMPLATES]


def tag_vectors(tags: Sequence[VocabularyTag], encoder: TextEncoder, cache: Path | None) -> NDArray[np.float32]:
    """The mean of each tag's prompts, of length 1: (tags, dim) float32.

    ``cache`` is a folder for the encoded prompts: with a large model the packaged vocabulary takes half a minute.
    """
    prompts = list(dict.fromkeys(prompt for tag in tags for prompt in prompts_of(tag)))
    place = {prompt: row for row, prompt in enumerate(prompts)}
    encoded = _encoded(prompts, encoder, cache)
    vectors = np.empty((len(tags), encoder.space.dim), np.float32)
    for row, tag in enumerate(tags):
        mean = encoded[[place[prompt] for prompt in prompts_of(tag)]].mean(axis=0)
        vectors[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return vectors


def _encoded(prompts: list[str], encoder: TextEncoder, cache: Path | None) -> NDArray[np.float32]:
    """One vector for each prompt; what the cache holds is not encoded again."""
    if cache is None:
        return encoder.encode_texts(prompts)
    path = cache / f"prompts-{hashlib.sha256(encoder.space.key.encode()).hexdigest()[:8]}.npz"
    known = _read(path, encoder.space.key, encoder.space.dim)
    missing = [prompt for prompt in prompts if prompt not in known]
    if missing:
        known |= zip(missing, encoder.encode_texts(missing), strict=True)
    vectors = np.array([known[prompt] for prompt in prompts], np.float32).reshape(-1, encoder.space.dim)
    if missing:
        _write(path, encoder.space.key, prompts, vectors)
    return vectors


def _read(path: Path, key: str, dim: int) -> dict[str, NDArray[np.float32]]:
    """The cached prompts of a space; none if the file is damaged or of another space."""
    unusable = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)
    with suppress(*unusable), path.open("rb") as file, np.load(file) as arrays:
        prompts, vectors = arrays["prompts"], arrays["vectors"]
        if str(arrays["space"]) == key and vectors.shape == (len(prompts), dim) and np.isfinite(vectors).all():
            return dict(zip(prompts.tolist(), vectors.astype(np.float32), strict=True))
    return {}


def _write(path: Path, key: str, prompts: list[str], vectors: NDArray[np.float32]) -> None:
    """Whole or not at all. A cache that cannot be written is no reason to stop."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("wb") as file:
                np.savez(file, space=np.array(key), prompts=np.array(prompts), vectors=vectors)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
