"""What file names, folders, tags, titles, descriptions and the text read in a picture say of a query's words."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from math import log

from smartsearch.core.ports import Store
from smartsearch.core.query import Query

SURE = 0.85
"""How likely an image is of what its texts say in full: names are chosen, yet folders hold other things too."""
SEEN = 0.75
"""The same where the words are read in the picture: a sign that says "dog" is near one more often than not. A misread
word of `core.reading` then comes to 0.58, the least that a large library shows."""
SHARPNESS = 3.0
"""How much less where only some words are there: (share of the words' weight) to this power."""
LEAST = 0.1
"""Lower chances are none: one of two words is about the limit. Else every photo of a "dog" would be looked at for "dog
on a snowy mountain"."""
COMMON = 5_000
"""A word in so many texts ("IMG", "Pictures") says nothing of any of them."""
MOST_WORDS = 12
_GRAMMAR = "a an the of in on at with and or to is are was for by from my me our some this that it its his her"
_NO_CONTENT = frozenset(_GRAMMAR.split())


def content_words(text: str, most: int | None = MOST_WORDS) -> tuple[str, ...]:
    """The words of a description that a name or a tag might have, lower-case, each once; the first ``most``."""
    kept = "".join(letter if unicodedata.category(letter)[0] in "LNM" else " " for letter in text.lower())
    words = [word for word in kept.split() if word not in _NO_CONTENT and (len(word) > 1 or not word.isascii())]
    return tuple(dict.fromkeys(words))[:most]


def text_chances(store: Store, words: Sequence[str], where: Query) -> dict[int, float]:
    """The probability, by their texts alone, that images are of these words; images not named have less than `LEAST`.

    A word weighs by how rare it is (inverse document frequency, Sparck Jones 1972).
    """
    named = [dict.fromkeys(ids, 1.0) for ids in store.images_with_words(words, where, COMMON)]
    chances = _chances(named, SURE)
    for asset_id, chance in _chances(store.texts.with_words(words, where, COMMON), SEEN).items():
        chances[asset_id] = max(chance, chances.get(asset_id, 0.0))
    return {asset_id: chance for asset_id, chance in chances.items() if chance >= LEAST}


def _chances(found: Sequence[Mapping[int, float]], sure: float) -> dict[int, float]:
    """``found``: for each word the images that have it, and how well (0-1)."""
    weights = [log(2 * COMMON / (len(ids) + 0.5)) if len(ids) < COMMON else 0.0 for ids in found]
    total = sum(weights)
    shares: dict[int, float] = {}
    for ids, weight in zip(found, weights, strict=True):
        for asset_id, well in ids.items() if weight else ():
            shares[asset_id] = shares.get(asset_id, 0.0) + weight * well
    return {asset_id: sure * (share / total) ** SHARPNESS for asset_id, share in shares.items()}
