"""The middle stage: what became of a file that looks new or changed? Only truly new bytes go on to the decoder."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, TypeVar

from smartsearch.core.assets import (
    CopyImage,
    FileError,
    FileIdentity,
    FileState,
    Metadata,
    MoveImage,
    PutEmbedding,
    RecordError,
    TouchImage,
    UpdateMetadata,
)
from smartsearch.core.errors import FileAccessError, MediaError
from smartsearch.core.ports import Store
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.crawler.changes import device_of
from smartsearch.indexing.channel import Channel, ChannelAborted
from smartsearch.indexing.commit import Outcome
from smartsearch.media.hashing import file_sha256
from smartsearch.media.pool import DecodePool
from smartsearch.media.request import Decoded, DecodeRequest, MetadataRequest

CHANGED_MEANWHILE = "The file changed while it was being read; the next run tries again."


TaskKind = Literal["content", "embedding", "sidecar"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Task:
    """One file that needs work. ``state`` is what the store remembers of it, if anything.

    ``kind``: "content" for new or changed bytes, "embedding" for an image that lacks a vector in the wanted space,
    "sidecar" for new metadata beside unchanged bytes.
    """

    kind: TaskKind
    path: str
    identity: FileIdentity
    state: FileState | None = None
    created_at: datetime | None = None
    sidecar: str | None = None
    sidecar_mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A decoded file on its way to the encoder."""

    task: Task
    digest: bytes
    decoded: Decoded


class Claims:
    """Which assets moved in this run. One asset goes to one place: of two that want it, the second is a copy."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._lock = threading.Lock()

    def claim(self, asset_id: int) -> bool:
        """Whether the asset is the caller's to move; True once."""
        with self._lock:
            fresh = asset_id not in self._ids
            self._ids.add(asset_id)
            return fresh

    def __contains__(self, asset_id: int) -> bool:
        with self._lock:
            return asset_id in self._ids


