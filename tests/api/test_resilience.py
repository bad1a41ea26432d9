"""A real server over a socket: clients that vanish or talk nonsense cost themselves only."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smartsearch.api.serve import _listening
from tests.api.conftest import save_photo


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, indexed: Path, photos: Path) -> Iterator[tuple[int, Path]]:
    """The port of a server over a copy of the indexed library, and a folder that it may index."""
    base = tmp_path_factory.mktemp("served")
    shutil.copytree(indexed, base / "library")
    (base / "more").mkdir()
    settings = {
        "SMARTSEARCH_HOME": str(base / "home"),
        "SMARTSEARCH_SERVER_BROWSE": str(base / "more"),
        "SMARTSEARCH_RUNTIME_THREADS": "1",
        "SMARTSEARCH_RUNTIME_WORKERS": "1",
    }
    script = "from smartsearch.cli.main import main; main()"
    program = [sys.executable, "-c", script, "serve", "--port", "0", "--library", str(base / "library")]
    process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env=os.environ | settings)
    try:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stderr.readline())
        assert found
        yield int(found[1]), base / "more"
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=60)[1]
        assert "Traceback" not in rest, rest
    finally:
        process.kill()
        process.communicate()


def asked(port: int, path: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1{path}", data, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def reset(connection: socket.socket) -> None:
    """Gone without a goodbye: the other side gets a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def request(method: str, path: str, body: bytes = b"", length: int | None = None) -> bytes:
    length = len(body) if length is None else length
    head = f"{method} /api/v1{path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {length}\r\n\r\n".encode() + body


def upload(image: bytes, length: int) -> bytes:
    """An upload of which only the beginning comes."""
    part = b'--b\r\ncontent-disposition: form-data; name="file"; filename="x.png"\r\n\r\n' + image
    return request("POST", "/search/image", part, length).replace(
        b"application/json", b"multipart/form-data; boundary=b"
    )


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """asyncio switches Nagle's algorithm off for sockets that say they are TCP; it costs 40 ms an answer."""
    with _listening("127.0.0.1", 0) as listener, connected(listener.getsockname()[1]):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP


def test_clients_that_vanish_in_the_middle(server: tuple[int, Path]) -> None:
    port, _ = server
    export = json.dumps({"format": "zip"}).encode()
    for sent in (
        request("POST", "/search/export", export),
        request("POST", "/search", b'{"query": "a dog"}'),
        request("POST", "/search", b'{"query": ', length=500),
        upload(b"\x89PNG", length=500),
        request("GET", "/images/1/original"),
        request("GET", "/jobs/1/events"),
    ):
        for wait in (False, True):
            connection = connected(port)
            connection.sendall(sent)
            if wait and b"length: 500" not in sent:
                assert connection.recv(1)
            reset(connection)
    assert asked(port, "/health")["status"] == "ok"


def test_nonsense_instead_of_http(server: tuple[int, Path]) -> None:
    port, _ = server
    for sent in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\x00" * 100, b"GET / HTTP/1.1\r\nhost\r\n\r\n"):
        with connected(port) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert b"HTTP/1.1 2" not in connection.recv(65536)
    assert asked(port, "/health")["status"] == "ok"


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd",
        "/api/v1/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%2f..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/api/v1/images/..%2f..%2fetc/original",
        "/api/v1/folders?path=/etc",
        "/api/v1/folders?path=%2fproc%2fself%2fenviron",
    ],
)
def test_paths_that_try_to_leave(server: tuple[int, Path], path: str) -> None:
    """Sent as they are: clients would tidy them up."""
    with connected(server[0]) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"root:" not in answer
    assert b"PATH=" not in answer


def test_a_client_that_leaves_the_events_does_not_stop_the_job(server: tuple[int, Path]) -> None:
    port, folder = server
    for number in range(20):
        save_photo(folder / f"new-{number}.jpg", 200 + number)
    job = asked(port, "/index/scan", {"paths": [str(folder)]})
    connection = connected(port)
    connection.sendall(request("GET", f"/jobs/{job['id']}/events"))
    assert b"200 OK" in connection.recv(65536)
    reset(connection)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/jobs/{job['id']}/events", timeout=120) as stream:
        events = stream.read().decode()
    assert '"state":"done"' in events.rpartition("event: end")[2]
    assert asked(port, "/search", {"filters": {"folders": [str(folder)]}})["total"] == 20
