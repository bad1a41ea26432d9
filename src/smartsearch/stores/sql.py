"""The query tree as a SQL condition over `images`, with named parameters (``:p0``).

A condition may be NULL where a field is unknown; WHERE, AND and OR then treat it as false. `Not` turns NULL to true
(``IS NOT TRUE``), as ``matches`` does.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from smartsearch.core.color import cells_near
from smartsearch.core.errors import QueryError
from smartsearch.core.query import (
    And,
    CameraIs,
    CameraModelIn,
    ColorNear,
    Everything,
    FaceCount,
    FileSizeBetween,
    FolderNamed,
    FormatIs,
    HasGps,
    HasMotion,
    HasPerson,
    HasTag,
    HasText,
    Hidden,
    IdIn,
    InAlbum,
    InFolder,
    LastsBetween,
    NameLike,
    Not,
    Or,
    PixelsBetween,
    Present,
    Query,
    RatingBetween,
    Shown,
    TakenBetween,
    TakenInSeason,
    TextContains,
    WithinBox,
)
from smartsearch.core.reading import folded
from smartsearch.stores import rows

Dialect = Literal["sqlite", "postgresql"]

_INT64_MIN, _INT64_MAX = -(1 << 63), (1 << 63) - 1
_ESCAPE = "!"
_HIDDEN = "SELECT image_id FROM hidden_images"
_LONGEST_NAME = 4096
"""Characters; no file system has longer names, and SQLite refuses LIKE patterns far longer."""


_LONGEST_PHRASE = 1000


def phrase(text: str) -> str:
    """The text as FTS5 finds it with all its characters in order."""
    return '"' + text.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Condition:
    """A boolean SQL expression and the values of its parameters."""

    sql: str
    parameters: dict[str, object]


def compile_query(where: Query, dialect: Dialect = "sqlite") -> Condition:
    """The condition that holds for exactly the rows whose asset ``matches``. QueryError for an unknown predicate."""
    compiler = _Compiler(dialect)
    return Condition(compiler.sql(where), compiler.parameters)


@dataclass(slots=True)
class _Compiler:
    dialect: Dialect
    parameters: dict[str, object] = field(default_factory=dict)

    def sql(self, where: Query) -> str:
        match where:
            case Everything():
                return "TRUE"
            case And(parts):
                return self.joined("AND", parts, empty="TRUE")
            case Or(parts):
                return self.joined("OR", parts, empty="FALSE")
            case Not(part):
                return f"({self.sql(part)} IS NOT TRUE)"
            case Present():
                return "missing_since IS NULL"
            case Hidden():
                return f"id IN ({_HIDDEN})"
            case Shown():
                return f"(missing_since IS NULL AND id NOT IN ({_HIDDEN}))"
            case InAlbum(album_id):
                return f"id IN (SELECT image_id FROM album_images WHERE album_id = {self.bind_id(album_id)})"
            case IdIn(ids):
                return self.one_of("id", [i for i in ids if _INT64_MIN <= i <= _INT64_MAX])
            case TakenBetween(start, end):
                return self.between("moment", _micros(start), _micros(end), upper="<")
            case TakenInSeason(first, last):
                return self.in_season(first, last)
            case FormatIs(formats):
                return self.one_of("format", [name for name in formats if _storable(name)])
            case FileSizeBetween(minimum, maximum):
                return self.between("file_size", minimum, maximum)
            case PixelsBetween(minimum, maximum):
                return self.between("width * height", minimum, maximum)
            case LastsBetween(shortest, longest):
                bounds = ((">=", shortest), ("<=", longest))
                held = [f"duration {operator} {self.bind(value)}" for operator, value in bounds if value is not None]
                return f"({' AND '.join(['duration IS NOT NULL', *held])})"
            case InFolder(folder):
                return self.in_folder(folder)
            case FolderNamed(name):
                return self.folder_named(name)
            case NameLike(pattern):
                return self.name_like(pattern)
            case CameraIs(text):
                return self.camera_is(text)
            case CameraModelIn(models):
                return self.one_of("camera_model", [name for name in models if _storable(name)])
            case ColorNear(color, percent):
                return self.color_near(color, percent)
            case HasTag(name):
                return self.has_tag(name)
            case RatingBetween(minimum, maximum):
                return self.between("stars", minimum, maximum)
            case HasPerson(person_id):
                return f"id IN (SELECT image_id FROM faces WHERE person_id = {self.bind_id(person_id)})"
            case FaceCount(minimum, maximum):
                count = "(SELECT count(*) FROM faces WHERE image_id = images.id)"
                return f"(id IN (SELECT image_id FROM face_scans) AND {self.between(count, minimum, maximum)})"
            case HasText():
                return "id IN (SELECT image_id FROM image_texts WHERE folded != '')"
            case TextContains(text):
                return self.text_contains(text)
            case HasGps():
                return "latitude IS NOT NULL"
            case HasMotion():
                return "motion_start IS NOT NULL"
            case WithinBox(south, west, north, east):
                return self.within_box(south, west, north, east)
        raise QueryError(f"This library cannot search by {type(where).__name__}.")

    def bind(self, value: object) -> str:
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    def bind_id(self, value: int) -> str:
        return self.bind(value if _INT64_MIN <= value <= _INT64_MAX else 0)

    def joined(self, operator: str, parts: Sequence[Query], empty: str) -> str:
        """Nested by halves: SQLite limits the depth of an expression to 1000, and a chain is as deep as it is long."""
        if not parts:
            return empty
        if len(parts) == 1:
            return self.sql(parts[0])
        half = len(parts) // 2
        left, right = (self.joined(operator, side, empty) for side in (parts[:half], parts[half:]))
        return f"({left} {operator} {right})"

    def between(self, column: str, low: int | None, high: int | None, upper: str = "<=") -> str:
        bounds = [
            f"{column} {operator} {self.bind(min(max(bound, _INT64_MIN), _INT64_MAX))}"
            for operator, bound in ((">=", low), (upper, high))
            if bound is not None
        ]
        return f"({' AND '.join(bounds)})" if bounds else "TRUE"

    def in_season(self, first: tuple[int, int], last: tuple[int, int]) -> str:
        # Rounded down to the second first: integer division rounds moments before 1970 up.
        seconds = "(moment - (moment % 1000000 + 1000000) % 1000000) / 1000000"
        if self.dialect == "sqlite":
            day = f"CAST(strftime('%m%d', {seconds}, 'unixepoch') AS INTEGER)"
        else:
            day = f"CAST(to_char(to_timestamp({seconds}) AT TIME ZONE 'UTC', 'MMDD') AS INTEGER)"
        bounds = f"{day} >= {self.bind(first[0] * 100 + first[1])}", f"{day} <= {self.bind(last[0] * 100 + last[1])}"
        return f"({(' AND ' if first <= last else ' OR ').join(bounds)})"

    def one_of(self, column: str, values: Sequence[object]) -> str:
        if not values:
            return "FALSE"
        if self.dialect == "postgresql":
            return f"{column} = ANY({self.bind(list(values))})"
        cut = [value for value in values if "\0" in str(value)]  # SQLite ends text from JSON there
        plain = json.dumps([value for value in values if value not in cut])
        among = [f"{column} IN (SELECT value FROM json_each({self.bind(plain)}))"]
        return f"({' OR '.join(among + [f'{column} = {self.bind(value)}' for value in cut])})"

    def in_folder(self, folder: str) -> str:
        prefix = rows.path_bytes(folder.rstrip(os.sep) + os.sep)
        if prefix is None:
            return "FALSE"
        after = prefix[:-1] + bytes([prefix[-1] + 1])
        return f"(path >= {self.bind(prefix)} AND path < {self.bind(after)})"

    def folder_named(self, name: str) -> str:
        name = rows.displayed(name.strip(os.sep))
        if not name or not _storable(name):
            return "FALSE"
        position = "instr" if self.dialect == "sqlite" else "strpos"
        wanted = self.lower(self.bind(f"{os.sep}{name}{os.sep}"))
        return f"{position}({self.lower('folder')} || '{os.sep}', {wanted}) > 0"

    def name_like(self, pattern: str) -> str:
        pattern = rows.searchable(pattern)
        if not _storable(pattern) or len(pattern.replace("*", "")) > _LONGEST_NAME:
            return "FALSE"
        like = re.sub(r"[%_!]", rf"{_ESCAPE}\g<0>", re.sub(r"\*+", "*", pattern)).replace("*", "%").replace("?", "_")
        return f"{self.lower('file_name')} LIKE {self.lower(self.bind(like))} ESCAPE '{_ESCAPE}'"

    def camera_is(self, text: str) -> str:
        if not _storable(text):
            return "FALSE"
        position = "instr" if self.dialect == "sqlite" else "strpos"
        wanted = self.lower(self.bind(text))
        columns = ("camera_make", "camera_model", "lens_model")
        return f"({' OR '.join(f'{position}({self.lower(column)}, {wanted}) > 0' for column in columns)})"

    def has_tag(self, name: str) -> str:
        if not _storable(name):
            return "FALSE"
        column, wanted = self.lower("tags.name"), self.lower(self.bind(name))
        below = f"substr({column}, 1, {len(name) + 1}) = {wanted} || '/'"
        return (
            "id IN (SELECT image_id FROM image_tags JOIN tags ON tags.id = image_tags.tag_id"
            f" WHERE {column} = {wanted} OR {below})"
        )

    def color_near(self, color: int, percent: int) -> str:
        near = self.one_of("cell", sorted(cells_near(color)))
        enough = self.bind(min(max(percent, 1), 101))
        return (
            f"id IN (SELECT image_id FROM image_colors WHERE {near} GROUP BY image_id HAVING sum(percent) >= {enough})"
        )

    def text_contains(self, text: str) -> str:
        """By trigrams, which need three characters; a text as long as a book would be too much for them too."""
        wanted = folded(text)
        if not wanted or not _storable(wanted):
            return "FALSE"
        if 3 <= len(wanted) <= _LONGEST_PHRASE:
            return f"id IN (SELECT rowid FROM text_fts WHERE text_fts MATCH {self.bind(phrase(wanted))})"
        return f"id IN (SELECT image_id FROM image_texts WHERE instr(folded, {self.bind(wanted)}))"

    def within_box(self, south: float, west: float, north: float, east: float) -> str:
        latitude = f"latitude >= {self.bind(south)} AND latitude <= {self.bind(north)}"
        operator = "AND" if west <= east else "OR"
        return f"({latitude} AND (longitude >= {self.bind(west)} {operator} longitude <= {self.bind(east)}))"

    def lower(self, operand: str) -> str:
        """Lower-case A to Z only, as the query tree does."""
        return f"lower({operand})" if self.dialect == "sqlite" else f'lower({operand} COLLATE "C")'


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else rows.micros(moment.replace(tzinfo=None))


def _storable(text: str) -> bool:
    """Whether the text can be UTF-8 at all; what cannot is in no column."""
    return rows.clean_text(text) == text
