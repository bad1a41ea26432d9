"""`smartsearch erase`: a folder's traces taken out of every file of the library, and looked for afterwards.

`prune` forgets: what it deletes stays in the files until something else needs the room. Here it is overwritten.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from smartsearch.core.query import InFolder
from smartsearch.core.spaces import NO_SPACE
from smartsearch.indexing.lock import exclusive
from smartsearch.media.thumbnails import ThumbnailStore
from smartsearch.search.recent import RecentQueries
from smartsearch.stores.shredding import shred_file
from smartsearch.stores.sqlite import SqliteStore

_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What was erased. ``left`` names files of the library in which the folder's path still stands (settings, an album
    that asks for it), to be changed by hand; ``indexed_by`` is the indexed folder it lies in: the next run would find
    its photos again."""

    folder: str
    images: int
    thumbnails: int
    left: tuple[str, ...]
    indexed_by: str | None


def traces(store: SqliteStore, folder: str) -> set[int]:
    """The images at the path and below it."""
    single = store.asset_by_path(folder)
    return set(store.select(InFolder(folder))) | ({single.id} if single else set())


def erase_folder(
    store: SqliteStore,
    thumbnails: ThumbnailStore,
    recent: RecentQueries,
    library: Path,
    folder: str,
    started: Callable[[int], None] = lambda _: None,
) -> ErasureReport:
    """Erase everything that is known of the images at and below ``folder`` (an absolute path): rows, vectors, faces,
    texts, thumbnails of which no other image is a copy, errors, finished jobs, earlier queries that name it, copies
    that upgrades left. The photos are not touched.

    ``started`` hears the id of the job, which does not name the folder. It cannot be stopped half-way.

    LibraryBusyError while another process works on the library, or reads from it: then run it again.
    """
    with exclusive(library):
        job = store.start_job("erase", {})
        started(job.id)
        try:
            report = _erased(store, thumbnails, recent, library, folder)
        except BaseException as error:
            store.update_job(job.id, done=0, errors=0, state="failed", detail={"error": type(error).__doc__ or ""})
            raise
        detail = {"left": list(report.left), "indexed_by": report.indexed_by}
        store.update_job(job.id, done=report.images, errors=0, total=report.images, state="done", detail=detail)
        store.seal()
    return report


def _erased(
    store: SqliteStore, thumbnails: ThumbnailStore, recent: RecentQueries, library: Path, folder: str
) -> ErasureReport:
    inside = os.path.join(folder, "")
    for root in store.roots():
        if root.path == folder or root.path.startswith(inside):
            store.remove_root(root.path)
    images = store.assets(sorted(traces(store, folder)))
    recent.forget([folder, os.path.basename(folder)])
    erased = store.erase([image.id for image in images], folder)
    shredded = 0
    for digest in {image.file_hash for image in images}:
        if not store.find_by_hash(digest, NO_SPACE):
            for path in thumbnails.files_of(digest):
                shred_file(path)
                shredded += 1
    left = tuple(sorted(str(path.relative_to(library)) for path in files_with(library, os.fsencode(inside))))
    above = [root.path for root in store.roots() if folder.startswith(os.path.join(root.path, ""))]
    return ErasureReport(folder, erased, shredded, left, max(above, key=len, default=None))


def files_with(library: Path, wanted: bytes) -> Iterator[Path]:
    """The files of a folder that hold these bytes. Reads all of them."""
    for parent, _, names in os.walk(library):
        for name in names:
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink() and _holds(path, wanted):
                yield path


def _holds(path: Path, wanted: bytes) -> bool:
    overlap = b""
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            if wanted in overlap + piece:
                return True
            overlap = piece[-len(wanted) :]
    return False
