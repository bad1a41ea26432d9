"""What goes over the wire, made from the library's values. Pydantic only here."""

from __future__ import annotations

import math
import os
from datetime import datetime
from typing import Annotated, Any, Self
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from smartsearch.api.deps import ASKING, MAX_ID
from smartsearch.api.hiding import NOBODY, hidden_persons, is_hidden
from smartsearch.config import full_path
from smartsearch.core.assets import Asset
from smartsearch.core.errors import ForbiddenError, QueryError
from smartsearch.core.query import (
    SOME_PERCENT,
    And,
    CameraIs,
    CameraModelIn,
    ColorNear,
    Everything,
    FaceCount,
    FileSizeBetween,
    FormatIs,
    HasGps,
    HasPerson,
    HasTag,
    HasText,
    IdIn,
    InAlbum,
    InFolder,
    NameLike,
    Not,
    Or,
    PixelsBetween,
    Query,
    RatingBetween,
    TakenBetween,
    WithinBox,
)
from smartsearch.library import Library
from smartsearch.search.filters import parse_date, parse_format


def without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain a NUL character")
    return text


Words = Annotated[str, StringConstraints(max_length=1000), AfterValidator(without_nul)]
"""A short text."""
PathText = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(without_nul)]
"""An absolute path of the server's machine, ``~`` allowed."""
Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Size = Annotated[int, Field(ge=0, lt=2**63)]


def offset_of(cursor: str | None) -> int:
    """Where to read on in a list whose cursors are places; 0 without one. QueryError for what no answer has given."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
        raise QueryError(f"{cursor!r} is no cursor.")
    return int(cursor)


def _may_see_hidden(wanted: bool) -> bool:
    """ForbiddenError for those who may only look."""
    if wanted and not ASKING.get().sees_hidden:
        raise ForbiddenError("What is hidden is shown to owners only.")
    return wanted


AmongHidden = Annotated[bool, AfterValidator(_may_see_hidden)]
Rating = Annotated[int, Field(ge=-1, le=5)]


WallClock = Annotated[
    datetime, WithJsonSchema({"type": "string", "format": "date-time-local", "examples": ["2021-06-30T12:00:00"]})
]
"""A time without a zone, so no "date-time" of RFC 3339."""


class Strict(BaseModel):
    """A request: unknown fields are refused, so that a misspelt filter is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class Filters(Strict):
    """All given ones must hold; several formats or folders are alternatives, several tags must all be there."""

    after: Words | None = Field(None, description="Taken on or after: a year, month or day.", examples=["2021-06"])
    before: Words | None = Field(None, description="Taken on or before; 2021 means until its end.", examples=["2022"])
    formats: list[Words] = Field([], max_length=32, examples=[["jpeg", "heif"]])
    min_size: Size | None = Field(None, description="File size in bytes.")
    max_size: Size | None = None
    min_pixels: Size | None = Field(None, description="Width times height.")
    max_pixels: Size | None = None
    folders: list[PathText] = Field([], max_length=100, description="In one of these folders or below.")
    name: Words | None = Field(None, description="File name, with * and ?.", examples=["IMG_*"])
    camera: Words | None = Field(None, description="Any part of make, model or lens.", examples=["X100V"])
    cameras: list[Words] = Field([], max_length=100, description="One of these models, as facets name them.")
    color: Color | None = Field(None, description="A part of the picture looks like this colour.", examples=["#3b82f6"])
    color_percent: Annotated[int, Field(ge=1, le=100)] = Field(SOME_PERCENT, description="How large a part, at least.")
    album: Annotated[int, Field(ge=1, le=MAX_ID)] | None = Field(None, description="In this album.")
    people: list[Annotated[int, Field(ge=1, le=MAX_ID)]] = Field(
        [], max_length=100, description="All of these persons are in it.", examples=[[1]]
    )
    without_people: list[Annotated[int, Field(ge=1, le=MAX_ID)]] = Field(
        [], max_length=100, description="None of these persons is."
    )
    min_faces: Size | None = Field(None, description="Faces in it; unknown where nobody looked for them.")
    max_faces: Size | None = None
    ids: list[Annotated[int, Field(ge=1, le=MAX_ID)]] = Field(
        [], max_length=10_000, description="One of these images, for instance to export what was selected."
    )
    hidden: AmongHidden = Field(False, description="Among the hidden images; otherwise they are left out.")
    tags: list[Words] = Field([], max_length=100, examples=[["beach"]])
    words: Words | None = Field(None, description="Words in file name, folder, tags, title or description.")
    min_rating: Rating | None = None
    max_rating: Rating | None = None
    has_position: bool | None = Field(None, description="Whether the photo says where it was taken.")
    has_text: bool | None = Field(None, description="Whether text was read in it; without: none, or nobody looked.")
    places: list[Words] = Field(
        [],
        max_length=100,
        description="Taken in one of these towns or countries, as facets name them. `near:` in a query reaches on.",
        examples=[["Munich, Bavaria, Germany", "Spain"]],
    )
    regions: list[Words] = Field(
        [],
        max_length=100,
        description="Taken in one of these regions, as facets name them; with `places`, in any of both.",
        examples=[["Bavaria, Germany"]],
    )
    south: Latitude | None = Field(None, description="A box on the map: all four sides, or none.")
    west: Longitude | None = Field(None, description="Greater than `east`: the box crosses the antimeridian.")
    north: Latitude | None = None
    east: Longitude | None = None

    def to_query(self, library: Library) -> Query:
        """The query tree. QueryError for what is no date or format, or half a box. ``words`` and ``hidden`` are not in
        it: a search takes them by themselves. For viewers, who is hidden is in no photo."""
        hidden = hidden_persons(library) if self.people or self.without_people else ()
        parts: list[Query] = []
        if self.after or self.before:
            start = parse_date(self.after)[0] if self.after else None
            end = parse_date(self.before)[1] if self.before else None
            parts.append(TakenBetween(start, end))
        if self.formats:
            parts.append(FormatIs(tuple(parse_format(name) for name in self.formats)))
        if self.min_size is not None or self.max_size is not None:
            parts.append(FileSizeBetween(self.min_size, self.max_size))
        if self.min_pixels is not None or self.max_pixels is not None:
            parts.append(PixelsBetween(self.min_pixels, self.max_pixels))
        if self.folders:
            parts.append(Or(tuple(InFolder(full_path(folder)) for folder in self.folders)))
        if self.name:
            parts.append(NameLike(self.name))
        if self.camera:
            parts.append(CameraIs(self.camera))
        if self.cameras:
            parts.append(CameraModelIn(tuple(self.cameras)))
        if self.color:
            parts.append(ColorNear(int(self.color[1:], 16), self.color_percent))
        if self.ids:
            parts.append(IdIn(tuple(self.ids)))
        if self.album is not None:
            parts.append(InAlbum(NOBODY if is_hidden(library, "album", self.album) else self.album))
        parts += [HasPerson(NOBODY if person in hidden else person) for person in self.people]
        parts += [Not(HasPerson(person)) for person in self.without_people if person not in hidden]
        if self.min_faces is not None or self.max_faces is not None:
            parts.append(FaceCount(self.min_faces, self.max_faces))
        parts += [HasTag(tag) for tag in self.tags]
        if self.min_rating is not None or self.max_rating is not None:
            low = -1 if self.min_rating is None else self.min_rating
            parts.append(RatingBetween(low, 5 if self.max_rating is None else self.max_rating))
        if self.has_position is not None:
            parts.append(HasGps() if self.has_position else Not(HasGps()))
        if self.has_text is not None:
            parts.append(HasText() if self.has_text else Not(HasText()))
        if self.places or self.regions:
            taken_in = library.queries.places.taken_in
            parts.append(taken_in(frozenset(self.places), frozenset(self.regions)))
        sides = (self.south, self.west, self.north, self.east)
        if None not in sides:
            parts.append(WithinBox(*(side for side in sides if side is not None)))
        elif any(side is not None for side in sides):
            raise QueryError("A box on the map needs south, west, north and east.")
        return And(tuple(parts)) if parts else Everything()


