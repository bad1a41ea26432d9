"""`smartsearch serve`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from smartsearch.cli.options import LibraryOption, open_library

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
    library: LibraryOption = None,
) -> None:
    """Answer over HTTP until Ctrl-C, on this machine or, once there are users (see `users`), beyond."""
    with open_library(context, library, create=True, read_only=True) as opened:
        from smartsearch.api.security import is_loopback
        from smartsearch.api.serve import serve as run

        server = opened.settings.server
        server = replace(
            server,
            certfile=server.certfile if certfile is None else str(certfile),
            keyfile=server.keyfile if keyfile is None else str(keyfile),
        )
        opened.settings = replace(opened.settings, server=server)
        where = server.host if host is None else host

        def ready(address: str) -> None:
            typer.echo(f"Serving {address} (the API: {address}/api/v1); Ctrl-C ends it.", err=True)
            if not server.certfile and not is_loopback(where):
                typer.echo("Without --certfile passwords and photos go over the network in the clear.", err=True)

        run(opened, where, server.port if port is None else port, ready)
