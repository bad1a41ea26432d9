"""The tags' vectors: each phrase in each template, from the model's own file of them, or encoded once for a library and
kept in a file beside its vectors."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.errors import EncryptedFileError
from smartsearch.core.ports import FileCipher, TextEncoder
from smartsearch.tagging.vocabulary import VocabularyTag

PROMPTS_FILE = "prompts.npz"
"""In the model's folder, written by ``python -m training tags``: the packaged vocabulary, encoded."""

TEMPLATES = ("{}", "a photo of {}")
"""Averaging prompts in the embedding space: Radford et al. 2021 (CLIP), section 3.1.4."""


def prompts_of(tag: VocabularyTag) -> list[str]:
    """Every phrase of a tag in every template."""
    return [template.format(phrase) for phrase in tag.phrases for template in TEMPLATES]


def tag_vectors(
    tags: Sequence[VocabularyTag],
    encoder: TextEncoder,
    cache: Path | None,
    cipher: FileCipher | None = None,
    shipped: Path | None = None,
) -> NDArray[np.float32]:
    """The mean of each tag's prompts, of length 1: (tags, dim) float32.

    ``cache`` is a folder for the encoded prompts: with a large model the packaged vocabulary takes half a minute.
    ``cipher`` is that of an encrypted library. ``shipped``: the model's own file of prompts, if it is there.
    """
    prompts = _all_prompts(tags)
    place = {prompt: row for row, prompt in enumerate(prompts)}
    known = {} if shipped is None else _read(shipped, encoder.space.key, encoder.space.dim, None)
    encoded = _encoded(prompts, encoder, known, cache, cipher)
    vectors = np.empty((len(tags), encoder.space.dim), np.float32)
    for row, tag in enumerate(tags):
        mean = encoded[[place[prompt] for prompt in prompts_of(tag)]].mean(axis=0)
        vectors[row] = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return vectors


def write_prompts(tags: Sequence[VocabularyTag], encoder: TextEncoder, path: Path) -> None:
    """Encode the prompts of the tags into a file for the model's folder, as float16."""
    prompts = _all_prompts(tags)
    path.write_bytes(_content(encoder.space.key, prompts, encoder.encode_texts(prompts).astype(np.float16)))


def _all_prompts(tags: Sequence[VocabularyTag]) -> list[str]:
    """Those of all tags, each once."""
    return list(dict.fromkeys(prompt for tag in tags for prompt in prompts_of(tag)))


def _encoded(
    prompts: list[str],
    encoder: TextEncoder,
    known: dict[str, NDArray[np.float32]],
    cache: Path | None,
    cipher: FileCipher | None,
) -> NDArray[np.float32]:
    """One vector for each prompt; what is known, or the cache holds, is not encoded again."""
    if cache is not None and not known.keys() >= set(prompts):
        path = cache / f"prompts-{hashlib.sha256(encoder.space.key.encode()).hexdigest()[:8]}.npz"
        known = _read(path, encoder.space.key, encoder.space.dim, cipher) | known
    missing = [prompt for prompt in prompts if prompt not in known]
    if missing:
        known |= zip(missing, encoder.encode_texts(missing), strict=True)
    vectors = np.array([known[prompt] for prompt in prompts], np.float32).reshape(-1, encoder.space.dim)
    if missing and cache is not None:
        _write(path, _content(encoder.space.key, prompts, vectors), cipher)
    return vectors


def _content(key: str, prompts: list[str], vectors: NDArray[np.floating]) -> bytes:
    """What `_read` reads."""
    content = io.BytesIO()
    np.savez_compressed(content, space=np.array(key), prompts=np.array(prompts), vectors=vectors)
    return content.getvalue()


def _read(path: Path, key: str, dim: int, cipher: FileCipher | None) -> dict[str, NDArray[np.float32]]:
    """The prompts of a space; none if the file is not there, damaged or of another space."""
    unusable = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, EncryptedFileError)
    with suppress(*unusable):
        data = path.read_bytes()
        arrays = np.load(io.BytesIO(data if cipher is None else cipher.open(data, path.name)))
        prompts, vectors = arrays["prompts"], arrays["vectors"]
        if str(arrays["space"]) == key and vectors.shape == (len(prompts), dim) and np.isfinite(vectors).all():
            return dict(zip(prompts.tolist(), vectors.astype(np.float32), strict=True))
    return {}


def _write(path: Path, data: bytes, cipher: FileCipher | None) -> None:
    """Whole or not at all. A cache that cannot be written is no reason to stop."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(data if cipher is None else cipher.seal(data, path.name))
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
