"""A small SQLite file that only its owner may read, and the secret beside it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartsearch.core.errors import AccessError

KEY_NAME = "access.key"
_KEY_BYTES = 32
_BUSY_SECONDS = 10.0


class PrivateDatabase:
    """One SQLite file, made with ``schema`` when it is first written. Safe to use from several threads.

    ``version`` goes into ``PRAGMA user_version``; a file with another one is refused. Errors are AccessError.
    """

    def __init__(self, path: Path, schema: str, version: int = 1, *, synchronous: str = "FULL") -> None:
        self.path = path
        self._schema = schema
        self._version = version
        self._synchronous = synchronous
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    @property
    def exists(self) -> bool:
        """Whether anything was ever written."""
        return self._connection is not None or self.path.exists()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection, for statements that only read. Call only if it `exists`."""
        with self._lock, self._mapped():
            yield self._opened()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """The connection in a write transaction; makes the file. Committed when the block ends, else rolled back."""
        with self._lock, self._mapped():
            connection = self._opened()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            _make_private(self.path)
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > self._version:
            raise AccessError(f"{self.path} is of a newer smartsearch.", hint="Update this one.")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {self._synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA secure_delete = ON")
        if found == 0:
            # Two processes may come here at once: the second one finds the tables made.
            connection.executescript(f"BEGIN IMMEDIATE; {self._schema}; PRAGMA user_version = {self._version}; COMMIT;")

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise AccessError(
                f"{self.path} cannot be used: {error}.", hint="Check its permissions and disk."
            ) from error


def secret(home: Path, purpose: str) -> bytes:
    """32 secret bytes of this home for one purpose, from one key file that is made when it is first asked for."""
    path = home / KEY_NAME
    try:
        key = _read_key(path) or _make_key(path)
    except OSError as error:
        raise AccessError(f"{path} cannot be used: {error.strerror}.", hint="Check its permissions.") from error
    return hmac.digest(key, f"smartsearch {purpose}".encode(), hashlib.sha256)


def _read_key(path: Path) -> bytes | None:
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(key) != _KEY_BYTES:
        raise AccessError(
            f"{path} is damaged.", hint="Move it away: a new one is made, and everybody has to log in again."
        )
    return key


def _make_key(path: Path) -> bytes:
    """Written beside and linked into place, so that nobody ever reads half a key, and of two writers one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            target.write(secrets.token_bytes(_KEY_BYTES))
            target.flush()
            os.fsync(target.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            if not path.exists():
                os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    key = _read_key(path)
    if key is None:
        raise AccessError(f"{path} is gone.")
    return key


def _make_private(path: Path) -> None:
    """SQLite gives its log the rights of the database file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
