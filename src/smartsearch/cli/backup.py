"""`smartsearch backup`, `smartsearch restore` and `smartsearch export`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from smartsearch.cli.audit import note
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, open_library, places_of


def register(app: typer.Typer) -> None:
    app.command("backup", epilog="Photos are not part of it: back them up as you do your other files.")(backup)
    app.command("restore", epilog="Example: smartsearch restore /mnt/usb/photos-library --replace")(restore)
    app.command("export", epilog="For a copy to come back to, use backup.")(export)


def backup(
    context: typer.Context,
    destination: Annotated[Path, typer.Argument(help="A new folder, best on another disk.")],
    thumbnails: Annotated[
        bool, typer.Option(help="Copy thumbnails too; without, doctor makes those of photos that are there.")
    ] = True,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Copy the library to a new folder, consistent even while it is being indexed, and check what was written."""
    from smartsearch.cli.render import size

    with open_library(context, library, read_only=True) as opened:
        report = opened.backup(destination, thumbnails=thumbnails)
    if as_json:
        echo_json(dataclasses.asdict(report))
    else:
        typer.echo(
            f"Backed up {report.images:,} images to {report.path}: {report.files:,} files, {size(report.bytes)},"
            " each read back and found right."
        )


def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="A folder that `smartsearch backup` made.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Put a library that is there aside (it is not deleted).")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only check the backup, every byte of it.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Check a backup and put it in the library's place, whole or not at all."""
    from smartsearch.cli.passphrases import opened_with_key
    from smartsearch.library import Library

    if check:
        found = opened_with_key(source, lambda key: Library.check_backup(source, key))
        if as_json:
            echo_json({"backup": found.folder, "created_at": found.created_at, "images": found.images, "sound": True})
        else:
            typer.echo(f"The backup of {found.created_at} is whole: {found.images:,} images.")
        return
    places = places_of(context, library)
    report = opened_with_key(source, lambda key: Library.restore(source, places, replace=replace, key=key))
    note(context)
    if as_json:
        echo_json(dataclasses.asdict(report))
        return
    typer.echo(f"Restored {report.images:,} images to {report.library}.")
    if report.replaced:
        typer.echo(f"What was there is in {report.replaced}; delete it when you are sure.", err=True)


def export(
    context: typer.Context,
    destination: Annotated[Path, typer.Argument(help="A new folder.")],
    sidecars: Annotated[bool, typer.Option("--sidecars", help="Also an XMP file for each image, in there.")] = False,
    vectors: Annotated[bool, typer.Option("--vectors", help="Also the vectors of the images.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Write all the library knows as JSON lines: metadata, tags, albums, ratings, people, settings."""
    from smartsearch.cli.render import size

    with open_library(context, library, read_only=True) as opened:
        report = opened.export(destination, sidecars=sidecars, vectors=vectors)
    if as_json:
        echo_json(dataclasses.asdict(report))
    else:
        typer.echo(f"Exported {report.images:,} images to {report.path}: {report.files:,} files, {size(report.bytes)}.")
