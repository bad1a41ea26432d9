"""Taking an answer along: as JSON, CSV or a ZIP of the pictures. Streamed: memory does not depend on the size."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path, PurePath
from typing import Annotated, Any, BinaryIO, Literal

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import Field

from smartsearch.access.audit import noted
from smartsearch.api.deps import AuditDep, LibraryDep
from smartsearch.api.originals import original_path
from smartsearch.api.routes.search import Question, explained
from smartsearch.api.schemas import rounded, shown
from smartsearch.core.assets import Asset
from smartsearch.core.errors import SmartsearchError
from smartsearch.library import Library
from smartsearch.search.paging import Answer
from smartsearch.search.ranking import MAX_TOP, Hit

router = APIRouter(tags=["search"])

_CHUNK = 1 << 18
_EXPLAINED_AT_ONCE = 200
_COLUMNS = ("id", "path", "score", "format", "width", "height", "file_size", "taken_at", "latitude", "longitude")
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""Before which the ZIP format knows no time."""


class ExportBody(Question):
    """A question, and what to make of the answer."""

    format: Literal["json", "csv", "zip"] = "json"
    pictures: Literal["originals", "previews"] = Field("originals", description="What a ZIP holds.")
    limit: Annotated[int, Field(ge=1, le=MAX_TOP, description="At most so many results.")] = 1000


@router.post(
    "/search/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "The results.",
            "content": {
                "application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Found"}}},
                "text/csv": {"schema": {"type": "string"}},
                "application/zip": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
def export(body: ExportBody, library: LibraryDep, audit: AuditDep) -> StreamingResponse:
    """Download the results of a search.

    In a ZIP every picture has its id before its name, so that no two collide; `results.csv` says what they are, and
    `errors.txt`, where there is one, which pictures could not be read.
    """
    answer = library.answer(body.to_request(library))
    hits = _told(answer.all(body.limit), audit)
    audit["format"] = body.format
    streams: dict[str, tuple[str, Callable[[Iterator[Hit]], Iterator[str] | Iterator[bytes]]]] = {
        "json": ("application/json", lambda hits: _json(hits, library, answer)),
        "csv": ("text/csv; charset=utf-8", _csv),
        "zip": ("application/zip", lambda hits: _zip(hits, library, body.pictures)),
    }
    media_type, stream = streams[body.format]
    name = f'attachment; filename="smartsearch.{body.format}"'
    return StreamingResponse(stream(hits), media_type=media_type, headers={"content-disposition": name})


def _told(hits: Iterator[Hit], audit: dict[str, Any]) -> Iterator[Hit]:
    """The hits; which ones were taken along goes into the audit log, also when the client leaves in the middle."""
    taken: list[int] = []
    try:
        for hit in hits:
            taken.append(hit.asset.id)
            yield hit
    finally:
        audit |= noted(taken)


def _json(hits: Iterator[Hit], library: Library, answer: Answer) -> Iterator[str]:
    yield "["
    separator = "\n"
    while some := list(islice(hits, _EXPLAINED_AT_ONCE)):
        for found in explained(library, answer, some):
            yield separator + found.model_dump_json()
            separator = ",\n"
    yield "\n]\n"


def _csv(hits: Iterator[Hit]) -> Iterator[str]:
    yield _csv_line(_COLUMNS)
    for hit in hits:
        yield _csv_line(_row(hit))


def _row(hit: Hit) -> tuple[object, ...]:
    asset, meta = hit.asset, hit.asset.metadata
    taken = meta.taken_at.isoformat() if meta.taken_at else ""
    position = (meta.gps.latitude, meta.gps.longitude) if meta.gps else ("", "")
    facts = (asset.format, asset.width, asset.height, asset.identity.size, taken)
    return asset.id, shown(asset.path), rounded(hit.score), *facts, *position


def _csv_line(values: tuple[object, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(values)  # RFC 4180
    return buffer.getvalue()


class _Outlet(io.RawIOBase):
    """What is written to it can be taken away in pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        self._pieces.append(bytes(piece))  # type: ignore[call-overload]
        return len(self._pieces[-1])

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def _zip(hits: Iterator[Hit], library: Library, pictures: str) -> Iterator[bytes]:
    """Stored, not deflated: pictures are compressed already. An unseekable target makes zipfile write as it goes."""
    outlet, listed, failed = _Outlet(), [_csv_line(_COLUMNS)], []
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_STORED) as archive:
        for hit in hits:
            listed.append(_csv_line(_row(hit)))
            try:
                for _ in _add(archive, library, hit.asset, pictures):
                    yield outlet.take()
            except (SmartsearchError, OSError) as error:
                reason = error.message if isinstance(error, SmartsearchError) else error.strerror
                failed.append(f"{hit.asset.id}\t{shown(hit.asset.path)}\t{reason}\n")
        archive.writestr("results.csv", "".join(listed))
        if failed:
            archive.writestr("errors.txt", "".join(failed))
    yield outlet.take()


def _add(archive: zipfile.ZipFile, library: Library, asset: Asset, pictures: str) -> Iterator[None]:
    """Copy one picture, a piece at a time."""
    name = shown(PurePath(asset.path).name)
    path = Path(original_path(library, asset))
    source: BinaryIO
    if pictures == "previews":
        source, name = io.BytesIO(library.preview(asset, lambda _: str(path))), f"{name}.webp"
    else:
        source = path.open("rb")
    moment = asset.metadata.taken_at or datetime.fromtimestamp(asset.modified_at.timestamp(), UTC)
    entry = zipfile.ZipInfo(f"{asset.id}-{name}", max(moment.timetuple()[:6], _EARLIEST))
    with source, archive.open(entry, "w", force_zip64=True) as target:
        while piece := source.read(_CHUNK):
            target.write(piece)
            yield
