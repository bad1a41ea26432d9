"""The console script: one Typer app, one file per command, one place where errors become text and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer

from smartsearch.cli import (
    access,
    albums,
    audit,
    backup,
    configure,
    duplicates,
    edit,
    encryption,
    erase,
    evaluate,
    faces,
    facets,
    feedback,
    index,
    maintain,
    models,
    ocr,
    persons,
    query,
    serve,
    status,
    support,
    tags,
)
from smartsearch.cli.options import VERSION_HELP, Globals
from smartsearch.core.errors import SmartsearchError, plugin_failed

app = typer.Typer(
    name="smartsearch",
    help="Find any photo on this machine by describing it. Everything stays on the machine.",
    epilog='Start: smartsearch index ~/Pictures, then smartsearch query "golden retriever puppy".',
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # Plain help: Rich's takes longer to import than every command's own start-up together.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"smartsearch {version('smartsearch')}")
        raise typer.Exit


@app.callback()
def _globals(
    context: typer.Context,
    library: Annotated[
        str | None,
        typer.Option("--library", "-L", help="The library to use: a folder, or a name. [env: SMARTSEARCH_LIBRARY]"),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help=VERSION_HELP)
    ] = False,
) -> None:
    context.obj = Globals(library)


index.register(app)
query.register(app)
facets.register(app)
edit.register(app)
status.register(app)
tags.register(app)
feedback.register(app)
maintain.register(app)
backup.register(app)
configure.register(app)
evaluate.register(app)
encryption.register(app)
erase.register(app)
serve.register(app)
support.register(app)
app.add_typer(albums.app, name="albums")
app.add_typer(duplicates.app, name="duplicates")
app.add_typer(models.app, name="models")
app.add_typer(persons.app, name="persons")
app.add_typer(faces.app, name="faces")
app.add_typer(audit.app, name="audit")
app.add_typer(access.users, name="users")
app.add_typer(access.tokens, name="tokens")
app.add_typer(access.sessions, name="sessions")
app.add_typer(feedback.app, name="feedback")
app.add_typer(ocr.app, name="ocr")


def main() -> None:
    """Run the command line. Exit codes are listed in docs/cli.md and carried by each error class."""
    _prepare_streams()
    try:
        _add_plugin_commands(sys.argv[1:])
        app()
    except SmartsearchError as error:
        typer.echo(f"smartsearch: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        typer.echo(f"smartsearch: {error}. What was committed stays.", err=True)
        sys.exit(SmartsearchError.exit_code)
    except Exception as error:
        import traceback

        traceback.print_exc()
        typer.echo(f"smartsearch: a fault of the program: {error!r}. Please report it with the lines above.", err=True)
        sys.exit(SmartsearchError.exit_code)


def _add_plugin_commands(words: list[str]) -> None:
    """Those of plugins, where the program has no command of that name or lists all. Looking for installed packages
    takes longer than everything else a command does to start."""
    from importlib.metadata import entry_points

    from typer.main import get_command_name

    from smartsearch.hookspecs import PROJECT

    known = {each.name or get_command_name(each.callback.__name__) for each in app.registered_commands if each.callback}
    known |= {group.name for group in app.registered_groups if group.name}
    chosen = next(
        (word for place, word in enumerate(words) if not word.startswith("-") and place not in _values(words)), None
    )
    if chosen in known or not entry_points(group=PROJECT):
        return
    from smartsearch.plugins import Plugins  # brings NumPy and the models' descriptions along

    for plugin, command in Plugins().commands():
        if command.name not in known:
            app.command(command.name)(_blamed(plugin, command.run))
            known.add(command.name)


def _blamed(plugin: str, run: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose failures are said to be its plugin's."""

    @wraps(run)
    def blamed_run(*arguments: Any, **options: Any) -> Any:
        try:
            return run(*arguments, **options)
        except (SmartsearchError, typer.Exit, typer.Abort, typer.BadParameter):
            raise
        except Exception as error:
            raise plugin_failed(plugin, error) from error

    return blamed_run


def _values(words: list[str]) -> set[int]:
    """Places of words that are the value of an option given before the command's name."""
    return {place + 1 for place, word in enumerate(words) if word in ("--library", "-L")}


def _prepare_streams() -> None:
    """Make standard output and error take any text, also where the caller closed them."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - lives as long as the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    # Names that are no valid text are part of people's disks; they must never break an answer.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
