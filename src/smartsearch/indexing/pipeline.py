"""The index run: scan -> triage (hash) -> decode (processes) -> encode (batches) -> commit, each stage bounded.

The stages run at once; a full channel makes the earlier stage wait, so memory does not grow with the folder. Nothing
is remembered outside the store: a run that was killed is continued by simply running again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from smartsearch.core.assets import AutoTags, Embedding, MarkMissing, PutEmbedding, PutImage
from smartsearch.core.faces import FaceScan
from smartsearch.core.ports import FaceAnalyzer, ImageEncoder, ImageTagger, OcrReader, Store
from smartsearch.core.reading import TextScan
from smartsearch.core.settings import DiscoverySettings, MediaLimits, ThumbnailSettings
from smartsearch.indexing.channel import Channel, ChannelAborted
from smartsearch.indexing.commit import Committer, Outcome, ThumbnailSink
from smartsearch.indexing.progress import IndexProgress, IndexReport, Tally
from smartsearch.indexing.revisit import side_by_side
from smartsearch.indexing.scan import Scan, Target
from smartsearch.indexing.triage import Claims, Ready, Task, Triage
from smartsearch.media.pool import DecodePool
from smartsearch.media.request import DecodeRequest

TASKS_AHEAD = 20_000
"""How far the scan may run ahead of the work: the total is known early, a task is about 1 KB."""


BATCH_SECONDS = 0.5
"""How long a half-empty batch waits for more: what a watcher's single new photo is delayed by."""


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """What a run needs to know besides its ports."""

    discovery: DiscoverySettings
    media: MediaLimits
    thumbnails: ThumbnailSettings
    batch_size: int
    workers: int
    skip: tuple[str, ...] = ()
    """Folders never entered, the library itself first of all."""


Source = Callable[[Callable[[Outcome], None], Callable[[], bool]], Iterable[Task]]
"""Makes tasks; is given where to send what needs no work, and whether the run has stopped."""


class RunCancelled(Exception):  # noqa: N818 - a decision of the user, not an error
    """Somebody asked the run to stop."""


