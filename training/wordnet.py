"""Reads WordNet 3.0's noun file: the ImageNet class identifiers are offsets into exactly that version.

Format: wndb(5WN). The files come from Debian's ``wordnet-base`` package (WordNet licence) or any WordNet 3.0 copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_FOLDER = Path("/usr/share/wordnet")


@dataclass(frozen=True)
class Synset:
    """A noun sense: its identifier ("n" + eight digits), words, parents and definition."""

    identifier: str
    words: tuple[str, ...]
    parents: tuple[str, ...]
    gloss: str


def wordnet_folder() -> Path:
    """``$WORDNET_DIR``, or where Debian's wordnet-base puts the files."""
    folder = Path(os.environ.get("WORDNET_DIR", DEFAULT_FOLDER))
    if not (folder / "data.noun").exists():
        raise FileNotFoundError(f"no WordNet 3.0 in {folder}: apt-get install wordnet-base, or set WORDNET_DIR")
    return folder


def parse_line(line: str) -> Synset:
    """One line of data.noun: offset, file, type, word count (hex), words, pointer count, pointers, gloss."""
    data, _, gloss = line.partition(" | ")
    fields = data.split()
    count = int(fields[3], 16)
    words = tuple(fields[4 + 2 * i].replace("_", " ") for i in range(count))
    start = 4 + 2 * count
    pointers = fields[start + 1 : start + 1 + 4 * int(fields[start])]
    parents = tuple(
        "n" + offset
        for symbol, offset, kind in zip(pointers[::4], pointers[1::4], pointers[2::4], strict=True)
        if symbol in ("@", "@i") and kind == "n"
    )
    return Synset("n" + fields[0], words, parents, gloss.partition('; "')[0].strip())


def read_nouns(folder: Path) -> dict[str, Synset]:
    """All noun senses by identifier."""
    with (folder / "data.noun").open(encoding="utf-8") as lines:
        parsed = (parse_line(line) for line in lines if not line.startswith(" "))
        return {synset.identifier: synset for synset in parsed}


def ancestors(nouns: Mapping[str, Synset], identifier: str) -> Iterator[str]:
    """Every sense above one, each once, nearest first."""
    seen: set[str] = set()
    queue = list(nouns[identifier].parents)
    while queue:
        current = queue.pop(0)
        if current not in seen:
            seen.add(current)
            yield current
            queue.extend(nouns[current].parents)
