"""Searching: by words, by an example image, by filters; page by page."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Self

from fastapi import APIRouter, BackgroundTasks, File, Form, Query, UploadFile
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from smartsearch.api.deps import ASKING, MAX_ID, ImageId, LibraryDep
from smartsearch.api.routes.query import Understood
from smartsearch.api.schemas import Filters, ImageBrief, Strict, Words, rounded
from smartsearch.core.errors import MediaError, QueryError, SmartsearchError
from smartsearch.encryption.unlocking import passing_folder
from smartsearch.library import Library
from smartsearch.search.explain import EvidenceKind, reasons
from smartsearch.search.paging import Answer
from smartsearch.search.ranking import MAX_TOP, Hit, Sort
from smartsearch.search.service import SearchRequest
from smartsearch.search.variety import MOST_DIVERSITY

router = APIRouter(tags=["search"])
uploads = APIRouter(tags=["search"])
"""Routes that take a file: the application allows them larger requests."""

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
TopK = Annotated[int, Field(ge=1, le=1000, description="Results per page.")]
MinScore = Annotated[
    Fraction | None, Field(description="Least score shown, 0 shows all. Default: the model's cut-off.")
]
ImageWeight = Annotated[Fraction, Field(description="The image's part of a mixed query.")]
Diversity = Annotated[
    float,
    Field(
        ge=0, le=MOST_DIVERSITY, allow_inf_nan=False, description="Above 0: different images before more of the same."
    ),
]
Judged = Annotated[list[Annotated[int, Field(ge=1, le=MAX_ID)]], Field(max_length=100)]
Explain = Annotated[bool, Field(description="Say with each result why it is there.")]


class Asked(Strict):
    """What to look for: words, an image of the library, filters, or any mix; nothing means everything."""

    query: Words | None = Field(
        None,
        description="What the photo shows, in plain words, with dates, negation and `field:value` (docs/search.md).",
        examples=["dog on a beach last summer -people"],
    )
    like: Annotated[int, Field(ge=1, le=MAX_ID)] | None = Field(None, description="Resembles this image.")
    image_weight: ImageWeight = 0.5
    liked: Judged = Field([], description="Images that show what is meant: results move towards them.", examples=[[12]])
    disliked: Judged = Field([], description="Images that do not: results move away from them; they are left out.")
    filters: Filters = Field(default_factory=Filters)
    min_score: MinScore = None

    def to_request(self, library: Library) -> SearchRequest:
        return SearchRequest(
            clauses=library.queries.parse(self.query).clauses if self.query else (),
            like=self.like,
            where=self.filters.to_query(library),
            full_text=self.filters.words,
            min_score=self.min_score,
            image_weight=self.image_weight,
            hidden=self.filters.hidden,
            sees_hidden=ASKING.get().sees_hidden,
            liked=tuple(dict.fromkeys(self.liked)),
            disliked=tuple(dict.fromkeys(self.disliked)),
            browse=True,
        )


class Question(Asked):
    """What to look for, and in which order."""

    sort: Sort = Field("relevance", description="By date: what is relevant; without words and example, newest first.")
    collapse: bool = Field(False, description="Show one of near-duplicates, where something is compared.")
    diversity: Diversity = 0.0

    def to_request(self, library: Library) -> SearchRequest:
        return replace(super().to_request(library), sort=self.sort, collapse=self.collapse, diversity=self.diversity)


class SearchBody(Question):
    """A question, or a cursor of an earlier answer to read on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"query": "dog on a beach", "top_k": 50, "filters": {"after": "2021", "formats": ["jpeg"]}},
                {"sort": "newest", "top_k": 100},
                {"cursor": "Zm9vYmFyYmF6cXV4.50", "top_k": 50},
            ]
        }
    )

    top_k: TopK = 50
    explain: Explain = False
    cursor: Words | None = Field(None, description="From `next_cursor`. The question is then not repeated.")


