"""`smartsearch tags`, `smartsearch tag` and `smartsearch untag`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smartsearch.cli.index import counted
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library

if TYPE_CHECKING:
    from smartsearch.tagging.run import TagProgress, TagReport


class Source(StrEnum):
    user = "user"
    keywords = "keywords"
    auto = "auto"


def register(app: typer.Typer) -> None:
    app.command("tags", epilog="Photos with a tag: smartsearch query --tag beach")(tags)
    app.command("tag")(tag)
    app.command("untag", epilog="Example: smartsearch untag dog ~/Pictures/wolf.jpg")(untag)


def tags(
    context: typer.Context,
    source: Annotated[
        Source | None,
        typer.Option(
            "--source", "-s", help="Only yours (user), those in the files (keywords), or those given by sight (auto)."
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Show at most this many.")] = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """List the tags of the photos, most used first."""
    with open_library(context, library, read_only=True) as opened:
        counts = opened.tag_counts(source.value if source else None)[:limit]
    if as_json:
        echo_json({"tags": [dataclasses.asdict(count) for count in counts]})
        return
    from rich.table import Table

    from smartsearch.cli.render import console, printable

    out = console()
    if not counts:
        out.print("No tags.")
        return
    table = Table("tag", "source", box=None, pad_edge=False)
    table.add_column("images", justify="right")
    for count in counts:
        table.add_row(printable(count.name), count.source, f"{count.images:,}")
    out.print(table)


def tag(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Tag photos again that are up to date, too.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Bring the automatic tags up to date with model, vocabulary and settings; `index` does so too.

    Nothing is decoded, and your own tags are never touched. Stop it any time; the next run goes on where it was.
    """
    with open_library(context, library) as opened, _progress() as show:
        report = opened.tag(force=force, progress=show)
    if as_json:
        echo_json(dataclasses.asdict(report))
    else:
        typer.echo(_summary(report))
    if report.state == "cancelled":
        raise typer.Exit(130)


def _summary(report: TagReport) -> str:
    from smartsearch.cli.render import duration

    if report.dropped:
        return f"Automatic tags are switched off: {counted(report.dropped, 'images')} lost theirs."
    if report.state == "done" and not report.images:
        return "Nothing to tag."
    rate = f", {report.images / report.seconds:,.0f} images/s" if report.seconds > 0 else ""
    done = (
        f"{counted(report.images, 'images')} tagged, {counted(report.tags, 'tags')}; {duration(report.seconds)}{rate}."
    )
    return f"Stopped: {done}" if report.state == "cancelled" else f"Done: {done}"


@contextmanager
def _progress() -> Iterator[Callable[[TagProgress], None]]:
    """A bar on a terminal, on standard error; elsewhere nothing: a large library takes seconds."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress

    from smartsearch.cli.render import console

    with Progress(console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("tagging", total=None)
        yield lambda state: bar.update(task, completed=state.done, total=state.total)


def untag(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TAG", help="The tag, whatever its case.")],
    photos: Annotated[list[Path], typer.Argument(help="Indexed photos.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let an automatic tag come back.")] = False,
    library: LibraryOption = None,
) -> None:
    """Take a tag off photos. An automatic one never comes back by itself."""
    with open_library(context, library) as opened:
        for photo in photos:
            opened.untag(photo, name, undo=undo)
