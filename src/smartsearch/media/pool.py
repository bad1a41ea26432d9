"""Decoding in worker processes, so that a hostile file costs that file only.

Not `concurrent.futures.ProcessPoolExecutor`: there one dead worker breaks the pool, and no task can be timed out. Here
each worker is a plain subprocess owned by one thread of this process; when it crashes, hangs or outgrows its limits, it
is killed, its one file fails with a MediaError, and the thread starts a fresh worker.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, cast, overload

from smartsearch.core import errors
from smartsearch.core.assets import Metadata
from smartsearch.core.errors import DecodeCrashError, DecodeTimeoutError, MediaError, SmartsearchError
from smartsearch.core.settings import MediaLimits
from smartsearch.media.protocol import Failure, Ready, Request, Told, WorkerOptions, receive, send
from smartsearch.media.readers import ReaderPlace
from smartsearch.media.request import (
    Decoded,
    DecodeRequest,
    MetadataRequest,
    MotionFound,
    MotionRequest,
    PreviewRequest,
)

WORKER_COMMAND: tuple[str, ...] = (sys.executable, "-P", "-m", "smartsearch.media.worker")
"""``-P``: without it, ``-m`` imports from the current folder first, and that may hold anything."""

_MOST_LINES = 100
"""Different lines that one pool puts into the log for its workers."""

log = logging.getLogger("smartsearch.media")

_START_SECONDS = 60.0
"""A worker that has not said it is ready by then never will. Starting takes a fifth of a second on an idle machine."""


@dataclass(frozen=True, slots=True)
class _Task:
    path: str
    request: Request
    future: Future[Any]


class DecodePool:
    """``workers`` decode processes behind a thread-safe queue. They start when there is work for them, in parallel.

    ``limits.seconds`` bounds the wall-clock time of a file and ``limits.memory_bytes`` the address space of a worker.
    ``nice`` is added to the workers' priority value (POSIX). ``command`` starts a worker (another one in tests).
    ``readers`` of plugins add metadata; what goes wrong with one is said in the log, once.
    The queue has no bound: whoever submits keeps the number of unfinished futures small.
    """

    def __init__(
        self,
        workers: int,
        limits: MediaLimits | None = None,
        *,
        nice: int = 0,
        command: Sequence[str] = WORKER_COMMAND,
        readers: Sequence[ReaderPlace] = (),
    ) -> None:
        if workers < 1:
            raise ValueError("a pool needs at least one worker")
        limits = limits or MediaLimits()
        self._size = workers
        self._options = WorkerOptions(limits.seconds, limits.memory_bytes, nice, tuple(readers))
        self._command = tuple(command)
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._workers: set[_Worker] = set()
        self._unfinished: set[Future[Any]] = set()
        self._closed = False
        self._said: set[str] = set()

    @overload
    def submit(self, path: str, request: DecodeRequest) -> Future[Decoded]: ...
    @overload
    def submit(self, path: str, request: PreviewRequest) -> Future[bytes]: ...
    @overload
    def submit(self, path: str, request: MetadataRequest) -> Future[Metadata]: ...
    @overload
    def submit(self, path: str, request: MotionRequest) -> Future[MotionFound]: ...
    def submit(self, path: str, request: Request) -> Future[Any]:
        """Ask for a file to be read. The future raises MediaError when the file is at fault.

        It raises plain SmartsearchError if no worker can be started, and is cancelled by `close`. A future cancelled
        by the caller is skipped, or its result dropped. RuntimeError after `close`.
        """
        future: Future[Any] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("the decode pool is closed")
            self._unfinished.add(future)
            if len(self._threads) < min(self._size, len(self._unfinished)):
                thread = threading.Thread(target=self._run, name=f"decode-{len(self._threads)}", daemon=True)
                self._threads.append(thread)
                thread.start()
        self._tasks.put(_Task(path, request, future))
        return future

    def close(self) -> None:
        """Kill the workers and cancel what is unfinished. Returns when all are gone. May be called again."""
        with self._lock:
            self._closed = True
            workers, threads = list(self._workers), list(self._threads)
            pending = list(self._unfinished)
        for future in pending:
            future.cancel()
        for worker in workers:
            worker.kill()
        for _ in threads:
            self._tasks.put(None)
        for thread in threads:
            thread.join()

    def __enter__(self) -> DecodePool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- one thread per worker

    def _run(self) -> None:
        worker: _Worker | None = None
        try:
            while (task := self._tasks.get()) is not None:
                if task.future.cancelled():
                    self._finish(task.future)
                    continue
                try:
                    if worker is None or not worker.alive:
                        worker = self._replace(worker)
                    answer: object = self._heard(worker.call(task.path, task.request))
                except SmartsearchError as error:
                    answer = error
                self._finish(task.future, answer)
        finally:
            self._discard(worker)

    def _heard(self, answer: object) -> object:
        """The answer alone; what a worker tells beside it goes to the log, each line once and no more than a few."""
        if not isinstance(answer, Told):
            return answer
        with self._lock:
            new = [line for line in answer.lines if line not in self._said][: max(0, _MOST_LINES - len(self._said))]
            self._said.update(new)
        for line in new:
            log.error("%s", line)
        return answer.answer

    def _finish(self, future: Future[Any], answer: object = None) -> None:
        with self._lock:
            self._unfinished.discard(future)
        # Until here the future was pending, so that close() and the caller could cancel it while it was worked on.
        if not future.set_running_or_notify_cancel():
            return
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    def _replace(self, old: _Worker | None) -> _Worker:
        self._discard(old)
        worker = _Worker(self._command, self._options)
        with self._lock:
            self._workers.add(worker)
            closed = self._closed
        if closed:
            worker.kill()
        try:
            worker.wait_until_ready()
        except SmartsearchError:
            self._discard(worker)
            raise
        return worker

    def _discard(self, worker: _Worker | None) -> None:
        if worker is not None:
            worker.close()
            with self._lock:
                self._workers.discard(worker)


class _Worker:
    """One subprocess. `call` is for one thread; `kill` may come from any."""

    def __init__(self, command: Sequence[str], options: WorkerOptions) -> None:
        self._seconds = options.seconds
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # what C libraries say of damaged files
                env=_environment(),
                start_new_session=True,  # Ctrl-C goes to this process, which then closes the pool
            )
        except OSError as error:  # no memory, no file descriptors, no such program
            raise SmartsearchError(f"No decode worker can be started ({error.strerror}).") from error
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        self._options = options

    @property
    def alive(self) -> bool:
        """Whether the process runs (it may have been killed from outside since the last file)."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """SmartsearchError if the worker does not come up: an installation problem, not the file's fault."""
        try:
            answer, _ = self._exchange(self._options, _START_SECONDS)
        except EOFError as error:
            raise SmartsearchError(
                "The decode worker does not start.",
                hint=f"Try: {sys.executable} -m smartsearch.media.worker < {os.devnull}",
            ) from error
        assert isinstance(answer, Ready)

    def call(self, path: str, request: Request) -> object:
        """The handler's answer. Raises what it raised, DecodeTimeoutError or DecodeCrashError."""
        try:
            answer, timed_out = self._exchange((path, request), self._seconds)
        except EOFError as error:
            self.close()
            if isinstance(error, _TimedOutError):
                raise DecodeTimeoutError(f"Decoding took longer than {self._seconds:g} seconds.") from error
            raise DecodeCrashError(f"The decoder {_cause_of_death(self._process.returncode)}.") from error
        if timed_out:  # the answer and the kill crossed: keep the answer, not the worker
            self.close()
        if isinstance(answer, Failure):
            raise _as_error(answer)
        return answer

    def _exchange(self, value: object, seconds: float) -> tuple[object, bool]:
        """Send, then wait for the answer; also tells whether the time was up."""
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self.kill()

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            send(cast("Any", self._stdin), value)
            answer = receive(cast("Any", self._stdout))
        except (EOFError, OSError) as error:
            raise (_TimedOutError() if expired.is_set() else EOFError()) from error
        finally:
            timer.cancel()
        return answer, expired.is_set()

    def kill(self) -> None:
        """Stop the process at once."""
        self._process.kill()

    def close(self) -> None:
        """Stop the process, collect it and close the pipes."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                pipe.close()


class _TimedOutError(EOFError):
    """The pipe ended because the worker was killed for being late."""


_KEPT_VARIABLES = (
    "PYTHON",
    "LC_",
    "LD_",
    "DYLD_",
    "LANG",
    "HOME",
    "USERPROFILE",
    "APPDATA",
    "SYSTEMROOT",
    "TEMP",
    "TMP",
)
"""What Python and the loader need to find themselves. A worker has no use for the secrets that the rest may hold."""


def _environment() -> dict[str, str]:
    """Little of the parent's, with the thread pools of numerical libraries off: a worker is one thread."""
    kept = {name: value for name, value in os.environ.items() if name.upper().startswith(_KEPT_VARIABLES)}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _as_error(failure: Failure) -> SmartsearchError:
    kind = getattr(errors, failure.kind, MediaError)
    if not (isinstance(kind, type) and issubclass(kind, SmartsearchError)):
        kind = MediaError
    return kind(failure.message, hint=failure.hint)


def _cause_of_death(code: int | None) -> str:
    if code is None or code >= 0:
        return "ended unexpectedly"
    try:
        return f"crashed ({signal.Signals(-code).name})"
    except ValueError:
        return "crashed"
