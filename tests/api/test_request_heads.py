"""Heads of requests that are too long, over a real socket: refused, closed, and nothing kept of them."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("smartsearch")
START = b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
MANY = b"".join(b"X-Header-%d: value\r\n" % number for number in range(60_000))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    """The port and the process of a server over an empty library."""
    folder = tmp_path_factory.mktemp("heads")
    command = [PROGRAM, "--library", folder / "library", "serve", "--port", "0"]
    environment = os.environ | {"SMARTSEARCH_HOME": str(folder / "home")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"127\.0\.0\.1:(\d+)", process.stderr.readline())
            assert found
            yield int(found[1]), process.pid
        finally:
            process.terminate()
            process.communicate()


def answer(port: int, *pieces: bytes) -> bytes:
    """All that the server says until it closes the connection."""
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        with suppress(ConnectionError):  # it may close before all was sent
            for piece in pieces:
                connection.sendall(piece)
        with suppress(ConnectionError):
            while piece := connection.recv(65536):
                heard += piece
    return heard


def resident_kib(process: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text("ascii"))
    assert found
    return int(found[1])


@pytest.mark.parametrize(
    "pieces",
    [
        (START + b"X-Long: " + b"a" * 1_000_000 + b"\r\n\r\n",),
        (b"GET /api/v1/health?" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",),
        (START + MANY + b"\r\n",),
        (START + b"Cookie: smartsearch_session=" + b"a" * 1_000_000 + b"\r\n\r\n",),
        (START + b"X-Endless: ", *[b"a" * 65_536] * 400),
    ],
    ids=["a long header", "a long address", "many headers", "a long cookie", "a header without an end"],
)
def test_a_head_that_is_too_long_is_refused_and_the_connection_closed(
    server: tuple[int, int], pieces: tuple[bytes, ...]
) -> None:
    port, process = server
    assert answer(port, START + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
    before = resident_kib(process)
    for _ in range(10):
        heard = answer(port, *pieces)
        assert heard == b"" or heard.startswith(b"HTTP/1.1 400"), heard[:200]  # a reset may overtake the answer
    assert resident_kib(process) - before < 10_000
    assert answer(port, START + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_a_long_head_below_the_limit_is_read(server: tuple[int, int]) -> None:
    head = START + b"X-Long: " + b"a" * 50_000 + b"\r\nConnection: close\r\n\r\n"
    assert answer(server[0], head).startswith(b"HTTP/1.1 200")