class EvidencePart(BaseModel):
    """What one part of the question gave."""

    kind: EvidenceKind
    text: str = Field(
        description="The part of the question, of texts the words found; empty for an example image.",
        examples=["dog on a beach"],
    )
    score: float = Field(
        description="Looks, text: the probability that it shows this, by the picture or its texts. Avoid: that it does "
        "not. Example: the cosine. Feedback: what the looks came to with likes and dislikes. Filter: 1.",
        examples=[0.93],
    )
    where: list[str] = Field(description="Which of its texts have the words.", examples=[["file name", "tags"]])


class Found(BaseModel):
    """One result."""

    score: float = Field(description="Probability that it matches; by example image, the similarity.", examples=[0.93])
    image: ImageBrief
    at: float | None = Field(
        None, description="Of a video or animation: where the scene begins that is most like the question, in seconds."
    )
    similarity: float | None = Field(None, description="Plain cosine. Only explained.")
    reasons: list[str] | None = Field(None, description="Which part of the question it met. Only explained.")
    evidence: list[EvidencePart] | None = Field(None, description="What each part gave. Only explained.")

    @classmethod
    def of(cls, hit: Hit) -> Self:
        return cls(score=rounded(hit.score) or 0.0, image=ImageBrief.of(hit.asset), at=hit.at)


class SearchPage(BaseModel):
    """Part of an answer, best first."""

    results: list[Found]
    cursor: str = Field(description="This page's own, to read it again, for instance explained.")
    next_cursor: str | None = Field(description="Where to read on, null at the end.", examples=["Zm9vYmFyYmF6cXV4.50"])
    total: int | None = Field(
        description="How many results there are. Of a comparison with words or an image it is null until known."
    )
    cut_off: float = Field(description="Images that score less are withheld.", examples=[0.5])
    best_withheld: float | None = Field(description="The best score under the cut-off, where it is known.")
    seconds: float = Field(examples=[0.012])
    understood: Understood | None = Field(None, description="How the words were read; not repeated with a cursor.")


@router.post("/search")
def search(body: SearchBody, library: LibraryDep, after: BackgroundTasks) -> SearchPage:
    """Search, or read on.

    Pages of one answer do not overlap and nothing moves between them, whatever is indexed meanwhile; what was forgotten
    since is left out. The number at the end of a cursor is the place to read from and may be changed.
    """
    started = time.perf_counter()
    if body.cursor is not None:
        if body.model_fields_set & Question.model_fields.keys():
            raise QueryError("A cursor goes without a question: it knows its own.")
        answer, offset = _read_on(library, body.cursor)
    else:
        answer, offset = library.answer(body.to_request(library)), 0
        if ASKING.get().sees_hidden and library.recent.add(body.query or ""):
            after.add_task(library.recent.save)
    page = page_of(library, answer, offset, body.top_k, body.explain, started)
    return (
        page.model_copy(update={"understood": Understood.of(library.queries.checked(body.query))})
        if body.query
        else page
    )


