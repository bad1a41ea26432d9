"""The filter options of `query`, and the query tree they make."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smartsearch.config import full_path
from smartsearch.core.errors import QueryError
from smartsearch.search.filters import parse_date, parse_format, parse_size

if TYPE_CHECKING:
    from smartsearch.core.query import Query
    from smartsearch.core.queryfields import QueryContext

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
NearOption = Annotated[
    str | None, typer.Option("--near", help="Taken near a town, or in a country: Lisbon, Lisbon~25km, 38.7,-9.1~10km.")
]
RegionOption = Annotated[
    str | None, typer.Option("--region", help="A state, province or other region, or a continent: Bavaria.")
]
BoxOption = Annotated[
    str | None, typer.Option("--box", metavar="S,W,N,E", help="In a box on the map: 36,-10,44,3 (degrees).")
]
WordsOption = Annotated[
    str | None, typer.Option("--words", help="Words in file name, folder, tags, title or description.")
]


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


def placed(where: Query, context: QueryContext, near: str | None, region: str | None, box: str | None) -> Query:
    """``where``, and taken there: as the fields `near`, `region` and `box` of a query read it. QueryError."""
    from smartsearch.core.query import And, Everything
    from smartsearch.core.queryfields import BY_NAME, BadValueError

    parts = []
    for name, value in (("near", near), ("region", region), ("box", box)):
        if value is not None:
            try:
                parts.append(BY_NAME[name].read(value, context).query)
            except BadValueError as error:
                hint = f"For instance: {error.suggestion}." if error.suggestion else ""
                raise QueryError(f"--{name}: {error.message}", hint=hint) from error
    if not parts:
        return where
    return And((*([] if where == Everything() else [where]), *parts))
