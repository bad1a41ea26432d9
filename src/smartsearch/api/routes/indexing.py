"""What is indexed: folders, what is left out of them, runs over them, and files that could not be read."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from smartsearch.api.browsing import MAX_FOLDERS, allowed_folders, is_inside, require_allowed, subfolders
from smartsearch.api.deps import JobsDep, LibraryDep
from smartsearch.api.routes.jobs import Job
from smartsearch.api.schemas import PathText, Strict, Words, offset_of, shown
from smartsearch.core.assets import Root as StoredRoot
from smartsearch.core.errors import PathNotFoundError, UsageError
from smartsearch.core.query import And, InFolder, Shown
from smartsearch.library import Library

router = APIRouter(tags=["index"])


class Scan(Strict):
    """What to look at."""

    paths: list[PathText] = Field(
        [],
        max_length=100,
        description="Folders or files. None: all indexed folders.",
        examples=[["/home/anna/Pictures"]],
    )
    recursive: bool = True
    retry_errors: bool = Field(False, description="Also files that could not be read and have not changed since.")


@router.post("/index/scan", status_code=202)
def scan(asked: Scan, library: LibraryDep, jobs: JobsDep) -> Job:
    """Bring the library up to date, as a job. New folders must lie below those that may be browsed. 409 while another
    job or process works on the library."""
    roots = {root.path for root in library.store.roots()}
    paths = [path if path in roots else require_allowed(path, library.settings.server) for path in asked.paths]
    return Job.of(jobs.index(paths, recursive=asked.recursive, retry_errors=asked.retry_errors))


class IndexedFolder(BaseModel):
    """A folder (or file) that is kept in the library."""

    path: str = Field(examples=["/home/anna/Pictures"])
    recursive: bool
    images: int = Field(description="In it and below, shown ones.", examples=[24_000])
    available: bool = Field(description="Whether it is there right now.")

    @classmethod
    def of(cls, library: Library, root: StoredRoot) -> Self:
        images = library.overviews.facets(And((Shown(), InFolder(root.path)))).total
        return cls(path=shown(root.path), recursive=root.recursive, images=images, available=os.path.exists(root.path))


class IndexStatus(BaseModel):
    """What the library holds and what is going on."""

    total_images: int = Field(examples=[24_000])
    missing: int = Field(description="Their files were gone at the last scan.")
    errors: int = Field(description="Files that could not be read.")
    last_updated: datetime | None
    model: str = Field(examples=["pocket"])
    next_model: str | None = Field(description="Takes over once every image has its vector.")
    embeddings: dict[str, int] = Field(description="Vectors by embedding space.")
    disk_bytes: int = Field(description="Database and vector index.")
    encrypted: bool
    opened_by: list[Literal["passphrase", "keyring"]] = Field(description="What opens an encrypted library.")
    read_only: bool
    generation: int
    roots: int = Field(description="How many folders are indexed.")
    job: Job | None = Field(description="The latest index run.")


@router.get("/index/status")
def index_status(library: LibraryDep, jobs: JobsDep) -> IndexStatus:
    """The state of the library, and of the latest index run."""
    status = library.status()
    latest = next((job for job in jobs.jobs(50) if job.kind == "index"), None)
    same = ("total_images", "missing", "errors", "last_updated", "model", "next_model", "embeddings", "disk_bytes")
    locks = ("encrypted", "opened_by")
    return IndexStatus(
        **{name: getattr(status, name) for name in (*same, *locks)},
        read_only=library.store.read_only,
        generation=library.store.generation,
        roots=len(status.roots),
        job=None if latest is None else Job.of(latest),
    )


# -- errors


class UnreadableFile(BaseModel):
    """A file that could not be indexed."""

    path: str = Field(examples=["/home/anna/Pictures/broken.jpg"])
    code: str = Field(description="Stable word for the kind of problem.", examples=["corrupt"])
    message: str = Field(examples=["The file ends too early."])
    seen_at: datetime


class IndexErrors(BaseModel):
    """Newest first."""

    errors: list[UnreadableFile]
    next_cursor: str | None


@router.get("/index/errors")
def index_errors(
    library: LibraryDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[Words | None, Query(description="From `next_cursor`.")] = None,
) -> IndexErrors:
    """The files that could not be indexed, and why."""
    offset = offset_of(cursor)
    found = library.store.errors(offset + limit + 1)[offset:]
    return IndexErrors(
        errors=[
            UnreadableFile(path=shown(error.path), code=error.code, message=error.message, seen_at=error.occurred_at)
            for error in found[:limit]
        ],
        next_cursor=str(offset + limit) if len(found) > limit else None,
    )


@router.post("/index/errors/retry", status_code=202)
def retry_errors(jobs: JobsDep) -> Job:
    """Try the files that could not be read again, as a run over all indexed folders."""
    return Job.of(jobs.index([], retry_errors=True))


# -- folders


class IndexedFolders(BaseModel):
    """In the order they were added."""

    roots: list[IndexedFolder]


class NewFolder(Strict):
    """A folder to keep in the library."""

    path: PathText = Field(examples=["/home/anna/Pictures"])
    recursive: bool = True


@router.get("/index/roots")
def roots(library: LibraryDep) -> IndexedFolders:
    """The indexed folders."""
    return IndexedFolders(roots=[IndexedFolder.of(library, root) for root in library.store.roots()])


@router.post("/index/roots", status_code=201)
def add_root(new: NewFolder, library: LibraryDep) -> IndexedFolder:
    """Remember a folder below those that may be browsed. The next scan indexes it."""
    path = require_allowed(new.path, library.settings.server)
    return IndexedFolder.of(library, library.add_root(Path(path), recursive=new.recursive))


class Forgotten(BaseModel):
    """What is no longer in the library; files on disk are not touched."""

    forgotten: int = Field(description="Images.", examples=[120])


@router.delete("/index/roots")
def remove_root(library: LibraryDep, path: Annotated[PathText, Query(description="As listed.")]) -> Forgotten:
    """Give up an indexed folder and forget its images with their tags and ratings. The files are not touched."""
    for root in library.store.roots():
        if shown(root.path) == path:
            return Forgotten(forgotten=library.forget_root(Path(root.path)))
    raise PathNotFoundError("That is no indexed folder.")


class Erasure(Strict):
    """A folder whose traces are to go, spelt out once more so that no slip of a finger does it."""

    path: PathText = Field(examples=["/home/anna/Pictures/old"])
    confirm: PathText = Field(description="The same path again.")


@router.post("/index/erase", status_code=202)
def erase_folder(wanted: Erasure, library: LibraryDep, jobs: JobsDep) -> Job:
    """Erase all traces of a folder: rows, vectors, faces, texts, thumbnails, errors, earlier queries; overwritten, not
    only deleted. The photos are not touched. It is a job, which says in the end: `done` images were erased, in the
    files `left` (of its detail) the path still stands, and `indexed_by`, if not null, would find the photos again."""
    if wanted.confirm != wanted.path:
        raise UsageError("The two paths differ: nothing was erased.")
    return Job.of(jobs.start(lambda started, _: library.erase_folder(Path(wanted.path), started=started)))


class Exclusions(Strict):
    """What is left out of every scan, in gitignore syntax relative to each indexed folder."""

    patterns: list[Words] = Field(max_length=1000, examples=[["*.gif", "old/"]])


@router.get("/index/exclusions")
def exclusions(library: LibraryDep) -> Exclusions:
    """The own exclusions; version control, trash, caches and the like are left out anyway."""
    return Exclusions(patterns=list(library.settings.discovery.exclude))


@router.put("/index/exclusions")
def replace_exclusions(wanted: Exclusions, library: LibraryDep) -> Exclusions:
    """Replace the own exclusions, in the library's config.toml. The next scan marks what they cover as missing."""
    library.configure({"discovery": {"exclude": wanted.patterns}})
    return exclusions(library)


