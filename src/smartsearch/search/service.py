"""Search over the ports: embed the question, ask the store, turn cosines into scores, cut off what does not match."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from smartsearch.core.assets import Embedding
from smartsearch.core.errors import AssetNotFoundError, QueryError
from smartsearch.core.ports import Store, TextEncoder
from smartsearch.core.query import Everything, IdIn, Not, Query
from smartsearch.core.querysyntax import Clause
from smartsearch.core.ranking import MIN_BACKGROUND, UNCALIBRATED, Scorer, blend, refined
from smartsearch.core.spaces import MOST_GALLERY, EmbeddingSpace
from smartsearch.search.explain import FILTERS, Evidence, explain
from smartsearch.search.hiding import among_asked, among_hidden, among_shown, conjunction
from smartsearch.search.ranking import MAX_TOP, Branch, Hit, Likeness, Plan, Sort, by_time, load_hits, rank, relevant
from smartsearch.search.text import content_words
from smartsearch.search.variety import MOST_DIVERSITY

BACKGROUND_SAMPLE = 1024


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What to look for. Words, an example image (a file or an indexed asset), or both; ``where`` narrows it down.

    ``min_score`` (0-1) replaces the model's own cut-off; 0 shows everything. ``image_weight`` (0-1) says how much of
    a mixed query the image makes up. Without words and image the answer is what meets ``where``, newest first.
    ``hidden`` asks among the images that were hidden; all other searches leave them out, unless ``sees_hidden`` says
    that who asks may have them, and the conditions do (`is:hidden`). ``clauses``, of a parsed query, stand in the place
    of ``text``; each is narrowed by ``where``. ``sort`` puts what is relevant in order of its date. ``collapse`` shows
    one of near-duplicates; ``diversity`` (0 to `MOST_DIVERSITY`) puts different images first. ``browse``: who asks for
    nothing wants the whole library, and made no slip. ``liked`` and ``disliked`` images refine what is meant at once:
    results move towards the former and away from the latter, which are left out.
    """

    text: str | None = None
    image: Path | None = None
    like: int | None = None
    where: Query = field(default_factory=Everything)
    full_text: str | None = None
    top: int = 20
    min_score: float | None = None
    image_weight: float = 0.5
    hidden: bool = False
    sees_hidden: bool = False
    sort: Sort = "relevance"
    browse: bool = False
    clauses: tuple[Clause, ...] = ()
    explain: bool = False
    collapse: bool = False
    diversity: float = 0.0
    liked: tuple[int, ...] = ()
    disliked: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.top <= MAX_TOP:
            raise QueryError(f"The number of results must be between 1 and {MAX_TOP:,}, not {self.top}.")
        if self.min_score is not None and not 0.0 <= self.min_score <= 1.0:
            raise QueryError(f"The minimum score must be between 0 and 1, not {self.min_score}.")
        if not 0.0 <= self.image_weight <= 1.0:
            raise QueryError(f"The weight of the image must be between 0 and 1, not {self.image_weight}.")
        if not 0.0 <= self.diversity <= MOST_DIVERSITY:
            raise QueryError(
                f"The diversity must be between 0 and {MOST_DIVERSITY}, not {self.diversity}.",
                hint="More of it brings photos that are not meant.",
            )
        if self.image is not None and self.like is not None:
            raise QueryError("Search by one example image at a time.")
        if set(self.liked) & set(self.disliked):
            raise QueryError("The same image cannot be liked and disliked.")
        if self.text and self.clauses:
            raise QueryError("A parsed query takes the place of the words.")

    @property
    def asked(self) -> tuple[Clause, ...]:
        """The alternatives, at least one."""
        text = (self.text or "").strip()
        return self.clauses or (Clause((text,) if text else ()),)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer, best first. ``withheld`` counts candidates below the cut-off among those looked at."""

    hits: tuple[Hit, ...]
    cut_off: float
    withheld: int
    best_withheld: float | None
    seconds: float
    evidence: tuple[tuple[Evidence, ...], ...] = ()
    """Of each hit, if the request asks to explain."""


@dataclass(frozen=True, slots=True)
class SearchService:
    """Runs requests against one store in one embedding space.

    ``embed_image`` reads an image file into a vector of that space (guarded decoding included).
    """

    store: Store
    text_encoder: TextEncoder
    embed_image: Callable[[Path], Embedding]

    @property
    def space(self) -> EmbeddingSpace:
        return self.text_encoder.space

    def search(self, request: SearchRequest) -> SearchResult:
        """Answer a request. QueryError for a query that says nothing, AssetNotFoundError for an unknown example."""
        started = time.perf_counter()
        plan = self.plan(request)
        if plan.listed is None and plan.sort != "relevance":
            ranking = by_time(self.store, plan, relevant(self.store, plan)).part(0, request.top)
        else:
            ranking = rank(self.store, plan, request.top)
        hits = load_hits(self.store, plan, ranking)
        return SearchResult(
            hits=hits,
            cut_off=plan.cut_off,
            withheld=ranking.withheld,
            best_withheld=ranking.best_withheld,
            seconds=time.perf_counter() - started,
            evidence=tuple(explain(self.store, plan, hits)) if request.explain else (),
        )

    def plan(self, request: SearchRequest) -> Plan:
        """Understand and embed a request. Raises as `search` does."""
        example = self._example(request)
        feedback = self._feedback(request)
        narrowed = request.where != Everything() or request.full_text or request.hidden or request.browse
        if example is None and not narrowed and not request.liked and request.asked == (Clause(),):
            raise QueryError(
                "The query is empty.", hint='Describe a photo, for instance `smartsearch query "dog on a beach"`.'
            )
        branches = tuple(self._branch(clause, request, example, feedback) for clause in request.asked)
        cut_off = self._cut_off(request, branches)
        return Plan(self.space, branches, cut_off, request.sort, request.collapse, request.diversity)

    def _branch(
        self,
        clause: Clause,
        request: SearchRequest,
        example: Embedding | None,
        feedback: _Feedback | None,
    ) -> Branch:
        left_out = (*request.disliked, *(() if request.like is None else (request.like,)))
        where = conjunction(request.where, clause.where, *((Not(IdIn(left_out)),) if left_out else ()))
        where = searched(self.store, where, request.full_text, request.hidden, request.sees_hidden)
        target = None
        if clause.text or example is not None:
            vector = self._query_vector(clause.text, example, request.image_weight)
            target = self._likeness(vector, clause.text)
        asked = target
        if feedback is not None and (target is not None or feedback.liked):
            target = self._likeness(feedback.moved(None if asked is None else asked.vector), clause.text)
        avoid = tuple(self._avoided(text) for text in clause.avoid)
        labels = clause.labels if request.where == Everything() else (*clause.labels, FILTERS)
        if request.full_text:
            labels = (*labels, f"the words “{request.full_text}”")
        words = self._text_words(clause, where) if target and target.scorer and example is None else ()
        return Branch(
            where,
            target,
            avoid,
            words,
            labels,
            liked=request.liked,
            asked=None if target is asked else asked,
            example=Likeness(example, None) if example is not None and clause.text else None,
        )

    def _likeness(self, vector: Embedding, text: str) -> Likeness:
        return Likeness(vector, self._scorer(vector) if text else None, text)

    def _feedback(self, request: SearchRequest) -> _Feedback | None:
        """What the request's likes and dislikes look like."""
        if not (request.liked or request.disliked):
            return None
        background = (self.text_encoder.calibration or UNCALIBRATED).background
        if background is None:
            background = self.store.sample_vectors(self.space, BACKGROUND_SAMPLE)
        return _Feedback(
            tuple(self._known_image(asset_id) for asset_id in request.liked),
            tuple(self._known_image(asset_id) for asset_id in request.disliked),
            background.mean(axis=0),
        )

    def _text_words(self, clause: Clause, where: Query) -> tuple[str, ...]:
        """What to look for in texts: of a translation what was typed, where any text has it."""
        typed = content_words(" ".join(clause.said))
        if typed and any(self.store.images_with_words(typed, where, 1)):
            return typed
        return content_words(clause.text)

    def _avoided(self, text: str) -> Likeness:
        vector: Embedding = self.text_encoder.encode_texts([text])[0]
        return Likeness(vector, self._scorer(vector), text)

    def _cut_off(self, request: SearchRequest, branches: Sequence[Branch]) -> float:
        if request.min_score is not None:
            return request.min_score
        scored = [branch.where for branch in branches if branch.target and branch.target.scorer]
        if not scored:
            return 0.0
        calibration = self.text_encoder.calibration or UNCALIBRATED
        if not calibration.growth:
            return calibration.cut_off
        return calibration.cut_off_among(max(map(self._compared, scored)))

    def _compared(self, where: Query) -> int:
        """How many pictures a query is held against, up to `MOST_GALLERY`: each scene of a video is one, and as likely
        as a photo to look right by chance."""
        ids = self.store.select(where, limit=MOST_GALLERY)
        return len(ids) + sum(count - 1 for count in self.store.scene_counts(self.space, ids).values())

    def _example(self, request: SearchRequest) -> Embedding | None:
        if request.image is not None:
            return self.embed_image(request.image)
        if request.like is None:
            return None
        return self._known_image(request.like)

    def _known_image(self, asset_id: int) -> Embedding:
        vector = self.store.vectors(self.space, [asset_id]).get(asset_id)
        if vector is None and not self.store.assets([asset_id]):
            raise AssetNotFoundError(f"There is no image {asset_id} in the library.")
        if vector is None:
            raise QueryError(f"Image {asset_id} has no embedding yet.", hint="Run `smartsearch index`.")
        return vector

    def _query_vector(self, text: str, example: Embedding | None, image_weight: float) -> Embedding:
        parts: list[tuple[Embedding, float]] = []
        if example is not None:
            parts.append((example, image_weight if text else 1.0))
        if text:
            words: Embedding = self.text_encoder.encode_texts([text])[0]
            parts.append((words, 1.0 - image_weight if example is not None else 1.0))
        return blend(parts)

    def _scorer(self, vector: Embedding) -> Scorer | None:
        """What turns cosines into probabilities; None in a library too small for that."""
        calibration = self.text_encoder.calibration or UNCALIBRATED
        background = calibration.background
        if background is None:
            background = self.store.sample_vectors(self.space, BACKGROUND_SAMPLE)
            if len(background) < MIN_BACKGROUND:
                return None
        return Scorer.for_query(vector, background, calibration)


@dataclass(frozen=True, slots=True, eq=False)
class _Feedback:
    """Vectors of liked and disliked images, and the mean of images of no particular kind."""

    liked: tuple[Embedding, ...]
    disliked: tuple[Embedding, ...]
    centre: Embedding

    def moved(self, query: Embedding | None) -> Embedding:
        """QueryError for likes and dislikes that cancel each other out."""
        try:
            return refined(query, self.liked, self.disliked, self.centre)
        except ValueError as error:
            raise QueryError("What is liked and what is disliked look the same.") from error


def searched(
    store: Store, where: Query, full_text: str | None = None, hidden: bool = False, sees_hidden: bool = False
) -> Query:
    """All that must hold of an image to be found: what a request says besides words and examples. Hidden images are
    left out, searched alone, or found where they are asked for."""
    found = among_hidden(where) if hidden else among_asked(where) if sees_hidden else among_shown(where)
    if full_text:
        hits = store.match_text(full_text, found, MAX_TOP)
        found = conjunction(found, IdIn(tuple(hit.asset_id for hit in hits)))
    return found
