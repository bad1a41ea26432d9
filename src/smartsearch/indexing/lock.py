"""One indexer at a time: a lock file that the operating system releases when its holder dies."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartsearch.core.errors import DiskFullError, LibraryBusyError, LibraryReadOnlyError


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold the library's write lock. LibraryBusyError, at once, when another process (or thread) has it."""
    from filelock import FileLock, Timeout

    path = folder / "index.lock"
    lock = FileLock(path, timeout=0, is_singleton=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise LibraryBusyError(
            f"Another smartsearch is at work on {folder} right now (indexing, tagging, pruning or repairing).",
            hint="Wait for it, or stop it with Ctrl-C there. Searching goes on meanwhile.",
        ) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFullError(f"No space is left for {folder}.", hint="Free some and run it again.") from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise LibraryReadOnlyError(
                f"The library {folder} cannot be written: {os.strerror(error.errno)}.",
                hint="Searching still works; to index, make the folder writable or choose another with --library.",
            ) from error
        raise
    try:
        yield
    finally:
        lock.release()
