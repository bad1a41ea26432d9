"""A piece of a file as an answer of its own, which clients may ask for in parts (RFC 9110, section 14)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from fastapi.responses import Response, StreamingResponse
from starlette.exceptions import HTTPException

from smartsearch.core.assets import FileIdentity, Motion
from smartsearch.core.errors import FileAccessError
from smartsearch.media.files import open_regular

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.ASCII)
_CHUNK = 256 * 1024


def piece(
    path: str | os.PathLike[str],
    identity: FileIdentity,
    place: Motion,
    media_type: str,
    headers: Mapping[str, str],
    wanted: str | None,
    only_if: str | None,
) -> Response:
    """The bytes at ``place`` in the file that had this ``identity``, or the part of them that the header `Range`,
    ``wanted``, asks for, if `If-Range`, ``only_if``, is the entity tag in ``headers``.

    HTTPException 416 for a part beyond the end. Several parts at once are not given: the whole is. The connection
    breaks if the file is not the same any more when it is opened.
    """
    asked = _asked(wanted, place.length) if only_if in (None, headers["etag"]) else None
    first, end = asked or (0, place.length)
    sent = {**headers, "accept-ranges": "bytes", "content-length": str(end - first)}
    if asked is not None:
        sent["content-range"] = f"bytes {first}-{end - 1}/{place.length}"
    chunks = _chunks(path, identity, place.start + first, end - first)
    return StreamingResponse(chunks, 200 if asked is None else 206, sent, media_type)


def _asked(wanted: str | None, length: int) -> tuple[int, int] | None:
    """Where the wanted part begins and ends; None for the whole, also where the header is none that is understood."""
    found = _RANGE.fullmatch(wanted or "")
    if found is None or not (found[1] or found[2]):
        return None
    if found[1]:
        first, last = int(found[1]), int(found[2] or length)
        if last < first and found[2]:
            return None
    else:
        first, last = max(0, length - int(found[2])), length
    if first >= length:
        raise HTTPException(416, "There is nothing there.", {"content-range": f"bytes */{length}"})
    return first, min(last + 1, length)


def _chunks(path: str | os.PathLike[str], identity: FileIdentity, start: int, count: int) -> Iterator[bytes]:
    with open_regular(path) as file:
        if not file.identity.agrees(identity):
            raise FileAccessError("The file changed while it was being read.")
        file.stream.seek(start)
        while count > 0 and (chunk := file.stream.read(min(count, _CHUNK))):
            count -= len(chunk)
            yield chunk
