"""Measuring models on somebody's own photos: reads a table of captions and a folder, wires decoders and encoders."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smartsearch.catalog import ModelCatalog, ModelChoice
from smartsearch.config import Places, full_path
from smartsearch.core.assets import Embedding
from smartsearch.core.errors import MediaError, PathNotFoundError, UsageError
from smartsearch.core.ports import ImageEncoder, TextEncoder
from smartsearch.core.settings import Settings
from smartsearch.embeddings.base import OnnxTextEncoder
from smartsearch.indexing.session import DECODER_NICE
from smartsearch.media.pool import DecodePool
from smartsearch.media.request import Decoded, DecodeRequest
from smartsearch.onnx.threads import usable_cores
from smartsearch.search.captions import CaptionedImages, parse_captions
from smartsearch.search.metrics import CutOff, apply_cut_off, rank_own_images

RECALL_AT = (1, 5, 10)

Stage = Literal["images", "captions"]
Tell = Callable[[Stage, int, int], None]
"""Hears of progress: what is being encoded, how many are done, of how many."""

_TEXTS_AT_ONCE = 64
"""Captions between two reports of progress; they are encoded one by one, as queries are."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An image of the table that could not be used, and why."""

    image: str
    reason: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What one model is worth on these captioned images; all models of a call saw the same ones.

    ``model`` is the name with its variant where it has several, ``space`` the key of its embedding space. The figures
    are over ``captions`` captions of ``images`` images; ``left_out`` captions belong to images that are ``unreadable``.
    """

    model: str
    space: str
    images: int
    captions: int
    left_out: int
    unreadable: tuple[Unreadable, ...]
    recall: dict[int, float]
    """Text to image: the share (0-1) of captions whose own image is among the first 1, 5, 10 of all (see `Ranks`)."""
    median_rank: float
    mean_image_ms: float
    """Wall time of the image tower per image, in batches. Decoding goes on beside it and is not counted, loading the
    model neither."""
    mean_query_ms: float
    """Wall time of tokenizer and text tower per distinct caption, one at a time; without ranking and loading."""
    cut_off: CutOff | None
    """None for a model that brings no calibration, or one without a background and too few images to serve as one."""


def evaluate(
    captions: str | os.PathLike[str],
    images: str | os.PathLike[str],
    places: Places,
    settings: Settings,
    *,
    models: Sequence[str] = (),
    split: str | None = None,
    limit: int | None = None,
    progress: Tell = lambda *_: None,
) -> tuple[Evaluation, ...]:
    """Measure how well ``models`` ("NAME" or "NAME:VARIANT"; default: the configured one) find images by captions.

    ``captions`` is a tab-separated file (see `parse_captions`) with paths relative to the folder ``images``; ``split``
    keeps its rows of that split, ``limit`` its first images. No library is needed or made. Every image is decoded
    once, for all models, so their image towers are in memory together. An image that cannot be read is named in the
    results and its captions are left out; MediaError when none can be. PathNotFoundError, UsageError, ModelError.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"The number of images must be at least 1, not {limit}.")
    folder = full_path(images)
    if not os.path.isdir(folder):
        raise PathNotFoundError(f"There is no folder {folder}.", hint="Name the folder that holds the images.")
    asked = _read_captions(captions, split)
    if limit is not None:
        asked = asked.keeping(range(limit))
    catalog = ModelCatalog(places.models, settings.runtime)
    choices = dict.fromkeys(catalog.pinned(ModelChoice.parse(name)) for name in models or (settings.model,))
    encoders = [catalog.encoders(choice) for choice in choices]
    towers = [_ImageTower(both.image) for both in encoders]
    failures = _embed_images(folder, asked.images, towers, settings, progress)
    for both in encoders:
        both.image.release()
    used = asked.keeping(set(range(len(asked.images))) - set(failures))
    if not used.images:
        raise MediaError(
            f"None of the {len(asked.images):,} images can be read. {asked.images[0]}: {failures[0]}",
            hint=f"Their paths are taken relative to {folder}.",
        )
    unreadable = tuple(Unreadable(asked.images[place], reason) for place, reason in sorted(failures.items()))
    left_out = len(asked.captions) - len(used.captions)
    return tuple(
        _measure(str(choice), tower, both.text, used, unreadable, left_out, progress)
        for choice, tower, both in zip(choices, towers, encoders, strict=True)
    )