class Subfolder(BaseModel):
    """A folder in the one looked at."""

    name: str = Field(examples=["Pictures"])
    path: str = Field(examples=["/home/anna/Pictures"])
    indexed: bool = Field(description="It is in the library, by itself or as part of a folder above it.")


class Folder(BaseModel):
    """A folder of the server's machine."""

    path: str | None = Field(description="Null: the folders themselves that may be looked at.")
    parent: str | None = Field(description="Null: there is nothing above it that may be looked at.")
    folders: list[Subfolder] = Field(description="By name. Hidden ones are left out.")
    allowed: list[str] = Field(description="What the setting `server.browse` permits.")


@router.get("/folders")
def folders(
    library: LibraryDep, path: Annotated[PathText | None, Query(description="Without: where to start.")] = None
) -> Folder:
    """Look for a folder to index, below those that the setting `server.browse` names."""
    server = library.settings.server
    allowed = allowed_folders(server)
    if path is None and len(allowed) == 1:
        path = allowed[0]
    if path is None:
        real, parent, found = None, None, [(os.path.basename(folder) or folder, folder) for folder in allowed]
    else:
        real = require_allowed(path, server)
        above = os.path.dirname(real)
        parent = above if above != real and is_inside(above, allowed) else None
        found = sorted(subfolders(real, server), key=lambda entry: entry[0].casefold())[:MAX_FOLDERS]
    indexed = [os.path.realpath(root.path) for root in library.store.roots()]
    return Folder(
        path=None if real is None else shown(real),
        parent=None if parent is None else shown(parent),
        folders=[
            Subfolder(name=shown(name), path=shown(at), indexed=is_inside(os.path.realpath(at), indexed))
            for name, at in found
        ],
        allowed=[shown(folder) for folder in allowed],
    )
