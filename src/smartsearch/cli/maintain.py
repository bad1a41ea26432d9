"""`smartsearch prune` and `smartsearch doctor`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smartsearch.cli.index import counted
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library

if TYPE_CHECKING:
    from smartsearch.doctor import DoctorReport
    from smartsearch.library import Library


def register(app: typer.Typer) -> None:
    app.command("prune", epilog="Photos on disk are never touched; only the library forgets.")(prune)
    app.command("doctor")(doctor)


def prune(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be forgotten.")] = False,
    root: Annotated[
        Path | None, typer.Option("--root", help="Give up this indexed folder with all its images.", show_default=False)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Forget images whose files are gone or excluded by now: the only way the library ever forgets."""
    from smartsearch.cli.render import printable

    with open_library(context, library, read_only=dry_run) as opened:
        if root is not None:
            _give_up(opened, root, dry_run=dry_run, yes=yes, as_json=as_json)
            return
        missing = opened.missing()
        if not (dry_run or yes or as_json) and missing:
            for asset in missing[:10]:
                typer.echo(printable(asset.path))
            if len(missing) > 10:
                typer.echo(f"... and {len(missing) - 10:,} more")
            typer.confirm(f"Forget {len(missing):,} images with their tags?", abort=True)
        forgotten = 0 if dry_run else opened.prune([asset.id for asset in missing])
        if as_json:
            echo_json({"forgotten": forgotten, "missing": [asset.path for asset in missing], "dry_run": dry_run})
        elif dry_run:
            for asset in missing:
                typer.echo(printable(asset.path))
            typer.echo(f"{len(missing):,} images would be forgotten.", err=True)
        else:
            typer.echo(f"Forgot {forgotten:,} images.")


def _give_up(opened: Library, root: Path, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    if not (dry_run or yes or as_json):
        typer.confirm(f"Stop indexing {root} and forget all its images with their tags?", abort=True)
    count = opened.count_in_root(root) if dry_run else opened.forget_root(root)
    if as_json:
        echo_json({"forgotten": 0 if dry_run else count, "root": str(root), "dry_run": dry_run})
    else:
        typer.echo(f"{count:,} images would be forgotten." if dry_run else f"Forgot {count:,} images.")


def doctor(
    context: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild what is derived and damaged.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Check database, vector index, thumbnails, model and files against each other and against their checksums.

    Says of each fault whether --repair makes it good or only a backup does. Leaves with 0 when all is well or repaired,
    with 5 when something is left.
    """
    report = _examine(context, library, repair)
    if as_json:
        echo_json(dataclasses.asdict(report))
    else:
        for finding in report.findings:
            state = "repaired" if finding.repaired else _REMEDIES[finding.remedy]
            typer.echo(f"{finding.kind}: {finding.message} ({state})")
        typer.echo("All is well." if not report.findings else counted(len(report.findings), "findings") + ".")
        if report.open and not repair and any(finding.repairable for finding in report.open):
            typer.echo("`smartsearch doctor --repair` repairs what is derived.", err=True)
        if any(finding.remedy == "restore" for finding in report.open):
            typer.echo(_RESTORE, err=True)
    if report.open:
        raise typer.Exit(5)


def _examine(context: typer.Context, library: str | None, repair: bool) -> DoctorReport:
    from smartsearch.core.errors import LibraryCorruptError

    try:
        with open_library(context, library, read_only=not repair) as opened:
            return opened.doctor(repair=repair)
    except LibraryCorruptError as error:
        from smartsearch.doctor import unreadable

        return unreadable(error)


_REMEDIES = {
    "repair": "can be repaired",
    "index": "the next index sorts it out",
    "restore": "restore a backup",
    "reinstall": "install the model again",
    "": "needs a look",
}

_RESTORE = (
    "What is damaged is nowhere else: `smartsearch restore BACKUP --replace` brings back the last backup and keeps "
    "this library beside it. Without a backup, `smartsearch export DIR` may still save tags and albums."
)
