"""Long tasks: what is going on, as a list, one by one, or as a stream; to stop and to go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from smartsearch.api.deps import MAX_ID, JobsDep
from smartsearch.core.assets import Job as StoredJob
from smartsearch.core.errors import SmartsearchError, UsageError

router = APIRouter(tags=["jobs"])

JobId = Annotated[int, Path(ge=1, le=MAX_ID, description="A job's id.", examples=[1])]

POLL_SECONDS = 0.3
"""How often a stream looks at its job: the row is written once a second, by whatever process does the work."""
SILENCE_SECONDS = 15.0
"""After which a comment is sent, so that nothing in between gives the connection up."""


class Job(BaseModel):
    """A long task."""

    id: int = Field(examples=[7])
    kind: str = Field(examples=["index"])
    state: Literal["running", "done", "cancelled", "failed", "interrupted"] = Field(
        description="Interrupted: its process is gone. Whatever has not run to its end can be resumed."
    )
    done: int = Field(examples=[1200])
    total: int = Field(description="So far; it grows while folders are still being looked through.", examples=[5000])
    errors: int = Field(examples=[3])
    rate: float | None = Field(description="Files a second.", examples=[24.5])
    eta: float | None = Field(description="Seconds left, null while unknown.", examples=[155.0])
    current: str | None = Field(description="What it is at.", examples=["/home/anna/Pictures/cat.jpg"])
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None
    detail: dict[str, Any] = Field(description="Its parameters and further counts.")
    error: str | None = Field(description="Why it failed.")

    @classmethod
    def of(cls, job: StoredJob) -> Self:
        detail = dict(job.detail)
        taken = {name: detail.pop(name, None) for name in ("rate", "eta", "current", "error")}
        same = ("id", "kind", "state", "done", "errors", "started_at", "updated_at", "finished_at")
        return cls(**{name: getattr(job, name) for name in same}, total=job.total or 0, detail=detail, **taken)


_EVENT = {
    "type": "object",
    "description": "One event.",
    "properties": {
        "event": {"type": "string", "enum": ["progress", "end"]},
        "data": {"type": "string", "description": "A Job as JSON."},
    },
}


class Jobs(BaseModel):
    """Newest first."""

    jobs: list[Job]


@router.get("/jobs")
def jobs(jobs: JobsDep, limit: Annotated[int, Query(ge=1, le=200)] = 20) -> Jobs:
    """The latest jobs, those of other processes too."""
    return Jobs(jobs=[Job.of(job) for job in jobs.jobs(limit)])


@router.get("/jobs/{job_id}")
def job(job_id: JobId, jobs: JobsDep) -> Job:
    """One job."""
    return Job.of(jobs.job(job_id))


@router.post("/jobs/{job_id}/cancel")
def cancel_job(job_id: JobId, jobs: JobsDep) -> Job:
    """Ask a job to stop. It does within a second or so, keeps what is done, and can be resumed."""
    return Job.of(jobs.cancel(job_id))


@router.post("/jobs/{job_id}/resume", status_code=202)
def resume_job(job_id: JobId, jobs: JobsDep) -> Job:
    """Go on with what a job has left undone, as a new job. 409 while another one runs."""
    old = jobs.job(job_id)
    if old.state == "running":
        raise JobRunningError(f"Job {job_id} is running.")
    if old.kind != "index":
        raise UsageError(f"A job of the kind {old.kind!r} cannot be resumed; start it again.")
    detail = old.detail
    paths = [path for path in detail.get("paths", ()) if isinstance(path, str)]
    known = {root.path for root in jobs.roots()}
    return Job.of(
        jobs.index(
            paths if known.issuperset(paths) else [],
            recursive=bool(detail.get("recursive", True)),
            retry_errors=bool(detail.get("retry_errors", False)),
        )
    )


class JobRunningError(SmartsearchError):
    """The job has not ended yet."""

    http_status = 409


@router.get(
    "/jobs/{job_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: `progress` when the job has changed, `end` when it has ended. Their"
            " data is a Job.",
            "content": {"text/event-stream": {"schema": _EVENT}},
        }
    },
)
def job_events(job_id: JobId, jobs: JobsDep) -> StreamingResponse:
    """Follow a job (server-sent events) until it ends."""
    first = jobs.job(job_id)

    async def stream() -> AsyncIterator[str]:
        job, sent, silent = first, "", 0.0
        while True:
            data = Job.of(job).model_dump_json()
            if job.state != "running":
                yield f"event: end\ndata: {data}\n\n"
                return
            if data != sent:
                yield f"event: progress\ndata: {data}\n\n"
                sent, silent = data, 0.0
            elif silent >= SILENCE_SECONDS:
                yield ": still there\n\n"
                silent = 0.0
            await asyncio.sleep(POLL_SECONDS)
            silent += POLL_SECONDS
            job = await run_in_threadpool(jobs.job, job_id)

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})
