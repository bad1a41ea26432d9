"""Tagging anew from stored vectors: what a changed model, calibration or vocabulary needs. Nothing is decoded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from smartsearch.core.assets import Job, JobState, PutAutoTags
from smartsearch.core.errors import SmartsearchError
from smartsearch.core.ports import ImageTagger, Store

BATCH = 1024
"""Images a transaction: a tenth of a second each, so that a reader or another writer never waits long."""


@dataclass(frozen=True, slots=True)
class TagProgress:
    """Images done of those that need it, and the tags they were given so far."""

    total: int
    done: int = 0
    tags: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class TagReport:
    """How a run ended. ``dropped``: images that lost their automatic tags because these are switched off."""

    state: Literal["done", "cancelled"]
    images: int
    tags: int
    seconds: float
    dropped: int = 0


def tag_untagged(
    store: Store,
    tagger: ImageTagger,
    *,
    force: bool = False,
    tell: Callable[[TagProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> TagReport:
    """Give every image of the tagger's space that another tagger tagged, or none, its tags; all images with ``force``.

    A durable job, in transactions: cancelled or killed, the next call goes on. Call it under the library's lock.
    """
    started = time.perf_counter()
    ids = store.untagged(tagger.space, "" if force else tagger.fingerprint)
    if not ids:
        return TagReport("done", 0, 0, time.perf_counter() - started)
    job = store.start_job("tag", {"tagger": tagger.fingerprint})
    done = TagProgress(len(ids))
    state: JobState = "failed"
    try:
        for start in range(0, len(ids), BATCH):
            if cancelled() or store.cancel_requested(job.id):
                state = "cancelled"
                break
            tags = _tag(store, tagger, ids[start : start + BATCH])
            so_far = min(start + BATCH, len(ids))
            done = TagProgress(len(ids), so_far, done.tags + tags, time.perf_counter() - started)
            store.update_job(job.id, done=so_far, errors=0, total=len(ids))
            tell(done)
        else:
            state = "done"
    except KeyboardInterrupt:
        state = "cancelled"
    finally:
        _end(store, job, done, state)
    ended: Literal["done", "cancelled"] = "done" if state == "done" else "cancelled"
    return TagReport(ended, done.done, done.tags, time.perf_counter() - started)


def _tag(store: Store, tagger: ImageTagger, ids: list[int]) -> int:
    """Tag these images in one transaction; returns the number of tags."""
    held = store.vectors(tagger.space, ids)
    if not held:
        return 0
    made = tagger.tag(np.array(list(held.values()), np.float32))
    store.apply([PutAutoTags(asset_id, tags) for asset_id, tags in zip(held, made, strict=True)])
    return sum(len(tags.tags) for tags in made)


def _end(store: Store, job: Job, progress: TagProgress, state: JobState) -> None:
    """Write how it ended. A library that can no longer be written keeps its row: it reads as interrupted."""
    try:
        store.update_job(job.id, done=progress.done, errors=0, total=progress.total, state=state)
    except SmartsearchError:
        if state != "failed":
            raise
