"""`smartsearch status` and `smartsearch errors`."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library


def register(app: typer.Typer) -> None:
    app.command("status")(status)
    app.command("errors", epilog="To try these files again: smartsearch index --retry-errors")(errors)


def status(context: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """What the library holds and what is going on."""
    with open_library(context, library, read_only=True) as opened:
        facts = dataclasses.asdict(opened.status())
    if as_json:
        echo_json(facts)
        return
    from rich.table import Table

    from smartsearch.cli.render import console, printable, size
    from smartsearch.core.signatures import reads_videos

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_row("library", printable(str(facts["library"])))
    table.add_row("images", f"{facts['total_images']:,}")
    table.add_row("missing", f"{facts['missing']:,}")
    table.add_row("errors", f"{facts['errors']:,}")
    table.add_row("last updated", str(facts["last_updated"] or "never"))
    table.add_row("model", _model_line(facts))
    table.add_row("on disk", size(facts["disk_bytes"]))
    table.add_row("encrypted", f"yes, opened by {' or '.join(facts['opened_by'])}" if facts["encrypted"] else "no")
    table.add_row("indexing", _job_line(facts["indexing_progress"]))
    table.add_row("videos", "read" if reads_videos() else "passed over; pip install 'smartsearch[video]' to read them")
    for place in facts["roots"]:
        table.add_row("folder", printable(place["path"]) + ("" if place["recursive"] else " (without subfolders)"))
    console().print(table)


def _model_line(facts: dict[str, Any]) -> str:
    coming = facts["next_model"]
    return f"{facts['model']}" + (f" (changing to {coming}: run `smartsearch index`)" if coming else "")


def _job_line(job: dict[str, Any]) -> str:
    if job["state"] == "running":
        of = f" of {job['total']:,}" if job["total"] else ""
        return f"running, {job['done']:,}{of} files"
    return "interrupted; the next `smartsearch index` goes on" if job["state"] == "interrupted" else "idle"


def errors(
    context: typer.Context,
    limit: Annotated[int | None, typer.Option("--limit", "-n", min=1, help="Show at most this many.")] = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Files that could not be indexed, each with the reason."""
    with open_library(context, library, read_only=True) as opened:
        rows = opened.errors(limit)
    if as_json:
        echo_json(
            {
                "errors": [
                    {"path": row.path, "code": row.code, "message": row.message, "occurred_at": row.occurred_at}
                    for row in rows
                ]
            }
        )
        return
    from rich.table import Table

    from smartsearch.cli.render import console, printable

    out = console()
    if not rows:
        out.print("No errors.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("code", "file", "reason"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(row.code, printable(row.path), row.message)
    out.print(table)
