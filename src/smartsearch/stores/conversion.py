"""A database written anew under another key, while nobody else has it open."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Self

from smartsearch.core.errors import LibraryBusyError, LibraryCorruptError
from smartsearch.stores.backup import check_database
from smartsearch.stores.connection import mapped_errors
from smartsearch.stores.driver import connect_to_convert, key_literal
from smartsearch.stores.upgrade import APPLICATION_ID


class Exclusive:
    """The database at ``path``, plain or encrypted under ``key``, closed to everybody else for the ``with`` block.

    LibraryBusyError if any other connection, of this process or another, has it open.
    """

    def __init__(self, path: Path, key: bytes | None) -> None:
        self._path = path
        self._key = key

    def __enter__(self) -> Self:
        with mapped_errors(self._path):
            self._connection = connect_to_convert(self._path, self._key)
            try:
                self._take_alone()
            except LibraryBusyError as error:
                self._connection.close()
                raise LibraryBusyError(
                    f"Another program has the library {self._path.parent} open.",
                    hint="Stop `smartsearch serve`, `watch` or `index` first.",
                ) from error
            except BaseException:
                self._connection.close()
                raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def _take_alone(self) -> None:
        with mapped_errors(self._path):
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # kept until the connection is closed
            self._connection.execute("BEGIN EXCLUSIVE")
            self._connection.execute("COMMIT")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def file_hashes(self) -> list[bytes]:
        """The SHA-256 of every image's file."""
        with mapped_errors(self._path):
            return [row[0] for row in self._connection.execute("SELECT DISTINCT file_hash FROM images")]

    def export_to(self, target: Path, key: bytes | None) -> int:
        """Write all that is in it to a new file, encrypted under ``key`` or plain, and check what was written. Returns
        the number of images. LibraryCorruptError if the database is damaged."""
        connection = self._connection
        with mapped_errors(self._path):
            self._check()
            connection.execute("ATTACH DATABASE ? AS converted KEY ?", (str(target), key_literal(key)))
            connection.execute("PRAGMA converted.synchronous = FULL")
            connection.execute("SELECT sqlcipher_export('converted')")
            connection.execute(f"PRAGMA converted.application_id = {APPLICATION_ID}")
            connection.execute("PRAGMA converted.journal_mode = WAL")
            connection.execute("DETACH DATABASE converted")
            known = _totals(connection)
        facts = check_database(target, key)
        if (facts.images, facts.generation) != known:
            raise LibraryCorruptError("What was written is not what was read. Nothing was changed.")
        return facts.images

    def _check(self) -> None:
        """Every page, before any of it is trusted."""
        (first,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
        if first != "ok":
            raise LibraryCorruptError(
                f"The database is damaged ({first}). Nothing was changed.", hint="Run `smartsearch doctor` first."
            )


def _totals(connection: sqlite3.Connection) -> tuple[int, int]:
    images, generation = connection.execute(
        "SELECT (SELECT count(*) FROM main.images), (SELECT generation FROM main.library)"
    ).fetchone()
    return int(images), int(generation)
