"""What somebody who has begun to type may mean: names the library knows, found by their beginning and despite typos."""

from __future__ import annotations

import bisect
import math
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.overview import ValueCount
from smartsearch.core.ports import Store
from smartsearch.core.queryfields import BY_NAME

Kind = Literal["tag", "person", "place", "region", "camera", "album", "folder", "recent", "word"]

WEIGHT: dict[Kind, float] = {
    "recent": 6.0,
    "person": 6.0,
    "album": 5.0,
    "tag": 4.0,
    "place": 4.0,
    "region": 4.0,
    "camera": 2.0,
    "folder": 2.0,
    "word": 0.0,
}
"""What a kind is worth beside the logarithm of how many images there are."""
_INSIDE: tuple[Kind, ...] = ("album", "folder", "place", "region")

LATER_COST = 3.0
"""What begins like the word comes before what has a later word that does ("beach" before "polar bear"), unless a much
more frequent name."""
TYPO_COST = 8.0
"""A spelling that is right comes before one that is nearly right, whatever the counts."""
FUZZY_LENGTHS = (4, 7)
"""From how many characters on one, then two typos are forgiven. Shorter words are near to everything."""
MAX_FUZZY = 200
"""Candidates compared letter by letter: first those with most letters in common, then the most used."""
LETTERS = 16
CHEAP_SECONDS = 0.05
"""A vocabulary that takes longer to read is read again in the background."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``insert`` is what to put in place of the last word of the query; ``count`` images have it."""

    kind: Kind
    text: str
    insert: str
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class _Vocabulary:
    """Suggestions by their keys: each name, and each later word of it."""

    generation: int
    entries: tuple[Suggestion, ...]
    keys: list[str]
    owners: list[int]
    """``entries[owners[i]]`` is found by ``keys[i]``; sorted by key."""
    costs: list[float]
    """Of each key: `LATER_COST` where it is not the whole name."""
    letters: NDArray[np.uint64]
    """See `_letters`; (keys, LETTERS)."""
    values: NDArray[np.float64]