class Triage:
    """Hashes tasks and sends each one on: to the committer when the bytes are known, else through the decoder.

    At most ``in_flight`` files are between here and the encoder, which bounds the memory of a run. Files with the
    same new bytes as one in flight wait in ``twins`` for a second pass, when they are copies and cost nothing.
    """

    def __init__(
        self,
        store: Store,
        space: EmbeddingSpace,
        pool: DecodePool,
        make_request: Callable[[Task], DecodeRequest],
        *,
        tasks: Channel[Task],
        ready: Channel[Ready],
        outbox: Channel[Outcome],
        in_flight: int,
        moved: Claims,
    ) -> None:
        self._store = store
        self._space = space
        self._pool = pool
        self._make_request = make_request
        self._tasks = tasks
        self._ready = ready
        self._outbox = outbox
        self._in_flight = in_flight
        self._slots = threading.Semaphore(in_flight)
        self._digests: set[bytes] = set()
        self._failure: Exception | None = None
        self.twins: list[Task] = []
        self._moved = moved
        self._overwritten: set[int] = set()

    def taken(self, count: int) -> None:
        """The encoder took ``count`` files out of ``ready``: as many more may come."""
        self._slots.release(count)

    def settled(self, digest: bytes) -> None:
        """The file with these bytes is committed: the store knows them from now on."""
        self._digests.discard(digest)

    def run(self) -> None:
        """Work until the tasks end, then close ``ready``. Raises what the pool raises besides MediaError."""
        try:
            self._work()
        except ChannelAborted:
            if self._failure is not None:
                raise self._failure from None
            raise

    def _work(self) -> None:
        for task in self._tasks:
            if task.kind == "sidecar":
                self._acquire_slot()
                request = MetadataRequest(task.sidecar, self._make_request(task).limits)
                self._pool.submit(task.path, request).add_done_callback(self._sidecar_read(task))
            else:
                self._route(task)
        for _ in range(self._in_flight):
            self._acquire_slot()
        for _ in range(self._in_flight):
            self._slots.release()
        self._ready.close()

    def _route(self, task: Task) -> None:
        try:
            digest = self._digest(task)
        except MediaError as error:
            self._fail(task, error)
            return
        # Asked before the store: what is committed between the two questions is known to the store then.
        in_flight = digest in self._digests
        rest = self._settle_known(task, digest)
        if rest is None:
            return
        if in_flight:
            self.twins.append(rest)
        else:
            self._decode(rest, digest)

    def _decode(self, task: Task, digest: bytes) -> None:
        self._digests.add(digest)
        if task.kind == "content" and task.state is not None and task.state.asset_id is not None:
            self._overwritten.add(task.state.asset_id)
        self._acquire_slot()
        future = self._pool.submit(task.path, self._make_request(task))
        future.add_done_callback(self._image_decoded(task, digest))

    def _digest(self, task: Task) -> bytes:
        if task.kind == "embedding" and task.state is not None and task.state.file_hash is not None:
            return task.state.file_hash
        digest, identity = file_sha256(task.path)
        _check_same(identity, task.identity)
        return digest

    def _settle_known(self, task: Task, digest: bytes) -> Task | None:
        """Send what a file whose bytes are indexed already comes to; returns what is left for the decoder, if anything.

        An asset whose own file is being overwritten in this run is no source: its row may have changed by the time
        the copy is committed.
        """
        twins = self._store.find_by_hash(digest, self._space)
        sources = [twin for twin in twins if twin.asset_id is not None and twin.asset_id not in self._overwritten]
        if task.kind == "embedding":
            return self._share_embedding(task, sources)
        if task.state is not None and task.state.asset_id is not None:
            if task.state.file_hash != digest or not task.state.embedded:
                return task
            self._outbox.put(Outcome(TouchImage(task.state.asset_id, task.identity), ("touched", "done")))
            return None
        for twin in sources:
            assert twin.asset_id is not None
            if _has_left(twin) and self._moved.claim(twin.asset_id):
                return self._move(task, twin, twin.asset_id)
        for twin in sources:
            if twin.embedded and twin.asset_id is not None:
                copy = CopyImage(twin.asset_id, task.path, task.identity, task.created_at)
                self._outbox.put(Outcome(copy, ("copied", "done")))
                return None
        return task

    def _move(self, task: Task, twin: FileState, asset_id: int) -> Task | None:
        """The asset keeps its id, tags and names, also while it still lacks a vector of the model being built."""
        change = MoveImage(asset_id, task.path, task.identity)
        self._outbox.put(Outcome(change, ("moved", "done") if twin.embedded else ("moved",)))
        return None if twin.embedded else replace(task, kind="embedding", state=twin)

    def _share_embedding(self, task: Task, sources: list[FileState]) -> Task | None:
        """A copy of an image that has its vector already takes that one."""
        assert task.state is not None
        assert task.state.asset_id is not None
        for twin in sources:
            if twin.embedded and twin.asset_id is not None:
                vector = self._store.vectors(self._space, [twin.asset_id]).get(twin.asset_id)
                if vector is not None:
                    scenes = self._store.scene_vectors(self._space, [twin.asset_id]).get(twin.asset_id, {})
                    change = PutEmbedding(task.state.asset_id, self._space.key, vector, scenes=scenes)
                    self._outbox.put(Outcome(change, ("updated", "done")))
                    return None
        return task

    def _acquire_slot(self) -> None:
        while not self._slots.acquire(timeout=0.5):
            if self._ready.aborted:
                raise ChannelAborted

    # -- called on the pool's threads

    def _image_decoded(self, task: Task, digest: bytes) -> Callable[[Future[Decoded]], None]:
        def done(future: Future[Decoded]) -> None:
            try:
                decoded = future.result()
                _check_same(decoded.identity, task.identity)
            except MediaError as error:
                self._digests.discard(digest)
                self._fail(task, error)
                self._slots.release()
            else:
                self._ready.put(Ready(task, digest, decoded))

        return self._guarded(done)

    def _sidecar_read(self, task: Task) -> Callable[[Future[Metadata]], None]:
        def done(future: Future[Metadata]) -> None:
            assert task.state is not None
            assert task.state.asset_id is not None
            try:
                change = UpdateMetadata(task.state.asset_id, future.result(), task.sidecar_mtime_ns)
            except MediaError as error:
                self._fail(task, error)
            else:
                self._outbox.put(Outcome(change, ("updated", "done")))
            self._slots.release()

        return self._guarded(done)

    def _guarded(self, done: Callable[[Future[T]], None]) -> Callable[[Future[T]], None]:
        """A future only logs what its callback raises; here the run ends by it."""

        def callback(future: Future[T]) -> None:
            try:
                done(future)
            except (ChannelAborted, CancelledError):
                pass
            except Exception as error:
                self._failure = error
                self._ready.abort()

        return callback

    def _fail(self, task: Task, error: MediaError) -> None:
        # Without an identity the row does not keep the next run from trying again.
        identity = None if isinstance(error, FileAccessError) else task.identity
        row = RecordError(FileError(task.path, error.code, error.message, datetime.now(UTC), identity))
        self._outbox.put(Outcome(row, ("errors", "done")))


def _check_same(now: FileIdentity, then: FileIdentity) -> None:
    """FileAccessError if the bytes just read may not be those that the walk saw."""
    if not now.agrees(then):
        raise FileAccessError(CHANGED_MEANWHILE)


def _has_left(state: FileState) -> bool:
    """Whether an asset's file is really gone from where it was, and not its disk or the right to look."""
    try:
        os.lstat(state.path)
        return False
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError:
        return False
    folder = os.path.dirname(state.path)
    return state.missing or device_of(folder) == state.identity.device or _holds_anything(folder)


def _holds_anything(folder: str) -> bool:
    """A folder with something in it is no empty mount point, though its disk may have got another number."""
    with suppress(OSError), os.scandir(folder) as entries:
        return any(True for _ in entries)
    return False
