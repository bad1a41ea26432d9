"""Loaded by every Python process of the test suite (PYTHONPATH): whoever reaches beyond this machine is stopped and
written down in the file that SMARTSEARCH_TEST_SOCKETS names."""

import ipaddress
import os
import sys

_LOCAL_NAMES = {None, "", "localhost", "testserver"}


def _is_local(host):
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in _LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _audit(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        reached = address[0] if isinstance(address, tuple) else None  # a path is a Unix socket: local
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        reached = arguments[0]
    else:
        return
    if not _is_local(reached):
        path = os.environ.get("SMARTSEARCH_TEST_SOCKETS")
        if path:
            with open(path, "a", encoding="utf-8") as file:
                file.write(f"{event} {reached!r} by {sys.argv[:3]}\n")
        raise PermissionError(f"the test suite stays on this machine: {event} {reached!r}")


if os.environ.get("SMARTSEARCH_TEST_SOCKETS"):
    sys.addaudithook(_audit)
