"""`smartsearch tags`, `smartsearch tag` and `smartsearch untag`."""

from __future__ import annotations

import dataclasses
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smartsearch.cli.audit import about
from smartsearch.cli.index import counted
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library
from smartsearch.cli.progress import progress_bar

if TYPE_CHECKING:
    from smartsearch.tagging.run import TagReport


group = typer.Typer(
    help="List the tags of the photos, most used first; or show them as a tree, add, rename, delete, export.",
    epilog="Photos with a tag, or one below it: smartsearch query --tag animal",
    rich_markup_mode=None,
)


class Source(StrEnum):
    user = "user"
    keywords = "keywords"
    auto = "auto"


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="tags")
    app.command("tag")(tag)
    app.command("untag", epilog="Example: smartsearch untag dog ~/Pictures/wolf.jpg")(untag)


@group.callback(invoke_without_command=True)
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
    """List the tags of the photos, most used first; or show them as a tree, add, rename, delete, export."""
    if context.invoked_subcommand is not None:
        return
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
    with open_library(context, library) as opened, progress_bar("tagging") as show:
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


def untag(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TAG", help="The tag, whatever its case.")],
    photos: Annotated[list[Path], typer.Argument(help="Indexed photos.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let an automatic tag come back.")] = False,
    library: LibraryOption = None,
) -> None:
    """Take a tag off photos. An automatic one never comes back by itself."""
    with open_library(context, library) as opened:
        about(context, [opened.asset_at(photo).id for photo in photos])
        for photo in photos:
            opened.untag(photo, name, undo=undo)


@group.command("tree")
def tree(context: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """All tags, each below the one it belongs to; photos of those below are counted with it."""
    from smartsearch.cli.render import printable

    with open_library(context, library, read_only=True) as opened:
        nodes = opened.store.tag_tree()
    if as_json:
        echo_json({"tags": [dataclasses.asdict(node) for node in nodes]})
        return
    for node in nodes:
        *above, own = node.name.split("/")
        typer.echo(printable(f"{'  ' * len(above)}{own}  {node.images:,}"))


@group.command("add", epilog="Example: smartsearch tags add animal/dog ~/Pictures/rex*.jpg")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TAG", help='"animal/dog" lies below "animal".')],
    photos: Annotated[list[Path], typer.Argument(help="Indexed photos.")],
    library: LibraryOption = None,
) -> None:
    """Give photos a tag. `smartsearch untag` takes it off."""
    with open_library(context, library) as opened:
        about(context, [opened.asset_at(photo).id for photo in photos])
        changed = opened.add_tag(photos, name)
    typer.echo(f"{counted(changed, 'images')} tagged.")


@group.command("rename", epilog="Example: smartsearch tags rename dog animal/dog")
def rename(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TAG", help="One that you gave, or that such ones lie below.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name, with what it shall lie below.")],
    library: LibraryOption = None,
) -> None:
    """Rename or move your tag with all below it; where the name is there, the two become one."""
    with open_library(context, library) as opened:
        changed = opened.move_tag(name, new)
    typer.echo(f"{counted(changed, 'images')} changed.")


@group.command("delete")
def delete(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="TAG", help="One that you gave, or that such ones lie below.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    library: LibraryOption = None,
) -> None:
    """Take your tag, and all below it, off every photo."""
    if not yes:
        typer.confirm(f"Take {name!r} and all below it off every photo?", abort=True)
    with open_library(context, library) as opened:
        changed = opened.move_tag(name, None)
    typer.echo(f"{counted(changed, 'images')} changed.")


@group.command("export", epilog="Example: smartsearch tags export ~/tags-for-lightroom")
def export(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Sidecars go below it, in folders named like those of the photos.")
    ] = None,
    beside: Annotated[
        bool, typer.Option("--beside", help="Instead beside the photos, as new files: IMG.jpg.xmp for IMG.jpg.")
    ] = False,
    library: LibraryOption = None,
) -> None:
    """Write your tags as XMP sidecars. Photos are not touched and no file is ever replaced."""
    if (folder is None) != beside:
        raise typer.BadParameter("name a folder, or say --beside")
    with open_library(context, library, read_only=True) as opened:
        report = opened.export_tags(folder)
    skipped = f"; {counted(report.skipped, 'photos')} had one already" if report.skipped else ""
    typer.echo(f"{counted(report.written, 'sidecars')} written{skipped}.")
