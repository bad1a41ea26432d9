"""`smartsearch erase`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library


def register(app: typer.Typer) -> None:
    app.command("erase", epilog="Photos on disk are never touched; backups and exports are as they were.")(erase)


def erase(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="A folder, or one photo; it need not be there any more.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much would be erased.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Erase all traces of a folder from the library: overwritten, not only forgotten, and looked for afterwards."""
    with open_library(context, library, read_only=dry_run) as opened:
        count = opened.count_in_folder(path)
        if dry_run:
            if as_json:
                echo_json({"images": count, "dry_run": True})
            else:
                typer.echo(f"{count:,} images would be erased.")
            return
        if not (yes or as_json):
            typer.confirm(f"Erase {count:,} images of {path} with their tags, faces and albums, for good?", abort=True)
        report = opened.erase_folder(path)
    if as_json:
        echo_json(dataclasses.asdict(report))
        return
    typer.echo(f"Erased {report.images:,} images of {report.folder}.")
    if report.left:
        typer.echo(f"Its path still stands in {', '.join(report.left)}: settings or albums of yours.", err=True)
    if report.indexed_by:
        typer.echo(
            f"It lies in {report.indexed_by}, which is indexed: the next run finds its photos again, unless"
            " `smartsearch config` excludes them.",
            err=True,
        )
