"""Why an image is in an answer: each part of the query with what it gave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from smartsearch.core.ports import Store
from smartsearch.core.query import And, ColorNear, IdIn, Or, Query
from smartsearch.core.queryfields import color_name
from smartsearch.search.ranking import Hit, Likeness, Plan
from smartsearch.search.text import text_chances

EvidenceKind = Literal["looks", "text", "avoid", "example", "filter", "color"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One part of a query and its score, 0-1: of "looks" the probability that the image is like ``text``, of "text"
    that its texts say so, of "avoid" that it is *not* like it; of "example" the cosine; of "filter" 1, it is met; of
    "color" the share of the picture that has it."""

    kind: EvidenceKind
    text: str
    score: float


def explain(store: Store, plan: Plan, hits: Sequence[Hit]) -> list[tuple[Evidence, ...]]:
    """The evidence for each hit of a plan, by the branch it scored best in."""
    ids = [hit.asset.id for hit in hits]
    vectors = store.vectors(plan.space, ids)
    among = IdIn(tuple(ids))
    texts = [
        text_chances(store, branch.words, And((branch.where, among))) if branch.words else {}
        for branch in plan.branches
    ]
    found = []
    for hit in hits:
        branch, vector = plan.branches[hit.branch], vectors.get(hit.asset.id)
        evidence: list[Evidence] = []
        if branch.target is not None and vector is not None:
            kind: EvidenceKind = "looks" if branch.target.text else "example"
            evidence.append(Evidence(kind, branch.target.text, _score(branch.target, vector)))
        said = texts[hit.branch].get(hit.asset.id)
        if said is not None:
            evidence.append(Evidence("text", " ".join(branch.words), said))
        if vector is not None:
            evidence += [Evidence("avoid", each.text, 1.0 - _score(each, vector)) for each in branch.avoid]
        evidence += [Evidence("filter", label, 1.0) for label in branch.labels]
        evidence += [
            Evidence("color", color_name(color.color), color.percent_of(hit.asset) / 100)
            for color in _colors(branch.where)
        ]
        found.append(tuple(evidence))
    return found


def _colors(where: Query) -> Iterator[ColorNear]:
    """The colours that the condition asks for; not those it forbids."""
    match where:
        case ColorNear():
            yield where
        case And(parts) | Or(parts):
            for part in parts:
                yield from _colors(part)


def _score(likeness: Likeness, vector: np.ndarray) -> float:
    return float(likeness.scores(np.array([vector @ likeness.vector], np.float32))[0])