def shown(path: str) -> str:
    """A path as text: bytes that are no text come out as escapes."""
    return path.encode("utf-8", "backslashreplace").decode()


class Position(BaseModel):
    """Degrees (WGS 84), south and west negative."""

    latitude: float = Field(examples=[38.7])
    longitude: float = Field(examples=[-9.1])


class ImageBrief(BaseModel):
    """What a grid of photos needs of one."""

    id: int = Field(examples=[12])
    path: str = Field(examples=["/home/anna/Pictures/cat.jpg"])
    name: str = Field(examples=["cat.jpg"])
    format: str = Field(examples=["jpeg"])
    width: int = Field(description="Of the upright picture.", examples=[4000])
    height: int = Field(examples=[3000])
    file_size: int = Field(description="Bytes.", examples=[2500000])
    color: str = Field(
        description="Dominant colour, to fill the place until the picture is there.", examples=["#a0b1c2"]
    )
    taken_at: WallClock | None = Field(description="Wall clock where it was taken.")
    modified_at: datetime
    position: Position | None
    rating: int | None = Field(description="0-5, -1 for rejected.")
    missing: bool = Field(description="The file was gone at the last scan.")
    duration: float | None = Field(description="Of a video or animation: seconds.", examples=[None])
    thumbnail_url: str = Field(examples=["/api/v1/images/12/thumbnail?v=9f86d081884c7d65"])
    preview_url: str = Field(examples=["/api/v1/images/12/preview?v=9f86d081884c7d65"])
    original_url: str = Field(examples=["/api/v1/images/12/original?v=9f86d081884c7d65"])
    motion_url: str | None = Field(description="Of a motion photo: the video in it, an MP4.", examples=[None])

    @classmethod
    def of(cls, asset: Asset) -> Self:
        return cls(**brief_fields(asset))


def brief_fields(asset: Asset) -> dict[str, Any]:
    """The fields of `ImageBrief`."""
    gps, path = asset.metadata.gps, shown(asset.path)
    urls = {
        f"{kind}_url": f"/api/v1/images/{asset.id}/{kind}?v={quote(version_of(asset))}"
        for kind in ("thumbnail", "preview", "original", *(() if asset.motion is None else ("motion",)))
    }
    return {
        "id": asset.id,
        "path": path,
        "name": os.path.basename(path),
        "format": asset.format,
        "width": asset.width,
        "height": asset.height,
        "file_size": asset.identity.size,
        "color": f"#{asset.color:06x}",
        "taken_at": asset.metadata.taken_at,
        "modified_at": asset.modified_at,
        "position": None if gps is None else Position(latitude=gps.latitude, longitude=gps.longitude),
        "rating": asset.rating,
        "missing": asset.missing_since is not None,
        "duration": rounded(asset.duration),
        "motion_url": None,
        **urls,
    }


def version_of(asset: Asset) -> str:
    """Changes with the bytes of the image: an address that carries it may be cached for good."""
    return asset.file_hash.hex()[:16]


def rounded(score: float | None) -> float | None:
    """Six digits are more than the model knows."""
    return None if score is None or not math.isfinite(score) else round(score, 6)
