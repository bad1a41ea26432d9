"""Search over the ports: embed the question, ask the store, turn cosines into scores, cut off what does not match."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from smartsearch.core.assets import Asset, Embedding
from smartsearch.core.errors import AssetNotFoundError, QueryError
from smartsearch.core.ports import Store, TextEncoder
from smartsearch.core.query import And, Everything, Hidden, IdIn, Not, Present, Query, Shown
from smartsearch.core.ranking import MIN_BACKGROUND, UNCALIBRATED, Scorer, blend
from smartsearch.core.spaces import EmbeddingSpace

Sort = Literal["relevance", "newest", "oldest"]
"""Best first, or by `Asset.moment`. Where nothing is compared, relevance means newest."""

MAX_TOP = 100_000
"""How many results of a comparison are looked at; there is no limit where the filters alone decide."""
BACKGROUND_SAMPLE = 1024


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What to look for. Words, an example image (a file or an indexed asset), or both; ``where`` narrows it down.

    ``min_score`` (0-1) replaces the model's own cut-off; 0 shows everything. ``image_weight`` (0-1) says how much of
    a mixed query the image makes up. Without words and image the answer is what meets ``where``, newest first.
    ``hidden`` asks among the images that were hidden; all other searches leave them out. ``browse``: who asks for
    nothing wants the whole library, and made no slip.
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
    sort: Sort = "relevance"
    browse: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.top <= MAX_TOP:
            raise QueryError(f"The number of results must be between 1 and {MAX_TOP:,}, not {self.top}.")
        if self.min_score is not None and not 0.0 <= self.min_score <= 1.0:
            raise QueryError(f"The minimum score must be between 0 and 1, not {self.min_score}.")
        if not 0.0 <= self.image_weight <= 1.0:
            raise QueryError(f"The weight of the image must be between 0 and 1, not {self.image_weight}.")
        if self.image is not None and self.like is not None:
            raise QueryError("Search by one example image at a time.")


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. ``score`` is the probability (0-1) that it matches; ``similarity`` the plain cosine.

    ``reasons`` say in words which part of the query it met.
    """

    asset: Asset
    score: float
    similarity: float | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer, best first. ``withheld`` counts candidates below the cut-off among those looked at."""

    hits: tuple[Hit, ...]
    cut_off: float
    withheld: int
    best_withheld: float | None
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A request made ready: what to compare with, among which images. Ranking it needs no model.

    ``vector`` is None where nothing is compared: what meets ``where`` is the answer, newest first. ``scorer`` is None
    where the score is the cosine itself (example images: pictures compare directly).
    """

    space: EmbeddingSpace
    where: Query
    vector: Embedding | None
    scorer: Scorer | None
    cut_off: float
    reasons: tuple[str, ...]
    sort: Sort = "relevance"


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The images of an answer, best first. ``complete``: looking further would find no more."""

    ids: tuple[int, ...]
    scores: tuple[float, ...]
    similarities: tuple[float | None, ...]
    withheld: int
    best_withheld: float | None
    complete: bool


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
        ranking = rank(self.store, plan, request.top)
        if plan.vector is not None and plan.sort != "relevance":
            ranking = by_time(self.store, plan, ranking)
        return SearchResult(
            hits=load_hits(self.store, plan, ranking),
            cut_off=plan.cut_off,
            withheld=ranking.withheld,
            best_withheld=ranking.best_withheld,
            seconds=time.perf_counter() - started,
        )

    def plan(self, request: SearchRequest) -> Plan:
        """Understand and embed a request. Raises as `search` does."""
        text = (request.text or "").strip()
        where = searched(self.store, request.where, request.full_text, request.hidden)
        if not text and request.image is None and request.like is None:
            if request.where == Everything() and not (request.full_text or request.hidden or request.browse):
                raise QueryError(
                    "The query is empty.", hint='Describe a photo, for instance `smartsearch query "dog on a beach"`.'
                )
            return Plan(self.space, where, None, None, 0.0, _reasons(text, request), request.sort)
        vector = self._query_vector(text, request)
        if request.like is not None:
            where = And((where, Not(IdIn((request.like,)))))
        scorer, cut_off = self._scorer(vector) if text else (None, 0.0)
        if request.min_score is not None:
            cut_off = request.min_score
        return Plan(self.space, where, vector, scorer, cut_off, _reasons(text, request), request.sort)

    def _query_vector(self, text: str, request: SearchRequest) -> Embedding:
        parts: list[tuple[Embedding, float]] = []
        example: Embedding | None = None
        if request.image is not None:
            example = self.embed_image(request.image)
        elif request.like is not None:
            example = self.store.vectors(self.space, [request.like]).get(request.like)
            if example is None and not self.store.assets([request.like]):
                raise AssetNotFoundError(f"There is no image {request.like} in the library.")
            if example is None:
                raise QueryError(f"Image {request.like} has no embedding yet.", hint="Run `smartsearch index`.")
        if example is not None:
            parts.append((example, request.image_weight if text else 1.0))
        if text:
            words: Embedding = self.text_encoder.encode_texts([text])[0]
            parts.append((words, 1.0 - request.image_weight if example is not None else 1.0))
        return blend(parts)

    def _scorer(self, vector: Embedding) -> tuple[Scorer | None, float]:
        """What turns cosines into probabilities, and the default cut-off."""
        calibration = self.text_encoder.calibration or UNCALIBRATED
        background = calibration.background
        if background is None:
            background = self.store.sample_vectors(self.space, BACKGROUND_SAMPLE)
            if len(background) < MIN_BACKGROUND:
                return None, 0.0
        return Scorer.for_query(vector, background, calibration), calibration.cut_off


def searched(store: Store, where: Query, full_text: str | None = None, hidden: bool = False) -> Query:
    """All that must hold of an image to be found: what a request says besides words and examples. Hidden images are
    left out, or searched alone."""
    given = where.parts if isinstance(where, And) else (where,)
    among = (Present(), Hidden()) if hidden else (Shown(),)
    found = And((*among, *(part for part in given if part != Everything())))
    if full_text:
        hits = store.match_text(full_text, found, MAX_TOP)
        found = And((*found.parts, IdIn(tuple(hit.asset_id for hit in hits))))
    return found if len(found.parts) > 1 else found.parts[0]


def rank(store: Store, plan: Plan, top: int | None) -> Ranking:
    """The best ``top`` images that score at least the cut-off, or the first ones where nothing is compared. None: all
    there are, or `MAX_TOP` of a comparison."""
    if plan.vector is None:
        ids = tuple(store.select(plan.where, order="moment", descending=plan.sort != "oldest", limit=top))
        return Ranking(ids, (1.0,) * len(ids), (None,) * len(ids), 0, None, top is None or len(ids) < top)
    top = MAX_TOP if top is None else top
    found = store.nearest(plan.space, plan.vector, plan.where, top)
    cosines = np.array([neighbor.similarity for neighbor in found], dtype=np.float32)
    scores = np.clip(cosines, 0.0, 1.0) if plan.scorer is None else plan.scorer.probability(cosines)
    # The score grows with the cosine, so that those kept come first.
    kept = int((scores >= plan.cut_off).sum())
    return Ranking(
        ids=tuple(neighbor.asset_id for neighbor in found[:kept]),
        scores=tuple(scores[:kept].tolist()),
        similarities=tuple(cosines[:kept].tolist()),
        withheld=len(found) - kept,
        best_withheld=float(scores[kept]) if kept < len(found) else None,
        complete=kept < len(found) or len(found) < top,
    )


def by_time(store: Store, plan: Plan, ranking: Ranking) -> Ranking:
    """The same images in the plan's order of time."""
    places = {asset_id: place for place, asset_id in enumerate(ranking.ids)}
    ids = store.select(IdIn(ranking.ids), order="moment", descending=plan.sort == "newest")
    order = [places[asset_id] for asset_id in ids]
    return replace(
        ranking,
        ids=tuple(ids),
        scores=tuple(ranking.scores[place] for place in order),
        similarities=tuple(ranking.similarities[place] for place in order),
    )


def load_hits(store: Store, plan: Plan, ranking: Ranking) -> tuple[Hit, ...]:
    """The images of a ranking with what is known of them; those forgotten since are left out."""
    assets = {asset.id: asset for asset in store.assets(ranking.ids)}
    return tuple(
        Hit(assets[asset_id], score, similarity, plan.reasons)
        for asset_id, score, similarity in zip(ranking.ids, ranking.scores, ranking.similarities, strict=True)
        if asset_id in assets
    )


def _reasons(text: str, request: SearchRequest) -> tuple[str, ...]:
    reasons = []
    if text:
        reasons.append(f"looks like “{text}”")
    if request.image is not None or request.like is not None:
        reasons.append("resembles the example image")
    if request.full_text:
        reasons.append(f"its name, folder, tags or title contain “{request.full_text}”")
    if request.where != Everything():
        reasons.append("meets the filters")
    return tuple(reasons)
