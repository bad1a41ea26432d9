"""Metadata readers of plugins, in the decode worker: loaded after it is confined, never trusted.

A reader parses a stranger's bytes like a decoder does, so it runs where decoders run: without network, other programs
and writing, under their limits of time and memory, its answer checked field by field. It fills what the file's own
EXIF, IPTC, XMP and sidecar leave open, and cannot contradict them.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from math import isfinite
from typing import Any, BinaryIO

from smartsearch.core.assets import Gps, Metadata

Reader = Callable[[str, BinaryIO, str], "Metadata | None"]
"""Path, the open file, the image format ("jpeg"); None for a file that it has nothing to say about."""

MOST_TEXT = 10_000
"""Characters of a title or description."""
MOST_KEYWORDS, MOST_KEYWORD = 500, 200
_MOST_JSON = 32 * 1024
_TEXTS = ("camera_make", "camera_model", "lens_model", "title", "description")
_NUMBERS = ("focal_length", "f_number", "exposure_time")


@dataclass(frozen=True, slots=True)
class ReaderPlace:
    """Where a plugin's reader is: the plugin's name, for blame, and "module:function"."""

    plugin: str
    entry: str


class MetadataReaders:
    """The readers of one worker. One that cannot be loaded, or fails on a file, is named in `complaints` and the file
    goes on without it."""

    def __init__(self, places: Sequence[ReaderPlace] = ()) -> None:
        self._readers: list[tuple[str, Reader]] = []
        self.complaints: list[str] = []
        for place in places:
            try:
                module, _, name = place.entry.partition(":")
                self._readers.append((place.plugin, getattr(importlib.import_module(module), name)))
            except Exception as error:
                self._complain(place.plugin, error)

    def filled(self, known: Metadata, path: str, file: BinaryIO, format: str) -> Metadata:
        """What is known, with what the readers say in the places that are empty; keywords are united."""
        for plugin, reader in self._readers:
            try:
                file.seek(0)
                said = reader(path, file, format)
                if said is not None:
                    known = _filled(known, checked(said), plugin)
            except MemoryError:
                raise
            except Exception as error:
                self._complain(plugin, error)
        return known

    def told(self) -> tuple[str, ...]:
        """The complaints since the last call."""
        told, self.complaints = tuple(self.complaints), []
        return told

    def _complain(self, plugin: str, error: Exception) -> None:
        self.complaints.append(f"The metadata reader of the plugin {plugin!r} failed: {error!r}"[:500])


NO_READERS = MetadataReaders()


def checked(said: object) -> Metadata:
    """A `Metadata` of plain values, whatever a plugin made it of. TypeError or ValueError for what it cannot hold."""
    if not isinstance(said, Metadata):
        raise TypeError(f"a reader answers with Metadata or None, not {type(said).__name__}")
    values = dict(_checked_fields(said))
    details = json.loads(json.dumps(dict(said.exif)))
    if len(json.dumps(details)) > _MOST_JSON:
        raise ValueError("more than 32 KiB of further tags")
    return Metadata(**values, keywords=_keywords(said.keywords), exif=details)


def _checked_fields(said: Metadata) -> Iterator[tuple[str, Any]]:
    for name in _TEXTS:
        if (text := getattr(said, name)) is not None:
            yield name, str(text)[:MOST_TEXT] or None
    for name in _NUMBERS:
        if (number := getattr(said, name)) is not None:
            if not isfinite(float(number)):
                raise ValueError(f"{name} is {number!r}")
            yield name, float(number)
    for name, low, high in (("iso", 0, 10_000_000), ("rating", -1, 5), ("taken_offset", -1080, 1080)):
        if (number := getattr(said, name)) is not None:
            if not low <= int(number) <= high:
                raise ValueError(f"{name} is {number!r}")
            yield name, int(number)
    if said.taken_at is not None:
        taken = said.taken_at
        if not isinstance(taken, datetime) or taken.tzinfo is not None:
            raise ValueError("taken_at is no datetime without a zone")
        yield "taken_at", datetime(*taken.timetuple()[:6], taken.microsecond)
    if said.gps is not None:
        latitude, longitude = float(said.gps.latitude), float(said.gps.longitude)
        if not (abs(latitude) <= 90 and abs(longitude) <= 180):
            raise ValueError(f"gps is {latitude}, {longitude}")
        yield "gps", Gps(latitude, longitude)


def _keywords(said: Sequence[object]) -> tuple[str, ...]:
    if isinstance(said, str):
        raise TypeError("keywords are a sequence of texts, not one text")
    return tuple(str(keyword)[:MOST_KEYWORD] for keyword in said if str(keyword).strip())[:MOST_KEYWORDS]


def _filled(known: Metadata, said: Metadata, plugin: str) -> Metadata:
    empty = {
        field.name: getattr(said, field.name)
        for field in fields(Metadata)
        if getattr(known, field.name) is None and getattr(said, field.name) is not None
    }
    if known.taken_at is not None:
        empty.pop("taken_offset", None)  # of another clock
    there = {keyword.casefold() for keyword in known.keywords}
    new = tuple(keyword for keyword in said.keywords if keyword.casefold() not in there)
    details = {**known.exif, plugin: said.exif} if said.exif else known.exif
    return replace(known, **empty, keywords=(known.keywords + new)[:MOST_KEYWORDS], exif=details)
