"""How a query is understood, without searching."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from smartsearch.api.deps import ImageId, LibraryDep
from smartsearch.api.routes.images import one
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


class Translated(BaseModel):
    """The words were not English and were looked up in the dictionary. In quotes they are taken as they are."""

    code: str = Field(description="ISO 639-1.", examples=["de"])
    language: str = Field(description="Its own name.", examples=["Deutsch"])
    text: str = Field(examples=["dog on beach"])


class Understood(BaseModel):
    """A query as it was read."""

    chips: list[Chip]
    translation: Translated | None = Field(description="Only for a model that knows English only.")
    words: str = Field(description="What is searched by meaning.", examples=["dog on a beach"])
    problems: list[QueryProblem]

    @classmethod
    def of(cls, parsed: ParsedQuery) -> Self:
        return cls(
            chips=[
                Chip(kind=chip.kind, text=chip.text, start=chip.start, end=chip.end, negated=chip.negated)
                for chip in parsed.chips
            ],
            translation=None if parsed.translation is None else Translated(**asdict(parsed.translation)),
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


class HeatMapGrid(BaseModel):
    """Where in a picture the model sees what was asked for. The grid lies over the part of the upright picture that the
    model sees."""

    values: list[list[float]] = Field(description="Rows from the top, 0-1: how much this part looks like it.")
    left: float = Field(description="Of the grid, as a fraction of the picture.", examples=[0.125])
    top: float
    width: float
    height: float


@router.get("/images/{image_id}/heatmap")
def heatmap(
    image_id: ImageId, library: LibraryDep, query: Annotated[Words, Query(description="As in a search.")]
) -> HeatMapGrid:
    """Compares overlapping windows of the picture with the words: 36 encodings, about half a second."""
    found = library.heat_map(one(library, image_id), query)
    return HeatMapGrid(
        values=found.values.round(4).tolist(), left=found.left, top=found.top, width=found.width, height=found.height
    )


@router.post("/query/parse")
def parse_query(body: QueryText, library: LibraryDep) -> Understood:
    """How a query would be read. Positions count characters (Unicode code points). Any text can be read."""
    return Understood.of(library.queries.checked(body.query))
