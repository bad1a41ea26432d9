"""`smartsearch serve`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smartsearch.cli.options import LibraryOption, places_of

if TYPE_CHECKING:
    from smartsearch.api.door import Door
    from smartsearch.config import Places
    from smartsearch.core.settings import Settings

HostOption = Annotated[
    str | None, typer.Option("--host", help="Where to listen; beyond this machine only with users. Default: 127.0.0.1.")
]
PortOption = Annotated[
    int | None, typer.Option("--port", "-p", min=0, max=65535, help="0 takes a free one. Default: 8000.")
]
CertificateOption = Annotated[Path | None, typer.Option("--certfile", help="Certificate chain (PEM), for TLS.")]
KeyOption = Annotated[Path | None, typer.Option("--keyfile", help="Its key, if that is in a file of its own.")]


def register(app: typer.Typer) -> None:
    app.command("serve", epilog="Example: smartsearch serve, then open http://127.0.0.1:8000")(serve)


def serve(
    context: typer.Context,
    host: HostOption = None,
    port: PortOption = None,
    certfile: CertificateOption = None,
    keyfile: KeyOption = None,
    locked: Annotated[
        bool, typer.Option("--locked", help="Leave an encrypted library locked: it is unlocked on the web page.")
    ] = False,
    library: LibraryOption = None,
) -> None:
    """Answer over HTTP until Ctrl-C, on this machine or, once there are users (see `users`), beyond."""
    from smartsearch.api.security import is_loopback
    from smartsearch.api.serve import serve as run
    from smartsearch.config import load_settings
    from smartsearch.logs import logging_to

    places = places_of(context, library)
    settings = load_settings(places)
    server = replace(
        settings.server,
        certfile=settings.server.certfile if certfile is None else str(certfile),
        keyfile=settings.server.keyfile if keyfile is None else str(keyfile),
    )
    where = server.host if host is None else host
    with (
        logging_to(places.home, settings.log, "serve"),
        _door(places, replace(settings, server=server), locked) as door,
    ):

        def ready(address: str) -> None:
            typer.echo(f"Serving {address} (the API: {address}/api/v1); Ctrl-C ends it.", err=True)
            if door.locked:
                typer.echo("The library is locked: unlock it on the web page.", err=True)
            if not server.certfile and not is_loopback(where):
                typer.echo("Without --certfile passwords and photos go over the network in the clear.", err=True)

        run(door, where, server.port if port is None else port, ready)


def _door(places: Places, settings: Settings, locked: bool) -> Door:
    """To the library, opened by what opens it or by a passphrase typed here. Locked, if that is wanted, or if there is
    nobody to ask."""
    from smartsearch.api.door import Door
    from smartsearch.cli.passphrases import opened_with_key
    from smartsearch.core.errors import LibraryLockedError
    from smartsearch.encryption.keyfile import is_encrypted

    door = Door(places, settings)
    if locked and is_encrypted(places.library):
        return door
    with suppress(LibraryLockedError):
        opened_with_key(places.library, lambda key: door.open(key=key, create=True))
    return door
