"""Going through a library that is indexed already, for what a model is to look for in the pictures: faces, text."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Asset, Change, JobState
from smartsearch.core.errors import MediaError, SmartsearchError
from smartsearch.core.ports import Store
from smartsearch.core.settings import MediaLimits
from smartsearch.media.pool import DecodePool
from smartsearch.media.request import Decoded, DecodeRequest
from smartsearch.onnx.threads import usable_cores

BATCH = 32
"""Images a transaction: what a kill costs."""

Found = TypeVar("Found")


class Visit(Protocol):
    """What is done at each image."""

    @property
    def kind(self) -> str:
        """Of the job."""
        ...

    @property
    def model(self) -> str:
        """The fingerprint of what looks."""
        ...

    @property
    def side(self) -> int:
        """Longer side in pixels of the picture it wants to see."""
        ...

    def look(self, pixels: NDArray[np.uint8], width: int, asset: Asset) -> tuple[Change, int]:
        """The change to store and how many things were found; ``width`` is that of the original. Thread-safe."""
        ...


@dataclass(frozen=True, slots=True)
class RevisitProgress:
    """Images done of those that need it, what failed, and how much was found so far."""

    total: int
    done: int = 0
    errors: int = 0
    found: int = 0
    seconds: float = 0.0
    current: str = ""


@dataclass(frozen=True, slots=True)
class RevisitReport:
    """How a run ended."""

    state: Literal["done", "cancelled"]
    progress: RevisitProgress


def side_by_side(
    look: Callable[[NDArray[np.uint8], int], Found], decoded: Sequence[Decoded], place: int
) -> list[Found | None]:
    """What is found in the picture at ``place`` of each answer, several at a time; None for one that has none there."""

    def one(each: Decoded) -> Found | None:
        return look(each.pictures[place], each.content.width) if place < len(each.pictures) else None

    if len(decoded) < 2:
        return [one(each) for each in decoded]
    with ThreadPoolExecutor(usable_cores(), "smartsearch-looks") as threads:
        return list(threads.map(one, decoded))


def revisit(
    store: Store,
    pool: DecodePool,
    visit: Visit,
    ids: Sequence[int],
    limits: MediaLimits,
    *,
    tell: Callable[[RevisitProgress], None] = lambda _: None,
    started_job: Callable[[int], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> RevisitReport:
    """Look at these images. A durable job, in small transactions: cancelled or killed, the next call goes on with what
    is left. An image that cannot be read counts as an error and is tried again by the next call. Call it under the
    library's lock."""
    started = time.perf_counter()
    progress = RevisitProgress(len(ids))
    job = store.start_job(visit.kind, {"model": visit.model})
    started_job(job.id)
    state: JobState = "failed"
    try:
        for assets, answers in _decoded(store, pool, visit.side, limits, ids):
            if cancelled() or store.cancel_requested(job.id):
                state = "cancelled"
                break
            made = _looks(visit, assets, answers)
            store.apply([change for change, _ in made])
            done = min(progress.done + BATCH, len(ids))
            progress = RevisitProgress(
                total=len(ids),
                done=done,
                errors=progress.errors + (done - progress.done - len(made)),
                found=progress.found + sum(count for _, count in made),
                seconds=time.perf_counter() - started,
                current=assets[-1].path if assets else "",
            )
            store.update_job(job.id, done=progress.done, errors=progress.errors, total=progress.total)
            tell(progress)
        else:
            state = "done"
    except KeyboardInterrupt:
        state = "cancelled"
    finally:
        _end(store, job.id, progress, state)
    return RevisitReport("done" if state == "done" else "cancelled", progress)


def _looks(visit: Visit, assets: Sequence[Asset], answers: Sequence[Decoded]) -> list[tuple[Change, int]]:
    with ThreadPoolExecutor(usable_cores(), "smartsearch-looks") as threads:
        looks = [
            threads.submit(visit.look, answer.pictures[0], answer.content.width, asset)
            for asset, answer in zip(assets, answers, strict=True)
        ]
        return [look.result() for look in looks]


def _decoded(
    store: Store, pool: DecodePool, side: int, limits: MediaLimits, ids: Sequence[int]
) -> Iterator[tuple[list[Asset], list[Decoded]]]:
    """Batches of images with what became of them; the next batch is being decoded while one is looked at."""
    request = DecodeRequest((), limits, pictures=(side,))
    waiting: deque[list[tuple[Asset, Future[Decoded]]]] = deque()
    for start in range(0, len(ids), BATCH):
        batch = store.assets(ids[start : start + BATCH])
        waiting.append([(asset, pool.submit(asset.path, request)) for asset in batch])
        if len(waiting) > 1:
            yield _received(waiting.popleft())
    while waiting:
        yield _received(waiting.popleft())


def _received(batch: Iterable[tuple[Asset, Future[Decoded]]]) -> tuple[list[Asset], list[Decoded]]:
    assets: list[Asset] = []
    found: list[Decoded] = []
    for asset, future in batch:
        try:
            decoded = future.result()
        except MediaError:
            continue
        if decoded.identity.agrees(asset.identity):
            assets.append(asset)  # a file that has changed waits for the indexer
            found.append(decoded)
    return assets, found


def _end(store: Store, job_id: int, progress: RevisitProgress, state: JobState) -> None:
    """Write how it ended. A library that can no longer be written keeps its row: it reads as interrupted."""
    try:
        store.update_job(job_id, done=progress.done, errors=progress.errors, total=progress.total, state=state)
    except SmartsearchError:
        if state != "failed":
            raise
