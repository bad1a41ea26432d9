"""Ranking a planned search over a store: no model is needed any more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Asset, Embedding
from smartsearch.core.ports import Neighbor, Store
from smartsearch.core.query import And, IdIn, Query
from smartsearch.core.ranking import Scorer
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.search.text import text_chances
from smartsearch.search.variety import POOL, varied, without_duplicates

MAX_TOP = 100_000
"""How many results of a comparison are looked at; there is no limit where the filters alone decide."""
Sort = Literal["relevance", "newest", "oldest"]
"""Best first, or by `Asset.moment`. Where nothing is compared, relevance means newest."""
_FIRST_LOOK = 200
"""How much further than asked to look where something is to be avoided."""
_BLOCK = 1_000
_MOST_TEXTS = 500
"""Images whose texts have most of the query's words; further ones go by their looks alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """What images are compared with. ``scorer`` is None where the score is the cosine itself (pictures compare
    directly). ``text`` is what the vector says, "" for an example image."""

    vector: Embedding
    scorer: Scorer | None
    text: str = ""

    def scores(self, cosines: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probabilities or cosines, 0-1. They grow with the cosine."""
        if self.scorer is None:
            return np.clip(cosines.astype(np.float64), 0.0, 1.0)
        return self.scorer.probability(cosines)


@dataclass(frozen=True, slots=True, eq=False)
class Branch:
    """One way to answer: among ``where``, what is like ``target`` and not like anything of ``avoid``.

    Without a target the images are all as good, the newest first; one as likely as not to be avoided is left out.
    ``words`` of the target are looked for in the texts too: an image is as likely as not both say, 1 - (1-p)(1-q).
    ``liked`` images belong to the answer because the user said so.
    """

    where: Query
    target: Likeness | None = None
    avoid: tuple[Likeness, ...] = ()
    words: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """The conditions of the query, as its chips show them."""
    liked: tuple[int, ...] = ()
    asked: Likeness | None = None
    """What was asked for before likes and dislikes moved the target; None where nothing moved it."""
    example: Likeness | None = None
    """The example image that is part of a target with words."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A request made ready: an image belongs to the answer if it belongs to one of the branches.

    ``collapse`` and ``diversity``: see `search.variety`.
    """

    space: EmbeddingSpace
    branches: tuple[Branch, ...]
    cut_off: float
    sort: Sort = "relevance"
    collapse: bool = False
    diversity: float = 0.0

    @property
    def listed(self) -> Query | None:
        """What is listed, where nothing is compared."""
        first = self.branches[0]
        return first.where if len(self.branches) == 1 and not (first.target or first.avoid) else None


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The images of an answer, best first, each with the number of the branch it scored best in.

    ``complete``: looking further would find no more.
    """

    ids: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()
    similarities: tuple[float | None, ...] = ()
    branches: tuple[int, ...] = ()
    withheld: int = 0
    best_withheld: float | None = None
    complete: bool = False

    def part(self, offset: int, count: int) -> Ranking:
        chosen = slice(offset, offset + count)
        return replace(
            self,
            ids=self.ids[chosen],
            scores=self.scores[chosen],
            similarities=self.similarities[chosen],
            branches=self.branches[chosen],
        )

    def taking(self, places: list[int]) -> Ranking:
        return replace(
            self,
            ids=tuple(self.ids[place] for place in places),
            scores=tuple(self.scores[place] for place in places),
            similarities=tuple(self.similarities[place] for place in places),
            branches=tuple(self.branches[place] for place in places),
        )

    def followed_by(self, further: Ranking) -> Ranking:
        """These images, then what is new in ``further``."""
        seen = set(self.ids)
        new = further.taking([place for place, asset_id in enumerate(further.ids) if asset_id not in seen])
        return replace(
            new,
            ids=self.ids + new.ids,
            scores=self.scores + new.scores,
            similarities=self.similarities + new.similarities,
            branches=self.branches + new.branches,
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """One result. ``score`` is the probability (0-1) that it matches; ``similarity`` the plain cosine."""

    asset: Asset
    score: float
    similarity: float | None
    branch: int = 0
    """Of the plan: the one it scored best in."""
    at: float | None = None
    """Of a moving picture: where the scene begins that is most like what was asked for, in seconds."""


def rank(store: Store, plan: Plan, top: int | None) -> Ranking:
    """The best ``top`` images that score at least the cut-off, or the first ones where nothing is compared. None: all
    there are, or `MAX_TOP` of a comparison; of more than that, all have to be asked for."""
    if plan.listed is not None:
        return _listed(store, plan, plan.branches[0], top)
    return _varied(store, plan, MAX_TOP if top is None else top)


def _varied(store: Store, plan: Plan, top: int) -> Ranking:
    look = max(top, POOL) if plan.diversity else top
    while True:
        found = _best(store, plan, look)
        if plan.collapse:
            ids = found.ids
            found = found.taking(without_duplicates(ids, store.hashes(ids), store.durations(ids)))
        if len(found.ids) >= min(top, look) or found.complete or look >= MAX_TOP:
            break
        look = min(MAX_TOP, 2 * look)
    if plan.diversity:
        vectors = store.vectors(plan.space, found.ids[:POOL])
        found = found.taking(varied(found.ids, found.scores, vectors, plan.diversity))
    return replace(found.part(0, top), complete=found.complete and len(found.ids) <= top)


def relevant(store: Store, plan: Plan) -> Ranking:
    """All that scores at least the cut-off, up to `MAX_TOP`."""
    looked, found = _BLOCK, rank(store, plan, _BLOCK)
    while not found.complete and looked < MAX_TOP:
        looked = min(MAX_TOP, 4 * looked)
        found = rank(store, plan, looked)
    return found


def by_time(store: Store, plan: Plan, ranking: Ranking) -> Ranking:
    """The same images in the plan's order of time."""
    places = {asset_id: place for place, asset_id in enumerate(ranking.ids)}
    ids = store.select(IdIn(ranking.ids), order="moment", descending=plan.sort == "newest")
    return ranking.taking([places[asset_id] for asset_id in ids])


