"""Suggestions for the search bar."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from smartsearch.api.deps import CallerDep, LibraryDep
from smartsearch.api.schemas import Words
from smartsearch.search.suggestions import Kind

router = APIRouter(tags=["search"])


class Suggestion(BaseModel):
    """Something that may be meant."""

    kind: Kind = Field(examples=["tag"])
    text: str = Field(description="What to show.", examples=["beach"])
    insert: str = Field(
        description="What to put in place of the last word; of a `recent` one: in place of everything.",
        examples=["tag:beach"],
    )
    count: int = Field(description="Images that have it.", examples=[120])


class Suggestions(BaseModel):
    """Best first."""

    suggestions: list[Suggestion]


@router.get("/suggestions")
def suggestions(
    library: LibraryDep,
    caller: CallerDep,
    q: Annotated[Words, Query(description="What has been typed so far.", examples=["dog tag:bea"])] = "",
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Suggestions:
    """Names the library knows for the last word, despite typos, and earlier queries. `tag:bea` asks for tags only."""
    recent = library.recent.all() if caller is not None and caller.sees_hidden else []
    found = library.suggestions.find(q, recent, limit)
    return Suggestions(
        suggestions=[Suggestion(kind=one.kind, text=one.text, insert=one.insert, count=one.count) for one in found]
    )


@router.delete("/suggestions/recent", status_code=204)
def forget_recent(library: LibraryDep) -> Response:
    """Forget what was searched for. It is kept in the library only."""
    library.recent.clear()
    return Response(status_code=204)
