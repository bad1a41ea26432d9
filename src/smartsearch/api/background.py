"""Long tasks of the server: one at a time, each in a thread of its own, known by its row in the library."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from smartsearch.core.assets import Job, Root
from smartsearch.core.errors import LibraryBusyError, LibraryError, SmartsearchError
from smartsearch.library import Library

log = logging.getLogger("smartsearch.api")

Work = Callable[[Callable[[int], None], Callable[[], bool]], object]
"""What a task does: it tells the id of its job row as soon as there is one, and looks now and then whether to stop."""

_ENDED = ("done", "cancelled")

GOODBYE_SECONDS = 20.0
"""How long a task may take to stop when the server does. The library stands a task that is cut off, too."""


class _Task:
    """One run of some work."""

    def __init__(self, work: Work) -> None:
        self.job_id: int | None = None
        self.failure: BaseException | None = None
        self.stop = threading.Event()
        self.known = threading.Event()
        """Set when the job row is there, or will never be."""
        self.thread = threading.Thread(target=self._run, args=(work,), name="job", daemon=True)

    def _run(self, work: Work) -> None:
        try:
            work(self._started, self.stop.is_set)
        except SmartsearchError as error:
            self.failure = error
            log.error("A task failed: %s", error)
        except BaseException as error:
            self.failure = error
            log.exception("A task failed.")
        finally:
            self.known.set()

    def _started(self, job_id: int) -> None:
        self.job_id = job_id
        self.known.set()


class BackgroundJobs:
    """Runs tasks and shows every job of the library, those of other processes too."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()
        self._task: _Task | None = None
        self._closed = False

    def start(self, work: Work) -> Job:
        """Start a task and return its job. LibraryBusyError while another one runs, here or in another process; and
        what the task raises before it has a job row."""
        with self._lock:
            if self._closed:
                raise LibraryBusyError("The server is shutting down.")
            if self._task is not None and self._task.thread.is_alive():
                raise LibraryBusyError(
                    "The library is being worked on.", hint="Wait for the running job, or cancel it."
                )
            task = self._task = _Task(work)
            task.thread.start()
        task.known.wait()
        if task.job_id is None:
            raise task.failure or LibraryError("The task ended before it began.")
        return self.job(task.job_id)

    def index(self, paths: list[str], *, recursive: bool = True, retry_errors: bool = False) -> Job:
        """Start an index run over these folders, or over all roots."""
        return self.start(
            lambda started, cancelled: self._library.index(
                [Path(path) for path in paths],
                recursive=recursive,
                retry_errors=retry_errors,
                started=started,
                cancelled=cancelled,
            )
        )

    def scan_faces(self) -> Job:
        """Start looking for faces wherever nobody has looked yet."""
        return self.start(lambda started, cancelled: self._library.faces.scan(started=started, cancelled=cancelled))

    def learn(self) -> Job:
        """Start learning from feedback."""
        return self.start(lambda started, cancelled: self._library.feedback.learn(started=started, cancelled=cancelled))

    def read_texts(self) -> Job:
        """Start reading every picture not read yet."""
        return self.start(lambda started, cancelled: self._library.ocr.run(started=started, cancelled=cancelled))

    def roots(self) -> list[Root]:
        """What is indexed."""
        return self._library.store.roots()

    def job(self, job_id: int) -> Job:
        """JobNotFoundError if there is none."""
        return self._seen(self._library.store.job(job_id))

    def jobs(self, limit: int) -> list[Job]:
        """Newest first."""
        return [self._seen(job) for job in self._library.store.jobs(limit)]

    def cancel(self, job_id: int) -> Job:
        """Ask a job to stop, also that of another process; one that has ended stays as it is."""
        job = self.job(job_id)
        if job.state == "running":
            self._library.store.request_cancel(job_id)
            task = self._task
            if task is not None and task.job_id == job_id:
                task.stop.set()
        return self.job(job_id)

    def close(self) -> bool:
        """Stop what is running and wait for it; the job can be resumed. False if it still runs after some seconds."""
        with self._lock:
            self._closed = True
            task = self._task
        if task is None:
            return True
        task.stop.set()
        task.thread.join(GOODBYE_SECONDS)
        return not task.thread.is_alive()

    def reopen(self) -> None:
        """Take tasks again."""
        with self._lock:
            self._closed = False

    def _seen(self, job: Job) -> Job:
        """A task goes on for a while after its last row: with automatic tags, with ordering the vector index. Whoever
        hears that it has ended can start the next."""
        task = self._task
        if task is None or task.job_id != job.id or not task.thread.is_alive() or job.state not in _ENDED:
            return job
        detail = {**job.detail, "current": "automatic tags"} if job.state == "done" else job.detail
        return replace(job, state="running", finished_at=None, detail=detail)
