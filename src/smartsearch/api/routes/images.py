"""One image: what is known of it, its pictures, and what the user says of it. Files are only ever read."""

from __future__ import annotations

import os
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from fastapi import APIRouter, Header, Query
from fastapi.responses import FileResponse, Response
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from smartsearch.api.deps import ImageId, LibraryDep
from smartsearch.api.originals import MEDIA_TYPES, original_path
from smartsearch.api.schemas import ImageBrief, Rating, Strict, brief_fields, shown, version_of, without_nul
from smartsearch.core.assets import Asset, Tag
from smartsearch.core.errors import AssetNotFoundError, UsageError
from smartsearch.core.places import Place
from smartsearch.core.tagtree import tag_path
from smartsearch.library import Library

router = APIRouter(tags=["images"])


def _tag_path(text: str) -> str:
    try:
        return tag_path(text)
    except UsageError as error:
        raise ValueError(error.message) from error


TagName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(without_nul),
    AfterValidator(_tag_path),
]
"""Levels are parted by "/"."""
Version = Annotated[
    str | None,
    Query(max_length=64, description="As in the image's addresses: with it, the answer may be cached for good."),
]
IfNoneMatch = Annotated[str | None, Header(include_in_schema=False)]

_PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part that `Range` asked for."},
    304: {"description": "Unchanged since `If-None-Match`."},
}
_WEBP: dict[int | str, dict[str, Any]] = {
    200: {"description": "The picture.", "content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}}},
    304: _PICTURE[304],
}


class ImageTag(BaseModel):
    """A tag, and who put it there."""

    name: str = Field(examples=["beach"])
    source: Literal["user", "keywords", "auto"] = Field(description="`keywords` are in the file itself.")
    confidence: float = Field(examples=[1.0])


class PaletteColor(BaseModel):
    """A colour, and how much of the picture has it."""

    color: str = Field(examples=["#87bee8"])
    percent: int = Field(examples=[34])


class ImageDetail(ImageBrief):
    """Everything that is known of an image."""

    sha256: str
    created_at: datetime | None
    indexed_at: datetime
    folder: str = Field(examples=["/home/anna/Pictures"])
    frames: int = Field(description="More than one for animations.")
    altitude: float | None = Field(description="Metres above sea level.")
    place: str | None = Field(
        description="The town it was taken in or near, its region and country.", examples=["Munich, Bavaria, Germany"]
    )
    taken_offset: int | None = Field(description="UTC offset of `taken_at` in minutes.")
    camera_make: str | None
    camera_model: str | None
    lens_model: str | None
    focal_length: float | None = Field(description="Millimetres.")
    f_number: float | None
    exposure_time: float | None = Field(description="Seconds.")
    iso: int | None
    title: str | None
    description: str | None
    user_rating: int | None = Field(description="Given here; goes before the file's own.")
    hidden: bool
    palette: list[PaletteColor] = Field(description="The largest first.")
    tags: list[ImageTag]
    albums: list[int] = Field(description="Ids of the albums it is in.")
    exif: dict[str, Any] = Field(description="Every readable tag of the file.")

    @classmethod
    def of(cls, asset: Asset, place: Place | None = None) -> Self:
        meta = asset.metadata
        same = ("camera_make", "camera_model", "lens_model", "focal_length", "f_number", "exposure_time", "iso")
        return cls(
            **brief_fields(asset),
            **{name: getattr(meta, name) for name in (*same, "title", "description", "taken_offset")},
            sha256=asset.file_hash.hex(),
            created_at=asset.created_at,
            indexed_at=asset.indexed_at,
            folder=os.path.dirname(shown(asset.path)),
            frames=asset.frames,
            place=None if place is None else place.label,
            altitude=None if meta.gps is None else meta.gps.altitude,
            user_rating=asset.user_rating,
            hidden=asset.hidden,
            palette=[PaletteColor(color=f"#{each.color:06x}", percent=each.percent) for each in asset.palette],
            tags=[ImageTag(name=tag.name, source=tag.source, confidence=tag.confidence) for tag in asset.tags],
            albums=list(asset.albums),
            exif=dict(meta.exif),
        )


class ImageChange(Strict):
    """What to change; what is left out stays."""

    rating: Rating | None = Field(None, description="0-5, -1 for rejected; null goes by the file's own again.")
    hidden: bool | None = Field(None, description="Hidden images are left out of searches.")


class TagNames(Strict):
    """Names of tags."""

    tags: list[TagName] = Field(max_length=200, examples=[["beach", "family"]])


def one(library: Library, image_id: int) -> Asset:
    """AssetNotFoundError if there is none."""
    found = library.store.assets([image_id])
    if not found:
        raise AssetNotFoundError(f"There is no image {image_id} in the library.")
    return found[0]


@router.get("/images/{image_id}")
def image(image_id: ImageId, library: LibraryDep) -> ImageDetail:
    """Everything that is known of an image."""
    asset = one(library, image_id)
    gps = asset.metadata.gps
    place = None if gps is None else library.queries.places.at(gps.latitude, gps.longitude)
    return ImageDetail.of(asset, place)


@router.patch("/images/{image_id}")
def change_image(image_id: ImageId, change: ImageChange, library: LibraryDep) -> ImageDetail:
    """Rate an image, hide it, show it again. The file is not written."""
    one(library, image_id)
    if "rating" in change.model_fields_set:
        library.store.set_rating(image_id, change.rating)
    if change.hidden is not None:
        library.store.set_hidden(image_id, change.hidden)
    return image(image_id, library)


# -- pictures


@router.get("/images/{image_id}/thumbnail", response_class=Response, responses=_WEBP)
def thumbnail(image_id: ImageId, library: LibraryDep, v: Version = None, if_none_match: IfNoneMatch = None) -> Response:
    """A small WebP."""
    asset = one(library, image_id)
    webp = library.thumbnail(asset) or library.preview(asset, partial(original_path, library))
    return _sent(webp, "image/webp", f"{version_of(asset)}-thumbnail", v == version_of(asset), if_none_match)


@router.get("/images/{image_id}/preview", response_class=Response, responses=_WEBP)
def preview(image_id: ImageId, library: LibraryDep, v: Version = None, if_none_match: IfNoneMatch = None) -> Response:
    """A WebP as large as a screen, made when it is first asked for."""
    asset = one(library, image_id)
    webp = library.preview(asset, partial(original_path, library))
    return _sent(webp, "image/webp", f"{version_of(asset)}-preview", v == version_of(asset), if_none_match)


class Scene(BaseModel):
    """A moment of a video or animation, from which on there is something else to see."""

    at: float = Field(description="Seconds from the start.", examples=[14.0])
    thumbnail_url: str = Field(examples=["/api/v1/images/12/scenes/thumbnail?at=14.0&v=9f86d081884c7d65"])


@router.get("/images/{image_id}/scenes")
def scenes(image_id: ImageId, library: LibraryDep) -> list[Scene]:
    """The scenes of a video or animation, from the first to the last. Of a photo there are none."""
    asset = one(library, image_id)
    address = f"/api/v1/images/{asset.id}/scenes/thumbnail"
    return [
        Scene(at=at_ms / 1000, thumbnail_url=f"{address}?at={at_ms / 1000}&v={version_of(asset)}")
        for at_ms in library.store.scenes(image_id)
    ]


@router.get("/images/{image_id}/scenes/thumbnail", response_class=Response, responses=_WEBP)
def scene_thumbnail(
    image_id: ImageId,
    library: LibraryDep,
    at: Annotated[float, Query(ge=0, le=1e6, allow_inf_nan=False, description="As `scenes` gives it.")],
    v: Version = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """A small WebP of one scene, made from the file."""
    asset = one(library, image_id)
    known = library.store.scenes(image_id)
    if round(at * 1000) not in known:
        raise AssetNotFoundError(f"Image {image_id} has no scene at {at:g} seconds.")
    tag, for_good = f"{version_of(asset)}-{round(at * 1000)}", v == version_of(asset)
    webp = library.scene(asset, at, partial(original_path, library))
    return _sent(webp, "image/webp", tag, for_good, if_none_match)


@router.get("/images/{image_id}/original", response_class=FileResponse, responses=_PICTURE)
def original(
    image_id: ImageId,
    library: LibraryDep,
    v: Version = None,
    download: Annotated[bool, Query(description="Save it instead of showing it.")] = False,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The file itself, if it lies in an indexed folder right now."""
    asset = one(library, image_id)
    path = Path(original_path(library, asset))
    status = path.stat()
    unchanged = asset.identity.is_of(status)
    tag = f"{version_of(asset)}-original" if unchanged else f"{status.st_mtime_ns:x}-{status.st_size:x}"
    media_type = MEDIA_TYPES.get(asset.format, "application/octet-stream")
    answer = _sent(path, media_type, tag, unchanged and v == version_of(asset), if_none_match, status)
    kind = "attachment" if download or media_type == "application/octet-stream" else "inline"
    answer.headers["content-disposition"] = _disposition(kind, os.path.basename(shown(asset.path)))
    return answer


def _sent(
    content: Path | bytes,
    media_type: str,
    tag: str,
    for_good: bool,
    if_none_match: str | None,
    status: os.stat_result | None = None,
) -> Response:
    """A file, or a picture of the library's own, with its validator; ranges are FileResponse's work. ``status`` is what
    ``tag`` was made from."""
    headers = headers_of(tag, for_good)
    if is_known(headers, if_none_match):
        return Response(status_code=304, headers=headers)
    if isinstance(content, bytes):
        return Response(content, headers=headers, media_type=media_type)
    return FileResponse(content, headers=headers, media_type=media_type, stat_result=status or content.stat())


def headers_of(tag: str, for_good: bool) -> dict[str, str]:
    """The validator of an answer, and how long it may be kept: ``for_good`` or until it is asked for again."""
    return {
        "etag": f'"{tag}"',
        "cache-control": "private, max-age=31536000, immutable" if for_good else "private, no-cache",
    }


def is_known(headers: dict[str, str], if_none_match: str | None) -> bool:
    """Whether the client, by its `If-None-Match`, has what would be sent with these headers."""
    known = [item.strip().removeprefix("W/") for item in (if_none_match or "").split(",")]
    return headers["etag"] in known or "*" in known


def _disposition(kind: str, name: str) -> str:
    """RFC 6266: any name, as UTF-8."""
    return f"{kind}; filename*=utf-8''{quote(name, safe='')}"


# -- tags


@router.put("/images/{image_id}/tags")
def replace_tags(image_id: ImageId, names: TagNames, library: LibraryDep) -> ImageDetail:
    """Replace the user's own tags."""
    library.store.set_tags(image_id, [Tag(name) for name in dict.fromkeys(names.tags)], "user")
    return image(image_id, library)


@router.post("/images/{image_id}/tags")
def add_tags(image_id: ImageId, names: TagNames, library: LibraryDep) -> ImageDetail:
    """Add to the user's own tags."""
    own = [tag.name for tag in one(library, image_id).tags if tag.source == "user"]
    return replace_tags(image_id, TagNames(tags=[*own, *names.tags]), library)


@router.delete("/images/{image_id}/tags/{name:path}")
def remove_tag(image_id: ImageId, name: TagName, library: LibraryDep) -> ImageDetail:
    """Take a tag off: the user's own is deleted, an automatic one does not come back. Keywords in the file stay."""
    asset = one(library, image_id)
    own = [tag for tag in asset.tags if tag.source == "user"]
    kept = [tag for tag in own if tag.name.casefold() != name.casefold()]
    if len(kept) < len(own):
        library.store.set_tags(image_id, kept, "user")
    if any(tag.name.casefold() == name.casefold() and tag.source == "auto" for tag in asset.tags):
        library.store.reject_tag(image_id, name)
    return image(image_id, library)
