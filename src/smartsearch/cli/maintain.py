"""`smartsearch prune` and `smartsearch doctor`."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library


def register(app: typer.Typer) -> None:
    app.command("prune", epilog="Photos on disk are never touched; only the library forgets.")(prune)
    app.command("doctor")(doctor)


def prune(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be forgotten.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Forget images whose files are gone: the only way the library ever forgets."""
    from smartsearch.cli.render import printable

    with open_library(context, library) as opened:
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


def doctor(
    context: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild what is derived and damaged.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Check database, vector index, thumbnails and files against each other.

    Leaves with 0 when all is well or repaired, with 5 when something is left.
    """
    with open_library(context, library, read_only=not repair) as opened:
        report = opened.doctor(repair=repair)
    if as_json:
        echo_json(dataclasses.asdict(report))
    else:
        for finding in report.findings:
            state = "repaired" if finding.repaired else "can be repaired" if finding.repairable else "needs a look"
            typer.echo(f"{finding.kind}: {finding.message} ({state})")
        typer.echo("All is well." if not report.findings else f"{len(report.findings)} findings.")
        if report.open and not repair and any(finding.repairable for finding in report.open):
            typer.echo("`smartsearch doctor --repair` repairs what is derived.", err=True)
    if report.open:
        raise typer.Exit(5)
