"""How a query is understood, without searching."""

from __future__ import annotations

from typing import Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from smartsearch.api.deps import LibraryDep
from smartsearch.api.schemas import Strict, Words
from smartsearch.core.queryparse import ParsedQuery

router = APIRouter(tags=["search"])


class Chip(BaseModel):
    """Something that was understood: characters `start` to before `end` of the query say it."""

    kind: str = Field(description="`words`, or the name of a field.", examples=["date"])
    text: str = Field(examples=["2026-06-01..2026-08-31"])
    start: int
    end: int
    negated: bool = Field(description="What is said here is not wanted.")


class QueryProblem(BaseModel):
    """Something that was not understood."""

    message: str = Field(examples=["There is no field 'camra'."])
    start: int
    end: int
    suggestion: str = Field(description="What to write instead; empty where nothing comes near.", examples=["camera"])
    harmless: bool = Field(description="It was read as words. Otherwise it was left out.")


class Understood(BaseModel):
    """A query as it was read."""

    chips: list[Chip]
    words: str = Field(description="What is searched by meaning.", examples=["dog on a beach"])
    problems: list[QueryProblem]

    @classmethod
    def of(cls, parsed: ParsedQuery) -> Self:
        return cls(
            chips=[
                Chip(kind=chip.kind, text=chip.text, start=chip.start, end=chip.end, negated=chip.negated)
                for chip in parsed.chips
            ],
            words=parsed.words,
            problems=[
                QueryProblem(
                    message=problem.message,
                    start=problem.start,
                    end=problem.end,
                    suggestion=problem.suggestion,
                    harmless=problem.harmless,
                )
                for problem in parsed.problems
            ],
        )


class QueryText(Strict):
    """A query as typed."""

    query: Words = Field(examples=["dog on a beach last summer -people"])


@router.post("/query/parse")
def parse_query(body: QueryText, library: LibraryDep) -> Understood:
    """How a query would be read. Positions count characters (Unicode code points). Any text can be read."""
    return Understood.of(library.queries.parse(body.query))
