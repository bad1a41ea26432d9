"""Is it there, and what is it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from smartsearch.api.background import BackgroundJobs
from smartsearch.api.deps import DoorDep, JobsDep, LibraryDep
from smartsearch.api.metrics import MEDIA_TYPE, Sample, family
from smartsearch.library import Library

router = APIRouter(tags=["system"])


class Health(BaseModel):
    """The server answers, and its library can be read or is locked; otherwise the answer is a problem document."""

    status: Literal["ok", "locked"] = Field("ok", description="Locked: the library is encrypted, see `POST /unlock`.")
    read_only: bool = Field(description="Searching works; indexing and tagging do not (read-only or full disk).")
    generation: int | None = Field(description="Grows with every change to the library.", examples=[42])


class Version(BaseModel):
    """The program and its interface."""

    version: str = Field(examples=["0.1.0"])
    api: Literal["v1"] = "v1"


@router.get("/health")
def health(door: DoorDep) -> Health:
    """Whether the server can read its library."""
    if door.locked:
        return Health(status="locked", read_only=False, generation=None)
    library = door.library
    return Health(read_only=library.store.read_only, generation=library.store.generation)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"description": "Text format 0.0.4.", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(request: Request, library: LibraryDep, jobs: JobsDep) -> Response:
    """Requests, the library and its jobs, for Prometheus."""
    lines = [*request.app.state.metrics.lines(), *_of_library(library, jobs)]
    return Response("\n".join(lines) + "\n", media_type=MEDIA_TYPE)


def _of_library(library: Library, jobs: BackgroundJobs) -> Iterator[str]:
    counts = library.store.counts()
    gauges = {
        "images": ("Images that are there.", counts.images),
        "images_missing": ("Images whose files were gone at the last scan.", counts.missing),
        "files_in_error": ("Files that could not be read.", counts.errors),
        "generation": ("Grows with every change to the library.", library.store.generation),
    }
    for name, (description, value) in gauges.items():
        full = f"smartsearch_{name}"
        yield from family(full, "gauge", description, [(full, {}, value)])
    recent = jobs.jobs(200)
    states = Counter((job.kind, job.state) for job in recent)
    name = "smartsearch_recent_jobs"
    samples: list[Sample] = [
        (name, {"kind": kind, "state": state}, count) for (kind, state), count in sorted(states.items())
    ]
    yield from family(name, "gauge", "The latest 200 jobs.", samples)
    running = next((job for job in recent if job.state == "running"), None)
    for name, description, value in (
        ("smartsearch_job_files_done", "Files settled by the running job.", running.done if running else 0),
        ("smartsearch_job_files_total", "Files it has found to do so far.", (running.total or 0) if running else 0),
    ):
        yield from family(name, "gauge", description, [(name, {}, value)])
    name = "smartsearch_cache_requests_total"
    caches = {"answers": library.answers, "overviews": library.overviews}
    asked: list[Sample] = [
        (name, {"cache": cache, "result": result}, getattr(kept, result))
        for cache, kept in caches.items()
        for result in ("hits", "misses")
    ]
    yield from family(name, "counter", "Questions answered from a cache, or not.", asked)


@router.get("/version")
def program_version() -> Version:
    """Which program answers."""
    return Version(version=version("smartsearch"))


@router.post(
    "/support-bundle",
    response_class=Response,
    responses={200: {"description": "A zip of JSON files.", "content": {"application/zip": {}}}},
)
def support_bundle(library: LibraryDep) -> Response:
    """What helps others to find a fault: versions, settings, counts, what doctor found, the log. No paths, names,
    queries or pictures."""
    headers = {"content-disposition": 'attachment; filename="smartsearch-support.zip"'}
    return Response(library.support_bundle(), media_type="application/zip", headers=headers)
