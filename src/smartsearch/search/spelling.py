"""Did you mean: words that neither the model nor the library knows, and known ones that are nearly the same."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

from smartsearch.core.ports import Store
from smartsearch.core.queryparse import ParsedQuery, Problem
from smartsearch.core.querysyntax import Words, leaves_of

SHORTEST = 4
"""Letters; shorter words are near to everything."""
TWO_TYPOS = 8
"""From so many letters on two typos are forgiven."""
_RARE = 1 << 30
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(r"[A-Za-z]+(?:['’]s)?")
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "r", "rs", "y", "ly", "ies")


class ModelWords(Protocol):
    """What a model's tokenizer knows."""

    def knows(self, word: str) -> bool:
        """Whether the lower-case word is one token."""
        ...

    def words(self) -> Sequence[str]:
        """Its whole words in lower case, the most usual first; empty where the tokenizer has no such words."""
        ...


@dataclass(frozen=True, slots=True)
class _Known:
    generation: int
    library: frozenset[str]


class Spelling:
    """Suggests other words for a query. Safe to use from several threads.

    ``everyday`` are words one photographs (the vocabulary of tags); they come before the model's.
    """

    def __init__(
        self, store: Store, model: Callable[[], ModelWords | None], everyday: Callable[[], Iterable[str]]
    ) -> None:
        self._store = store
        self._model = model
        self._everyday = everyday
        self._lock = threading.Lock()
        self._known: _Known | None = None
        self._usual: tuple[frozenset[str], dict[str, int]] | None = None

    def checked(self, parsed: ParsedQuery) -> ParsedQuery:
        """The query with a harmless problem for each word that may be misspelt."""
        model = self._model()
        if model is None or parsed.tree is None:
            return parsed
        found = []
        for leaf, _ in leaves_of(parsed.tree):
            if not isinstance(leaf, Words) or leaf.quoted:
                continue
            for word in _WORD.finditer(parsed.text, leaf.start, leaf.end):
                said = word[0].lower().replace("’", "'").removesuffix("'s")
                if len(said) < SHORTEST or model.knows(said):
                    continue
                better = self.better(said, model, last=word.end() == len(parsed.text))
                if better:
                    message = f"Did you mean “{better}”?"
                    end = word.start() + len(said)
                    found.append(Problem(message, word.start(), end, better, harmless=True))
        return replace(parsed, problems=(*parsed.problems, *found)) if found else parsed

    def better(self, word: str, model: ModelWords, last: bool = False) -> str:
        """The known word that was probably meant, or ""; ``last``: somebody may still be typing it."""
        library = self._library()
        everyday, rank = self._usual_words(model)
        if not rank or word in library or word in everyday or _derived(word, library, everyday, rank):
            return ""
        if last and any(known.startswith(word) for known in (*everyday, *library)):
            return ""
        first = [near for near in _edits(word) if near in rank or near in library or near in everyday]
        if not first and len(word) >= TWO_TYPOS:
            among = everyday | library
            first = [near for one in _edits(word) for near in _edits(one) if near in among]
        return min(
            first, key=lambda near: (near not in everyday, near not in library, rank.get(near, 1 << 30)), default=""
        )

    def _library(self) -> frozenset[str]:
        generation = self._store.generation
        with self._lock:
            if self._known is None or self._known.generation != generation:
                known = self._store.vocabulary()
                names = (value.value for values in (known.words, known.tags) for value in values)
                words = frozenset(word for name in names for word in re.findall(r"[a-z]{3,}", name.casefold()))
                self._known = _Known(generation, words)
            return self._known.library

    def _usual_words(self, model: ModelWords) -> tuple[frozenset[str], dict[str, int]]:
        with self._lock:
            if self._usual is None:
                words = (word for name in self._everyday() for word in re.findall(r"[a-z]{3,}", name.casefold()))
                usual = [
                    word for word in model.words() if len(word) >= SHORTEST - 1 and word.isascii() and word.isalpha()
                ]
                self._usual = frozenset(words), {word: place for place, word in enumerate(usual)}
            return self._usual


def _derived(word: str, *known: Iterable[str]) -> bool:
    """Whether it is a known word with an ending, or two known words in one ("snowboarder", "skateparks")."""
    sets = [frozenset(each) if not isinstance(each, frozenset | dict) else each for each in known]

    def there(part: str) -> bool:
        return any(part in each for each in sets)

    for ending in _ENDINGS:
        if word.endswith(ending):
            stem = word[: -len(ending)]
            doubled = len(stem) > 2 and stem[-1] == stem[-2]
            if there(stem) or there(stem + "e") or there(stem + "y") or (doubled and there(stem[:-1])):
                return True
    halves = ((word[:cut], word[cut:]) for cut in range(3, len(word) - 2))
    return any(there(left) and (there(right) or there(right.rstrip("s"))) for left, right in halves)


@lru_cache(256)
def _edits(word: str) -> frozenset[str]:
    """All words one typo away: a letter too many, too few, wrong, or two swapped (Damerau 1964)."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    fewer = {left + right[1:] for left, right in cuts if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1}
    other = {left + letter + right[1:] for left, right in cuts if right for letter in _ALPHABET}
    more = {left + letter + right for left, right in cuts for letter in _ALPHABET}
    return frozenset(fewer | swapped | other | more) - {word}
