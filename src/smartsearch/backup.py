"""`smartsearch backup` and `smartsearch restore`: a library as a folder of checked files, and back.

A backup holds the database, the library's own settings and word lists, and the thumbnails. What is rebuilt by itself
(vector index, previews) stays out. Models are not part of a library.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from smartsearch.core.errors import LibraryExistsError, UsageError
from smartsearch.encryption.ciphers import LibraryKey
from smartsearch.encryption.unlocking import LOCKED
from smartsearch.indexing.lock import exclusive
from smartsearch.stores import folders
from smartsearch.stores.backup import check_database, require_unused
from smartsearch.stores.folders import Entry
from smartsearch.stores.shredding import REPLACES
from smartsearch.stores.sqlite import SqliteStore

FORMAT = 1
"""Of the folder's layout. A backup of a newer one is refused."""

DATABASE = "library.db"
THUMBNAILS = "thumbs"
_NOT_COPIED = (DATABASE, "index.lock", LOCKED, REPLACES, folders.MANIFEST, folders.NO_MEDIA)
"""Of the files at the top of a library folder; also left out: what begins with the database's name or with a dot."""

READY = ".restored"
"""What is behind the name of a library that is ready to take its place."""


@dataclass(frozen=True, slots=True)
class BackupReport:
    """A backup that was written and read back. ``bytes`` is its size, ``images`` how many it knows."""

    path: str
    created_at: str
    images: int
    files: int
    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """``replaced`` is where the library that was there is now."""

    library: str
    images: int
    files: int
    replaced: str | None


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup whose every byte was checked."""

    folder: Path
    created_at: str
    images: int
    entries: tuple[Entry, ...]


def create_backup(
    store: SqliteStore,
    library: Path,
    destination: Path,
    *,
    thumbnails: bool = True,
    key: LibraryKey | None = None,
) -> BackupReport:
    """Write the library as it is at one moment, read it back, and only then let it appear at ``destination``.

    The backup of an encrypted library, which ``key`` opens, is encrypted, and opened as the library is.

    Safe while another process indexes. UsageError if ``destination`` is taken or inside the library; DiskFullError;
    LibraryCorruptError if the database is damaged: a damaged one never takes the place of a good backup.
    """
    if destination == library or library in destination.parents:
        raise UsageError(f"{destination} is inside the library.", hint="Choose a place outside, best on another disk.")
    started, created_at = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds")
    with folders.new_folder(destination) as part:
        store.copy_to(part / DATABASE)
        facts = check_database(part / DATABASE, _of_database(key))
        entries = [folders.entry_of(part, DATABASE)]
        entries += copy_own_files(library, part)
        if thumbnails:
            entries += _copy_thumbnails(library, part)
        folders.add_content(part, folders.NO_MEDIA, ())
        header = {
            "smartsearch_backup": FORMAT,
            "version": version("smartsearch"),
            "created_at": created_at,
            "schema": facts.schema,
            "generation": facts.generation,
            "images": facts.images,
        }
        folders.write_manifest(part, header, entries)
        folders.settle(part)
        folders.verify(part, entries)
    size = sum(entry.bytes for entry in entries)
    seconds = round(time.monotonic() - started, 3)
    return BackupReport(str(destination), created_at, facts.images, len(entries), size, seconds)


def check_backup(source: Path, key: LibraryKey | None = None) -> Backup:
    """Read all of a backup, which ``key`` opens if it is encrypted.

    UsageError if it is none or not whole, BackupDamagedError, LibraryTooNewError.
    """
    header, entries = folders.read_manifest(source)
    if header.get("smartsearch_backup") != FORMAT or DATABASE not in (entry.path for entry in entries):
        raise UsageError(f"{source} is no backup that this version of smartsearch can read.", hint="Update it.")
    folders.verify(source, entries)
    facts = check_database(source / DATABASE, _of_database(key))
    return Backup(source, str(header.get("created_at")), facts.images, tuple(entries))


def restore_backup(
    source: Path,
    library: Path,
    *,
    replace: bool = False,
    key: LibraryKey | None = None,
    replaced_key: LibraryKey | None = None,
) -> RestoreReport:
    """Make the library folder what the backup says, whole or not at all. ``key`` opens the backup and ``replaced_key``
    the library that is there, each if it is encrypted.

    A library that is there is in the way (LibraryExistsError) unless ``replace``: then it is put aside, not deleted.
    LibraryBusyError while any program has it open. Whatever is raised, the library that was there is still there; after
    a power cut in the middle the next `Library.open` finds the old or the new one (see `finish_restore`).
    """
    backup = check_backup(source, key)
    occupied = os.path.lexists(library) and (not library.is_dir() or any(library.iterdir()))
    if occupied and not replace:
        raise LibraryExistsError(
            f"There is a library at {library} already.", hint="Use --replace to put it aside, or another --library."
        )
    ready = library.with_name(f"{library.name}{READY}")
    shutil.rmtree(ready, ignore_errors=True)  # made by a restore that was given up
    with folders.new_folder(ready) as part:
        for entry in backup.entries:
            folders.add_file(part, entry.path, source / entry.path)
        if occupied and library.is_dir():
            shutil.copymode(library, part)
        folders.settle(part)
        folders.verify(part, backup.entries)
    replaced = None
    with _put_aside(library, replaced_key) if occupied else nullcontext() as aside:
        if aside is not None:
            os.rename(library, aside)
            replaced = str(aside)
        elif library.is_dir():
            library.rmdir()
        finish_restore(library)
    return RestoreReport(str(library), backup.images, len(backup.entries), replaced)


def finish_restore(library: Path) -> None:
    """If nothing is at ``library`` but a restored folder is ready beside it, move it in: the last step of a restore,
    done by whoever comes first after a power cut."""
    ready = library.with_name(f"{library.name}{READY}")
    if not os.path.lexists(library) and (ready / DATABASE).is_file():
        os.rename(ready, library)
        folders.sync_folder(library.parent)


@contextmanager
def _put_aside(library: Path, key: LibraryKey | None) -> Iterator[Path]:
    """Where the old library may go, while nobody uses it."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = library.with_name(f"{library.name}.replaced-{stamp}")
    number = 1
    while os.path.lexists(aside):
        number += 1
        aside = library.with_name(f"{library.name}.replaced-{stamp}-{number}")
    with ExitStack() as held:
        if library.is_dir():
            held.enter_context(exclusive(library))
        if (library / DATABASE).is_file():
            require_unused(library / DATABASE, _of_database(key))
        if os.name == "nt":
            held.close()  # Windows renames no folder that has an open file
        yield aside


def copy_own_files(library: Path, part: Path, leave: Collection[str] = ()) -> Iterator[Entry]:
    """Settings, word lists, the key file: every regular file at the top of the library folder but the database, what is
    rebuilt, and those to ``leave``."""
    for path in sorted(library.iterdir()):
        if path.name in (*_NOT_COPIED, *leave) or path.name.startswith((DATABASE, ".")):
            continue
        entry = folders.add_file(part, path.name, path) if path.is_file() else None
        if entry is not None:
            yield entry


def _of_database(key: LibraryKey | None) -> bytes | None:
    return None if key is None else key.database


def _copy_thumbnails(library: Path, part: Path) -> Iterator[Entry]:
    for path in sorted((library / THUMBNAILS).glob("??/*.webp")):
        entry = folders.add_file(part, path.relative_to(library).as_posix(), path)
        if entry is not None:
            yield entry
