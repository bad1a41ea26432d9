"""`smartsearch encrypt`, `decrypt`, `unlock`, `lock` and `rekey`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smartsearch.cli.audit import note
from smartsearch.cli.options import JsonOption, LibraryOption, echo_json, places_of
from smartsearch.cli.passphrases import PassphraseFile, ask_key, ask_new

if TYPE_CHECKING:
    from smartsearch.conversion import ConversionReport
    from smartsearch.encryption.ciphers import LibraryKey
    from smartsearch.encryption_work import EncryptionWork

NewPassphraseFile = Annotated[
    Path | None,
    typer.Option("--new-passphrase-file", help="Its first line is the new passphrase.", show_default=False),
]
KeyringOption = Annotated[bool, typer.Option("--keyring", help="Keep the key in the system's keyring, until `lock`.")]

_LOST = "If the passphrase is lost, so is the library: nobody can open it without."
_ELSEWHERE = (
    "What was in clear here before was overwritten. Earlier backups and exports are as they were, and flash drives may"
    " keep old blocks: see docs/encryption.md."
)


def register(app: typer.Typer) -> None:
    app.command("encrypt", epilog="Needs: pip install 'smartsearch[encryption]'")(encrypt)
    app.command("decrypt")(decrypt)
    app.command("unlock", epilog="For scripts: SMARTSEARCH_PASSPHRASE_FILE=FILE smartsearch query ...")(unlock)
    app.command("lock")(lock)
    app.command("rekey")(rekey)


def encrypt(
    context: typer.Context,
    passphrase_file: PassphraseFile = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Encrypt the library under a passphrase: database, vectors, thumbnails and caches."""
    work = _work(context, library)
    report, key = work.encrypt(ask_new(passphrase_file))
    note(context)
    _tell(report, as_json)
    if not as_json:
        typer.echo(_LOST, err=True)
        if report.images:
            typer.echo(_ELSEWHERE, err=True)
        _keep_open(work, key)


def decrypt(
    context: typer.Context,
    passphrase_file: PassphraseFile = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Make an encrypted library a plain one again."""
    work = _work(context, library)
    report = work.decrypt(ask_key(work.folder, passphrase_file))
    note(context)
    _tell(report, as_json)


def unlock(
    context: typer.Context,
    keyring: KeyringOption = False,
    passphrase_file: PassphraseFile = None,
    library: LibraryOption = None,
) -> None:
    """Open an encrypted library for this session: until `lock`, logout or the end of the machine's day."""
    work = _work(context, library)
    work.unlock(ask_key(work.folder, passphrase_file), keyring=keyring)
    note(context)
    kept = "and stays so on this account" if keyring else "for this session"
    typer.echo(f"The library is unlocked {kept}, until `smartsearch lock`.")


def lock(context: typer.Context, library: LibraryOption = None) -> None:
    """Forget the key of an encrypted library, here and in every server that has it open."""
    _work(context, library).lock()
    note(context)
    typer.echo("The library is locked.")


def rekey(
    context: typer.Context,
    full: Annotated[bool, typer.Option("--full", help="Also a new key: write everything anew.")] = False,
    passphrase_file: PassphraseFile = None,
    new_passphrase_file: NewPassphraseFile = None,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Change the passphrase of an encrypted library."""
    work = _work(context, library)
    key = ask_key(work.folder, passphrase_file)
    passphrase = ask_new(new_passphrase_file)
    if not full:
        work.change_passphrase(key, passphrase)
        note(context)
        typer.echo(
            '{"changed": true}'
            if as_json
            else "The passphrase is changed. Backups open with the one they were made under."
        )
        return
    report, new = work.rekey(key, passphrase)
    note(context)
    _tell(report, as_json)
    if not as_json:
        _keep_open(work, new)


def _work(context: typer.Context, library: str | None) -> EncryptionWork:
    from smartsearch.library import Library

    return Library.encryption(places_of(context, library))


def _tell(report: ConversionReport, as_json: bool) -> None:
    import dataclasses

    from smartsearch.cli.render import size

    if as_json:
        echo_json(dataclasses.asdict(report))
        return
    state = "encrypted" if report.encrypted else "not encrypted any more"
    typer.echo(f"The library {report.library} is {state}: {report.images:,} images, {size(report.bytes)}.")


def _keep_open(work: EncryptionWork, key: LibraryKey) -> None:
    """Who has just typed the passphrase need not do it again, where there is a place for the key."""
    from smartsearch.core.errors import UsageError

    try:
        work.unlock(key)
    except UsageError:
        typer.echo("It is locked: each command asks for the passphrase.", err=True)
    else:
        typer.echo("It is unlocked for this session, until `smartsearch lock`.", err=True)