class IndexPipeline:
    """One run over some roots. ``encoders``: the first is the space searched by; further ones are being built beside
    it. An image is embedded in all of them from one decode, and tagged by its vector in the ``tagger``'s space. With an
    ``analyzer`` the same decode is looked at for faces, with a ``reader`` for text."""

    def __init__(
        self,
        store: Store,
        encoders: Sequence[ImageEncoder],
        pool: DecodePool,
        thumbnails: ThumbnailSink,
        settings: IndexSettings,
        *,
        tagger: ImageTagger | None = None,
        analyzer: FaceAnalyzer | None = None,
        reader: OcrReader | None = None,
        tell: Callable[[IndexProgress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._encoders = tuple(encoders)
        self._pool = pool
        self._thumbnails = thumbnails
        self._settings = settings
        self._tagger = tagger
        self._analyzer = analyzer
        self._reader = reader
        self._tell = tell
        self._cancelled = cancelled
        self._tally = Tally()

    def run(self, targets: Sequence[Target], *, retry_errors: bool = False) -> IndexReport:
        """Bring the store up to date with the disk at the targets.

        Ctrl-C or ``cancelled`` ends it after the batch at hand, with the state "cancelled".
        Raises what the store, the encoder or the thumbnail folder raise (disk full, read-only, broken model); all
        that was committed before stays.
        """
        moved = Claims()
        scan = Scan(
            self._store,
            self._encoders[-1].space,
            self._settings.discovery,
            self._tally,
            moved,
            skip=self._settings.skip,
            retry_errors=retry_errors,
        )
        state: Literal["done", "cancelled"] = "done"
        try:
            twins = self._pass(lambda send, stopped: scan.tasks(targets, send, stopped), moved)
            while twins:
                twins = self._pass(lambda *_, waiting=twins: waiting, moved)
            self._mark_missing(scan.vanished())
        except (KeyboardInterrupt, RunCancelled):
            state = "cancelled"
        progress = self._tally.snapshot()
        self._tell(progress)
        return IndexReport(state, progress, tuple(scan.problems), tuple(scan.unavailable))

    def _pass(self, source: Source, moved: Claims) -> list[Task]:
        """Send tasks through all stages and wait until everything is committed; the twins left over for another."""
        tasks, ready, outbox = Channel[Task](TASKS_AHEAD), Channel[Ready](self._in_flight), Channel[Outcome](512)
        triage = Triage(
            self._store,
            self._encoders[-1].space,
            self._pool,
            self._request,
            tasks=tasks,
            ready=ready,
            outbox=outbox,
            in_flight=self._in_flight,
            moved=moved,
        )
        committer = Committer(self._store, self._thumbnails, outbox, lambda batch: self._committed(batch, triage))
        with _stages((tasks, ready, outbox)) as start:
            start("scan", lambda: _feed(source(outbox.put, lambda: tasks.aborted), tasks))
            start("triage", triage.run)
            committing = start("commit", committer.run)
            try:
                while batch := self._next_batch(ready):
                    triage.taken(len(batch))
                    self._encode(batch, outbox)
                    self._stop_if_cancelled()
            except (KeyboardInterrupt, RunCancelled):
                # What is encoded is paid for: commit it before leaving.
                tasks.abort()
                ready.abort()
                outbox.close()
                committing.join()
                raise
            outbox.close()
        return triage.twins

    def _stop_if_cancelled(self) -> None:
        if self._cancelled():
            raise RunCancelled

    @property
    def _in_flight(self) -> int:
        return 2 * self._settings.batch_size + self._settings.workers

    def _next_batch(self, ready: Channel[Ready]) -> list[Ready]:
        """A whole batch if it comes together soon: the encoder is a fifth slower an image in batches of one or two, and
        while it waits the decoders have the processors to themselves."""
        most = self._settings.batch_size
        return ready.take(most, least=most, patience=BATCH_SECONDS, waiting=self._stop_if_cancelled)

    def _encode(self, batch: Sequence[Ready], outbox: Channel[Outcome]) -> None:
        vectors: list[dict[str, Embedding]] = [{} for _ in batch]
        scenes: list[dict[str, dict[int, Embedding]]] = [{} for _ in batch]
        tags: list[AutoTags | None] = [None for _ in batch]
        for encoder in self._encoders:
            chosen = [place for place, item in enumerate(batch) if encoder in self._wanted(item.task)]
            if not chosen:
                continue
            inputs = [batch[i].decoded.inputs[self._wanted(batch[i].task).index(encoder)] for i in chosen]
            made = encoder.encode_images(np.stack(inputs))
            for place, vector in zip(chosen, made, strict=True):
                vectors[place][encoder.space.key] = vector
                scenes[place][encoder.space.key] = self._encode_scenes(encoder, batch[place])
            if self._tagger is not None and self._tagger.space == encoder.space:
                for place, given in zip(chosen, self._tagger.tag(made), strict=True):
                    tags[place] = given
        scans: Sequence[FaceScan | None] = [None for _ in batch]
        texts: Sequence[TextScan | None] = [None for _ in batch]
        decoded = [item.decoded for item in batch]
        if self._analyzer is not None:
            scans = side_by_side(self._analyzer.analyze, decoded, 0)
        if self._reader is not None:
            texts = side_by_side(self._reader.read, decoded, len(self._sides) - 1)
        for place, item in enumerate(batch):
            outbox.put(_outcome(item, vectors[place], scenes[place], tags[place], scans[place], texts[place]))

    def _encode_scenes(self, encoder: ImageEncoder, item: Ready) -> dict[int, Embedding]:
        """The vectors of a moving picture's scenes, by milliseconds, made in batches of the usual size."""
        found, place = item.decoded.scenes, self._wanted(item.task).index(encoder)
        vectors: dict[int, Embedding] = {}
        for start in range(0, len(found), self._settings.batch_size):
            part = found[start : start + self._settings.batch_size]
            made = encoder.encode_images(np.stack([scene.inputs[place] for scene in part]))
            vectors |= {scene.at_ms: vector for scene, vector in zip(part, made, strict=True)}
        return vectors

    def _wanted(self, task: Task) -> tuple[ImageEncoder, ...]:
        """New bytes are embedded in every space, an old image only in the one that is being built."""
        return self._encoders if task.kind == "content" else self._encoders[-1:]

    def _request(self, task: Task) -> DecodeRequest:
        inputs = tuple(encoder.preprocessing for encoder in self._wanted(task))
        pictures = self._sides if task.kind == "content" else ()
        return DecodeRequest(inputs, self._settings.media, self._settings.thumbnails, task.sidecar, pictures)

    @property
    def _sides(self) -> tuple[int, ...]:
        """Of the pictures that are looked at, the one for text last."""
        return tuple(model.side for model in (self._analyzer, self._reader) if model is not None)

    def _committed(self, batch: Sequence[Outcome], triage: Triage) -> None:
        for outcome in batch:
            self._tally.add(*outcome.counts)
            if outcome.digest is not None:
                triage.settled(outcome.digest)
        path = getattr(batch[-1].change, "path", None)
        if path:
            self._tally.at(path)
        self._tell(self._tally.snapshot())

    def _mark_missing(self, vanished: Iterable[int]) -> None:
        now = datetime.now(UTC)
        marks = [MarkMissing(asset_id, now) for asset_id in vanished]
        if marks:
            self._store.apply(marks)
            self._tally.add("missing", count=len(marks))


def _outcome(
    item: Ready,
    vectors: dict[str, Embedding],
    scenes: dict[str, dict[int, Embedding]],
    tags: AutoTags | None,
    scan: FaceScan | None,
    text: TextScan | None,
) -> Outcome:
    task, content = item.task, item.decoded.content
    if task.kind == "embedding" and task.state is not None and task.state.asset_id is not None:
        ((space, vector),) = vectors.items()
        change = PutEmbedding(task.state.asset_id, space, vector, tags, scenes[space])
        return Outcome(change, ("embedded", "updated", "done"), item.digest, content.thumbnail)
    known = task.state is not None and task.state.asset_id is not None
    put = PutImage(
        path=task.path,
        identity=task.identity,
        file_hash=item.digest,
        created_at=task.created_at,
        content=content,
        embeddings=vectors,
        sidecar_mtime_ns=task.sidecar_mtime_ns,
        auto_tags=tags,
        faces=scan,
        text=text,
        scenes={space: found for space, found in scenes.items() if found},
    )
    return Outcome(put, ("embedded", "updated" if known else "added", "done"), item.digest, content.thumbnail)


def _feed(source: Iterable[Task], tasks: Channel[Task]) -> None:
    for task in source:
        tasks.put(task)
    tasks.close()


@contextmanager
def _stages(channels: Sequence[Channel[Any]]) -> Iterator[Callable[[str, Callable[[], None]], threading.Thread]]:
    """Threads that live as long as the block: a failure in one, or in the block, ends all; the first is raised."""
    threads: list[threading.Thread] = []
    failures: list[BaseException] = []

    def abort() -> None:
        for channel in channels:
            channel.abort()

    def start(name: str, work: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
            except ChannelAborted:
                abort()
            except BaseException as error:
                failures.append(error)
                abort()

        thread = threading.Thread(target=guarded, name=f"smartsearch-{name}", daemon=True)
        thread.start()
        threads.append(thread)
        return thread

    try:
        yield start
        for thread in threads:
            thread.join()
    except BaseException as error:
        abort()
        for thread in threads:
            thread.join()
        if not isinstance(error, ChannelAborted) or not failures:
            raise
    if failures:
        raise failures[0]
