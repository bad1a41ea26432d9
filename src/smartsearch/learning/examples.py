"""From facts to lessons: which photos were liked for which words, in three parts that do not share a photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from smartsearch.core.assets import Embedding
from smartsearch.core.feedback import Verdict
from smartsearch.core.ports import Store
from smartsearch.core.query import Shown
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.learning.training import Floats, Lesson

PARTS = 5
"""A fifth of the photos is held back for the decision, a fifth says when to stop, three fifths teach."""
MOST_OTHERS = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Lessons whose queries come in the same order in all three parts; ``likes`` and ``dislikes`` count what can be
    used, ``unusable`` what cannot: photos without a vector, queries without words."""

    texts: tuple[str, ...]
    teaching: tuple[Lesson, ...]
    stopping: tuple[Lesson, ...]
    held_back: tuple[Lesson, ...]
    likes: int
    dislikes: int
    unusable: int

    @property
    def checking(self) -> int:
        """Liked photos in the smaller of the parts that do not teach."""
        return min(sum(len(lesson.liked) for lesson in part) for part in (self.stopping, self.held_back))


def part_of(file_hash: bytes) -> int:
    """0: held back; 1: stopping; others: teaching. By the photo alone, so that a photo held back once is held back from
    every later revision too, and revisions can be compared."""
    return int.from_bytes(file_hash[:4], "big") % PARTS


def examples(
    store: Store,
    space: EmbeddingSpace,
    facts: Sequence[Verdict],
    meaning: Callable[[str], str],
    encode: Callable[[Sequence[str]], Floats],
) -> Examples:
    """What the facts teach in one space. ``meaning`` says which words of a query are searched by looks, "" for none;
    ``encode`` gives their vectors. Of facts on the same words and photo the last one counts."""
    vectors = _vectors(store, space, {fact.file_hash for fact in facts})
    said: dict[tuple[str, bytes], bool] = {}
    for fact in facts:
        words = " ".join(meaning(fact.query).split()).casefold()
        if words and fact.file_hash in vectors:
            said.pop((words, fact.file_hash), None)
            said[words, fact.file_hash] = fact.liked
    texts = tuple(sorted({words for words, _ in said}))
    queries = encode(texts)
    parts: list[list[Lesson]] = [[], [], []]
    for words, query in zip(texts, queries, strict=True):
        for number, part in enumerate(parts):
            mine = [
                (file_hash, liked)
                for (asked, file_hash), liked in sorted(said.items())
                if asked == words and min(part_of(file_hash), 2) == number
            ]
            part.append(
                Lesson(
                    query,
                    _stacked([vectors[file_hash] for file_hash, liked in mine if liked], space.dim),
                    _stacked([vectors[file_hash] for file_hash, liked in mine if not liked], space.dim),
                )
            )
    likes = sum(said.values())
    held_back, stopping, teaching = (tuple(part) for part in parts)
    return Examples(texts, teaching, stopping, held_back, likes, len(said) - likes, len(facts) - len(said))


def other_photos(store: Store, space: EmbeddingSpace, facts: Sequence[Verdict]) -> Floats:
    """Vectors of photos nobody judged, spread over the library: (n, dim), at most `MOST_OTHERS`."""
    judged = {
        state.asset_id for file_hash in {f.file_hash for f in facts} for state in store.find_by_hash(file_hash, space)
    }
    ids = [asset_id for asset_id in store.select(Shown()) if asset_id not in judged]
    chosen = [ids[int(place)] for place in np.linspace(0, len(ids) - 1, min(MOST_OTHERS, len(ids)))]
    found = store.vectors(space, chosen)
    return _stacked([found[asset_id] for asset_id in chosen if asset_id in found], space.dim)


def _vectors(store: Store, space: EmbeddingSpace, hashes: set[bytes]) -> dict[bytes, Embedding]:
    """The vectors of the photos with these bytes, wherever they lie by now."""
    owners = {
        state.asset_id: file_hash
        for file_hash in hashes
        for state in store.find_by_hash(file_hash, space)
        if state.asset_id is not None
    }
    found = store.vectors(space, list(owners))
    return {owners[asset_id]: vector for asset_id, vector in sorted(found.items())}


def _stacked(vectors: Sequence[Embedding], dim: int) -> Floats:
    return np.array(vectors, np.float32).reshape(-1, dim)
