"""The short video inside a motion photo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import Response

from smartsearch.api.deps import ImageId, LibraryDep
from smartsearch.api.originals import original_path
from smartsearch.api.parts import piece
from smartsearch.api.routes.images import IfNoneMatch, Version, headers_of, is_known, one
from smartsearch.api.schemas import version_of
from smartsearch.core.errors import AssetNotFoundError

router = APIRouter(tags=["images"])

_VIDEO: dict[int | str, dict[str, Any]] = {
    200: {"description": "The video.", "content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part that `Range` asked for."},
    304: {"description": "Unchanged since `If-None-Match`."},
    416: {"description": "`Range` asked for what lies beyond the end."},
}


@router.get("/images/{image_id}/motion", response_class=Response, responses=_VIDEO)
def motion(
    image_id: ImageId,
    library: LibraryDep,
    v: Version = None,
    if_none_match: IfNoneMatch = None,
    wanted: Annotated[str | None, Header(alias="range", include_in_schema=False)] = None,
    if_range: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """The video of a motion photo, byte for byte as in the file, if that lies in an indexed folder right now."""
    asset = one(library, image_id)
    place = asset.motion
    if place is None:
        raise AssetNotFoundError(f"There is no video in image {image_id}.")
    path = Path(original_path(library, asset))
    size = asset.identity.size
    if not asset.identity.is_of(path.stat()) or not 0 < place.start < place.start + place.length <= size:
        raise AssetNotFoundError(f"The file of image {image_id} has changed.", hint="Index again.")
    headers = headers_of(f"{version_of(asset)}-motion", v == version_of(asset))
    if is_known(headers, if_none_match):
        return Response(status_code=304, headers=headers)
    return piece(path, asset.identity, place, "video/mp4", headers, wanted, if_range)
