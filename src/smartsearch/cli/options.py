"""What the commands share: the options that choose a library, and opening it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from smartsearch.config import Places
    from smartsearch.library import Library

VERSION_HELP = "Show the version and leave."

JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable JSON instead of a table.")]
LibraryOption = Annotated[
    str | None,
    typer.Option("--library", "-L", help="The library to use: a folder, or a name.", show_default=False),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", "-m", help="Use this model (NAME or NAME:VARIANT).", show_default=False)
]


_TAKES_ALONG = {"backup", "export", "persons export", "tags export", "feedback export"}
"""Commands that change nothing, but leave an entry in the audit log, as all do that open a library to change it."""


@dataclass(frozen=True, slots=True)
class Globals:
    """Options given before the command's name."""

    library: str | None = None


@contextmanager
def open_library(
    context: typer.Context,
    library: str | None,
    *,
    create: bool = False,
    read_only: bool = False,
    roots: Sequence[Path] = (),
) -> Iterator[Library]:
    """The library the options name, closed afterwards. The command's own option wins over the global one.

    ``roots`` are what will be indexed: a wrong one must not leave an empty library behind.
    """
    from smartsearch.cli.passphrases import opened_with_key
    from smartsearch.config import load_settings
    from smartsearch.library import DATABASE_NAME, Library, require_indexable
    from smartsearch.logs import logging_to

    places = places_of(context, library)
    if create and not (places.library / DATABASE_NAME).exists():
        for root in roots:
            require_indexable(root)
    settings = load_settings(places)
    with ExitStack() as stack:
        if create or not read_only:  # those who only look leave nothing behind
            stack.enter_context(logging_to(places.home, settings.log, context.command_path.partition(" ")[2]))
        opened = stack.enter_context(
            opened_with_key(
                places.library, lambda key: Library.open(places, settings, create=create, read_only=read_only, key=key)
            )
        )
        if read_only and context.command_path.partition(" ")[2] not in _TAKES_ALONG:
            yield opened
            return
        with _audited(context, opened):
            yield opened


@contextmanager
def _audited(context: typer.Context, opened: Library) -> Iterator[None]:
    """Around what a command does to a library. One that is stopped or fails has an entry if something was committed;
    that a question was answered by no, or a name is not known, has none."""
    from smartsearch.cli.audit import entry
    from smartsearch.core.errors import SmartsearchError

    before = opened.store.generation
    try:
        yield
    except BaseException:
        with suppress(SmartsearchError):
            if opened.store.generation != before:
                actor, action, detail = entry(context)
                opened.audit.record(actor, action, detail | {"finished": False})
        raise
    opened.audit.record(*entry(context))


def places_of(context: typer.Context, library: str | None) -> Places:
    """Where things are, by the command's own --library, else by the one given before the command's name."""
    from smartsearch.config import find_places

    return find_places(library or (context.obj.library if isinstance(context.obj, Globals) else None))


def echo_json(value: Any) -> None:
    """Pretty on a terminal, one line in a pipe. ASCII-safe, so that undecodable file names survive."""
    import sys

    typer.echo(json.dumps(value, default=json_default, indent=2 if sys.stdout.isatty() else None))


def json_default(value: object) -> Any:
    """JSON for what the library's values hold: times as ISO 8601, bytes as hex, paths as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Path):
        return os.fspath(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
