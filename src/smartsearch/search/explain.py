"""Why an image is in an answer: each part of the query with what it gave."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from smartsearch.core.assets import Asset
from smartsearch.core.ports import Store
from smartsearch.core.query import And, ColorNear, IdIn, Or, Query
from smartsearch.core.queryfields import color_name
from smartsearch.core.reading import agreement, folded
from smartsearch.search.ranking import Branch, Hit, Likeness, Plan
from smartsearch.search.text import COMMON, content_words, text_chances

EvidenceKind = Literal["looks", "text", "avoid", "example", "feedback", "filter", "color"]
FILTERS = "the filters"
"""The label of conditions that were not written into the query."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One part of a query and its score, 0-1: of "looks" the probability that the image is like ``text``, of "text"
    that its texts say so, of "avoid" that it is *not* like it; of "example" the cosine; of "feedback" what the looks
    came to with likes and dislikes; of "filter" 1, it is met; of "color" the share
    of the picture that has it.

    Of "text", ``text`` are the words that were found and ``where`` the texts that have them: "file name", "folder",
    "tags", "title", "description", "picture" (it was read there); none where it is another text. ``decisive``: by
    itself, or because nothing else did,
    it brought the image in.
    """

    kind: EvidenceKind
    text: str
    score: float
    where: tuple[str, ...] = ()
    decisive: bool = True


def explain(store: Store, plan: Plan, hits: Sequence[Hit]) -> list[tuple[Evidence, ...]]:
    """The evidence for each hit of a plan, by the branch it scored best in."""
    ids = [hit.asset.id for hit in hits]
    vectors = store.vectors(plan.space, ids)
    spoken = [_Spoken.of(store, branch, ids) for branch in plan.branches]
    found = []
    for hit in hits:
        branch, vector = plan.branches[hit.branch], vectors.get(hit.asset.id)
        evidence = _likeness(branch, hit, vector)
        text = spoken[hit.branch].evidence(hit.asset)
        evidence += [] if text is None else [text]
        evidence = _weighed(evidence, plan.cut_off)
        if vector is not None:
            evidence += [Evidence("avoid", each.text, 1.0 - _score(each, vector)) for each in branch.avoid]
        evidence += [Evidence("filter", label, 1.0) for label in branch.labels]
        evidence += [
            Evidence("color", color_name(color.color), color.percent_of(hit.asset) / 100)
            for color in _colors(branch.where)
        ]
        found.append(tuple(evidence))
    return found


def reasons(evidence: Sequence[Evidence]) -> list[str]:
    """The parts that brought the image in, in words."""
    return [_SAID[part.kind](part) for part in evidence if part.decisive]


def _likeness(branch: Branch, hit: Hit, vector: np.ndarray | None) -> list[Evidence]:
    """What the words or the example gave, and what likes and dislikes made of it."""
    asked = branch.asked or (branch.target if not branch.liked else None)
    evidence = []
    if asked is not None and vector is not None:
        kind: EvidenceKind = "looks" if asked.text else "example"
        evidence.append(Evidence(kind, asked.text, _score(asked, vector)))
        if branch.example is not None:
            evidence.append(Evidence("example", "", _score(branch.example, vector)))
    if hit.asset.id in branch.liked:
        evidence.append(Evidence("feedback", "liked", 1.0))
    elif branch.target is not None and branch.target is not asked and vector is not None:
        evidence.append(Evidence("feedback", "resembles", _score(branch.target, vector)))
    return evidence


def _weighed(evidence: Sequence[Evidence], cut_off: float) -> list[Evidence]:
    """What scores under the cut-off did not bring the image in, unless everything does."""
    strong = [part.score >= cut_off or part.kind == "example" for part in evidence]
    return [
        Evidence(part.kind, part.text, part.score, part.where, decisive=enough or not any(strong))
        for part, enough in zip(evidence, strong, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Spoken:
    """What the texts of some images say of a branch's words."""

    chances: Mapping[int, float]
    words: Mapping[str, frozenset[int]]
    """The images that have each word."""

    @classmethod
    def of(cls, store: Store, branch: Branch, ids: Sequence[int]) -> _Spoken:
        if not branch.words:
            return cls({}, {})
        # The chances go by how rare a word is in all of them, so that they are those of the ranking.
        chances = text_chances(store, branch.words, branch.where)
        among = And((branch.where, IdIn(tuple(ids))))
        found = store.images_with_words(branch.words, among, COMMON)
        read = store.texts.with_words(branch.words, among, COMMON)
        having = [frozenset((*named, *seen)) for named, seen in zip(found, read, strict=True)]
        return cls(chances, dict(zip(branch.words, having, strict=True)))

    def evidence(self, asset: Asset) -> Evidence | None:
        if asset.id not in self.chances:
            return None
        words = [word for word, having in self.words.items() if asset.id in having]
        return Evidence("text", " ".join(words), self.chances[asset.id], _places(asset, words))


def _places(asset: Asset, words: Sequence[str]) -> tuple[str, ...]:
    """The texts of an image that have one of the words, also with or without a plural -s."""
    folder, name = os.path.split(asset.path)
    texts = {
        "file name": name,
        "folder": folder,
        "tags": " ".join(tag.name for tag in asset.tags if tag.source != "auto"),
        "title": asset.metadata.title or "",
        "description": asset.metadata.description or "",
    }
    wanted = {word.removesuffix("s") for word in words}
    cut = {place: {word.removesuffix("s") for word in content_words(text, most=None)} for place, text in texts.items()}
    found = [place for place, have in cut.items() if have & wanted]
    read = folded(asset.text or "")
    return (*found, *(["picture"] if any(agreement(folded(word), read) for word in words) else []))


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


def _said_text(part: Evidence) -> str:
    places = " and ".join(filter(None, (", ".join(part.where[:-1]), *part.where[-1:]))) or "texts"
    return f"“{part.text}” is in its {places}"


_SAID: Mapping[EvidenceKind, Callable[[Evidence], str]] = {
    "looks": lambda part: f"looks like “{part.text}”",
    "text": _said_text,
    "avoid": lambda part: f"does not look like “{part.text}”",
    "example": lambda _: "resembles the example image",
    "feedback": lambda part: "you liked it" if part.text == "liked" else "resembles what you liked",
    "filter": lambda part: "meets the filters" if part.text == FILTERS else f"meets {part.text}",
    "color": lambda part: f"{part.score:.0%} of it is {part.text}",
}
