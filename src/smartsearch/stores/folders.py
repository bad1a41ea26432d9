"""Folders that appear whole or not at all, each with a manifest of what is in it: backups and exports.

The manifest is the last file written. It is JSON lines: a header, one line a file, and a last line with the SHA-256 of
all lines before it, so that a damaged or shortened manifest is known as such.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from smartsearch.core.errors import BackupDamagedError, DiskFullError, LibraryBusyError, UsageError

MANIFEST = "manifest.jsonl"
NO_MEDIA = ".nomedia"
"""Keeps the pictures in the folder out of every index, ours included."""

_LOCK = "being-written.lock"
_CHUNK = 1 << 20

_SYNC_COVERS_ALL = sys.platform == "linux"
"""There sync(2) waits until everything is on the disk: one call instead of one for each of a million thumbnails."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the folder: its path with forward slashes, its length in bytes, its SHA-256 in hexadecimal."""

    path: str
    bytes: int
    sha256: str


@contextmanager
def new_folder(destination: Path) -> Iterator[Path]:
    """A folder to fill. When the block ends it is synced to the disk and takes its place by one rename; when the block
    raises, or the process dies, there is nothing at ``destination``.

    UsageError if there is something already or the place cannot be written, DiskFullError, LibraryBusyError when
    another process is filling the same one.
    """
    from filelock import FileLock, Timeout

    refuse_existing(destination)
    part = destination.with_name(f".{destination.name}.part")
    with _destination_errors(destination):
        destination.parent.mkdir(parents=True, exist_ok=True)
        part.mkdir(mode=0o700, exist_ok=True)  # what is in it is as private as the library
    lock = FileLock(part / _LOCK, timeout=0, is_singleton=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise LibraryBusyError(f"Another smartsearch is writing {destination} right now.") from error
    try:
        with _destination_errors(destination):
            _empty(part)
            yield part
            settle(part)
            lock.release()
            (part / _LOCK).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                destination.rmdir()  # an empty folder that was there
            os.rename(part, destination)
            sync_folder(destination.parent)
    except BaseException:
        lock.release()
        shutil.rmtree(part, ignore_errors=True)
        raise


def refuse_existing(destination: Path) -> None:
    """UsageError unless ``destination`` is free: nothing is there, or an empty folder."""
    try:
        occupied = os.path.lexists(destination) and (
            destination.is_symlink() or not destination.is_dir() or any(destination.iterdir())
        )
    except OSError as error:
        raise UsageError(f"{destination} cannot be read: {error.strerror}.") from error
    if occupied:
        raise UsageError(f"There is something at {destination} already.", hint="Name a new or an empty folder.")


def add_file(folder: Path, name: str, source: Path) -> Entry | None:
    """Copy a regular file into the folder; None if there is no such file any more. Symbolic links are not followed."""
    try:
        descriptor = os.open(source, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return None
        raise
    with os.fdopen(descriptor, "rb") as original:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return add_content(folder, name, iter(lambda: original.read(_CHUNK), b""))


def add_content(folder: Path, name: str, chunks: Iterable[bytes]) -> Entry:
    """Write a new file into the folder. Its checksum is of what was handed in, not of what the disk made of it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    total, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for chunk in chunks:
            total.update(chunk)
            size += len(chunk)
            file.write(chunk)
        if not _SYNC_COVERS_ALL:
            file.flush()
            os.fsync(file.fileno())
    return Entry(name, size, total.hexdigest())


def settle(folder: Path) -> None:
    """Wait until all that was added to the folder is on the disk."""
    if _SYNC_COVERS_ALL:
        os.sync()
    else:
        for parent, _, _ in os.walk(folder):
            sync_folder(Path(parent))


def entry_of(folder: Path, name: str) -> Entry:
    """What the manifest says of a file, read from the disk rather than from memory where the system lets us."""
    with (folder / name).open("rb") as file:
        if hasattr(os, "posix_fadvise"):
            with suppress(OSError):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Entry(name, file.tell(), digest)


def write_manifest(folder: Path, header: Mapping[str, Any], entries: Iterable[Entry]) -> None:
    """Name every file of the folder. Nothing is whole before this."""
    total = hashlib.sha256()

    def lines() -> Iterator[bytes]:
        for line in (header, *map(asdict, entries)):
            text = json.dumps(line).encode() + b"\n"
            total.update(text)
            yield text
        yield json.dumps({"sha256_of_lines_above": total.hexdigest()}).encode() + b"\n"

    add_content(folder, MANIFEST, lines())


def read_manifest(folder: Path) -> tuple[dict[str, Any], list[Entry]]:
    """Header and files. UsageError if there is none, BackupDamagedError if it is not as it was written."""
    try:
        data = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{folder} is no backup of smartsearch, or an unfinished one: {MANIFEST} is missing or cannot be read."
        ) from error
    *lines, last = data.splitlines(keepends=True) or [b""]
    try:
        if json.loads(last)["sha256_of_lines_above"] != hashlib.sha256(b"".join(lines)).hexdigest():
            raise ValueError("checksum")
        header, *rest = map(json.loads, lines)
        entries = [Entry(**entry) for entry in rest]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, MANIFEST) from error
    for entry in entries:
        _require_inside(entry.path)
    return header, entries


def verify(folder: Path, entries: Iterable[Entry]) -> None:
    """BackupDamagedError, naming the first file that is not byte for byte what the manifest says."""
    for entry in entries:
        try:
            found = entry_of(folder, entry.path)
        except OSError as error:
            raise _damaged(folder, entry.path) from error
        if found != entry:
            raise _damaged(folder, entry.path)


def sync_folder(folder: Path) -> None:
    """Make names in the folder survive a power cut, where the system can (not on Windows)."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _empty(folder: Path) -> None:
    """Remove what a killed process left."""
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry.name != _LOCK:
            entry.unlink()


def _require_inside(name: str) -> None:
    """A manifest from elsewhere must not name files outside its folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name or not path.parts:
        raise BackupDamagedError(f"The manifest names {name!r}, which is not a file of the backup.")


def _damaged(folder: Path, name: str) -> BackupDamagedError:
    return BackupDamagedError(
        f"{folder / name} is missing or not what was backed up.", hint="Use another backup; nothing was changed."
    )


@contextmanager
def _destination_errors(destination: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFullError(
                f"There is no space left for {destination}.", hint="Nothing was kept there; free some and repeat."
            ) from error
        raise UsageError(f"{destination} cannot be written: {(error.strerror or str(error)).lower()}.") from error
