"""The audit log: who looked at, took along or changed what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from smartsearch.access.chain import Entry
from smartsearch.api.deps import MAX_ID, LibraryDep

router = APIRouter(tags=["access"])


class AuditEntry(BaseModel):
    """Something that was done."""

    number: int
    at: datetime | None
    actor: str = Field(description="`local`, `user:1`, `user:1/token:2` or `cli:NAME`.", examples=["user:1"])
    action: str = Field(description="The operation of this API, or the command.", examples=["original"])
    library: str = Field(examples=["default"])
    detail: dict[str, Any] = Field(description="Ids and figures.", examples=[{"image_id": 12}])

    @classmethod
    def of(cls, entry: Entry) -> Self:
        values = entry.values
        try:
            at = datetime.fromisoformat(str(values.get("at")))
        except ValueError:  # somebody was at the file; `verify` says so
            at = None
        detail = values.get("detail")
        return cls(
            number=entry.number,
            at=at,
            **{name: str(values.get(name, "")) for name in ("actor", "action", "library")},
            detail=detail if isinstance(detail, dict) else {},
        )


class AuditPage(BaseModel):
    """Newest first."""

    entries: list[AuditEntry]
    before: int | None = Field(description="For the next page; null at the end.")


class AuditVerdict(BaseModel):
    """Whether the log is as it was written."""

    whole: bool
    entries: int
    first: int | None
    last: int | None
    head: str = Field(description="The last hash. Kept elsewhere, it shows later that nothing before was exchanged.")
    problems: list[str] = Field(description="What was changed, removed, moved or cut off.")


@router.get("/audit")
def audit_entries(
    library: LibraryDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=1, le=MAX_ID, description="From the page before.")] = None,
) -> AuditPage:
    """What was done, the newest first."""
    found = library.audit.latest(limit, before)
    return AuditPage(
        entries=[AuditEntry.of(entry) for entry in found],
        before=found[-1].number if len(found) == limit else None,
    )


@router.get("/audit/verify")
def verify_audit(library: LibraryDep) -> AuditVerdict:
    """Read the whole log and say what is wrong with it."""
    library.audit.flush()
    verdict = library.audit.verify()
    return AuditVerdict(
        whole=verdict.whole,
        entries=verdict.entries,
        first=verdict.first,
        last=verdict.last,
        head=verdict.head,
        problems=list(verdict.problems),
    )


@router.get(
    "/audit/export",
    response_class=StreamingResponse,
    responses={200: {"description": "JSON lines.", "content": {"application/jsonl": {"schema": {"type": "string"}}}}},
)
def export_audit(library: LibraryDep) -> StreamingResponse:
    """All of it as JSON lines, the oldest first, each with its hash."""
    headers = {"content-disposition": 'attachment; filename="smartsearch-audit.jsonl"'}
    return StreamingResponse(_lines(library.audit.export()), media_type="application/jsonl", headers=headers)


def _lines(entries: Iterator[Entry]) -> Iterator[str]:
    for entry in entries:
        yield json.dumps({"entry": entry.body, "hash": entry.hash.hex()}) + "\n"
