"""`smartsearch audit`: who looked at, took along or changed what."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer
from click.core import ParameterSource

from smartsearch.cli.options import JsonOption, echo_json, places_of

if TYPE_CHECKING:
    from smartsearch.access.audit import AuditLog
    from smartsearch.config import Places

app = typer.Typer(help="The audit log: show, verify, export.", no_args_is_help=True, rich_markup_mode=None)


_ABOUT = "smartsearch.audit"
"""Where `about` keeps what it is told, in the context of the command."""


@contextmanager
def opened_log(places: Places | None = None, library: str = "") -> Iterator[AuditLog]:
    """The log of this home; it is the same for all its libraries. New entries name the library."""
    from smartsearch.access.audit import AuditLog
    from smartsearch.config import find_places, load_settings

    places = places or find_places()
    audit = AuditLog(places.home, load_settings(places).audit, library)
    try:
        yield audit
    finally:
        audit.close()


def this_user() -> str:
    """Who types, as the audit log names them."""
    with suppress(Exception):  # a system may have no name for its user
        return f"cli:{getpass.getuser()}"
    return "cli"


def about(context: typer.Context, images: Sequence[int] | None = None, **ids: int) -> None:
    """Add to the entry of the command which photos, or whom, it is about: what was typed as names and paths."""
    from smartsearch.access.audit import noted

    context.meta.setdefault(_ABOUT, {}).update(ids | ({} if images is None else noted(images)))


def entry(context: typer.Context) -> tuple[str, str, dict[str, Any]]:
    """Who typed which command, and the ids and figures among what was typed: no names, words and paths."""
    typed = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE and _is_figures(value)
    }
    return this_user(), context.command_path.partition(" ")[2], typed | context.meta.get(_ABOUT, {})


def note(context: typer.Context, **detail: Any) -> None:
    """Leave the entry of a command that opens no library; where it opens one, `open_library` does that."""
    places = places_of(context, context.params.get("library"))
    with opened_log(places, places.library.name if "library" in context.params else "") as audit:
        actor, action, typed = entry(context)
        audit.record(actor, action, typed | detail)


def _is_figures(value: object) -> bool:
    values = value if isinstance(value, list | tuple) else [value]
    return bool(values) and all(type(each) is int for each in values)


@app.command("show")
def show(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1)] = 50,
    as_json: JsonOption = False,
) -> None:
    """What was done lately, the newest first: when, by whom, what, with which ids."""
    from smartsearch.cli.render import printable

    with opened_log() as audit:
        rows = [entry.values | {"number": entry.number} for entry in audit.latest(limit)]
    if as_json:
        echo_json({"entries": rows})
        return
    for row in rows:
        detail = " ".join(f"{name}={json.dumps(value)}" for name, value in dict(row.get("detail") or {}).items())
        at, actor, action = (str(row.get(name, "?")) for name in ("at", "actor", "action"))
        line = f"{row['number']:>7}  {at}  {actor:20} {action:20} {detail}"
        typer.echo(printable(line.rstrip()))


@app.command("verify", epilog="Keep the head it prints elsewhere, and give it to --head later.")
def verify(
    head: Annotated[
        str | None, typer.Option("--head", help="A head noted earlier, which must still be in the log.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read the whole log and say what was changed, removed, moved or cut off. Leaves with 5 if anything was."""
    from dataclasses import asdict

    with opened_log() as audit:
        verdict = audit.verify()
        problems = list(verdict.problems)
        if head is not None and head != verdict.head and all(entry.hash.hex() != head for entry in audit.export()):
            problems.append("The head that was noted is not in the log: it was exchanged, or pruned since.")
    if as_json:
        echo_json(asdict(verdict) | {"problems": problems, "whole": not problems})
    else:
        for problem in problems:
            typer.echo(problem)
        if not problems:
            typer.echo(f"The log is whole: {verdict.entries:,} entries. Head: {verdict.head}")
    if problems:
        raise typer.Exit(5)


@app.command("export")
def export() -> None:
    """Write all of it to standard output as JSON lines, the oldest first, each with its hash."""
    with opened_log() as audit:
        for entry in audit.export():
            typer.echo(json.dumps({"entry": entry.body, "hash": entry.hash.hex()}))
