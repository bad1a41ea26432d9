"""The query tree. Stores compile it to SQL; ``matches`` decides it for one asset in memory. The two must agree."""

from __future__ import annotations

import os.path
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Protocol

from smartsearch.core.assets import Asset
from smartsearch.core.color import cell, cells_near
from smartsearch.core.reading import folded

SOME_PERCENT = 15
"""How much of a picture has a colour that it is searched by."""
MOSTLY_PERCENT = 50


class Query(Protocol):
    """A predicate over assets. Frozen, hashable, comparable."""

    def matches(self, asset: Asset) -> bool:
        """Whether the asset meets the predicate. An unknown (None) field never meets a field predicate."""
        ...


@dataclass(frozen=True, slots=True)
class Everything:
    """Meets every asset, missing ones too."""

    def matches(self, asset: Asset) -> bool:  # noqa: ARG002
        return True


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds. No parts: always true."""

    parts: tuple[Query, ...]

    def matches(self, asset: Asset) -> bool:
        return all(part.matches(asset) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds. No parts: never true."""

    parts: tuple[Query, ...]

    def matches(self, asset: Asset) -> bool:
        return any(part.matches(asset) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold (an unknown field makes the part false, so its negation true)."""

    part: Query

    def matches(self, asset: Asset) -> bool:
        return not self.part.matches(asset)


@dataclass(frozen=True, slots=True)
class Present:
    """The file was there at the last scan."""

    def matches(self, asset: Asset) -> bool:
        return asset.missing_since is None


@dataclass(frozen=True, slots=True)
class Hidden:
    """The user wants it left out of searches."""

    def matches(self, asset: Asset) -> bool:
        return asset.hidden


@dataclass(frozen=True, slots=True)
class Shown:
    """Present and not hidden: what a search is about unless it says otherwise."""

    def matches(self, asset: Asset) -> bool:
        return asset.missing_since is None and not asset.hidden


@dataclass(frozen=True, slots=True)
class InAlbum:
    """The asset is in the album."""

    album_id: int

    def matches(self, asset: Asset) -> bool:
        return self.album_id in asset.albums


@dataclass(frozen=True, slots=True)
class IdIn:
    """The asset is one of these."""

    ids: tuple[int, ...]

    def matches(self, asset: Asset) -> bool:
        return asset.id in self.ids


@dataclass(frozen=True, slots=True)
class TakenBetween:
    """Capture time (wall clock; file modification time in UTC when EXIF has none) in [start, end). Bounds are naive."""

    start: datetime | None = None
    end: datetime | None = None

    def matches(self, asset: Asset) -> bool:
        moment = asset.moment
        return (self.start is None or moment >= self.start) and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True)
class TakenInSeason:
    """The day of `TakenBetween`'s moment lies between two (month, day), both included, of any year. ``first > last``
    goes over the turn of the year."""

    first: tuple[int, int]
    last: tuple[int, int]

    def matches(self, asset: Asset) -> bool:
        moment = asset.moment
        day = (moment.month, moment.day)
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


@dataclass(frozen=True, slots=True)
class FormatIs:
    """The image format is one of these lower-case names."""

    formats: tuple[str, ...]

    def matches(self, asset: Asset) -> bool:
        return asset.format in self.formats


@dataclass(frozen=True, slots=True)
class FileSizeBetween:
    """File size in bytes within [minimum, maximum]."""

    minimum: int | None = None
    maximum: int | None = None

    def matches(self, asset: Asset) -> bool:
        size = asset.identity.size
        return (self.minimum is None or size >= self.minimum) and (self.maximum is None or size <= self.maximum)


@dataclass(frozen=True, slots=True)
class PixelsBetween:
    """Width times height within [minimum, maximum]."""

    minimum: int | None = None
    maximum: int | None = None

    def matches(self, asset: Asset) -> bool:
        pixels = asset.width * asset.height
        return (self.minimum is None or pixels >= self.minimum) and (self.maximum is None or pixels <= self.maximum)


@dataclass(frozen=True, slots=True)
class LastsBetween:
    """A moving picture that lasts within [minimum, maximum] seconds."""

    minimum: float | None = None
    maximum: float | None = None

    def matches(self, asset: Asset) -> bool:
        seconds = asset.duration
        return (
            seconds is not None
            and (self.minimum is None or seconds >= self.minimum)
            and (self.maximum is None or seconds <= self.maximum)
        )


@dataclass(frozen=True, slots=True)
class InFolder:
    """The file lies in ``folder`` (absolute) or below it."""

    folder: str

    def matches(self, asset: Asset) -> bool:
        folder = self.folder.rstrip(os.sep)
        return asset.path.startswith(folder + os.sep)


@dataclass(frozen=True, slots=True)
class FolderNamed:
    """A folder on the way to the file has this name, ASCII case-insensitively; "a/b" means b right in a."""

    name: str

    def matches(self, asset: Asset) -> bool:
        name = self.name.strip(os.sep).translate(_NOT_TEXT)
        folders = os.path.dirname(asset.path).translate(_NOT_TEXT) + os.sep
        return bool(name) and f"{os.sep}{ascii_lower(name)}{os.sep}" in ascii_lower(folders)


@dataclass(frozen=True, slots=True)
class NameLike:
    """The file name meets a glob (``*`` and ``?``), ASCII case-insensitively."""

    pattern: str

    def matches(self, asset: Asset) -> bool:
        name = os.path.basename(asset.path)
        pattern = self.pattern.replace("[", "[[]")
        return fnmatchcase(ascii_lower(name), ascii_lower(pattern))


@dataclass(frozen=True, slots=True)
class CameraIs:
    """Make, model or lens contains this text, ASCII case-insensitively."""

    text: str

    def matches(self, asset: Asset) -> bool:
        meta = asset.metadata
        wanted = ascii_lower(self.text)
        fields = (meta.camera_make, meta.camera_model, meta.lens_model)
        return any(wanted in ascii_lower(value) for value in fields if value is not None)


@dataclass(frozen=True, slots=True)
class CameraModelIn:
    """The camera model is exactly one of these."""

    models: tuple[str, ...]

    def matches(self, asset: Asset) -> bool:
        return asset.metadata.camera_model in self.models


@dataclass(frozen=True, slots=True)
class ColorNear:
    """At least so many per cent of the picture, by its palette, look like this colour (0xRRGGBB), see `core.color`."""

    color: int
    percent: int = SOME_PERCENT

    def matches(self, asset: Asset) -> bool:
        return self.percent_of(asset) >= max(self.percent, 1)

    def percent_of(self, asset: Asset) -> int:
        """How much of the picture looks like the colour, 0-100."""
        near = cells_near(self.color)
        return sum(swatch.percent for swatch in asset.palette if cell(swatch.color) in near)


@dataclass(frozen=True, slots=True)
class HasTag:
    """Carries the tag, by exact name, ASCII case-insensitively, or one below it ("animal/dog" for "animal")."""

    name: str

    def matches(self, asset: Asset) -> bool:
        wanted = ascii_lower(self.name)
        names = (ascii_lower(tag.name) for tag in asset.tags)
        return any(name == wanted or name.startswith(f"{wanted}/") for name in names)


@dataclass(frozen=True, slots=True)
class RatingBetween:
    """Star rating (the user's, or else the file's) within [minimum, maximum]."""

    minimum: int = -1
    maximum: int = 5

    def matches(self, asset: Asset) -> bool:
        rating = asset.rating
        return rating is not None and self.minimum <= rating <= self.maximum


@dataclass(frozen=True, slots=True)
class HasPerson:
    """A face in it is this person's."""

    person_id: int

    def matches(self, asset: Asset) -> bool:
        return self.person_id in asset.people


@dataclass(frozen=True, slots=True)
class FaceCount:
    """The number of faces in it is within [minimum, maximum]; unknown where nobody has looked for faces."""

    minimum: int | None = None
    maximum: int | None = None

    def matches(self, asset: Asset) -> bool:
        count = asset.face_count
        return (
            count is not None
            and (self.minimum is None or count >= self.minimum)
            and (self.maximum is None or count <= self.maximum)
        )


@dataclass(frozen=True, slots=True)
class HasText:
    """Text was read in it."""

    def matches(self, asset: Asset) -> bool:
        return bool(asset.text)


@dataclass(frozen=True, slots=True)
class TextContains:
    """What was read in it contains this, wherever lines break, by `folded`. An empty text is in none."""

    text: str

    def matches(self, asset: Asset) -> bool:
        wanted = folded(self.text)
        return bool(wanted) and asset.text is not None and wanted in folded(asset.text)


@dataclass(frozen=True, slots=True)
class HasGps:
    """The photo knows where it was taken."""

    def matches(self, asset: Asset) -> bool:
        return asset.metadata.gps is not None


@dataclass(frozen=True, slots=True)
class HasMotion:
    """A motion photo: there is a short video in its file."""

    def matches(self, asset: Asset) -> bool:
        return asset.motion is not None


@dataclass(frozen=True, slots=True)
class WithinBox:
    """GPS position within the box, in degrees. ``west > east`` crosses the antimeridian."""

    south: float
    west: float
    north: float
    east: float

    def matches(self, asset: Asset) -> bool:
        gps = asset.metadata.gps
        if gps is None or not self.south <= gps.latitude <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= gps.longitude <= self.east
        return gps.longitude >= self.west or gps.longitude <= self.east


def ascii_lower(text: str) -> str:
    """Lower-case A-Z only: what SQLite's LIKE and NOCASE do, so that both sides agree."""
    return text.translate(_ASCII_LOWER)


_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}

_NOT_TEXT = dict.fromkeys(range(0xDC80, 0xDD00), 0xFFFD)
"""Bytes of a path that are no UTF-8, as people are shown them."""
