"""Making a plain library an encrypted one, the other way round, or one under another key: whole or not at all.

The library is written anew beside the old one, read back, and takes its place by a rename; only then is the old one
overwritten and deleted. Killed at any moment, the old or the new library is there, and the next `Library.open` or
conversion finishes what was begun. What is rebuilt by itself (vector index, previews) is not carried over.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from smartsearch.backup import READY, THUMBNAILS, copy_own_files, finish_restore
from smartsearch.core.errors import DiskFullError, LibraryBusyError, LibraryCorruptError
from smartsearch.core.settings import ThumbnailSettings
from smartsearch.encryption.ciphers import LibraryKey
from smartsearch.encryption.keyfile import COPY, KEY_FILE, KeyFile
from smartsearch.indexing.lock import exclusive
from smartsearch.media.thumbnails import ThumbnailStore
from smartsearch.stores import folders
from smartsearch.stores.conversion import Exclusive
from smartsearch.stores.shredding import REPLACES, shred_file, shred_folder

DATABASE = "library.db"


@dataclass(frozen=True, slots=True)
class ConversionReport:
    """What was converted. ``bytes`` is the size of the library now, without what is rebuilt."""

    library: str
    encrypted: bool
    images: int
    thumbnails: int
    bytes: int
    seconds: float


def convert_library(
    library: Path, old: LibraryKey | None, new: LibraryKey | None, key_file: KeyFile | None
) -> ConversionReport:
    """Rewrite the library, that ``old`` opens, under ``new``, which ``key_file`` holds; None stands for plain.

    LibraryBusyError while any program has it open, DiskFullError before anything is changed (both libraries must fit
    beside each other), LibraryCorruptError: a damaged library is not converted.
    """
    started = time.monotonic()
    finish_conversion(library)
    _require_space(library)
    ready = library.with_name(f"{library.name}{READY}")
    shutil.rmtree(ready, ignore_errors=True)  # of a conversion that was killed
    aside = library.with_name(f".{library.name}.{os.urandom(4).hex()}.old")
    with ExitStack() as held:
        held.enter_context(exclusive(library))
        with (
            Exclusive(library / DATABASE, None if old is None else old.database) as database,
            folders.new_folder(ready) as part,
        ):
            images = database.export_to(part / DATABASE, None if new is None else new.database)
            thumbnails = _carry_thumbnails(library, part, database.file_hashes(), old, new)
            for _ in copy_own_files(library, part, leave=(KEY_FILE, COPY, REPLACES)):
                pass
            if key_file is not None:
                key_file.write(part)
            (part / REPLACES).write_text(aside.name, encoding="utf-8")
            shutil.copymode(library, part)
        if os.name == "nt":
            held.close()  # Windows renames no folder that has an open file
        os.rename(library, aside)
        if (aside / f"{DATABASE}-shm").exists():  # somebody came between
            os.rename(aside, library)
            shutil.rmtree(ready, ignore_errors=True)
            raise LibraryBusyError(f"Another program has just opened the library {library}.", hint="Close it first.")
    finish_restore(library)
    finish_conversion(library)
    size = sum(path.stat().st_size for path in library.rglob("*") if path.is_file())
    seconds = round(time.monotonic() - started, 3)
    return ConversionReport(str(library), new is not None, images, thumbnails, size, seconds)


def finish_conversion(library: Path) -> None:
    """Delete what a converted library replaces, if that is still there. Of an encrypted one the key goes first, so that
    what a disk keeps of the rest cannot be read; a plain one is overwritten.

    What the system does not let us delete now is tried again at the next opening.
    """
    note = library / REPLACES
    if not note.exists():
        return
    with suppress(OSError):
        name = note.read_text(encoding="utf-8")
        aside = library.with_name(Path(name).name)
        if name.startswith(f".{library.name}.") and name.endswith(".old") and aside.is_dir() and not aside.is_symlink():
            if any((aside / name).exists() for name in (KEY_FILE, COPY)):
                for name in (KEY_FILE, COPY):
                    shred_file(aside / name)
                shutil.rmtree(aside)
            else:
                shred_folder(aside)
        note.unlink()


def _carry_thumbnails(
    library: Path, part: Path, digests: list[bytes], old: LibraryKey | None, new: LibraryKey | None
) -> int:
    """Those that can be read; `doctor` and `index` make the others again."""
    source = ThumbnailStore(library, ThumbnailSettings(), None if old is None else old.files)
    target = ThumbnailStore(part, ThumbnailSettings(), None if new is None else new.files)
    carried = 0
    for digest in digests:
        webp = source.get(digest)
        if webp is not None:
            target.put(digest, webp)
            if target.get(digest) != webp:
                raise LibraryCorruptError("The disk does not give back what is written to it. Nothing was changed.")
            carried += 1
    return carried


def _require_space(library: Path) -> None:
    files = [library / DATABASE, library / f"{DATABASE}-wal", *(library / THUMBNAILS).rglob("*.webp")]
    needed = sum(path.stat().st_size for path in files if path.exists()) * 11 // 10
    free = shutil.disk_usage(library).free
    if free < needed:
        raise DiskFullError(
            f"The new library needs {needed >> 20:,} MiB beside the old one; {free >> 20:,} MiB are free.",
            hint="Free some space; nothing was changed.",
        )