def _best(store: Store, plan: Plan, top: int) -> Ranking:
    parts = [_ranked(store, plan, branch, top) for branch in plan.branches]
    if len(parts) == 1:
        return replace(parts[0], branches=(0,) * len(parts[0].ids))
    scored = [
        (-score, number, place, asset_id)
        for number, part in enumerate(parts)
        for place, (asset_id, score) in enumerate(zip(part.ids, part.scores, strict=True))
    ]
    best: dict[int, tuple[int, int]] = {}
    for _, number, place, asset_id in sorted(scored):
        best.setdefault(asset_id, (number, place))
    chosen = list(best.items())[:top]
    below = [part.best_withheld for part in parts if part.best_withheld is not None]
    return Ranking(
        ids=tuple(asset_id for asset_id, _ in chosen),
        scores=tuple(parts[number].scores[place] for _, (number, place) in chosen),
        similarities=tuple(parts[number].similarities[place] for _, (number, place) in chosen),
        branches=tuple(number for _, (number, _) in chosen),
        withheld=max(part.withheld for part in parts),
        best_withheld=max(below, default=None),
        complete=all(part.complete for part in parts) and len(best) <= top,
    )


def _ranked(store: Store, plan: Plan, branch: Branch, top: int) -> Ranking:
    if branch.target is None:
        look = _spared if branch.avoid else _listed
        return look(store, plan, branch, top)
    return _compared(store, plan, branch, branch.target, top)


def _listed(store: Store, plan: Plan, branch: Branch, top: int | None) -> Ranking:
    """All that meets the conditions, in order of time."""
    ids = store.select(branch.where, order="moment", descending=plan.sort != "oldest", limit=top)
    count = len(ids)
    complete = top is None or count < top
    return Ranking(tuple(ids), (1.0,) * count, (None,) * count, (0,) * count, complete=complete)


def _spared(store: Store, plan: Plan, branch: Branch, top: int) -> Ranking:
    """All that meets the conditions without what is to be avoided, in order of time."""
    descending = plan.sort != "oldest"
    kept: list[int] = []
    scores: list[float] = []
    offset, withheld, step = 0, 0, min(_BLOCK, 2 * top)
    while len(kept) < top:
        ids = store.select(branch.where, order="moment", descending=descending, limit=step, offset=offset)
        chances = _unlikeness(store, plan.space, branch, ids)
        for asset_id, chance in zip(ids, chances.tolist(), strict=True):
            if chance >= max(plan.cut_off, 0.5):
                kept.append(asset_id)
                scores.append(chance)
        offset, withheld = offset + len(ids), offset + len(ids) - len(kept)
        if len(ids) < step:
            break
        step = _BLOCK
    chosen = min(top, len(kept))
    complete = len(kept) < top
    return Ranking(tuple(kept[:chosen]), tuple(scores[:chosen]), (None,) * chosen, withheld=withheld, complete=complete)


