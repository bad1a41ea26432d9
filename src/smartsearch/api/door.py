"""The library that a server answers for: open, or encrypted and locked."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from smartsearch.access.accounts import Accounts
from smartsearch.access.audit import AuditLog
from smartsearch.api.background import BackgroundJobs
from smartsearch.config import Places
from smartsearch.core.errors import LibraryBusyError, LibraryLockedError
from smartsearch.core.settings import Settings
from smartsearch.encryption.keyfile import is_encrypted
from smartsearch.encryption.unlocking import lock_mark
from smartsearch.library import Library

if TYPE_CHECKING:
    from smartsearch.encryption.ciphers import LibraryKey

log = logging.getLogger("smartsearch.api")

PATIENCE_SECONDS = 5.0
"""How long answers that are under way may go on when the library is locked. Then they are given up."""

HINT = "An owner unlocks it on the web page, or with POST /api/v1/unlock."


class Door:
    """Opens and closes the library of a running server. Who may ask, and the audit log, do not depend on it: they
    belong to the home.

    The only one of the server to keep the library: once locked, nothing else holds it or its key.
    """

    def __init__(self, places: Places, settings: Settings, library: Library | None = None) -> None:
        self.places = places
        self.settings = settings
        """Those it was opened with last."""
        self._mark = lock_mark(places.library)
        """Of the last `lock` that this server knows of."""
        self.accounts = library.accounts if library else Accounts(places.home)
        self.audit = library.audit if library else AuditLog(places.home, settings.audit, places.library.name)
        self._library = library
        self._jobs = BackgroundJobs(library) if library else None
        self._opened_here = False
        self._changing = threading.Lock()
        """Held while it opens or closes: one guess of a passphrase at a time, too, which takes 64 MiB."""
        self._closing = False
        self.closings = 0
        """How often it was closed: an answer during which that grew has lost its library."""
        self._under_way = 0
        self._answered = threading.Condition()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._library is not None and self._opened_here:
            self._library.release()
        self.accounts.close()
        self.audit.close()

    @property
    def locked(self) -> bool:
        """Whether there is no library to be asked, also while it is being closed."""
        return self._library is None or self._closing

    @property
    def library(self) -> Library:
        """LibraryLockedError."""
        library = self._library
        if library is None:
            raise LibraryLockedError("The library is encrypted and locked.", hint=HINT)
        return library

    @property
    def jobs(self) -> BackgroundJobs:
        """LibraryLockedError."""
        jobs = self._jobs
        if jobs is None:
            raise LibraryLockedError("The library is encrypted and locked.", hint=HINT)
        return jobs

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Around every request: before the library is closed its answers are waited for."""
        with self._answered:
            self._under_way += 1
        try:
            yield
        finally:
            with self._answered:
                self._under_way -= 1
                self._answered.notify_all()

    def open(self, *, key: LibraryKey | None = None, create: bool = False) -> None:
        """Open the library by a key, or by what is found. Raises as `Library.open`."""
        with self._changing:
            self._open(key, create=create)

    def unlock(self, passphrase: str) -> None:
        """Open the library, if it is not open. WrongKeyError, and as `Library.open`."""
        with self._changing:
            if self._library is not None:
                return
            folder = self.places.library
            work = Library.encryption(self.places)
            self._open(work.open_by_passphrase(passphrase) if is_encrypted(folder) else None)
            log.info("the library was unlocked")

    def lock(self) -> None:
        """Close the library and forget its key, wherever it is kept. What runs is stopped, and can be resumed.

        UsageError for a library that is not encrypted; LibraryBusyError, and it stays open, when a job does not stop.
        """
        with self._changing:
            work = Library.encryption(self.places)
            work.require_encrypted()
            self._closing = True
            try:
                self._let_go()
            finally:
                self._closing = False
            work.lock()
            self._mark = lock_mark(self.places.library)
            log.info("the library was locked")

    def locked_elsewhere(self) -> bool:
        """Whether `smartsearch lock` was called while this server has the library open."""
        library = self._library
        return library is not None and library.key is not None and lock_mark(self.places.library) != self._mark

    def reload(self) -> None:
        """Read the settings anew. Those of a locked library stay as they were. ConfigError."""
        library = self._library
        if library is not None:
            library.reload()

    def close(self) -> None:
        """Stop what runs, and keep what is not saved yet. Whoever opened the library closes it."""
        with self._changing:
            if self._jobs is not None:
                self._jobs.close()
            if self._library is not None:
                self._library.recent.save(at_once=True)

    def _open(self, key: LibraryKey | None, *, create: bool = False) -> None:
        self._mark = lock_mark(self.places.library)  # first, so that no lock is missed meanwhile
        library = Library.open(self.places, self.settings, create=create, read_only=True, key=key)
        for own in (library.accounts, library.audit):
            own.close()
        library.accounts, library.audit = self.accounts, self.audit
        self._jobs, self._library, self._opened_here = BackgroundJobs(library), library, True

    def _let_go(self) -> None:
        library, jobs = self._library, self._jobs
        if library is None or jobs is None:
            return
        if not jobs.close():
            jobs.reopen()
            raise LibraryBusyError(
                "A job does not stop: the library is still open.", hint="Cancel it, wait, and lock again."
            )
        patience = time.monotonic() + PATIENCE_SECONDS
        with self._answered:  # all but the request that locks
            self._answered.wait_for(lambda: self._under_way <= 1, max(0.0, patience - time.monotonic()))
        library.recent.save(at_once=True)
        self.settings = library.settings
        self._library = self._jobs = None
        self.closings += 1
        library.release()
        del library, jobs
        gc.collect()  # its parts know each other
