"""The table of captioned images that a model is measured with: tab-separated, as people and data sets write it."""

from __future__ import annotations

import io
import os
from collections.abc import Collection
from dataclasses import dataclass

from smartsearch.core.errors import UsageError

LAYOUT = "Each line is IMAGE<tab>CAPTION, or the first line names the columns: image, caption and perhaps split."


@dataclass(frozen=True, slots=True)
class CaptionedImages:
    """Images by their paths relative to one folder, each once; ``owners[i]`` is the place in ``images`` of the image
    that ``captions[i]`` describes."""

    images: tuple[str, ...]
    captions: tuple[str, ...]
    owners: tuple[int, ...]

    def keeping(self, places: Collection[int]) -> CaptionedImages:
        """Only the images at these places, in the same order, with their captions."""
        kept = [place for place in range(len(self.images)) if place in places]
        new = {old: place for place, old in enumerate(kept)}
        rows = [(text, new[owner]) for text, owner in zip(self.captions, self.owners, strict=True) if owner in new]
        return CaptionedImages(
            tuple(self.images[place] for place in kept), tuple(text for text, _ in rows), tuple(own for _, own in rows)
        )


@dataclass(frozen=True, slots=True)
class _Columns:
    image: int
    caption: int
    split: int | None
    count: int


def parse_captions(data: bytes, name: str, *, split: str | None = None) -> CaptionedImages:
    """Read a table of captions; ``split`` keeps the rows whose column of that name holds it.

    UTF-8, with or without byte order mark; any line ends; empty lines are skipped; quotes are ordinary characters.
    Without a first line that names the columns ``image`` and ``caption`` (in any order, among others), each line is an
    image and a caption. UsageError names ``name`` and the number of the line that is wrong.
    """
    lines = enumerate(io.StringIO(_text(data, name), newline=None), start=1)
    rows = [(number, line.rstrip("\n").split("\t")) for number, line in lines if line.strip(" \n")]
    if not rows:
        raise UsageError(f"{name} is empty.", hint=LAYOUT)
    columns, headed = _columns(*rows[0], name)
    if split is not None and columns.split is None:
        raise UsageError(f"{name} has no column called split.", hint="Leave --split away, or name the columns.")
    found: list[tuple[str, str, str]] = [_row(fields, columns, f"{name}, line {n}") for n, fields in rows[headed:]]
    chosen = [(image, caption) for image, caption, part in found if split in (None, part)]
    if not chosen:
        parts = ", ".join(sorted({part for *_, part in found})) if split is not None else ""
        reason = f"has no split called {split}" if parts else "has no captions"
        raise UsageError(f"{name} {reason}.", hint=f"It has: {parts}." if parts else LAYOUT)
    places = {image: place for place, image in enumerate(dict.fromkeys(image for image, _ in chosen))}
    return CaptionedImages(
        tuple(places), tuple(caption for _, caption in chosen), tuple(places[image] for image, _ in chosen)
    )


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{name}, line {number}, is not UTF-8.", hint="Save the file as UTF-8 text.") from error


def _columns(number: int, first: list[str], name: str) -> tuple[_Columns, bool]:
    """Where the columns are, and whether the first line says so."""
    names = [field.strip().lower() for field in first]
    if {"image", "caption"} <= set(names):
        if len(set(names)) < len(names):
            raise UsageError(f"{name}, line {number}: two columns have the same name.", hint=LAYOUT)
        split = names.index("split") if "split" in names else None
        return _Columns(names.index("image"), names.index("caption"), split, len(names)), True
    if len(names) != 2:
        raise UsageError(f"{name}, line {number}: {_counted(names)} and no names of columns.", hint=LAYOUT)
    return _Columns(0, 1, None, 2), False


def _row(fields: list[str], columns: _Columns, place: str) -> tuple[str, str, str]:
    """Image, caption and split (or "") of a line; ``place`` says which one it is."""
    if len(fields) != columns.count:
        raise UsageError(f"{place}: {_counted(fields)} instead of {columns.count}.", hint=LAYOUT)
    caption = fields[columns.caption].strip()
    if not fields[columns.image].strip() or not caption:
        raise UsageError(f"{place}: the {'caption' if not caption else 'image'} is missing.", hint=LAYOUT)
    image = _inside(fields[columns.image], place)
    return image, caption, "" if columns.split is None else fields[columns.split].strip()


def _inside(image: str, place: str) -> str:
    """The path without detours. UsageError if it leads out of the folder it is relative to."""
    path = os.path.normpath(image)
    absolute = os.path.isabs(path) or bool(os.path.splitdrive(path)[0])
    if absolute or path.split(os.sep)[0] == os.pardir:
        raise UsageError(f"{place}: {image} is not inside the folder of images.", hint="Paths are relative to it.")
    return path


def _counted(fields: list[str]) -> str:
    return f"{len(fields)} column{'' if len(fields) == 1 else 's'}"