@uploads.post("/search/image")
def search_by_image(
    library: LibraryDep,
    file: Annotated[UploadFile, File(description="The example image.")],
    query: Annotated[Words | None, Form(description="Words to combine it with.")] = None,
    filters: Annotated[Words, Form(description="Filters as JSON.", examples=['{"after": "2021"}'])] = "{}",
    image_weight: Annotated[ImageWeight, Form()] = 0.5,
    min_score: Annotated[MinScore, Form()] = None,
    top_k: Annotated[TopK, Form()] = 50,
    explain: Annotated[Explain, Form()] = False,
) -> SearchPage:
    """Search by an image that need not be in the library, alone or with words.

    It is decoded in a guarded worker process and not kept; with an encrypted library it stays in memory. Read on by
    `POST /search` with the cursor.
    """
    started = time.perf_counter()
    try:
        where = Filters.model_validate_json(filters)
    except ValidationError as error:
        raise QueryError(f"The filters are not right: {error.errors()[0]['msg']}.") from error
    limit = library.settings.server.max_upload_bytes
    if (file.size or 0) > limit:
        raise ContentTooLargeError(f"The image has more than {limit:,} bytes.")
    memory = None if library.key is None else passing_folder()
    with tempfile.TemporaryDirectory(prefix="smartsearch-", dir=memory) as folder:
        path = Path(folder) / "example"
        with path.open("wb") as target:
            shutil.copyfileobj(file.file, target)
        request = SearchRequest(
            clauses=library.queries.parse(query).clauses if query else (),
            image=path,
            where=where.to_query(library),
            full_text=where.words,
            min_score=min_score,
            image_weight=image_weight,
            hidden=where.hidden,
            sees_hidden=ASKING.get().sees_hidden,
        )
        try:
            answer = library.answer(request)
        except MediaError as error:
            raise type(error)(error.message.removeprefix(f"{path}: "), hint=error.hint) from error
    return page_of(library, answer, 0, top_k, explain, started)


class ContentTooLargeError(QueryError):
    """More was sent than is read."""

    http_status = 413


class SimilarQuery(Filters):
    """Filters, and how much to show."""

    top_k: TopK = 50
    min_score: MinScore = None
    explain: Explain = False
    sort: Sort = "relevance"


@router.get("/images/{image_id}/similar")
def similar(image_id: ImageId, library: LibraryDep, asked: Annotated[SimilarQuery, Query()]) -> SearchPage:
    """Images that look like one of the library. Read on by `POST /search` with the cursor."""
    started = time.perf_counter()
    request = SearchRequest(
        like=image_id,
        where=asked.to_query(library),
        full_text=asked.words,
        min_score=asked.min_score,
        hidden=asked.hidden,
        sort=asked.sort,
    )
    return page_of(library, library.answer(request), 0, asked.top_k, asked.explain, started)


class CursorExpiredError(SmartsearchError):
    """The answer that the cursor belongs to is no longer kept."""

    http_status = 410


def _read_on(library: Library, cursor: str) -> tuple[Answer, int]:
    name, _, place = cursor.rpartition(".")
    if not (name and place.isascii() and place.isdigit() and len(place) < 10):
        raise QueryError(f"{cursor!r} is no cursor.")
    answer = library.answers.get(name)
    if answer is None:
        raise CursorExpiredError("The answer that the cursor belongs to is no longer kept.", hint="Search again.")
    if int(place) > MAX_TOP and answer.plan.listed is None:
        raise QueryError(f"No answer has more than {MAX_TOP:,} results.")
    return answer, int(place)


def explained(library: Library, answer: Answer, hits: Sequence[Hit]) -> list[Found]:
    """Hits with the reasons why they are there."""
    return [
        Found.of(hit).model_copy(
            update={
                "similarity": rounded(hit.similarity),
                "reasons": reasons(parts),
                "evidence": [
                    EvidencePart(kind=one.kind, text=one.text, score=round(one.score, 6), where=list(one.where))
                    for one in parts
                ],
            }
        )
        for hit, parts in zip(hits, library.explain(answer.plan, hits), strict=True)
    ]


def page_of(library: Library, answer: Answer, offset: int, count: int, explain: bool, started: float) -> SearchPage:
    """A page of an answer as it is sent."""
    page = answer.page(offset, count)
    ranking = answer.ranking
    if not ranking.ids and not ranking.withheld:
        library.check_embedded(library.model)
    results = explained(library, answer, page.hits) if explain else [Found.of(hit) for hit in page.hits]
    return SearchPage(
        results=results,
        cursor=f"{answer.name}.{offset}",
        next_cursor=f"{answer.name}.{offset + count}" if page.more else None,
        total=page.total,
        cut_off=answer.plan.cut_off,
        best_withheld=rounded(ranking.best_withheld),
        seconds=round(time.perf_counter() - started, 6),
    )
