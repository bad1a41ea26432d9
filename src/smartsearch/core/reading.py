"""Text that is read in pictures, and how far a word agrees with it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

Point = tuple[int, int]
"""x and y in pixels of the upright original."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line. ``confidence`` is 0-1; ``quad`` are the corners top left, top right, bottom right, bottom left as the
    text is read."""

    text: str
    confidence: float
    quad: tuple[Point, Point, Point, Point]


@dataclass(frozen=True, slots=True)
class TextScan:
    """One look at one picture by the reader of this fingerprint; its lines in reading order, none where no text is."""

    reader: str
    lines: tuple[TextLine, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class PutText:
    """Replace what was read in an image."""

    asset_id: int
    scan: TextScan


WHOLE, PART, MISREAD = 1.0, 0.97, 0.92
"""How well a word agrees with a text: it stands there, or within a longer word (readers lose spaces), or does so but
for a letter or two after the first."""
LEAST_PART = 4
"""Letters of a word looked for within others: "art" is in "party"."""
ONE_SLIP, TWO_SLIPS = 6, 9
"""Letters from which on a word may differ by one, by two; a word so long shares three letters in a row with any it
differs from so little, which is how stores find it."""


def folded(text: str) -> str:
    """The text without case, accents, control characters and breaks of lines: the form in which texts are compared."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    # Accents of Latin, Greek and Cyrillic letters only: the voicing marks of kana tell words apart.
    kept = (" " if character.isspace() else character for character in plain if not "\u0300" <= character <= "\u036f")
    whole = unicodedata.normalize("NFC", "".join(kept))
    return " ".join("".join(c for c in whole if c == " " or unicodedata.category(c)[0] != "C").split())


def agreement(word: str, text: str) -> float:
    """How well a word agrees with a text, both `folded`: `WHOLE`, `PART`, `MISREAD`, or 0."""
    if not word or not text:
        return 0.0
    inside = word in text
    if inside and not word.isascii() and any(unicodedata.category(letter) == "Lo" for letter in word):
        return WHOLE  # a script without spaces
    best = 0.0
    slips = 2 if len(word) >= TWO_SLIPS else 1 if len(word) >= ONE_SLIP else 0
    for other in words(text):
        if word in (other, f"{other}s") or other == f"{word}s":
            return WHOLE
        if inside and len(word) >= LEAST_PART and word in other:
            best = PART
        elif slips and best < MISREAD and word[0] == other[0] and _within(word, other, slips):
            best = MISREAD
    return best


def words(text: str) -> Iterator[str]:
    """Runs of letters, marks and digits. Letters without case (scripts without spaces) are runs of their own."""
    start, before = 0, ""
    for place, character in enumerate(text):
        kind = _kind(character)
        if kind != before and not (kind == "mark" and before):
            if before:
                yield text[start:place]
            start, before = place, kind
    if before:
        yield text[start:]


def _kind(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "M":
        return "mark"
    return "caseless" if category == "Lo" else "other" if category[0] in "LN" else ""


def trigrams(word: str) -> list[str]:
    """Its runs of three characters, each once."""
    return list(dict.fromkeys(word[start : start + 3] for start in range(len(word) - 2)))


def _within(word: str, other: str, slips: int) -> bool:
    """Whether their edit distance (Levenshtein 1966) is at most ``slips``."""
    if abs(len(word) - len(other)) > slips:
        return False
    row = list(range(len(other) + 1))
    for place, letter in enumerate(word, 1):
        before, row = row, [place]
        for column, against in enumerate(other, 1):
            row.append(min(before[column] + 1, row[-1] + 1, before[column - 1] + (letter != against)))
        if min(row) > slips:
            return False
    return row[-1] <= slips
