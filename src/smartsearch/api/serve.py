"""Running the application: one process, one socket, no other service."""

from __future__ import annotations

import ctypes
import errno
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from smartsearch.api.app import create_app
from smartsearch.api.door import Door
from smartsearch.api.security import is_loopback
from smartsearch.core.errors import SmartsearchError, UsageError
from smartsearch.encryption.keyfile import is_encrypted

log = logging.getLogger("smartsearch.api")

_M_ARENA_MAX = -8
"""mallopt(3)."""
LOCK_SECONDS = 1.0
"""How often a server of an encrypted library looks whether it was locked."""

MAX_HEAD_BYTES = 1 << 16
"""Of a request's first line and headers together, as far as they are not complete yet: a longer head is answered with
400 and the connection closed. One that asyncio reads at once (256 KiB) is complete before it is looked at."""

GOODBYE_SECONDS = 3
"""How long open answers (a stream of progress, a large export) may go on after Ctrl-C."""


def serve(door: Door, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Answer until interrupted. ``ready`` hears the address; port 0 takes a free one. UsageError if it cannot."""
    server = door.settings.server
    exposed = not is_loopback(host) or bool(server.hosts)
    if exposed and not door.accounts.any_users():
        where = f"On {host}" if not is_loopback(host) else "By the names of server.hosts"
        raise UsageError(
            f"{where} others can reach the server and see every photo: it needs a password first.",
            hint="Set one with `smartsearch users add NAME`. To look from elsewhere without, forward the port:"
            " ssh -L 8000:127.0.0.1:8000 THIS-MACHINE.",
        )
    if server.keyfile and not server.certfile:
        raise UsageError("A key for TLS needs its certificate.", hint="Give --certfile, too.")
    _share_memory()
    with _listening(host, port) as listener:
        address, bound = listener.getsockname()[:2]
        config = uvicorn.Config(
            create_app(door, exposed=exposed),
            log_level="warning",
            access_log=False,  # what people search for is nobody's business, a log's neither
            server_header=False,
            ws="none",
            http="h11",  # whatever else is installed: the limit below is this parser's
            h11_max_incomplete_event_size=MAX_HEAD_BYTES,
            # Only a proxy that was named may say where a request comes from; anybody can send its headers.
            proxy_headers=bool(server.proxies),
            forwarded_allow_ips=list(server.proxies),
            ssl_certfile=server.certfile or None,
            ssl_keyfile=server.keyfile or None,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
        try:
            config.load()
        except OSError as error:  # ssl's errors are of that kind, too
            raise UsageError(f"The certificate {server.certfile} cannot be used: {error.strerror or error}.") from error
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, lambda *_: threading.Thread(target=_reload, args=(door,)).start())
        scheme = "https" if server.certfile else "http"
        running = uvicorn.Server(config)
        if is_encrypted(door.places.library):
            _stop_when_locked(running, door)
        ready(f"{scheme}://[{address}]:{bound}" if ":" in address else f"{scheme}://{address}:{bound}")
        running.run(sockets=[listener])


def _stop_when_locked(running: uvicorn.Server, door: Door) -> None:
    """End the server once `smartsearch lock` was called while it has the library open. Ending the process is the one
    sure way to be rid of a key: Python cannot wipe its memory."""

    def watch() -> None:
        while not running.should_exit:
            if door.locked_elsewhere():
                log.warning("The library was locked: the server stops.")
                running.should_exit = True
                return
            time.sleep(LOCK_SECONDS)

    threading.Thread(target=watch, name="lock-watch", daemon=True).start()


def _share_memory() -> None:
    """Let the threads share two heaps. glibc gives each of a server's many threads one of its own, and what one has
    freed the others cannot use: while indexing that was some hundred megabytes (`benchmarks/soak.py`)."""
    with suppress(AttributeError, OSError, TypeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _reload(door: Door) -> None:
    """In a thread of its own: a signal may come while the main one holds a lock."""
    try:
        door.reload()
    except SmartsearchError as error:
        log.error("The settings were not read anew: %s", error)


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
