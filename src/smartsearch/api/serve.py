"""Running the application: one process, one socket, no other service."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable

import uvicorn

from smartsearch.api.app import create_app
from smartsearch.api.security import is_loopback
from smartsearch.core.errors import UsageError
from smartsearch.library import Library

GOODBYE_SECONDS = 3
"""How long open answers (a stream of progress, a large export) may go on after Ctrl-C."""


def serve(library: Library, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Answer until interrupted. ``ready`` hears the address; port 0 takes a free one. UsageError if it cannot."""
    if not is_loopback(host):
        raise UsageError(
            f"The server only listens on this machine (127.0.0.1, ::1 or localhost), not on {host}: it has no passwords"
            " yet, and everybody who reaches it could see every photo.",
            hint="To look from elsewhere, forward the port: ssh -L 8000:127.0.0.1:8000 THIS-MACHINE.",
        )
    with _listening(host, port) as listener:
        address, bound = listener.getsockname()[:2]
        config = uvicorn.Config(
            create_app(library),
            log_level="warning",
            access_log=False,  # what people search for is nobody's business, a log's neither
            server_header=False,
            ws="none",
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
        ready(f"http://[{address}]:{bound}" if ":" in address else f"http://{address}:{bound}")
        uvicorn.Server(config).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    """The socket, bound here so that a port in use is an error like any other."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With the protocol named: asyncio switches Nagle's algorithm off only then, and with it every answer that is
        # sent in two pieces waits 40 ms for the client's delayed acknowledgement.
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(socket.SOMAXCONN)  # now, so that whoever hears of the address can connect at once
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        hint = "Choose another with --port." if error.errno == errno.EADDRINUSE else ""
        raise UsageError(f"Cannot listen on {host}, port {port}: {error.strerror}.", hint=hint) from error
    return listener