def _compared(store: Store, plan: Plan, branch: Branch, target: Likeness, top: int) -> Ranking:
    """By the probability that an image is like the target, or that its texts say so, and that it is like nothing to be
    avoided.

    An image with no such text is no likelier than it looks, so that whatever was not looked at scores less than the
    last that was.
    """
    texts = _strongest(text_chances(store, branch.words, branch.where)) if branch.words else {}
    if branch.liked:
        texts |= dict.fromkeys(store.select(And((branch.where, IdIn(branch.liked)))), 1.0)
    plainly = not (texts or branch.avoid)
    look = top if plainly else 2 * top + _FIRST_LOOK
    while True:
        found = store.nearest(plan.space, target.vector, branch.where, look)
        cosines = np.array([neighbor.similarity for neighbor in found], dtype=np.float32)
        likely = target.scores(cosines)
        worth = int((likely >= plan.cut_off).sum())
        scored = _scored(store, plan, branch, target, found[:worth], texts)
        order = scored.best(plan.cut_off)
        whole = worth < len(found) or len(found) < look or look >= MAX_TOP
        if whole or plainly or int((scored.scores >= likely[-1]).sum()) >= top:
            break
        look *= 4
    below = [*scored.scores[scored.scores < plan.cut_off].tolist(), *likely[worth : worth + 1].tolist()]
    chosen = order[:top].tolist()
    return Ranking(
        ids=tuple(scored.ids[place] for place in chosen),
        scores=tuple(scored.scores[chosen].tolist()),
        similarities=tuple(scored.similarities[place] for place in chosen),
        withheld=len(found) + len(scored.ids) - worth - len(order),
        best_withheld=max(below, default=None),
        complete=whole and len(order) <= top,
    )


def _strongest(texts: dict[int, float]) -> dict[int, float]:
    if len(texts) <= _MOST_TEXTS:
        return texts
    return {asset_id: texts[asset_id] for asset_id in sorted(texts, key=lambda i: (-texts[i], i))[:_MOST_TEXTS]}


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    ids: list[int]
    scores: NDArray[np.float64]
    similarities: list[float | None]

    def best(self, cut_off: float) -> NDArray[np.int64]:
        """Places of those that score enough, best first, ties by id."""
        order = np.lexsort((np.array(self.ids, np.int64), -self.scores))
        return np.asarray(order[self.scores[order] >= cut_off], np.int64)


def _scored(
    store: Store, plan: Plan, branch: Branch, target: Likeness, near: list[Neighbor], texts: dict[int, float]
) -> _Scored:
    """The near images and those with texts, each with what looks and texts say together."""
    similarities: dict[int, float | None] = {neighbor.asset_id: neighbor.similarity for neighbor in near}
    others = [asset_id for asset_id in texts if asset_id not in similarities]
    vectors = store.vectors(plan.space, others)
    for asset_id in others:
        similarities[asset_id] = float(vectors[asset_id] @ target.vector) if asset_id in vectors else None
    ids = list(similarities)
    known = np.array([-1.0 if value is None else value for value in similarities.values()], np.float32)
    looks = np.where([value is None for value in similarities.values()], 0.0, target.scores(known))
    said = np.array([texts.get(asset_id, 0.0) for asset_id in ids])
    scores = 1.0 - (1.0 - looks) * (1.0 - said)
    if branch.avoid:
        scores *= _unlikeness(store, plan.space, branch, ids)
    return _Scored(ids, np.asarray(scores, np.float64), list(similarities.values()))


def _unlikeness(store: Store, space: EmbeddingSpace, branch: Branch, ids: list[int]) -> NDArray[np.float64]:
    """The probability that each image is like nothing to be avoided; 1 for one without a vector."""
    result = np.ones(len(ids))
    vectors = store.vectors(space, ids)
    places = [place for place, asset_id in enumerate(ids) if asset_id in vectors]
    if places:
        matrix = np.stack([vectors[ids[place]] for place in places])
        for likeness in branch.avoid:
            result[places] *= 1.0 - likeness.scores(matrix @ likeness.vector)
    return result


def load_hits(store: Store, plan: Plan, ranking: Ranking) -> tuple[Hit, ...]:
    """The images of a ranking with what is known of them; those forgotten since are left out."""
    assets = {asset.id: asset for asset in store.assets(ranking.ids)}
    columns = list(zip(ranking.ids, ranking.scores, ranking.similarities, ranking.branches, strict=True))
    moving = {asset_id: branch for asset_id, _, _, branch in columns if _moves(assets.get(asset_id))}
    at = _best_scenes(store, plan, moving)
    return tuple(
        Hit(assets[asset_id], score, similarity, branch, at.get(asset_id))
        for asset_id, score, similarity, branch in columns
        if asset_id in assets
    )


def _moves(asset: Asset | None) -> bool:
    return asset is not None and asset.duration is not None


def _best_scenes(store: Store, plan: Plan, moving: dict[int, int]) -> dict[int, float]:
    """Of each image, with the branch it is in, the scene most like the branch's target, in seconds."""
    compared = [asset_id for asset_id, branch in moving.items() if plan.branches[branch].target is not None]
    found: dict[int, float] = {}
    for asset_id, scenes in store.scene_vectors(plan.space, compared).items():
        target = plan.branches[moving[asset_id]].target
        assert target is not None
        times, vectors = list(scenes), np.stack(list(scenes.values()))
        found[asset_id] = times[int((vectors @ target.vector).argmax())] / 1000
    return found
