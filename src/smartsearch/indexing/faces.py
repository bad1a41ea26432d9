"""Looking for faces in a library that is indexed already: what the first yes, and a change of model, ask for."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from smartsearch.core.assets import Asset, JobState
from smartsearch.core.errors import MediaError, SmartsearchError
from smartsearch.core.faces import FaceScan, PutFaces
from smartsearch.core.ports import FaceAnalyzer, Store
from smartsearch.core.settings import MediaLimits
from smartsearch.media.pool import DecodePool
from smartsearch.media.request import Decoded, DecodeRequest
from smartsearch.onnx.threads import usable_cores

BATCH = 32
"""Images a transaction: what a kill costs."""


@dataclass(frozen=True, slots=True)
class FaceProgress:
    """Images done of those that need it, what failed, and the faces found so far."""

    total: int
    done: int = 0
    errors: int = 0
    faces: int = 0
    seconds: float = 0.0
    current: str = ""


@dataclass(frozen=True, slots=True)
class FaceReport:
    """How a run ended."""

    state: Literal["done", "cancelled"]
    progress: FaceProgress


def analyze_all(analyzer: FaceAnalyzer, decoded: Sequence[Decoded]) -> list[FaceScan | None]:
    """The faces of each picture, several at a time; None for one that came without a picture."""

    def look(each: Decoded) -> FaceScan | None:
        return None if each.picture is None else analyzer.analyze(each.picture, each.content.width)

    if sum(each.picture is not None for each in decoded) < 2:
        return [look(each) for each in decoded]
    with ThreadPoolExecutor(usable_cores(), "smartsearch-faces") as threads:
        return list(threads.map(look, decoded))


def scan_faces(
    store: Store,
    pool: DecodePool,
    analyzer: FaceAnalyzer,
    limits: MediaLimits,
    *,
    tell: Callable[[FaceProgress], None] = lambda _: None,
    started_job: Callable[[int], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> FaceReport:
    """Look for faces in every present image that this analyser has not seen. A durable job, in small transactions:
    cancelled or killed, the next call goes on. An image that cannot be read counts as an error and is tried again by
    the next call. Call it under the library's lock."""
    started = time.perf_counter()
    with store.people.reading() as rows:
        ids = rows.unscanned(analyzer.fingerprint)
    progress = FaceProgress(len(ids))
    job = store.start_job("faces", {"analyzer": analyzer.fingerprint})
    started_job(job.id)
    state: JobState = "failed"
    try:
        for assets, found in _decoded(store, pool, analyzer, limits, ids):
            if cancelled() or store.cancel_requested(job.id):
                state = "cancelled"
                break
            scans = analyze_all(analyzer, found)
            kept = [(asset, scan) for asset, scan in zip(assets.values(), scans, strict=True) if scan is not None]
            store.apply([PutFaces(asset.id, scan) for asset, scan in kept])
            done = min(progress.done + BATCH, len(ids))
            progress = FaceProgress(
                total=len(ids),
                done=done,
                errors=progress.errors + (done - progress.done - len(kept)),
                faces=progress.faces + sum(len(scan.faces) for _, scan in kept),
                seconds=time.perf_counter() - started,
                current=kept[-1][0].path if kept else "",
            )
            store.update_job(job.id, done=progress.done, errors=progress.errors, total=progress.total)
            tell(progress)
        else:
            state = "done"
    except KeyboardInterrupt:
        state = "cancelled"
    finally:
        _end(store, job.id, progress, state)
    return FaceReport("done" if state == "done" else "cancelled", progress)


def _decoded(
    store: Store, pool: DecodePool, analyzer: FaceAnalyzer, limits: MediaLimits, ids: Sequence[int]
) -> Iterator[tuple[dict[int, Asset], list[Decoded]]]:
    """Batches of images with what became of them; the next batch is being decoded while one is looked at."""
    request = DecodeRequest((), limits, picture=analyzer.side)
    waiting: deque[list[tuple[Asset, Future[Decoded]]]] = deque()
    for batch in _batches(ids):
        waiting.append([(asset, pool.submit(asset.path, request)) for asset in store.assets(batch)])
        if len(waiting) > 1:
            yield _received(waiting.popleft())
    while waiting:
        yield _received(waiting.popleft())


def _received(batch: Iterable[tuple[Asset, Future[Decoded]]]) -> tuple[dict[int, Asset], list[Decoded]]:
    assets: dict[int, Asset] = {}
    found: list[Decoded] = []
    for asset, future in batch:
        try:
            decoded = future.result()
        except MediaError:
            continue
        if (decoded.identity.size, decoded.identity.mtime_ns) == (asset.identity.size, asset.identity.mtime_ns):
            assets[asset.id] = asset  # a file that has changed waits for the indexer
            found.append(decoded)
    return assets, found


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _end(store: Store, job_id: int, progress: FaceProgress, state: JobState) -> None:
    """Write how it ended. A library that can no longer be written keeps its row: it reads as interrupted."""
    try:
        store.update_job(job_id, done=progress.done, errors=progress.errors, total=progress.total, state=state)
    except SmartsearchError:
        if state != "failed":
            raise
