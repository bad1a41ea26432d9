"""Connections to one SQLite file: settings, threads, transactions, and SQLite's errors in the program's own words."""

from __future__ import annotations

import errno
import queue
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from smartsearch.core.errors import (
    DiskFullError,
    LibraryBusyError,
    LibraryCorruptError,
    LibraryError,
    LibraryNotFoundError,
    LibraryReadOnlyError,
    LibraryTooNewError,
)
from smartsearch.stores.driver import connect, sqlite_errors
from smartsearch.stores.seal import write_seal
from smartsearch.stores.shredding import shred_file
from smartsearch.stores.upgrade import APPLICATION_ID, VERSIONS, create_database, upgrade_database

BUSY_SECONDS = 10.0
"""How long a writer waits for another process's transaction. Ours last well under a second."""

_NO_SHARED_MEMORY = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR)

Parameters = dict[str, object] | tuple[object, ...]


class Database:
    """One library file. Readers take a connection each from a pool; one writer at a time, over all threads.

    A commit is durable: the log is synced to the disk at each one (``synchronous = FULL``), because the program
    promises that a power cut loses no committed work. Batches make the cost one sync for hundreds of images.
    """

    def __init__(
        self, path: Path, *, key: bytes | None = None, read_only: bool = False, busy_seconds: float = BUSY_SECONDS
    ) -> None:
        """``key`` is that of an encrypted file."""
        self.path = path
        self.key = key
        self.read_only = read_only
        self._busy_seconds = busy_seconds
        self._immutable = False
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._write_lock = threading.RLock()
        self._closed = False
        self._broken = False
        try:
            with mapped_errors(path):
                self._open_first()
        except BaseException:
            self.close()  # a refused library is left as it was, without a log beside it
            raise

    @classmethod
    def create(cls, path: Path, *, key: bytes | None = None, busy_seconds: float = BUSY_SECONDS) -> Database:
        """Open the library at ``path``, making an empty one where there is none. Raises as the constructor does."""
        with mapped_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            create_database(path, key)
        return cls(path, key=key, busy_seconds=busy_seconds)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one unchanging state of the library until the block ends."""
        with mapped_errors(self.path):
            connection = self._take()
            try:
                connection.execute("BEGIN")
                yield connection
            except sqlite_errors():
                self._distrust()
                raise
            finally:
                with suppress(*sqlite_errors()):
                    connection.rollback()
                self._give_back(connection)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A connection in a write transaction: committed when the block ends, rolled back when it raises."""
        if self.read_only:
            raise LibraryReadOnlyError(f"The library {self.path} is open for reading only.")
        with self._write_lock, mapped_errors(self.path):
            connection = self._take()
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.commit()
            except sqlite_errors():
                self._distrust()
                raise
            finally:
                with suppress(*sqlite_errors()):
                    connection.rollback()
                self._give_back(connection)

    @contextmanager
    def erasing(self) -> Iterator[sqlite3.Connection]:
        """A write transaction of which nothing deleted is left. SQLite keeps deleted bytes until it needs the room, and
        earlier ones in its log: here they are overwritten, the file is written anew and the log emptied; copies that
        upgrades left are deleted.

        LibraryBusyError while another process reads or writes; what is deleted then is overwritten, but the log of
        earlier changes still stands: do it again.
        """
        with self.write() as connection:
            connection.execute("PRAGMA secure_delete = ON")
            yield connection
        self.compact()
        with mapped_errors(self.path):
            for copy in self.path.parent.glob(f"{self.path.name}.*.backup"):
                shred_file(copy)

    def compact(self) -> None:
        """Write the database file anew without what was deleted, and empty the log. LibraryBusyError while another
        process, or another thread of this one, is reading."""
        with self._write_lock, mapped_errors(self.path):
            connection = self._take()
            try:
                self._empty_log(connection)
                connection.execute("VACUUM")
                self._empty_log(connection)
            finally:
                self._give_back(connection)

    def _empty_log(self, connection: sqlite3.Connection) -> None:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise LibraryBusyError(f"Another process is using the library {self.path}.", hint="Close it and try again.")

    def close(self) -> None:
        """Close every idle connection. The last one to close folds the log into the database file."""
        self._closed = True
        self._close_idle()

    def _close_idle(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    def check_pages(self) -> list[str]:
        """What is wrong with the pages of an encrypted file: each carries its own proof."""
        with self.read() as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA cipher_integrity_check").fetchall()]
        if found:
            self._distrust()
        return found

    def seal(self) -> None:
        """Fold the log into the file and remember its checksums (see `seal`). Left out if others are busy with it,
        or the disk does not let us: a seal is a help, not a promise."""
        if self.read_only:
            return
        with suppress(LibraryError), self._write_lock, mapped_errors(self.path):
            connection = self._take()
            try:
                busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if not busy:
                    write_seal(self.path)
            finally:
                self._give_back(connection)

    # -- connections

    def _distrust(self) -> None:
        """An encrypted connection that has met a damaged page refuses whatever it is asked later: use it no more."""
        self._broken = self.key is not None

    def _take(self) -> sqlite3.Connection:
        if self._broken:
            self._broken = False
            self._close_idle()
        if self._closed:
            raise LibraryError(f"The library {self.path} is closed.")
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.put(connection)

    def _connect(self) -> sqlite3.Connection:
        mode = "ro" if self.read_only else "rw"
        uri = f"file:{quote(str(self.path.absolute()))}?mode={mode}{'&immutable=1' if self._immutable else ''}"
        connection = connect(
            uri, self.key, uri=True, timeout=self._busy_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA cache_size = -16384")
            connection.execute("PRAGMA trusted_schema = OFF")
        except BaseException:
            connection.close()
            raise
        return connection

    # -- opening

    def _open_first(self) -> None:
        if not self.path.is_file():
            raise LibraryNotFoundError(f"There is no library at {self.path}.")
        version = self._version()
        if version == VERSIONS[-1]:
            return
        if version not in VERSIONS:
            raise LibraryTooNewError(
                f"The library {self.path} has schema {version}; this program knows up to {VERSIONS[-1]}.",
                hint="Update smartsearch.",
            )
        if self.read_only:
            raise LibraryReadOnlyError(
                f"The library {self.path} has the older schema {version} and must be upgraded first.",
                hint="Open it once where it can be written.",
            )
        self.close()
        self._closed = False
        upgrade_database(self.path, version, self.key)

    def _version(self) -> str:
        """The schema version; opens the first connection on the way."""
        try:
            connection = self._connect()
        except sqlite_errors("OperationalError") as error:
            connection = self._connect_without_log(error)
        try:
            version = self._read_version(connection)
        except sqlite_errors("OperationalError") as error:
            connection.close()
            connection = self._connect_without_log(error)
            version = self._read_version(connection)
        except BaseException:
            connection.close()
            raise
        self._give_back(connection)
        return version

    def _read_version(self, connection: sqlite3.Connection) -> str:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise LibraryCorruptError(f"{self.path} is not a smartsearch library.")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        if row is None:
            raise LibraryCorruptError(f"{self.path} does not say which schema it has.")
        return str(row[0])

    def _connect_without_log(self, error: sqlite3.Error) -> sqlite3.Connection:
        """On read-only media or a full disk SQLite cannot make the log's shared-memory file: read the bare database.

        Right only when the log is empty, which it is after every orderly close.
        """
        base = _base_code(error)
        if not self.read_only or base not in _NO_SHARED_MEMORY:
            raise error
        log = Path(f"{self.path}-wal")
        if log.exists() and log.stat().st_size:
            raise LibraryReadOnlyError(
                f"The library {self.path} has unfinished changes in its log, and its disk cannot be written.",
                hint="Open it once where it can be written.",
            ) from error
        self._immutable = True
        return self._connect()


@contextmanager
def mapped_errors(path: Path) -> Iterator[None]:
    """Raise SQLite's and the system's errors as LibraryError and its kinds."""
    try:
        yield
    except _expected_errors() as error:
        raise library_error(error, path) from error


def _expected_errors() -> tuple[type[sqlite3.Error | OSError], ...]:
    return (*sqlite_errors(), OSError)


def library_error(error: sqlite3.Error | OSError, path: Path) -> LibraryError:
    """What the error means for the library at ``path``."""
    if isinstance(error, OSError):
        return _from_os(error, path)
    code = _base_code(error)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return LibraryCorruptError(
            f"The library database {path} is damaged ({error}).",
            hint="`smartsearch doctor` says what is damaged, `smartsearch restore BACKUP --replace` brings one back.",
        )
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(path)):
        return _disk_full(path)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return LibraryReadOnlyError(f"The library {path} cannot be written ({error}).", hint="Check its permissions.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LibraryBusyError(f"Another process is writing to the library {path}.", hint="Try again when it is done.")
    return LibraryError(f"The library {path} cannot be used ({error}).")


def _from_os(error: OSError, path: Path) -> LibraryError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _disk_full(path)
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return LibraryReadOnlyError(f"The library {path} cannot be written ({error}).", hint="Check its permissions.")
    return LibraryError(f"The library {path} cannot be used ({error}).")


def _disk_full(path: Path) -> DiskFullError:
    return DiskFullError(f"There is no space left for the library {path}.", hint="Free some space and run it again.")


def _is_full(path: Path) -> bool:
    """Whether so little space is left that it explains an I/O error: SQLite could not grow its shared-memory file."""
    try:
        return shutil.disk_usage(path.parent).free < 1 << 20
    except OSError:
        return False


def _base_code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
