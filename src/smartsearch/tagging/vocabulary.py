"""The words photos are tagged with: the packaged list, and a user's own file of the same form."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from smartsearch.core.errors import ConfigError

PACKAGED_VOCABULARY = Path(__file__).with_name("vocabulary.csv")
COLUMNS = ("tag", "kind", "phrases", "threshold")
OWN_KIND = "own"
LONGEST_NAME = 100

_FORM = "A line is: tag, kind, phrases separated by ';', threshold. Or -tag, to remove one."


@dataclass(frozen=True, slots=True)
class VocabularyTag:
    """One tag: ``phrases`` say what a photo of it shows ("a dog", "a puppy"); ``threshold`` None is the model's.

    A model's threshold for the name counts only if the words are the ``packaged`` ones, which it was fitted to.
    """

    name: str
    kind: str
    phrases: tuple[str, ...]
    threshold: float | None = None
    packaged: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What one file says: tags to add, by name without case, and names to remove, each with its line. "*" is all."""

    tags: dict[str, VocabularyTag] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)


def packaged_vocabulary() -> tuple[VocabularyTag, ...]:
    """The words that come with the program."""
    return tuple(read_words(PACKAGED_VOCABULARY, packaged=True).tags.values())


def vocabulary_with(own: Path) -> tuple[VocabularyTag, ...]:
    """The packaged words with those of a user's file added, replaced and removed. ConfigError names file and line."""
    words = read_words(own)
    tags = {_key(tag.name): tag for tag in packaged_vocabulary()}
    if "*" in words.removed:
        tags.clear()
    for key, line in words.removed.items():
        if tags.pop(key, None) is None and key != "*":
            raise ConfigError(f"{own}, line {line}: there is no tag {key!r} to remove.")
    return tuple((tags | words.tags).values())


def read_words(path: Path, *, packaged: bool = False) -> Words:
    """Read a file of words. ConfigError names the file and the line that is wrong."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"The vocabulary {path} is not UTF-8 text.", hint="Save it as CSV in UTF-8.") from error
    except OSError as error:
        raise ConfigError(f"The vocabulary {path} cannot be read: {error.strerror}.") from error
    words = Words()
    for line, cells in _rows(path, text):
        try:
            _take(words, cells, line, packaged)
        except ValueError as error:
            raise ConfigError(f"{path}, line {line}: {error}.", hint=_FORM) from error
    return words


def _rows(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each line that says something."""
    # Remarks become empty lines before the CSV is read: a quote in one must not swallow what follows.
    lines = ["" if line.lstrip().startswith("#") else line for line in text.splitlines()]
    reader = csv.reader(lines, skipinitialspace=True, strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells) and (len(cells) < 2 or tuple(cells) != COLUMNS[: len(cells)]):
                yield reader.line_num, cells
    except csv.Error as error:
        raise ConfigError(f"{path}, line {reader.line_num}: {error}.", hint=_FORM) from error


def _take(words: Words, cells: list[str], line: int, packaged: bool) -> None:
    """Add what one line says. ValueError says what is wrong with it."""
    if len(cells) > len(COLUMNS):
        raise ValueError(f"{len(cells)} cells are too many (a phrase with a comma goes into quotes)")
    name, kind, phrases, threshold = cells + [""] * (len(COLUMNS) - len(cells))
    if name.startswith("-"):
        if kind or phrases or threshold:
            raise ValueError("a line that removes a tag has its name only")
        words.removed[_key(name[1:].strip())] = line
        return
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"a tag has a name of 1 to {LONGEST_NAME} characters")
    if _key(name) in words.tags:
        raise ValueError(f"the tag {name!r} is there twice")
    shown = tuple(phrase for phrase in (part.strip() for part in phrases.split(";")) if phrase)
    words.tags[_key(name)] = VocabularyTag(name, kind or OWN_KIND, shown or (name,), _threshold(threshold), packaged)


def _threshold(text: str) -> float | None:
    if not text:
        return None
    value = float(text) if text.replace(".", "", 1).isdecimal() else -1.0
    if not 0.0 < value <= 1.0:
        raise ValueError(f"the threshold must be a number above 0, at most 1, not {text!r}")
    return value


def _key(name: str) -> str:
    """Names are the same tag whatever their case: filters do not see case either."""
    return name.casefold()
