"""Tags as a tree: "animal/dog" lies below "animal", and whoever asks for animals means dogs too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Tag
from smartsearch.core.errors import UsageError
from smartsearch.core.overview import Columns
from smartsearch.core.query import ascii_lower

SEPARATOR = "/"
LONGEST = 200
"""Characters of a tag with all it lies below."""


@dataclass(frozen=True, slots=True)
class TagNode:
    """A tag, or what tags lie below. ``images`` counts the shown images that have it or any below it, each once.
    ``editable``: the user gave it, or one below, to some image."""

    name: str
    images: int
    editable: bool


def tag_path(text: str) -> str:
    """The tag as it is kept: " animal / dog/" is "animal/dog". UsageError if nothing is left, or too much."""
    levels = (" ".join(level.split()) for level in text.split(SEPARATOR))
    path = SEPARATOR.join(level for level in levels if level)
    if not path or len(path) > LONGEST:
        raise UsageError(f"A tag has 1 to {LONGEST} characters.")
    return path


def at_or_below(name: str, above: str) -> bool:
    """Whether a tag is ``above`` or lies below it, ASCII case-insensitively."""
    said, wanted = ascii_lower(name), ascii_lower(above)
    return said == wanted or said.startswith(wanted + SEPARATOR)


def moved(tags: Iterable[Tag], name: str, new: str | None) -> list[Tag]:
    """The tags with ``name`` and all below it called by ``new``; None: without them. Each name comes once."""
    kept: dict[str, Tag] = {}
    for tag in tags:
        if not at_or_below(tag.name, name):
            kept.setdefault(ascii_lower(tag.name), tag)
        elif new is not None:
            there = new + tag.name[len(name) :]
            kept.setdefault(ascii_lower(there), Tag(there, tag.confidence, tag.source))
    return list(kept.values())


def tag_tree(columns: Columns, yours: Iterable[str]) -> tuple[TagNode, ...]:
    """Every tag that shown images have and every tag above one, by name. ``yours``: tags that the user gave."""
    below: dict[str, list[NDArray[np.int32]]] = {}
    spelled: dict[str, str] = {}
    order = np.argsort(columns.tags.codes, kind="stable")
    rows, codes = columns.tags.rows[order], columns.tags.codes[order]
    ends = np.searchsorted(codes, np.arange(len(columns.tags.names) + 1))
    for code, name in enumerate(columns.tags.names):
        own = rows[ends[code] : ends[code + 1]]
        shown = own[columns.shown[own]]
        for path in _with_those_above(name) if len(shown) else ():
            key = ascii_lower(path)
            spelled.setdefault(key, path)
            below.setdefault(key, []).append(shown)
    own_keys = {ascii_lower(path) for name in yours for path in _with_those_above(name)}
    nodes = (
        TagNode(spelled[key], len(np.unique(np.concatenate(parts)) if len(parts) > 1 else parts[0]), key in own_keys)
        for key, parts in below.items()
    )
    return tuple(sorted(nodes, key=lambda node: (node.name.casefold().split(SEPARATOR), node.name)))


def _with_those_above(name: str) -> list[str]:
    levels = name.split(SEPARATOR)
    return [SEPARATOR.join(levels[:depth]) for depth in range(1, len(levels) + 1) if levels[depth - 1]]
