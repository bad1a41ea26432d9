"""Where the key of an encrypted library comes from: this session's memory, the system's keyring, or a passphrase.

`unlock` keeps the key for the session in a folder that exists in memory only and belongs to the user: XDG_RUNTIME_DIR
on Linux, emptied at logout (XDG Base Directory Specification). Nothing secret is ever written to a disk.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from smartsearch.core.errors import ConfigError, LibraryLockedError, UsageError, WrongKeyError
from smartsearch.encryption import system_keyring
from smartsearch.encryption.ciphers import LibraryKey
from smartsearch.encryption.keyfile import KeyFile, read_key_file

PASSPHRASE_FILE = "SMARTSEARCH_PASSPHRASE_FILE"
_IN_MEMORY = ("tmpfs", "ramfs")
LOCKED = "locked"
"""A file that `lock` writes into the library folder: a server that has the library open looks at its time."""


def available_key(folder: Path, environ: Mapping[str, str] = os.environ) -> LibraryKey | None:
    """The key of the library in ``folder`` without asking anybody; None if it is not encrypted.

    LibraryLockedError when nothing opens it, WrongKeyError for a wrong passphrase file, LibraryCorruptError for a
    damaged key file.
    """
    key_file = read_key_file(folder)
    if key_file is None:
        return None
    key = session_key(key_file, environ) or _from_keyring(key_file) or _from_file(key_file, environ)
    if key is None:
        raise LibraryLockedError(
            f"The library {folder} is encrypted and locked.",
            hint=f"`smartsearch unlock` asks for the passphrase; or name a file that holds it in {PASSPHRASE_FILE}.",
        )
    return key


def open_by_passphrase(folder: Path, passphrase: str) -> LibraryKey:
    """The key of the library in ``folder``. UsageError if it is not encrypted, WrongKeyError."""
    return required_key_file(folder).open_by_passphrase(passphrase)


def required_key_file(folder: Path) -> KeyFile:
    """UsageError for a library that is not encrypted."""
    key_file = read_key_file(folder)
    if key_file is None:
        raise UsageError(f"The library {folder} is not encrypted.", hint="`smartsearch encrypt` does that.")
    return key_file


# -- the session


def remember(key: LibraryKey, environ: Mapping[str, str] = os.environ) -> Path:
    """Keep the key until `forget`, or until the session or the machine ends. UsageError where the system has no place
    in memory for that."""
    folder = _session_folder(environ)
    if folder is None:
        raise UsageError(
            "This system has no folder in memory for the keys of a session (XDG_RUNTIME_DIR).",
            hint=f"Use `smartsearch unlock --keyring`, or name a passphrase file in {PASSPHRASE_FILE}.",
        )
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{key.library_id}.key"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.secret)
    return path


def forget(key_file: KeyFile, environ: Mapping[str, str] = os.environ) -> bool:
    """End the session of a library; returns whether there was one."""
    path = _session_file(key_file, environ)
    if path is None or not path.exists():
        return False
    path.unlink()
    return True


def session_key(key_file: KeyFile, environ: Mapping[str, str] = os.environ) -> LibraryKey | None:
    """The key that `remember` keeps. Nobody else's file counts."""
    path = _session_file(key_file, environ)
    if path is None:
        return None
    with suppress(OSError, ValueError):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o077:
            return LibraryKey(key_file.library_id, path.read_bytes())
    return None


def memory_folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """A folder of the user's that is in memory; None where there is none."""
    candidates = [environ.get("XDG_RUNTIME_DIR"), f"/run/user/{os.getuid()}"] if hasattr(os, "getuid") else []
    for candidate in filter(None, candidates):
        with suppress(OSError):
            status = os.stat(candidate)
            private = status.st_uid == os.getuid() and not status.st_mode & 0o077
            if stat.S_ISDIR(status.st_mode) and private and _file_system(candidate) in _IN_MEMORY:
                return Path(candidate)
    return None


def passing_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """A folder in memory for files of a moment, which must not reach a disk. UsageError where there is none."""
    folder = memory_folder(environ)
    shared = "/dev/shm"  # on Linux always in memory; what is made there is for the user alone
    if folder is None and os.access(shared, os.W_OK) and _file_system(shared) in _IN_MEMORY:
        folder = Path(shared)
    if folder is None:
        raise UsageError(
            "This system has no folder in memory, and a picture sent to an encrypted library must not reach a disk.",
            hint="Index the picture, or search on the command line: `smartsearch query --image FILE`.",
        )
    return folder


def _session_folder(environ: Mapping[str, str]) -> Path | None:
    folder = memory_folder(environ)
    return None if folder is None else folder / "smartsearch"


def _session_file(key_file: KeyFile, environ: Mapping[str, str]) -> Path | None:
    folder = _session_folder(environ)
    return None if folder is None else folder / f"{Path(key_file.library_id).name}.key"


def _file_system(path: str) -> str:
    """The type of the file system that holds the path (Linux); "" where it cannot be told."""
    if sys.platform != "linux":
        return ""
    best, kind = "", ""
    real = os.path.realpath(path)
    with suppress(OSError), open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as mounts:
        for line in mounts:
            _, point, found, *_ = line.split(" ")
            point = point.replace("\\040", " ")
            if len(point) >= len(best) and (real == point or real.startswith(point.rstrip("/") + "/")):
                best, kind = point, found
    return kind


# -- other ways


def _from_keyring(key_file: KeyFile) -> LibraryKey | None:
    """A keyring that cannot be asked, or holds something else, is as one that holds nothing."""
    if not key_file.has("keyring"):
        return None
    secret = system_keyring.get(key_file.library_id)
    with suppress(WrongKeyError):
        return None if secret is None else key_file.open_by_keyring(secret)
    return None


def _from_file(key_file: KeyFile, environ: Mapping[str, str]) -> LibraryKey | None:
    name = environ.get(PASSPHRASE_FILE)
    return key_file.open_by_passphrase(read_passphrase(Path(name))) if name else None


def read_passphrase(path: Path) -> str:
    """The first line of a file. ConfigError if it cannot be read."""
    try:
        with path.expanduser().open(encoding="utf-8") as file:
            return file.readline(10_000).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The passphrase file {path} cannot be read ({error}).") from error


# -- telling those who have the library open


def mark_locked(folder: Path) -> None:
    """Tell every server that has the library open to let go of its key. Raises OSError."""
    (folder / LOCKED).write_bytes(b"")
    os.utime(folder / LOCKED)


def lock_mark(folder: Path) -> int:
    """When the library was last locked, in ns; 0 for never. It grows with each `mark_locked`."""
    try:
        return (folder / LOCKED).stat().st_mtime_ns
    except OSError:
        return 0
