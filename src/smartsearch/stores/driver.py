"""Which SQLite opens a library file: Python's own, or, with a key, SQLCipher's, which has the same interface.

SQLCipher encrypts each page by AES-256-CBC and authenticates it by HMAC-SHA512. It is loaded for encrypted libraries
only.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from smartsearch.core.errors import EncryptionUnavailableError

_CIPHER = "sqlcipher3.dbapi2"


def connect(database: Path | str, key: bytes | None = None, **options: Any) -> sqlite3.Connection:
    """A connection as `sqlite3.connect` makes it, to a file encrypted under ``key`` (32 bytes) if there is one.

    Nothing is read yet: a key that does not fit shows as "file is not a database" at the first statement.
    EncryptionUnavailableError without the extra; raises as `sqlite3.connect`, see `sqlite_errors`.
    """
    if key is None:
        plain: sqlite3.Connection = sqlite3.connect(database, **options)
        return plain
    return _keyed(cast("sqlite3.Connection", driver(key).connect(database, **options)), key)


def connect_to_convert(path: Path, key: bytes | None) -> sqlite3.Connection:
    """An autocommit connection to a plain or encrypted file, that can attach files under other keys. Never waits."""
    module = driver(b"")
    return _keyed(cast("sqlite3.Connection", module.connect(path, timeout=0, isolation_level=None)), key)


def _keyed(connection: sqlite3.Connection, key: bytes | None) -> sqlite3.Connection:
    try:
        connection.execute("PRAGMA cipher_log_level = NONE")  # it would write to standard error
        if key is not None:
            connection.execute(f'PRAGMA key = "{key_literal(key)}"')
    except BaseException:
        connection.close()
        raise
    return connection


def driver(key: bytes | None) -> ModuleType:
    """The DB-API module for files under this key."""
    if key is None:
        return sqlite3
    try:
        import sqlcipher3.dbapi2
    except ImportError as error:
        raise EncryptionUnavailableError.missing("sqlcipher3") from error
    module: ModuleType = sqlcipher3.dbapi2
    return module


def key_literal(key: bytes | None) -> str:
    """A raw key as SQLCipher reads it, without stretching; empty for a plain file."""
    return "" if key is None else f"x'{key.hex()}'"


def sqlite_errors(kind: str = "Error") -> tuple[type[sqlite3.Error], ...]:
    """The exception class of this name of every SQLite that is loaded, for ``except``."""
    loaded = filter(None, (sqlite3, sys.modules.get(_CIPHER)))
    return tuple(cast("type[sqlite3.Error]", getattr(module, kind)) for module in loaded)


def name_rows(cursor: sqlite3.Cursor) -> None:
    """Have the cursor give rows whose columns go by name."""
    module = sys.modules[type(cursor).__module__]
    cursor.row_factory = module.Row
