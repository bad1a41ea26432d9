"""A consistent copy of the database while others write to it, and the proof that a copy is sound."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from smartsearch.core.errors import DiskFullError, LibraryBusyError, LibraryCorruptError, LibraryTooNewError
from smartsearch.stores.connection import library_error, mapped_errors
from smartsearch.stores.driver import connect, sqlite_errors
from smartsearch.stores.upgrade import APPLICATION_ID, VERSIONS


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What a database file says of itself."""

    schema: str
    generation: int
    images: int


def copy_database(connection: sqlite3.Connection, target: Path, key: bytes | None = None) -> None:
    """Copy the state that the connection's transaction sees into the new file ``target``, durably. Writers go on.

    ``key`` is that of the database, if it is encrypted; the copy is so, too."""
    try:
        with closing(connect(target, key)) as copy:
            copy.execute("PRAGMA synchronous = FULL")
            connection.backup(copy)
    except sqlite_errors("OperationalError") as error:
        if isinstance(library_error(error, target), DiskFullError):
            raise DiskFullError(
                f"There is no space left for {target}.", hint="Nothing was kept there; free some and repeat."
            ) from error
        raise


def check_database(path: Path, key: bytes | None = None) -> DatabaseFacts:
    """Read all of a closed database file. LibraryCorruptError, naming the first fault; LibraryTooNewError.

    The file must have no log: nothing is written, not even SQLite's shared memory beside it.
    """
    uri = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    with mapped_errors(path), closing(connect(uri, key, uri=True)) as connection:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise LibraryCorruptError(f"{path} is not a smartsearch library.")
        schema = str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
        if schema not in VERSIONS:
            raise LibraryTooNewError(
                f"{path} has schema {schema}; this program knows up to {VERSIONS[-1]}.", hint="Update smartsearch."
            )
        (first,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if first != "ok":
            raise LibraryCorruptError(
                f"The database is damaged ({first}), so this copy of it was not kept.",
                hint="Keep your older backups, and run `smartsearch doctor`.",
            )
        generation, images = connection.execute(
            "SELECT (SELECT generation FROM library), (SELECT count(*) FROM images)"
        ).fetchone()
        return DatabaseFacts(schema, generation, images)


def require_unused(path: Path, key: bytes | None = None) -> None:
    """LibraryBusyError if any other connection, of this process or another, has the database open."""
    with closing(connect(path, key, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite_errors() as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise LibraryBusyError(
                    f"Another program has the library {path.parent} open.",
                    hint="Stop `smartsearch serve`, `watch` or `index` first.",
                ) from error
            # Damaged, too new, or not to be written: no reason not to put it aside.
