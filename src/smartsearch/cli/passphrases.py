"""Asking for passphrases: on the terminal, from standard input, from a file. Never as an argument, which others see."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from smartsearch.core.errors import LibraryLockedError, UsageError, WrongKeyError

if TYPE_CHECKING:
    from smartsearch.encryption.ciphers import LibraryKey

Opened = TypeVar("Opened")
_TRIES = 3

PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", help="Its first line is the passphrase; - for standard input.", show_default=False
    ),
]


def ask(prompt: str, file: Path | None = None) -> str:
    """The passphrase. UsageError where there is nobody to ask, ConfigError for a file that cannot be read."""
    if file is not None and str(file) == "-":
        return sys.stdin.readline().rstrip("\r\n")
    if file is not None:
        from smartsearch.encryption.unlocking import read_passphrase

        return read_passphrase(file)
    if not sys.stdin.isatty():
        raise UsageError(
            "There is nobody to ask for the passphrase.", hint="Use --passphrase-file FILE, or - for stdin."
        )
    return getpass.getpass(f"{prompt}: ")


def ask_new(file: Path | None = None) -> str:
    """A new passphrase, typed twice on a terminal. UsageError when they differ."""
    passphrase = ask("New passphrase (four or five words)", file)
    if file is None and ask("Once more") != passphrase:
        raise UsageError("The two passphrases differ. Nothing was changed.")
    return passphrase


def opened_with_key(folder: Path, act: Callable[[LibraryKey | None], Opened]) -> Opened:
    """What ``act`` gives; when that finds the library in ``folder`` locked and there is a terminal, once more with the
    key that a passphrase typed there opens."""
    try:
        return act(None)
    except LibraryLockedError:
        if not sys.stdin.isatty():
            raise
    return act(ask_key(folder))


def ask_key(folder: Path, file: Path | None = None) -> LibraryKey:
    """The library's key, by its passphrase: on a terminal three tries. UsageError, WrongKeyError."""
    from smartsearch.encryption.unlocking import open_by_passphrase, required_key_file

    required_key_file(folder)
    for left in reversed(range(_TRIES if file is None else 1)):
        try:
            return open_by_passphrase(folder, ask(f"Passphrase of {folder}", file))
        except WrongKeyError as error:
            if not left:
                raise
            typer.echo(str(error), err=True)
    raise AssertionError("unreachable")
