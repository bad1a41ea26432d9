"""Opening a user's file safely: read-only, regular files only, never waiting on a FIFO or a device."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, BytesIO

from smartsearch.core.assets import FileIdentity
from smartsearch.core.errors import FileAccessError

_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # opening a FIFO without a writer would otherwise wait for one
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """An open file and what ``fstat`` said of it right after opening."""

    stream: BufferedReader | BytesIO
    identity: FileIdentity

    def check_unchanged(self) -> None:
        """FileAccessError if the file was written to since it was opened."""
        if isinstance(self.stream, BytesIO):
            return
        if identity_of(os.fstat(self.stream.fileno())) != self.identity:
            raise FileAccessError("The file changed while it was being read.")


def identity_of(status: os.stat_result) -> FileIdentity:
    """The identity that ``status`` describes."""
    return FileIdentity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@contextmanager
def open_regular(path: str | os.PathLike[str]) -> Iterator[OpenedFile]:
    """Open a regular file for reading. FileAccessError if it is absent, not allowed, or not a regular file.

    An I/O error raised inside the ``with`` block is mapped to FileAccessError too.
    """
    with access_errors():
        try:
            descriptor = os.open(path, _OPEN_FLAGS)
        except ValueError as error:  # a NUL character in the path
            raise FileAccessError("The path is not valid.") from error
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise FileAccessError("It is not a regular file.")
            yield OpenedFile(stream, identity_of(status))


@contextmanager
def in_memory(data: bytes) -> Iterator[OpenedFile]:
    """Bytes as if they were a file's."""
    yield OpenedFile(BytesIO(data), FileIdentity(0, 0, len(data), 0))


@contextmanager
def access_errors() -> Iterator[None]:
    """Map the operating system's errors to FileAccessError with a plain reason."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileAccessError("The file is no longer there.") from error
    except PermissionError as error:
        raise FileAccessError("The file may not be read (permission denied).") from error
    except IsADirectoryError as error:
        raise FileAccessError("It is not a regular file.") from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "input/output error"
        raise FileAccessError(f"The file cannot be read ({reason.lower()}).") from error
