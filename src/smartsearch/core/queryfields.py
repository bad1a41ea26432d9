"""The fields of the query language: what may stand before a colon, and what its values mean."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from smartsearch.core.query import (
    SOME_PERCENT,
    And,
    CameraIs,
    ColorNear,
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
    InAlbum,
    InFolder,
    LastsBetween,
    NameLike,
    Not,
    Or,
    PixelsBetween,
    Query,
    RatingBetween,
    TextContains,
    WithinBox,
)
from smartsearch.core.querydates import DateReader, Days
from smartsearch.core.reading import folded
from smartsearch.core.signatures import FORMAT_NAMES, FORMATS, VIDEO_FORMATS, format_name

# Middle tones of what people call these colours; named as in CSS where CSS means the same.
COLORS = {
    "red": 0xD02020,
    "orange": 0xF08020,
    "yellow": 0xF0D030,
    "gold": 0xD4AF37,
    "green": 0x309030,
    "lime": 0x80E020,
    "olive": 0x808020,
    "teal": 0x108080,
    "turquoise": 0x40D0C8,
    "cyan": 0x20C0D8,
    "blue": 0x3060D0,
    "navy": 0x102060,
    "sky": 0x87BEE8,
    "purple": 0x7030A0,
    "violet": 0x8A4FD0,
    "magenta": 0xD030B0,
    "pink": 0xF0A0B8,
    "brown": 0x7A4A20,
    "beige": 0xD8C8A0,
    "white": 0xF4F4F4,
    "grey": 0x808080,
    "gray": 0x808080,
    "black": 0x141414,
}
_MANY_FACES = 10_000
_BOX = re.compile(r"\s*,\s*".join([r"([+-]?[0-9]{1,3}(?:\.[0-9]*)?)"] * 4))
_A_BOX = "box:36,-10,44,3 (south, west, north, east)"
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(i?b?|p|px|pixels?)", re.IGNORECASE)
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hours?)?", re.IGNORECASE)
_RANGE = re.compile(r"(>=|<=|>|<|)\s*(.*)")


_COLOR_SHARE = re.compile(r"(.+?)\s*>=?\s*([0-9]{1,3})\s*%")


def color_name(color: int) -> str:
    """The name of a colour of `COLORS`, else "#rrggbb"."""
    return next((name for name, value in COLORS.items() if value == color), f"#{color:06x}")


def _no_place(_: str) -> Query | None:
    return None


def _not_visited(_: str, __: bool) -> tuple[str, Query] | None:
    return None


def _not_smart(_: int) -> Query | None:
    return None


@dataclass(frozen=True, slots=True)
class Names:
    """The names a library knows, as the parser is told them. Keys are case-folded.

    ``people`` has whole names and first names, each with the ids of those called so. ``folder`` makes a path as the
    user typed it absolute. ``place`` finds what was taken near a named place or position, None for an unknown one;
    ``visited`` does so for a name in plain words, with the field that says the same, None unless something was taken
    there, and prefers the widest place of that name if its second argument says so; ``region`` for a part of a country
    or a continent, of those in ``region_names``. ``smart`` says what a smart album holds now, None for any other album;
    BadValueError for one whose query cannot be read.
    """

    albums: Mapping[str, int] = field(default_factory=dict)
    people: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    folder: Callable[[str], str] = os.path.abspath
    place: Callable[[str], Query | None] = _no_place
    visited: Callable[[str, bool], tuple[str, Query] | None] = _not_visited
    region: Callable[[str], Query | None] = _no_place
    region_names: Callable[[], Iterable[str]] = tuple
    smart: Callable[[int], Query | None] = _not_smart
    fields: Mapping[str, Field] = field(default_factory=dict)
    """Fields that plugins bring, by their lower-case names."""


NO_NAMES = Names()


@dataclass(frozen=True, slots=True)
class QueryContext:
    """What the meaning of a query depends on, besides its words."""

    dates: DateReader
    names: Names = NO_NAMES

    @classmethod
    def on(cls, today: date, names: Names = NO_NAMES) -> QueryContext:
        return cls(DateReader(today), names)


class BadValueError(ValueError):
    """A value that its field cannot take. ``suggestion`` is what to write instead."""

    def __init__(self, message: str, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a value means: the condition, and the value in its normal form (None: as written)."""

    query: Query
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its name, other names for it, an example, and what reads its values (BadValueError)."""

    name: str
    aliases: tuple[str, ...]
    example: str
    read: Callable[[str, QueryContext], Meaning]


def _camera(value: str, _: QueryContext) -> Meaning:
    return Meaning(_any_of(CameraIs(part) for part in _parts(value)))


def _folder(value: str, context: QueryContext) -> Meaning:
    if value.startswith(("/", "~", os.sep)) or os.path.isabs(value):
        return Meaning(InFolder(context.names.folder(value)))
    return Meaning(FolderNamed(value))


def _in(value: str, context: QueryContext) -> Meaning:
    """A folder, an album or a place where photos were taken, or all that are called so."""
    found = [_folder(value, context).query]
    album_id = context.names.albums.get(value.casefold())
    if album_id is not None:
        found.append(_of_album(album_id, context))
    place = context.names.visited(value, True)
    if place is not None:
        found.append(place[1])
    return Meaning(_any_of(found))


def _of_album(album_id: int, context: QueryContext) -> Query:
    return context.names.smart(album_id) or InAlbum(album_id)


def _name(value: str, _: QueryContext) -> Meaning:
    return Meaning(NameLike(value if "*" in value or "?" in value else f"*{value}*"))


def _text(value: str, _: QueryContext) -> Meaning:
    if not folded(value):
        raise BadValueError("There is no text to look for.", 'text:"happy birthday"')
    return Meaning(TextContains(value))


def _tag(value: str, _: QueryContext) -> Meaning:
    return Meaning(_any_of(HasTag(part) for part in _parts(value)))


def _album(value: str, context: QueryContext) -> Meaning:
    known = context.names.albums
    if value.casefold() not in known:
        raise BadValueError(f"There is no album {value!r}.", _nearest(value, known))
    return Meaning(_of_album(known[value.casefold()], context))


def _person(value: str, context: QueryContext) -> Meaning:
    known, found = context.names.people, []
    for part in _parts(value):
        if part.casefold() not in known:
            raise BadValueError(f"Nobody is called {part!r} here.", _nearest(part, known))
        found += [HasPerson(person_id) for person_id in known[part.casefold()]]
    return Meaning(_any_of(found))


def _faces(value: str, _: QueryContext) -> Meaning:
    low, high = whole_range(value, 0, _MANY_FACES, "2, >=3 or 1..4")
    return Meaning(FaceCount(low, None if high >= _MANY_FACES else high))


def _place(value: str, context: QueryContext) -> Meaning:
    query = context.names.place(value)
    if query is None:
        like = _like_region(value, context) or 'near:Lisbon, near:"Paris, US" or near:38.7,-9.1~5km'
        raise BadValueError(f"{value!r} is no known place.", like)
    return Meaning(query)


def _region(value: str, context: QueryContext) -> Meaning:
    whole = context.names.region(value)  # "Punjab, India"
    if whole is not None:
        return Meaning(whole)
    found = []
    for part in _parts(value):
        query = context.names.region(part)
        if query is None:
            like = _like_region(part, context) or "near:Lisbon~50km"
            raise BadValueError(f"{part!r} is no region known here.", like)
        found.append(query)
    return Meaning(_any_of(found))


def _like_region(name: str, context: QueryContext) -> str:
    known = {region.casefold(): region for region in context.names.region_names()}
    return known.get(_nearest(name, known), "")


def _box(value: str, _: QueryContext) -> Meaning:
    """South, west, north, east in degrees; west greater than east goes over the antimeridian."""
    found = _BOX.fullmatch(value.strip())
    if not found:
        raise BadValueError(f"{value!r} is no box on the map: it takes four numbers of degrees.", _A_BOX)
    south, west, north, east = sides = tuple(map(float, found.groups()))
    if max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 90:
        turned = west, south, east, north  # who writes longitude first
        fits = max(abs(west), abs(east)) <= 90 and max(abs(south), abs(north)) <= 180 and west <= east
        message = "Latitudes go from -90 to 90, longitudes from -180 to 180."
        raise BadValueError(message, f"box:{_degrees(turned)}" if fits else _A_BOX)
    if south > north:
        raise BadValueError("The first side of a box is its south.", f"box:{_degrees((north, west, south, east))}")
    return Meaning(WithinBox(south, west, north, east), _degrees(sides))


def _degrees(numbers: Iterable[float]) -> str:
    return ",".join(f"{number:.10g}" for number in numbers)


def _color(value: str, _: QueryContext) -> Meaning:
    """Names or "#rrggbb", each with the least share if wanted: "blue>=50%"."""
    colors = []
    for part in _parts(value):
        share = _COLOR_SHARE.fullmatch(part)
        name = (share[1] if share else part).lower().replace(" ", "")
        percent = int(share[2]) if share else SOME_PERCENT
        if re.fullmatch(r"#[0-9a-f]{6}", name):
            colors.append(ColorNear(int(name[1:], 16), percent))
        elif name in COLORS:
            colors.append(ColorNear(COLORS[name], percent))
        else:
            raise BadValueError(f"{part!r} is no colour.", _nearest(name, COLORS) or "blue, teal>=40% or #1e90ff")
    return Meaning(_any_of(colors))


def _type(value: str, _: QueryContext) -> Meaning:
    names = []
    for part in _parts(value):
        if part.strip().lower() in ("video", "videos"):
            names += sorted(VIDEO_FORMATS)
            continue
        name = format_name(part)
        if name is None:
            known = sorted({*FORMATS, *FORMAT_NAMES, "video"})
            raise BadValueError(f"{part!r} is no image format.", _nearest(part, known) or "jpeg")
        names.append(name)
    return Meaning(FormatIs(tuple(dict.fromkeys(names))))


def _size(value: str, _: QueryContext) -> Meaning:
    """Bytes ("2MB") or pixels ("5MP")."""
    low, high, pixels = None, None, False
    operator, rest = _operator(value)
    if operator or ".." not in rest:
        number, half, pixels = _quantity(rest)
        low, high = {
            "": (round(number - half), round(number + half)),
            ">": (number + 1, None),
            ">=": (number, None),
            "<": (None, number - 1),
            "<=": (None, number),
        }[operator]
    else:
        sides = [_quantity(side) if side else None for side in rest.split("..", 1)]
        given = [side for side in sides if side]
        if not given or len({side[2] for side in given}) > 1:
            raise BadValueError(f"{value!r} is not a size.", "2MB..5MB")
        pixels = given[0][2]
        low, high = (side[0] if side else None for side in sides)
    return Meaning(PixelsBetween(low, high) if pixels else FileSizeBetween(low, high))


def _quantity(text: str) -> tuple[int, float, bool]:
    """The number, half of its last written digit (what "about" means), and whether it is pixels."""
    found = _QUANTITY.fullmatch(text.strip())
    if not found or len(text) > 20:
        raise BadValueError(f"{text!r} is not a size.", ">5MP, <2MB or 500KB..2MB")
    unit = 1000 ** " kmgt".index(found[2].lower() or " ")
    half = 0.5 * unit / 10 ** len(found[1].partition(".")[2]) if unit > 1 else 0.0
    return round(float(found[1]) * unit), half, found[3].lower().startswith("p")


def _duration(value: str, _: QueryContext) -> Meaning:
    """Seconds, minutes or hours: ">10s", "1m..2m", "90"; one alone takes in what rounds to it."""
    operator, rest = _operator(value)
    if operator or ".." not in rest:
        seconds, half = _seconds(rest)
        low, high = {
            "": (seconds - half, seconds + half),
            ">": (math.nextafter(seconds, math.inf), None),
            ">=": (seconds, None),
            "<": (None, math.nextafter(seconds, -math.inf)),
            "<=": (None, seconds),
        }[operator]
        return Meaning(LastsBetween(low, high))
    first, last = (_seconds(side)[0] if side.strip() else None for side in rest.split("..", 1))
    if first is None and last is None:
        raise BadValueError(f"{value!r} is not a duration.", "10s..2m")
    return Meaning(LastsBetween(first, last))


def _seconds(text: str) -> tuple[float, float]:
    """A duration in seconds, and half of its last written digit."""
    found = _DURATION.fullmatch(text.strip())
    if not found or len(text) > 20:
        raise BadValueError(f"{text!r} is not a duration.", ">10s, <2m or 10s..2m")
    unit = {"": 1, "s": 1, "m": 60, "h": 3600}[(found[2] or "").lower()[:1]]
    return float(found[1]) * unit, 0.5 * unit / 10 ** len(found[1].partition(".")[2])


def _rating(value: str, _: QueryContext) -> Meaning:
    low, high = whole_range(value, -1, 5, "4, >=4 or 2..4")
    return Meaning(RatingBetween(low, high))


def whole_range(value: str, least: int, most: int, example: str) -> tuple[int, int]:
    """The smallest and the largest whole number that ``value`` ("4", ">=4", "4+", "2..4") means, within bounds."""
    operator, rest = _operator(value)
    sides = rest.split("..", 1) if ".." in rest and not operator else [rest]
    if rest.endswith("+") and not operator and len(sides) == 1:
        operator, sides = ">=", [rest[:-1]]
    numbers = [int(side) if re.fullmatch(r"-?[0-9]{1,9}", side) else None for side in map(str.strip, sides)]
    if len(sides) == 2:
        if any(number is None and side.strip() for number, side in zip(numbers, sides, strict=True)):
            raise BadValueError(f"{value!r} is not a number.", example)
        low, high = numbers
        return least if low is None else low, most if high is None else high
    number = numbers[0]
    if number is None:
        raise BadValueError(f"{value!r} is not a number.", example)
    bounds = {"": (number, number), ">": (number + 1, most), ">=": (number, most)}
    return (bounds | {"<": (least, number - 1), "<=": (least, number)})[operator]


def _date(value: str, context: QueryContext) -> Meaning:
    when = context.dates.read(value)
    if when is None:
        raise BadValueError(f"{value!r} is not a date.", "2021, 2021-06, 2019..2021 or last summer")
    return Meaning(when.query, when.value)


def _after(value: str, context: QueryContext) -> Meaning:
    return _one_sided(value, context, lambda days: Days(days.first, None))


def _before(value: str, context: QueryContext) -> Meaning:
    return _one_sided(value, context, lambda days: Days(None, days.end))


def _one_sided(value: str, context: QueryContext, side: Callable[[Days], Days]) -> Meaning:
    when = context.dates.read(value)
    if not isinstance(when, Days) or side(when) == Days(None, None):
        raise BadValueError(f"{value!r} is not a date.", "2021, 2021-06 or 2021-06-30")
    days = side(when)
    return Meaning(days.query, days.value)


_FLAGS: dict[str, dict[str, Query]] = {
    "has": {
        "gps": HasGps(),
        "position": HasGps(),
        "rating": RatingBetween(),
        "text": HasText(),
        "motion": HasMotion(),
    },
    "is": {
        "hidden": Hidden(),
        "video": FormatIs(tuple(sorted(VIDEO_FORMATS))),
        "animated": And((LastsBetween(), Not(FormatIs(tuple(sorted(VIDEO_FORMATS)))))),
    },
}


def _flag(field_name: str) -> Callable[[str, QueryContext], Meaning]:
    def read(value: str, _: QueryContext) -> Meaning:
        known = _FLAGS[field_name]
        if value.lower() not in known:
            raise BadValueError(f"{field_name}:{value} is not known.", _nearest(value, known) or next(iter(known)))
        return Meaning(known[value.lower()], value.lower())

    return read


FIELDS: tuple[Field, ...] = (
    Field("date", ("taken", "when", "year", "month", "day"), "date:2019..2021", _date),
    Field("after", ("since",), "after:2021-06", _after),
    Field("before", ("until",), "before:2022", _before),
    Field("in", (), "in:Holidays", _in),
    Field("folder", ("path",), "folder:Holidays", _folder),
    Field("text", ("says", "ocr"), 'text:"happy birthday"', _text),
    Field("name", ("file", "filename"), "name:IMG_*", _name),
    Field("tag", ("tags", "keyword"), "tag:beach", _tag),
    Field("album", (), 'album:"Best of"', _album),
    Field("camera", ("lens",), "camera:X100", _camera),
    Field("person", ("people", "who"), "person:Anna", _person),
    Field("faces", (), "faces:2", _faces),
    Field("near", ("place", "city", "country"), "near:Lisbon", _place),
    Field("region", ("state", "continent"), "region:Texas", _region),
    Field("box", ("bbox",), "box:36,-10,44,3", _box),
    Field("color", ("colour",), "color:teal", _color),
    Field("type", ("format", "ext"), "type:heic", _type),
    Field("size", (), "size:>5MP", _size),
    Field("duration", ("length",), "duration:>10s", _duration),
    Field("rating", ("stars",), "rating:>=4", _rating),
    Field("has", (), "has:gps", _flag("has")),
    Field("is", (), "is:hidden", _flag("is")),
)
BY_NAME: Mapping[str, Field] = {name: field for field in FIELDS for name in (field.name, *field.aliases)}
_ONE_SIDED = ("after", "before")


def canonical(field: Field) -> str:
    """The name a filter is printed with: those of one side become ranges of dates."""
    return "date" if field.name in _ONE_SIDED else field.name


def suggest_field(name: str, more: Iterable[str] = ()) -> str:
    """A field that may have been meant, or ""; ``more`` are further names."""
    return _nearest(name, (*BY_NAME, *more))


def _operator(value: str) -> tuple[str, str]:
    found = _RANGE.fullmatch(value.strip())
    return (found[1], found[2].strip()) if found else ("", value)


def _parts(value: str) -> list[str]:
    """Alternatives parted by commas."""
    return [part.strip() for part in value.split(",") if part.strip()] or [value]


def _any_of(queries: Iterable[Query]) -> Query:
    parts = tuple(queries)
    return parts[0] if len(parts) == 1 else Or(parts)


def _nearest(text: str, known: Iterable[str]) -> str:
    return next(iter(get_close_matches(text.casefold(), known, 1, 0.6)), "")
