"""The filter options of `query`, and the query tree they make."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smartsearch.config import full_path
from smartsearch.core.errors import QueryError

if TYPE_CHECKING:
    from smartsearch.core.query import Query

AfterOption = Annotated[
    str | None, typer.Option("--after", "--since", help="Taken on or after: 2021, 2021-06 or 2021-06-30.")
]
BeforeOption = Annotated[
    str | None, typer.Option("--before", "--until", help="Taken on or before: 2021 means until its end.")
]
TypeOption = Annotated[list[str] | None, typer.Option("--type", "-t", help="Image format: jpeg, png, heif ...")]
MinSizeOption = Annotated[str | None, typer.Option("--min-size", help="File size at least: 500KB, 2MB.")]
MaxSizeOption = Annotated[str | None, typer.Option("--max-size", help="File size at most: 500KB, 2MB.")]
FolderOption = Annotated[list[Path] | None, typer.Option("--folder", "-d", help="Only in this folder and below.")]
NameOption = Annotated[str | None, typer.Option("--name", help="File name, with * and ?.")]
CameraOption = Annotated[str | None, typer.Option("--camera", help="Camera or lens, any part of its name.")]
TagOption = Annotated[list[str] | None, typer.Option("--tag", help="Carries this tag.")]
WordsOption = Annotated[
    str | None, typer.Option("--words", help="Words in file name, folder, tags, title or description.")
]

FORMAT_NAMES = {
    "jpg": "jpeg",
    "jpe": "jpeg",
    "jfif": "jpeg",
    "tif": "tiff",
    "heic": "heif",
    "hif": "heif",
    "dib": "bmp",
    "apng": "png",
    "jp2": "jpeg2000",
    "j2k": "jpeg2000",
    "dng": "raw",
    "nef": "raw",
    "cr2": "raw",
    "cr3": "raw",
    "arw": "raw",
}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


def combine(
    after: str | None = None,
    before: str | None = None,
    formats: list[str] | None = None,
    min_size: str | None = None,
    max_size: str | None = None,
    folders: list[Path] | None = None,
    name: str | None = None,
    camera: str | None = None,
    tags: list[str] | None = None,
) -> Query:
    """One tree that all given filters must meet; several formats or folders are alternatives.

    QueryError for what is no date or size.
    """
    # Imported here because it brings NumPy, which `--help` can do without.
    from smartsearch.core.query import (
        And,
        CameraIs,
        Everything,
        FileSizeBetween,
        FormatIs,
        HasTag,
        InFolder,
        NameLike,
        Or,
        TakenBetween,
    )

    parts: list[Query] = []
    if after or before:
        start = parse_date(after)[0] if after else None
        end = parse_date(before)[1] if before else None
        if start and end and start >= end:
            raise QueryError(f"--after {after} is later than --before {before}.")
        parts.append(TakenBetween(start, end))
    if formats:
        parts.append(FormatIs(tuple(parse_format(name) for name in formats)))
    if min_size or max_size:
        parts.append(
            FileSizeBetween(parse_size(min_size) if min_size else None, parse_size(max_size) if max_size else None)
        )
    if folders:
        inside = tuple(InFolder(full_path(folder)) for folder in folders)
        parts.append(inside[0] if len(inside) == 1 else Or(inside))
    if name:
        parts.append(NameLike(name))
    if camera:
        parts.append(CameraIs(camera))
    parts += [HasTag(tag) for tag in tags or ()]
    return And(tuple(parts)) if parts else Everything()


def parse_date(text: str) -> tuple[datetime, datetime]:
    """A year, month or day as the half-open span [start, end) it covers, naive local time."""
    found = _DATE.fullmatch(text.strip())
    try:
        if not found:
            raise ValueError
        year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
        start = datetime(year, month, day)
        if found[3]:
            return start, start + timedelta(days=1)
        if found[2]:
            return start, datetime(year + month // 12, month % 12 + 1, 1)
        return start, datetime(year + 1, 1, 1)
    except (ValueError, OverflowError):
        raise QueryError(f"{text!r} is not a date.", hint="Write 2021, 2021-06 or 2021-06-30.") from None


def parse_format(text: str) -> str:
    """A format's own name from a name or suffix: "JPG" is "jpeg"."""
    from smartsearch.core.signatures import FORMATS

    name = text.strip().lower().lstrip(".")
    name = FORMAT_NAMES.get(name, name)
    if name not in FORMATS:
        raise QueryError(f"{text!r} is no image format.", hint=f"Known: {', '.join(sorted(FORMATS))}.")
    return name


def parse_size(text: str) -> int:
    """A file size in bytes; KB, MB, GB, TB are powers of 1000."""
    found = _SIZE.fullmatch(text)
    if not found:
        raise QueryError(f"{text!r} is not a file size.", hint="Write 500KB, 2MB or 1.5GB.")
    return int(float(found[1]) * 1000 ** " kmgt".index(found[2].lower() or " "))