def _measure(
    model: str,
    tower: _ImageTower,
    text_encoder: OnnxTextEncoder,
    used: CaptionedImages,
    unreadable: tuple[Unreadable, ...],
    left_out: int,
    tell: Tell,
) -> Evaluation:
    """The figures of one model, whose image tower has seen the images."""
    vectors = np.concatenate(tower.vectors)
    texts, query_seconds = _embed_texts(text_encoder, used.captions, tell)
    text_encoder.release()
    ranks, calibration = rank_own_images(texts, vectors, used.owners), text_encoder.calibration
    return Evaluation(
        model=model,
        space=text_encoder.space.key,
        images=len(used.images),
        captions=len(used.captions),
        left_out=left_out,
        unreadable=unreadable,
        recall={k: ranks.recall(k) for k in RECALL_AT},
        median_rank=ranks.median(),
        mean_image_ms=1000 * tower.seconds / len(used.images),
        mean_query_ms=1000 * query_seconds,
        cut_off=apply_cut_off(texts, vectors, used.owners, calibration) if calibration else None,
    )


def _read_captions(path: str | os.PathLike[str], split: str | None) -> CaptionedImages:
    try:
        data = Path(full_path(path)).read_bytes()
    except FileNotFoundError as error:
        raise PathNotFoundError(f"There is no file {path}.", hint="Name a tab-separated file of captions.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    return parse_captions(data, os.fspath(path), split=split)


@dataclass(slots=True)
class _ImageTower:
    """An image encoder, what it has made so far, and the seconds it took."""

    encoder: ImageEncoder
    vectors: list[NDArray[np.float32]] = field(default_factory=list)
    seconds: float = 0.0

    def warm_up(self) -> None:
        """Load the model: not counted, and it fails before anything is decoded."""
        size = self.encoder.preprocessing.size
        self.encoder.encode_images(np.zeros((1, size, size, 3), np.uint8))

    def encode(self, pixels: NDArray[np.uint8]) -> None:
        started = time.perf_counter()
        self.vectors.append(self.encoder.encode_images(pixels))
        self.seconds += time.perf_counter() - started


def _embed_images(
    folder: str, images: Sequence[str], towers: Sequence[_ImageTower], settings: Settings, tell: Tell
) -> dict[int, str]:
    """Encode the images in order, as indexing does: decoded by guarded workers ahead of the encoders, in batches.

    Returns why images could not be read, by their place.
    """
    tell("images", 0, len(images))
    for tower in towers:
        tower.warm_up()
    inputs = tuple(tower.encoder.preprocessing for tower in towers)
    request = DecodeRequest(inputs, settings.media, settings.thumbnails)
    workers, batch_size = settings.runtime.workers or usable_cores(), settings.runtime.batch_size
    failures: dict[int, str] = {}
    batch: list[tuple[NDArray[np.uint8], ...]] = []
    with DecodePool(workers, settings.media, nice=DECODER_NICE) as pool:
        paths = [os.path.join(folder, image) for image in images]
        for place, decoding in enumerate(_submitted(pool, paths, request, ahead=2 * batch_size + workers)):
            try:
                batch.append(decoding.result().inputs)
            except MediaError as error:
                failures[place] = error.message if os.path.lexists(paths[place]) else "There is no such file."
            last = place + 1 == len(paths)
            if batch and (last or len(batch) == batch_size):
                for tower, pixels in zip(towers, zip(*batch, strict=True), strict=True):
                    tower.encode(np.stack(pixels))
                batch.clear()
            tell("images", place + 1, len(paths))
    return failures


def _submitted(
    pool: DecodePool, paths: Sequence[str], request: DecodeRequest, *, ahead: int
) -> Iterator[Future[Decoded]]:
    """The decoding of each path in order; at most ``ahead`` are under way or wait to be taken."""
    waiting: deque[Future[Decoded]] = deque()
    for path in paths:
        if len(waiting) == ahead:
            yield waiting.popleft()
        waiting.append(pool.submit(path, request))
    yield from waiting


def _embed_texts(encoder: TextEncoder, captions: Sequence[str], tell: Tell) -> tuple[NDArray[np.float32], float]:
    """A vector for every caption, and the mean seconds that a distinct one took."""
    distinct = list(dict.fromkeys(captions))
    tell("captions", 0, len(distinct))
    encoder.encode_texts(["a photo"])  # loads the model, which is not counted
    vectors: dict[str, Embedding] = {}
    seconds = 0.0
    for start in range(0, len(distinct), _TEXTS_AT_ONCE):
        texts = distinct[start : start + _TEXTS_AT_ONCE]
        started = time.perf_counter()
        encoded = encoder.encode_texts(texts)
        seconds += time.perf_counter() - started
        vectors.update(zip(texts, encoded, strict=True))
        tell("captions", len(vectors), len(distinct))
    return np.stack([vectors[caption] for caption in captions]), seconds / len(distinct)
