"""`smartsearch serve`."""

from __future__ import annotations

from typing import Annotated

import typer

from smartsearch.cli.options import LibraryOption, open_library

HostOption = Annotated[
    str | None, typer.Option("--host", help="Where to listen; this machine only. Default: 127.0.0.1.")
]
PortOption = Annotated[
    int | None, typer.Option("--port", "-p", min=0, max=65535, help="0 takes a free one. Default: 8000.")
]


def register(app: typer.Typer) -> None:
    app.command("serve", epilog="Example: smartsearch serve, then open http://127.0.0.1:8000")(serve)


def serve(
    context: typer.Context,
    host: HostOption = None,
    port: PortOption = None,
    library: LibraryOption = None,
) -> None:
    """Answer over HTTP on this machine, until Ctrl-C."""
    with open_library(context, library, create=True, read_only=True) as opened:
        from smartsearch.api.serve import serve as run

        server = opened.settings.server
        run(
            opened,
            server.host if host is None else host,
            server.port if port is None else port,
            lambda address: typer.echo(f"Serving {address} (the API: {address}/api/v1); Ctrl-C ends it.", err=True),
        )
