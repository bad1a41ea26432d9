"""Making a library database, and bringing an older one up to date. The only place that loads Alembic."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from smartsearch.stores.driver import connect, driver

VERSIONS: tuple[str, ...] = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
)
"""Every schema this program knows, oldest first. Kept here so that opening a current library need not load Alembic."""

APPLICATION_ID = 0x536D5365
"""Marks the file as a library of this program (PRAGMA application_id; "SmSe" in ASCII)."""


_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps the migration that runs in a module of its own, one for the whole process."""


def create_database(path: Path, key: bytes | None = None) -> None:
    """Make an empty library at ``path``, encrypted if there is a ``key``, whole or not at all: it is built beside and
    put in place by one rename.

    Does nothing if there is a file already. Raises sqlite3.Error and OSError.
    """
    with _ONE_AT_A_TIME:
        if not path.exists():
            _build(path, key)


def _build(path: Path, key: bytes | None) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    new.unlink(missing_ok=True)
    try:
        with closing(connect(new, key, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            run_migrations(connection, key=key)
        _publish(new, path)
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"{new}{suffix}").unlink(missing_ok=True)


def _publish(new: Path, path: Path) -> None:
    try:
        os.link(new, path)  # unlike a rename, never replaces a library that another process has just made
    except FileExistsError:
        pass
    except OSError:  # no hard links here (FAT, some network shares)
        if not path.exists():
            os.replace(new, path)


def upgrade_database(path: Path, version: str, key: bytes | None = None) -> Path:
    """Bring the library at ``path`` from schema ``version`` to the newest, after copying it.

    Returns the path of the copy, ``<name>.<version>.backup``, encrypted as the library is. The migration is one
    transaction.
    """
    backup = path.with_name(f"{path.name}.{version}.backup")
    partial = backup.with_name(f"{backup.name}.part")
    partial.unlink(missing_ok=True)
    with _ONE_AT_A_TIME, closing(connect(path, key, isolation_level=None)) as connection:
        with closing(connect(partial, key)) as copy:
            connection.backup(copy)
        os.replace(partial, backup)
        run_migrations(connection, key=key)
    return backup


def run_migrations(connection: sqlite3.Connection, target: str = "head", *, key: bytes | None = None) -> None:
    """Run the missing steps on an autocommit connection, all in one transaction. Raises sqlite3.Error."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, event
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.pool import StaticPool

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    engine = create_engine("sqlite://", module=driver(key), creator=lambda: connection, poolclass=StaticPool)
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as bound:
            config.attributes["connection"] = bound
            command.upgrade(config, target)
    except DBAPIError as error:
        raise error.orig or error from error  # a full or broken disk, as SQLite says it
