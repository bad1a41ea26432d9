"""`smartsearch index` and `smartsearch watch`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from smartsearch.cli.options import JsonOption, LibraryOption, ModelOption, echo_json, open_library

if TYPE_CHECKING:
    from smartsearch.indexing.progress import IndexProgress, IndexReport
    from smartsearch.library import Library

PathsArgument = Annotated[
    list[Path] | None, typer.Argument(help="Folders or files. Without any: all folders indexed before.")
]
RecursiveOption = Annotated[bool, typer.Option("--recursive/--no-recursive", help="Go into subfolders.")]
PLAIN_LINE_SECONDS = 5.0


def register(app: typer.Typer) -> None:
    app.command("index", epilog="Example: smartsearch index ~/Pictures /mnt/photos")(index)
    app.command("watch", epilog="Example: smartsearch watch (keeps every indexed folder current until Ctrl-C)")(watch)


def index(
    context: typer.Context,
    paths: PathsArgument = None,
    recursive: RecursiveOption = True,
    watch: Annotated[bool, typer.Option("--watch", help="Afterwards keep watching for changes.")] = False,
    retry_errors: Annotated[bool, typer.Option("--retry-errors", help="Try files again that failed before.")] = False,
    as_json: JsonOption = False,
    model: ModelOption = None,
    library: LibraryOption = None,
) -> None:
    """Index folders of photos: new, changed and moved files are picked up, the rest is left alone.

    Stop it any time; the next run goes on where it was.
    """
    from smartsearch.catalog import ModelChoice

    with open_library(context, library, create=bool(paths), roots=paths or ()) as opened:
        if model:
            opened.use_model(ModelChoice.parse(model))
        with _progress(as_json) as show:
            report = opened.index(paths or [], recursive=recursive, retry_errors=retry_errors, progress=show)
        _print_report(report, as_json)
        if watch and report.state == "done":
            _watch(opened, as_json)
        _leave_by(report)


def watch(
    context: typer.Context,
    paths: PathsArgument = None,
    recursive: RecursiveOption = True,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Keep the library current: index what is new, changed, moved or deleted within seconds, until Ctrl-C."""
    with open_library(context, library, create=bool(paths), roots=paths or ()) as opened:
        for path in paths or ():
            opened.add_root(path, recursive=recursive)
        _watch(opened, as_json)


def _watch(opened: Library, as_json: bool) -> None:
    if not as_json:
        typer.echo("Watching for changes; Ctrl-C ends it.", err=True)

    def tell(report: IndexReport) -> None:
        changed = report.progress.done + report.progress.missing
        if changed:
            _print_report(report, as_json)

    try:
        opened.watch(tell)
    except KeyboardInterrupt:
        typer.echo("Stopped watching.", err=True)


def _leave_by(report: IndexReport) -> None:
    from smartsearch.core.errors import RootUnavailableError

    if report.state == "cancelled":
        raise typer.Exit(130)
    if report.unavailable:
        raise RootUnavailableError(
            f"Nothing was changed for {', '.join(report.unavailable)}: unreadable, not mounted or suddenly empty.",
            hint="Its photos are kept: mount it and index again, or give it up with `smartsearch prune --root FOLDER`.",
        )


def report_as_dict(report: IndexReport) -> dict[str, Any]:
    """The JSON of a finished run."""
    counts = dataclasses.asdict(report.progress)
    for key in ("current", "scanned"):
        counts.pop(key)
    counts["images_per_second"] = round(report.progress.embedded / max(report.progress.seconds, 1e-9), 2)
    counts["seconds"] = round(report.progress.seconds, 3)
    problems = [dataclasses.asdict(problem) for problem in report.problems]
    return {
        "state": report.state,
        **counts,
        "tagged": report.tagged,
        "problems": problems,
        "unavailable": list(report.unavailable),
    }


def counted(count: int, what: str) -> str:
    """ "1 error", "2 errors", "3 added"."""
    return f"{count:,} {what.removesuffix('s') if count == 1 else what}"


def _print_report(report: IndexReport, as_json: bool) -> None:
    if as_json:
        echo_json(report_as_dict(report))
        return
    from smartsearch.cli.render import duration, printable

    done = report.progress
    parts = [
        counted(getattr(done, name), name)
        for name in ("added", "updated", "moved", "copied", "missing", "errors")
        if getattr(done, name)
    ]
    if report.tagged:
        parts.append(f"{report.tagged:,} tagged anew")
    summary = ", ".join(parts) or "nothing new"
    ended = "Stopped" if report.state == "cancelled" else "Done"
    rate = f", {done.embedded / done.seconds:.1f} images/s" if done.embedded and done.seconds > 0 else ""
    typer.echo(f"{ended}: {summary}; {done.unchanged:,} unchanged; {duration(done.seconds)}{rate}.")
    for problem in report.problems[:5]:
        typer.echo(f"  {printable(problem.path)}: {problem.message}", err=True)
    if len(report.problems) > 5:
        typer.echo(f"  ... and {len(report.problems) - 5} more places that could not be looked at.", err=True)
    if done.errors:
        typer.echo("`smartsearch errors` says which files failed and why.", err=True)


@contextmanager
def _progress(as_json: bool) -> Iterator[Callable[[IndexProgress], None]]:
    """A live bar on a terminal, a line now and then elsewhere, JSON lines with --json. All on standard error."""
    if as_json or not sys.stderr.isatty():
        yield _line_printer(as_json)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    from smartsearch.cli.render import console, shorten

    out = console(stderr=True)
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        TextColumn("{task.fields[errors]}{task.fields[file]}", markup=False),
    )
    with Progress(*columns, console=out, transient=True) as bar:
        task = bar.add_task("index", total=None, rate="", errors="", file="looking at the disk")

        def show(state: IndexProgress) -> None:
            bar.update(
                task,
                completed=state.done,
                total=state.todo if state.todo else None,
                rate=f"{state.rate:.1f}/s" if state.done else "",
                errors=counted(state.errors, "errors") + "  " if state.errors else "",
                file=shorten(state.current, max(12, out.width - 80)) if state.current else "looking at the disk",
            )

        yield show


def _line_printer(as_json: bool) -> Callable[[IndexProgress], None]:
    last = 0.0  # the first line after a while: before, a rate says nothing

    def show(state: IndexProgress) -> None:
        nonlocal last
        if state.seconds - last < PLAIN_LINE_SECONDS:
            return
        last = state.seconds
        if as_json:
            typer.echo(_progress_json(state), err=True)
        elif state.todo:
            left = "" if state.eta is None else f", {state.eta:.0f} s left"
            typer.echo(
                f"{state.done:,} of {state.todo:,} files, {state.rate:.1f}/s{left}, {counted(state.errors, 'errors')}",
                err=True,
            )

    return show


def _progress_json(state: IndexProgress) -> str:
    import json

    return json.dumps({"progress": dataclasses.asdict(state) | {"rate": state.rate, "eta": state.eta}})
