"""`smartsearch facets`: what the photos that answer a query have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library

if TYPE_CHECKING:
    from smartsearch.core.overview import ValueCount
    from smartsearch.core.query import Query
    from smartsearch.library import Library


def register(app: typer.Typer) -> None:
    app.command("facets", epilog='Example: smartsearch facets "dog last summer" --facet tag --facet place')(facets)


FACETS = (
    "year",
    "month",
    "camera",
    "type",
    "tag",
    "person",
    "album",
    "folder",
    "place",
    "region",
    "country",
    "color",
    "rating",
)


def facets(
    context: typer.Context,
    text: Annotated[list[str] | None, typer.Argument(help="As in `smartsearch query`; none: all photos.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--facet", metavar="NAME", help=f"Only this one, repeatable: {', '.join(FACETS)}."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Values shown of each.")] = 10,
    hidden: Annotated[bool, typer.Option("--hidden", help="Among the hidden photos.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Count photos by year, camera, type, tag, person, album, folder, place, colour and rating.

    A photo has one year, and any number of tags; `color` counts those with 15 % or more of the colour. JSON has up to
    200 values of each, whatever --limit says.
    """
    for name in only or ():
        if name not in FACETS:
            raise typer.BadParameter(f"{name!r} is none of {', '.join(FACETS)}", param_hint="--facet")
    chosen = tuple(dict.fromkeys(only or FACETS))
    with open_library(context, library, read_only=True) as opened:
        where = answering(opened, " ".join(text or ()), hidden)
        total = opened.overviews.facets(where).total
        found = _counted(opened, where, chosen)
    if as_json:
        echo_json({"total": total, **{name: [_row(value) for value in found[name]] for name in chosen}})
    else:
        _print(total, {name: found[name] for name in chosen}, limit)


def answering(library: Library, text: str, hidden: bool = False) -> Query:
    """What the images that answer a query meet, all shown (or hidden) ones without one. Words count as in a search:
    what the model's cut-off withholds is no answer. QueryError."""
    from smartsearch.cli.query import report_problems
    from smartsearch.core.query import And
    from smartsearch.search.service import SearchRequest, searched

    understood = library.queries.checked(text)
    report_problems(understood)
    clauses = understood.clauses
    if any(clause.words or clause.avoid for clause in clauses):
        request = SearchRequest(clauses=clauses, hidden=hidden, sees_hidden=True, sort="newest")
        return library.answer(request).condition(everything=True)
    from smartsearch.core.query import Or

    where = Or(tuple(clause.where for clause in clauses)) if clauses else And(())
    return searched(library.store, library.albums.resolved(where), hidden=hidden, sees_hidden=True)


def _counted(library: Library, where: Query, chosen: Sequence[str]) -> dict[str, Sequence[ValueCount]]:
    from smartsearch.core.overview import ValueCount

    counted = library.overviews.facets(where)
    years = Counter[str]()
    for month in counted.months:
        years[month.value[:4]] += month.count
    found: dict[str, Sequence[ValueCount]] = {
        "year": [ValueCount(year, count) for year, count in sorted(years.items())],
        "month": counted.months,
        "camera": counted.cameras,
        "type": counted.formats,
        "tag": counted.tags,
        "person": counted.people,
        "album": counted.albums,
        "folder": counted.folders,
        "rating": [ValueCount(str(stars), count) for stars, count in counted.ratings],
    }
    if {"place", "region", "country"} & set(chosen):
        places = library.overviews.places(where)
        found |= {"place": places.towns, "region": places.regions, "country": places.countries}
    if "color" in chosen:
        found["color"] = library.overviews.colors(where)
    return found


def _row(value: ValueCount) -> dict[str, Any]:
    return {"value": value.value, "count": value.count, **({} if value.id is None else {"id": value.id})}


def _print(total: int, found: dict[str, Sequence[ValueCount]], limit: int) -> None:
    from rich.table import Table

    from smartsearch.cli.index import counted
    from smartsearch.cli.render import console, printable

    out = console()
    table = Table("facet", "value", box=None, pad_edge=False)
    table.add_column("images", justify="right")
    for name, values in found.items():
        for place, value in enumerate(values[:limit]):
            table.add_row(name if place == 0 else "", printable(value.value), f"{value.count:,}")
        if len(values) > limit:
            table.add_row("", f"and {len(values) - limit:,} more", "")
    if total:
        out.print(table)
    out.print(f"{counted(total, 'images')}.", style="dim")