class Suggestions:
    """Suggestions from one library. ``people``, ``places`` and ``regions`` give names with counts. Safe to use from
    several threads.

    While an index run changes a large library with every commit, the vocabulary may be some seconds old.
    """

    def __init__(
        self,
        store: Store,
        people: Callable[[], Iterable[ValueCount]],
        places: Callable[[], Iterable[ValueCount]] = tuple,
        regions: Callable[[], Iterable[ValueCount]] = tuple,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._clock = clock
        self._store = store
        self._people = people
        self._places = places
        self._regions = regions
        self._lock = threading.Lock()
        self._vocabulary: _Vocabulary | None = None
        self._cost = 0.0
        self._reading = False

    def find(self, typed: str, recent: Sequence[str], limit: int) -> list[Suggestion]:
        """The best for the last word of ``typed``, and earlier queries that begin like all of it."""
        earlier = [
            Suggestion("recent", text, text, 0) for text in recent if folded(text).startswith(folded(typed.strip()))
        ]
        word, kind = last_word(typed)
        vocabulary = self._current()
        if not word:
            used = sorted(range(len(vocabulary.entries)), key=lambda place: -vocabulary.values[place])
            found = [vocabulary.entries[place] for place in used[: 4 * limit]]
            return [*earlier[: limit // 2], *(one for one in found if _fits(one, kind) and one.kind != "word")][:limit]
        ranked = _matches(vocabulary, folded(word), kind, limit)
        own = [one for one in earlier if folded(one.text) != folded(typed.strip())][: max(1, limit // 3)]
        return [*own, *(vocabulary.entries[place] for place in ranked)][:limit]

    def _current(self) -> _Vocabulary:
        generation = self._store.generation
        known = self._vocabulary
        if known is not None and (known.generation == generation or self._reading):
            return known
        if known is None or self._cost < CHEAP_SECONDS:
            return self._read()
        with self._lock:
            if not self._reading:
                self._reading = True
                threading.Thread(target=self._read, name="vocabulary", daemon=True).start()
        return known

    def _read(self) -> _Vocabulary:
        started = self._clock()
        try:
            generation = self._store.generation
            made = self._vocabulary = _made(generation, list(self._entries()))
        finally:
            self._reading = False
        self._cost = self._clock() - started
        return made

    def _entries(self) -> Iterable[Suggestion]:
        known = self._store.vocabulary()
        folders: dict[str, int] = {}
        for folder in known.folders:
            name = folder.value.rstrip("/").rpartition("/")[2]
            folders[name] = folders.get(name, 0) + folder.count
        named: list[tuple[Kind, Iterable[ValueCount]]] = [
            ("person", self._people()),
            ("place", self._places()),
            ("region", self._regions()),
            ("album", known.albums),
            ("tag", known.tags),
            ("camera", known.cameras),
            ("folder", (ValueCount(name, count) for name, count in folders.items() if name)),
        ]
        for kind, values in named:
            for value in values:
                yield Suggestion(kind, value.value, f"{kind}:{quoted(value.value)}", value.count)
        taken = {folded(tag.value) for tag in known.tags}
        for word in known.words:
            if word.value not in taken:
                yield Suggestion("word", word.value, word.value, word.count)


def quoted(text: str) -> str:
    """A value as the query language takes it."""
    plain = text.replace('"', "")
    return plain if plain and not any(letter.isspace() or letter in ",:()" for letter in plain) else f'"{plain}"'


def folded(text: str) -> str:
    """Without case and accents."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parted if not unicodedata.combining(letter))


def last_word(typed: str) -> tuple[str, str]:
    """The word being typed and the field it is of ("tag:bea" -> "bea", "tag"); empty after a space."""
    word = typed[typed.rindex('"') :] if typed.count('"') % 2 else typed.rpartition(" ")[2]
    start = typed[: len(typed) - len(word)].rpartition(" ")[2] if word.startswith('"') else ""
    field, colon, value = (start + word).lstrip("-").partition(":")
    return (value.strip('"'), field.casefold()) if colon else (field.strip('"'), "")


def _fits(one: Suggestion, field: str) -> bool:
    """Whether it is a value of the field, by whichever of its names; `in` takes all that photos lie in."""
    known = BY_NAME.get(field)
    if known is None:
        return not field
    return one.kind in _INSIDE if known.name == "in" else BY_NAME.get(one.kind) is known


def _made(generation: int, entries: list[Suggestion]) -> _Vocabulary:
    keyed = []
    for place, entry in enumerate(entries):
        key = folded(entry.text)
        keyed.append((key, place, 0.0))
        keyed += [(rest, place, LATER_COST) for rest in _later_words(key)]
    keyed.sort()
    keys = [key for key, _, _ in keyed]
    return _Vocabulary(
        generation,
        tuple(entries),
        keys,
        [place for _, place, _ in keyed],
        [cost for _, _, cost in keyed],
        np.array([_letters(key) for key in keys], np.uint64).reshape(len(keys), LETTERS),
        np.array([WEIGHT[entry.kind] + math.log1p(entry.count) for entry in entries]),
    )


def _later_words(key: str) -> Iterable[str]:
    for place, letter in enumerate(key):
        if place and not letter.isspace() and not key[place - 1].isalnum() and letter.isalnum():
            yield key[place:]


def _letters(text: str) -> list[int]:
    """Which characters occur in the first one, two, ... `LETTERS`, as bits; different ones may share a bit."""
    found, bits = [], 0
    for letter in text[:LETTERS]:
        bits |= 1 << (ord(letter) & 63)
        found.append(bits)
    return found + [bits] * (LETTERS - len(found))


def _matches(vocabulary: _Vocabulary, word: str, kind: str, enough: int) -> list[int]:
    """Places of entries, best first: those that begin like the word and, unless there are enough, nearly do."""
    best: dict[int, float] = {}
    first = bisect.bisect_left(vocabulary.keys, word)
    last = bisect.bisect_left(vocabulary.keys, word + "\U0010ffff", first)
    for place, cost in zip(vocabulary.owners[first:last], vocabulary.costs[first:last], strict=True):
        if _fits(vocabulary.entries[place], kind):
            best[place] = max(best.get(place, -math.inf), float(vocabulary.values[place]) - cost)
    typos = sum(len(word) >= length for length in FUZZY_LENGTHS)
    if typos and len(best) < enough:
        for place, distance in _nearly(vocabulary, word, typos):
            best.setdefault(place, float(vocabulary.values[place]) - TYPO_COST * distance)
    fitting = (place for place in best if _fits(vocabulary.entries[place], kind))
    return sorted(fitting, key=lambda place: (-best[place], vocabulary.entries[place].text))


def _nearly(vocabulary: _Vocabulary, word: str, typos: int) -> Iterable[tuple[int, int]]:
    """Entries with a key whose beginning is at most ``typos`` away; letters that a key has nowhere tell most others."""
    reach = min(len(word) + typos, LETTERS) - 1
    lacking = np.bitwise_count(np.uint64(_letters(word[:LETTERS])[-1]) & ~vocabulary.letters[:, reach])
    candidates = np.flatnonzero(lacking <= typos)
    owners = np.array(vocabulary.owners, np.int64)[candidates]
    order = np.lexsort((-vocabulary.values[owners], lacking[candidates]))
    compared = 0
    for place in candidates[order].tolist():
        key = vocabulary.keys[place]
        if abs(len(key) - len(word)) <= typos or len(key) > len(word):
            distance = prefix_distance(word, key[: len(word) + typos], typos)
            compared += 1
            if distance <= typos:
                yield vocabulary.owners[place], distance
            if compared == MAX_FUZZY:
                return


def prefix_distance(word: str, key: str, most: int) -> int:
    """Edits from ``word`` to the best beginning of ``key``: insertions, deletions, changes, swaps of neighbours (that
    is optimal string alignment). More than ``most`` comes out as ``most + 1``."""
    before: list[int] = []
    above = list(range(len(key) + 1))
    for row, letter in enumerate(word, 1):
        current = [row]
        for column, other in enumerate(key, 1):
            cost = min(above[column] + 1, current[-1] + 1, above[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == key[column - 2] and word[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            current.append(cost)
        if min(current) > most:
            return most + 1
        before, above = above, current
    return min(min(above), most + 1)
