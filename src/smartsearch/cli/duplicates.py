"""`smartsearch duplicates`: find, keep apart, move to the trash."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smartsearch.cli.audit import about
from smartsearch.cli.index import counted
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library

if TYPE_CHECKING:
    from smartsearch.core.duplicates import DuplicateGroup, DuplicateKind
    from smartsearch.duplicates.trash import TrashItem
    from smartsearch.library import Library

SHOWN = 10
"""Files named before the question."""

app = typer.Typer(
    help="Duplicates: find them, keep photos apart, move what is spare to the trash.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class Kind(StrEnum):
    exact = "exact"
    near = "near"
    burst = "burst"


KindOption = Annotated[
    list[Kind] | None,
    typer.Option(
        "--kind",
        "-k",
        help="exact: equal bytes; near: resized, recompressed, slightly cropped or corrected; burst: shots of one"
        " moment. Repeatable; all without.",
        show_default=False,
    ),
]
PhotosArgument = Annotated[list[Path], typer.Argument(help="Indexed photos.")]


@app.command("list", epilog="Example: smartsearch duplicates list --kind exact")
def list_groups(
    context: typer.Context,
    kind: KindOption = None,
    top: Annotated[int, typer.Option("--top", "-n", min=1, help="How many groups; what saves most first.")] = 20,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Groups of photos that show the same, the one to keep first: by your stars, resolution, camera data, sharpness."""
    from smartsearch.cli.render import size

    with open_library(context, library, read_only=True) as opened:
        report = opened.duplicates.find(_kinds(kind))
        shown = report.groups[:top]
        if as_json:
            echo_json(
                {
                    "groups": [_as_dict(opened, group) for group in shown],
                    "total": len(report.groups),
                    "spare_bytes": report.spare_bytes,
                    "images": report.images,
                }
            )
            return
        _print_groups(opened, shown)
    typer.echo(
        f"{counted(len(report.groups), 'groups')}, {size(report.spare_bytes)} besides the best of each.", err=True
    )


@app.command("distinct", epilog="Example: smartsearch duplicates distinct IMG_1.jpg IMG_2.jpg")
def distinct(
    context: typer.Context,
    photos: PhotosArgument,
    undo: Annotated[bool, typer.Option("--undo", help="They may be duplicates again.")] = False,
    library: LibraryOption = None,
) -> None:
    """Say that photos are no duplicates of each other: never shown as such again, however alike."""
    with open_library(context, library) as opened:
        ids = [opened.asset_at(photo).id for photo in photos]
        about(context, ids)
        opened.duplicates.set_distinct(ids, not undo)


@app.command("trash", epilog="Off until config.toml says [duplicates] allow_trash = true.")
def trash(
    context: typer.Context,
    photos: Annotated[
        list[Path] | None,
        typer.Argument(help="Duplicates to move; without, all but the best of each group.", show_default=False),
    ] = None,
    kind: KindOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be moved.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Move duplicates to the system's trash, from where they can be put back. Asks first, and checks each file again.

    Without photos and --kind only exact copies are moved.
    """
    from smartsearch.cli.render import printable, size

    with open_library(context, library, read_only=dry_run) as opened:
        if photos:
            ids = [opened.asset_at(photo).id for photo in photos]
        else:
            groups = opened.duplicates.find(_kinds(kind or [Kind.exact])).groups
            ids = [member.id for group in groups for member in group.members[1:]]
        if not ids:
            echo_json({"moved": [], "refused": []}) if as_json else typer.echo("There are no duplicates.")
            return
        plan = opened.duplicates.plan_trash(ids)
        said = f"{counted(len(plan.items), 'files')} ({size(plan.bytes)})"
        if dry_run and as_json:
            echo_json({"would_move": list(map(_item, plan.items)), "bytes": plan.bytes})
            return
        for item in plan.items if dry_run else plan.items[:SHOWN]:
            typer.echo(printable(item.path), err=as_json)
        if dry_run:
            typer.echo(f"{said} would be moved to the trash.", err=True)
            return
        if len(plan.items) > SHOWN:
            typer.echo(f"... and {len(plan.items) - SHOWN:,} more", err=as_json)
        if not yes:
            typer.confirm(f"Move {said} to the trash?", abort=True, err=as_json)
        report = opened.duplicates.trash(ids, plan.token)
        about(context, [item.id for item in report.moved])
    if as_json:
        echo_json({"moved": list(map(_item, report.moved)), "refused": list(map(_item, report.refused))})
    else:
        typer.echo(f"Moved {counted(len(report.moved), 'files')} to the trash.")
        for item in report.refused:
            typer.echo(f"{printable(item.path)} stays: {item.problem}", err=True)
    if report.refused:
        raise typer.Exit(1)


def _kinds(chosen: list[Kind] | None) -> list[DuplicateKind]:
    from smartsearch.core.duplicates import KINDS

    return [kind for kind in KINDS if not chosen or Kind(kind) in chosen]


def _print_groups(library: Library, groups: tuple[DuplicateGroup, ...]) -> None:
    from rich.table import Table

    from smartsearch.cli.render import console, printable, size

    if not groups:
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("", "photo"):
        table.add_column(name, overflow="fold")
    for name in ("pixels", "size", "sharpness"):
        table.add_column(name, justify="right", no_wrap=True)
    for group in groups:
        assets = library.store.assets([member.id for member in group.members])
        for member, asset in zip(group.members, assets, strict=False):
            sharp = "" if asset.sharpness is None else f"{asset.sharpness:.0f}"
            shape, weight = f"{asset.width}x{asset.height}", size(asset.identity.size)
            table.add_row(member.kind or "keep", printable(asset.path), shape, weight, sharp)
        table.add_section()
    console().print(table)


def _as_dict(library: Library, group: DuplicateGroup) -> dict[str, Any]:
    assets = library.store.assets([member.id for member in group.members])
    return {
        "kind": group.kind,
        "spare_bytes": group.spare_bytes,
        "members": [
            {
                "id": asset.id,
                "path": asset.path,
                "kind": member.kind,
                "bits": member.bits,
                "width": asset.width,
                "height": asset.height,
                "file_size": asset.identity.size,
                "sharpness": asset.sharpness,
            }
            for member, asset in zip(group.members, assets, strict=False)
        ],
    }


def _item(item: TrashItem) -> dict[str, Any]:
    return {"id": item.id, "path": item.path, "problem": item.problem}
