"""`smartsearch ocr`: reading the text in pictures, showing and erasing what was read."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library
from smartsearch.cli.progress import progress_bar

if TYPE_CHECKING:
    pass

app = typer.Typer(help="Text in pictures: read, show, erase.", no_args_is_help=True, rich_markup_mode=None)


@app.command("status")
def status(context: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Whether text is read here, when, and how much is known."""
    with open_library(context, library, read_only=True) as opened:
        found = opened.ocr.status()
    if as_json:
        echo_json(dataclasses.asdict(found))
        return
    if not found.installed:
        typer.echo("Text is not read: the models are not installed. " + _how())
    elif found.when == "later":
        typer.echo(f"Text is read by `smartsearch ocr run` only (ocr.when is later), by {found.name}.")
    else:
        typer.echo(f"Text is read while indexing, by {found.name}.")
    typer.echo(f"{found.with_text:,} of {found.images:,} photos looked at have text; {found.waiting:,} wait.")


@app.command("run")
def run(context: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Read every photo not read yet, or read by an older model. Can be stopped; the next run goes on."""
    with open_library(context, library) as opened, progress_bar("text") as show:
        report = opened.ocr.run(progress=show)
    progress = report.progress
    if as_json:
        images = {"images": progress.done, "with_text": progress.found, "errors": progress.errors}
        echo_json({"state": report.state} | images)
        return
    typer.echo(
        f"{'Done' if report.state == 'done' else 'Stopped'}: text in {progress.found:,} of {progress.done:,} photos,"
        f" {progress.errors:,} could not be read."
    )


@app.command("show", epilog="Photos that say something: smartsearch query 'text:\"happy birthday\"'")
def show(
    context: typer.Context,
    photo: Annotated[Path, typer.Argument(help="An indexed photo.")],
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """The text in a photo, line by line. With --json also where each line stands (corners in pixels)."""
    with open_library(context, library, read_only=True) as opened:
        asset = opened.asset_at(photo)
        text = opened.ocr.of(asset.id)
    if as_json:
        lines = [dataclasses.asdict(line) for line in text.lines]
        echo_json({"width": text.width, "height": text.height, "reader": text.reader, "lines": lines})
        return
    if text.reader is None:
        typer.echo("Nobody has looked for text in it yet: run `smartsearch ocr run`.", err=True)
    for line in text.lines:
        typer.echo(line.text)


@app.command("erase")
def erase(
    context: typer.Context,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    library: LibraryOption = None,
) -> None:
    """Delete all that was read from the library. The photos stay as they are."""
    with open_library(context, library) as opened:
        if not yes:
            typer.confirm("Delete all text that was read in the photos of this library?", abort=True)
        erased = opened.ocr.erase()
    typer.echo(f"The text of {erased:,} photos is deleted. Set ocr.when to later, or `index` reads new ones.")


def _how() -> str:
    from smartsearch.ocr.models import INSTALL

    return INSTALL
