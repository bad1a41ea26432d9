"""Search over the ports: embed the question, ask the store, turn cosines into scores, cut off what does not match."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Asset, Embedding
from smartsearch.core.errors import AssetNotFoundError, QueryError
from smartsearch.core.ports import Neighbor, Store, TextEncoder
from smartsearch.core.query import And, Everything, IdIn, Not, Present, Query
from smartsearch.core.ranking import MIN_BACKGROUND, UNCALIBRATED, Scorer, blend
from smartsearch.core.spaces import EmbeddingSpace

MAX_TOP = 100_000
BACKGROUND_SAMPLE = 1024


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What to look for. Words, an example image (a file or an indexed asset), or both; ``where`` narrows it down.

    ``min_score`` (0-1) replaces the model's own cut-off; 0 shows everything. ``image_weight`` (0-1) says how much of
    a mixed query the image makes up. Without words and image the answer is what meets ``where``, newest first.
    """

    text: str | None = None
    image: Path | None = None
    like: int | None = None
    where: Query = field(default_factory=Everything)
    full_text: str | None = None
    top: int = 20
    min_score: float | None = None
    image_weight: float = 0.5

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
        text = (request.text or "").strip()
        where: Query = Present() if request.where == Everything() else And((Present(), request.where))
        if request.full_text:
            where = self._meeting_words(request.full_text, where)
        if not text and request.image is None and request.like is None:
            return self._browse(where, request, started)
        vector = self._query_vector(text, request)
        if request.like is not None:
            where = And((where, Not(IdIn((request.like,)))))
        neighbors = self.store.nearest(self.space, vector, where, request.top)
        by_words = bool(text)
        scores, cut_off = self._scores(vector, neighbors, by_words)
        if request.min_score is not None:
            cut_off = request.min_score
        return self._answer(neighbors, scores, cut_off, _reasons(text, request), started)

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

    def _scores(self, vector: Embedding, found: list[Neighbor], by_words: bool) -> tuple[NDArray[np.float64], float]:
        """Scores and the default cut-off. Example images are scored by their cosine: pictures compare directly."""
        cosines = np.array([neighbor.similarity for neighbor in found], dtype=np.float32)
        if not by_words:
            return np.clip(cosines, 0.0, 1.0).astype(np.float64), 0.0
        calibration = self.text_encoder.calibration or UNCALIBRATED
        background = calibration.background
        if background is None:
            background = self.store.sample_vectors(self.space, BACKGROUND_SAMPLE)
            if len(background) < MIN_BACKGROUND:
                return np.clip(cosines, 0.0, 1.0).astype(np.float64), 0.0
        return Scorer.for_query(vector, background, calibration).probability(cosines), calibration.cut_off

    def _answer(
        self,
        neighbors: list[Neighbor],
        scores: NDArray[np.float64],
        cut_off: float,
        reasons: tuple[str, ...],
        started: float,
    ) -> SearchResult:
        kept = [(hit, float(score)) for hit, score in zip(neighbors, scores, strict=True) if score >= cut_off]
        below = [float(score) for score in scores if score < cut_off]
        assets = {asset.id: asset for asset in self.store.assets([hit.asset_id for hit, _ in kept])}
        hits = tuple(
            Hit(assets[hit.asset_id], score, hit.similarity, reasons) for hit, score in kept if hit.asset_id in assets
        )
        return SearchResult(hits, cut_off, len(below), max(below, default=None), time.perf_counter() - started)

    def _meeting_words(self, words: str, where: Query) -> Query:
        found = self.store.match_text(words, where, MAX_TOP)
        return And((where, IdIn(tuple(hit.asset_id for hit in found))))

    def _browse(self, where: Query, request: SearchRequest, started: float) -> SearchResult:
        if request.where == Everything() and not request.full_text:
            raise QueryError(
                "The query is empty.", hint='Describe a photo, for instance `smartsearch query "dog on a beach"`.'
            )
        ids = self.store.select(where, order="taken_at", descending=True, limit=request.top)
        hits = tuple(Hit(asset, 1.0, None, ("meets the filters",)) for asset in self.store.assets(ids))
        return SearchResult(hits, 0.0, 0, None, time.perf_counter() - started)


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
