"""What an index run needs around it: the lock, the workers, the job row; and the same again whenever files change."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Self

from smartsearch.core.assets import Job, JobState, Root
from smartsearch.core.errors import LibraryBusyError, SmartsearchError
from smartsearch.core.ports import FaceAnalyzer, ImageEncoder, ImageTagger, OcrReader, Store
from smartsearch.core.settings import Settings
from smartsearch.crawler.watch import ChangedPlaces, Watcher
from smartsearch.indexing.commit import ThumbnailSink
from smartsearch.indexing.lock import exclusive
from smartsearch.indexing.pipeline import IndexPipeline, IndexSettings
from smartsearch.indexing.progress import IndexProgress, IndexReport
from smartsearch.indexing.scan import Target
from smartsearch.media.pool import DecodePool
from smartsearch.media.readers import ReaderPlace
from smartsearch.onnx.threads import usable_cores

BUSY_SECONDS = 2.0
"""How often a watch that finds the library locked tries again."""

DECODER_NICE = 10
"""Decoders stand back for the encoder: interrupted less, it keeps its weights in the cache. They catch up while it
waits for a full batch."""

JOB_ROW_SECONDS = 1.0
"""How often the job row is brought up to date: it feeds `status` and the web page."""

SHOWN_PATHS = 100
"""Paths that a job row names."""


def _nothing(_: object) -> None:
    return None


class IndexSession:
    """Index runs over one library. A context manager: the decode workers live as long as it does.

    ``encoders``, ``tagger``, ``analyzer`` and ``reader`` as in `IndexPipeline`; ``folder`` is the library's own, which
    is locked during a run and never indexed. ``metadata_readers`` are those of plugins.
    """

    def __init__(
        self,
        store: Store,
        encoders: Sequence[ImageEncoder],
        thumbnails: ThumbnailSink,
        settings: Settings,
        folder: Path,
        tagger: ImageTagger | None = None,
        analyzer: FaceAnalyzer | None = None,
        reader: OcrReader | None = None,
        metadata_readers: Sequence[ReaderPlace] = (),
    ) -> None:
        self._store = store
        self._encoders = tuple(encoders)
        self._tagger = tagger
        self._analyzer = analyzer
        self._reader = reader
        self._thumbnails = thumbnails
        self._folder = folder
        workers = settings.runtime.workers or usable_cores()
        self._pool = DecodePool(workers, settings.media, nice=DECODER_NICE, readers=metadata_readers)
        self._discovery = settings.discovery
        self._settings = IndexSettings(
            discovery=settings.discovery,
            media=settings.media,
            thumbnails=settings.thumbnails,
            batch_size=max(1, settings.runtime.batch_size),
            workers=workers,
            skip=(str(folder),),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def run(
        self,
        targets: Sequence[Target],
        *,
        retry_errors: bool = False,
        progress: Callable[[IndexProgress], None] = _nothing,
        cancelled: Callable[[], bool] = lambda: False,
        started: Callable[[int], None] = _nothing,
    ) -> IndexReport:
        """One run under the lock, with a job row, whose id ``started`` hears. LibraryBusyError when another process
        holds the lock."""
        with exclusive(self._folder):
            row = _JobRow(self._store, targets, retry_errors)
            started(row.job_id)

            def tell(state: IndexProgress) -> None:
                row.update(state)
                progress(state)

            pipeline = IndexPipeline(
                self._store,
                self._encoders,
                self._pool,
                self._thumbnails,
                self._settings,
                tagger=self._tagger,
                analyzer=self._analyzer,
                reader=self._reader,
                tell=tell,
                cancelled=lambda: cancelled() or row.cancel_requested,
            )
            try:
                report = pipeline.run(targets, retry_errors=retry_errors)
            except BaseException as error:
                row.fail(error)
                raise
            row.end(report.state, report.progress)
            return report

    def watch(self, roots: Sequence[Root], tell: Callable[[IndexReport], None], stop: threading.Event) -> None:
        """Index what changes until ``stop`` is set, or KeyboardInterrupt. The first round looks at everything.

        A round that finds the library locked by another process waits for it; changes gather meanwhile. Any other
        SmartsearchError ends the watch and is raised.
        """
        failures: list[SmartsearchError] = []

        def look(places: ChangedPlaces) -> None:
            targets = changed_targets(roots, places)
            if not targets or stop.is_set():
                return
            try:
                report = self._run_when_free(targets, stop)
                if report is not None:
                    tell(report)
            except SmartsearchError as error:
                failures.append(error)
                stop.set()

        with ExitStack() as stack:
            stack.enter_context(Watcher(roots, self._discovery, look, skip=(str(self._folder),)))
            stack.callback(stop.set)
            while not stop.wait(0.5):
                pass
        if failures:
            raise failures[0]

    def _run_when_free(self, targets: Sequence[Target], stop: threading.Event) -> IndexReport | None:
        """A run as soon as no other process holds the lock; None if ``stop`` comes first."""
        while not stop.is_set():
            try:
                return self.run(targets, cancelled=stop.is_set)
            except LibraryBusyError:
                stop.wait(BUSY_SECONDS)
        return None


def changed_targets(roots: Sequence[Root], places: ChangedPlaces) -> list[Target]:
    """The parts of the roots that the watcher wants looked at again."""
    if places.everything:
        return [Target(root) for root in roots]
    targets = []
    for root in roots:
        inside = os.path.join(root.path, "")
        for path in sorted(places.trees | places.folders):
            deep = path in places.trees
            if path == root.path:
                # Not as a part of the root: a root that is suddenly empty must not lose its photos.
                targets.append(Target(root, deep=deep))
            elif path.startswith(inside):
                targets.append(Target(root, path, deep=deep))
    return targets


class _JobRow:
    """The durable trace of a run, written at most once a second."""

    def __init__(self, store: Store, targets: Sequence[Target], retry_errors: bool) -> None:
        self._store = store
        paths = [target.start or target.root.path for target in targets]
        self._detail: dict[str, Any] = {
            "paths": [path.encode("utf-8", "backslashreplace").decode() for path in paths[:SHOWN_PATHS]],
            "recursive": all(target.deep and target.root.recursive for target in targets),
            "retry_errors": retry_errors,
        }
        self._job: Job = store.start_job("index", self._detail)
        self._written = time.monotonic()
        self._last = IndexProgress()
        self.cancel_requested = False

    @property
    def job_id(self) -> int:
        return self._job.id

    def update(self, state: IndexProgress) -> None:
        """Write the progress if a second has passed, and look whether somebody asked to stop."""
        self._last = state
        if time.monotonic() - self._written < JOB_ROW_SECONDS:
            return
        self._write("running")
        self.cancel_requested = self._store.cancel_requested(self._job.id)

    def end(self, state: JobState, progress: IndexProgress) -> None:
        """Write how it ended."""
        self._last = progress
        self._write(state)

    def fail(self, error: BaseException) -> None:
        """Write why it ended. A library that can no longer be written keeps its row: it reads as interrupted."""
        self._detail["error"] = error.message if isinstance(error, SmartsearchError) else type(error).__name__
        with suppress(SmartsearchError):
            self._write("failed")

    def _write(self, state: JobState) -> None:
        self._written = time.monotonic()
        last = self._last
        current = last.current.encode("utf-8", "backslashreplace").decode()
        detail = {**self._detail, "rate": last.rate, "eta": last.eta, "current": current, "embedded": last.embedded}
        self._store.update_job(
            self._job.id, done=last.done, errors=last.errors, total=last.todo, state=state, detail=detail
        )
