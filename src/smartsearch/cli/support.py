"""`smartsearch logs` and `smartsearch support-bundle`."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Annotated

import typer

from smartsearch.cli.options import JsonOption, LibraryOption, open_library, places_of
from smartsearch.core.errors import UsageError

FILE_NAME = "smartsearch-support.zip"


def register(app: typer.Typer) -> None:
    app.command("logs")(logs)
    app.command("support-bundle", epilog="Look into it before you send it: it is a zip of small JSON files.")(bundle)


def logs(
    context: typer.Context,
    last: Annotated[int, typer.Option("--last", "-n", min=1, help="So many entries.")] = 20,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Show the latest entries of the program's log, and where it is. There is nothing private in it, unless the
    setting log.private is on."""
    from smartsearch.logs import last_lines, log_folder

    home = places_of(context, library).home
    entries = last_lines(home, last)
    for entry in entries:
        typer.echo(json.dumps(entry) if as_json else _line(entry))
    typer.echo(f"{len(entries)} entries of the log in {log_folder(home)}", err=True)


_FIXED = ("time", "level", "event", "logger", "process")


def _line(entry: dict[str, object]) -> str:
    facts = " ".join(f"{key}={value}" for key, value in entry.items() if key not in _FIXED)
    return f"{entry.get('time')} {entry.get('level')} {entry.get('event')} {facts}".rstrip()


def bundle(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write it; must not be there.")] = Path(
        "smartsearch-support.zip"
    ),
    library: LibraryOption = None,
) -> None:
    """Write what helps others to find a fault: versions, settings, counts, what doctor found, the log. No paths, names,
    queries or pictures."""
    with open_library(context, library, read_only=True) as opened:
        content = opened.support_bundle()
    try:
        with file.open("xb") as target:
            target.write(content)
    except FileExistsError as error:
        raise UsageError(f"There is something at {file} already.", hint="Choose another name.") from error
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.") from error
    with zipfile.ZipFile(io.BytesIO(content)) as written:
        for entry in written.infolist():
            typer.echo(f"{entry.filename:<16}{entry.file_size:>10,} bytes")
    typer.echo(f"Written to {file}. Look into it before you send it.", err=True)
