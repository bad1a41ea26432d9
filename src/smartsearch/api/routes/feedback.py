"""What the user says of results, kept when asked; and learning from it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from smartsearch.api.deps import MAX_ID, JobsDep, LibraryDep
from smartsearch.api.routes.jobs import Job
from smartsearch.api.routes.search import Judged
from smartsearch.api.schemas import Strict, Words, shown
from smartsearch.core.feedback import StoredAdapter
from smartsearch.feedback_work import KnownVerdict

router = APIRouter(tags=["feedback"])


class Verdict(BaseModel):
    """A fact: what the user said of one photo for one query."""

    query: str = Field(examples=["Rex"])
    liked: bool
    sha256: str = Field(description="Of the photo's bytes, by which it is known.")
    image_ids: list[int] = Field(description="Images with these bytes; none where they are no longer in the library.")
    paths: list[str]
    space: str = Field(description="The embedding space it was shown in.")
    said_at: datetime

    @classmethod
    def of(cls, known: KnownVerdict) -> Self:
        fact = known.verdict
        return cls(
            query=fact.query,
            liked=fact.liked,
            sha256=fact.file_hash.hex(),
            image_ids=list(known.asset_ids),
            paths=[shown(path) for path in known.paths],
            space=fact.space,
            said_at=fact.at,
        )


class Verdicts(BaseModel):
    """Oldest first."""

    feedback: list[Verdict]


class Said(Strict):
    """What was meant by a query, and what was not."""

    query: Words = Field(description="With words to search by looks.", examples=["Rex"])
    liked: Judged = Field([], examples=[[12, 15]])
    disliked: Judged = Field([])


class Kept(BaseModel):
    """How many facts."""

    facts: int = Field(examples=[3])


class Revision(BaseModel):
    """What was learned: how words are read since then. Figures are of photos held back from training."""

    id: int
    learned_at: datetime
    likes: int
    dislikes: int
    queries: int
    held_back: int = Field(description="Liked photos it was judged by.")
    ndcg_before: float = Field(description="nDCG@10 of the held-back liked photos.", examples=[0.25])
    ndcg_after: float = Field(examples=[0.68])
    order_before: float = Field(description="Share of pairs, a liked photo and any other, in the right order.")
    order_after: float
    everyday: float = Field(description="Mean cosine of everyday words to what they were; 1 is untouched.")
    seconds: float

    @classmethod
    def of(cls, stored: StoredAdapter) -> Self:
        figures = {name: value for name, value in stored.report.items() if name in cls.model_fields}
        return cls(**figures | {"id": stored.id, "learned_at": stored.learned_at})


class LearnStatus(BaseModel):
    """What there is to learn from, and what was learned for the model in use."""

    likes: int = Field(description="That can be used with the model in use.")
    dislikes: int
    queries: int
    unusable: int = Field(description="Facts whose photos are gone, or whose queries have no words.")
    needed: int = Field(description="Likes, at least.")
    revisions: list[Revision] = Field(description="Oldest first; the last one is in force.")


@router.get("/feedback")
def feedback(
    library: LibraryDep, query: Annotated[Words | None, Query(description="Only of this query.")] = None
) -> Verdicts:
    """All that was said and kept. It never leaves the library."""
    return Verdicts(feedback=[Verdict.of(known) for known in library.feedback.verdicts(query)])


@router.post("/feedback", status_code=201)
def keep_feedback(said: Said, library: LibraryDep) -> Kept:
    """Keep what was meant as facts, for `POST /learn`. Of one query and photo the latest word counts."""
    return Kept(facts=library.feedback.keep(said.query, said.liked, said.disliked))


@router.delete("/feedback")
def erase_feedback(
    library: LibraryDep,
    query: Annotated[Words | None, Query(description="Only of this query.")] = None,
    image_id: Annotated[int | None, Query(ge=1, le=MAX_ID, description="Only of this image.")] = None,
) -> Kept:
    """Delete facts for good. What was learned from them stays until `POST /learn/revert`."""
    return Kept(facts=library.feedback.erase(query, None if image_id is None else [image_id]))


@router.get("/learn")
def learn_status(library: LibraryDep) -> LearnStatus:
    """Whether there is enough to learn from, and what was learned."""
    counts = library.feedback.counts()
    return LearnStatus(
        likes=counts.likes,
        dislikes=counts.dislikes,
        queries=counts.queries,
        unusable=counts.unusable,
        needed=counts.needed,
        revisions=[Revision.of(stored) for stored in library.feedback.revisions()],
    )


@router.post("/learn", status_code=202)
def learn(jobs: JobsDep) -> Job:
    """Learn from all feedback, as a job. Its `detail` has the figures in the end, and whether it was `accepted`: only
    what is better on photos held back is. 409 with too little feedback, or while another job runs."""
    return Job.of(jobs.learn())


@router.post("/learn/revert")
def revert_learning(library: LibraryDep) -> LearnStatus:
    """Go back to the revision before, or to the model as it was trained."""
    library.feedback.revert()
    return learn_status(library)
