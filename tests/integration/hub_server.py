"""A local server that speaks the part of the Hugging Face Hub's protocol which a download needs.

`HEAD` and `GET /{repository}/resolve/{revision}/{file}` with ETag, X-Repo-Commit and Range; files of the "large" set
answer as LFS does, with the SHA-256 in X-Linked-Etag and a redirect to another path. Faults are switched on per file.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class HubRepository:
    """The files of one repository and the faults of the server. ``requests`` logs (method, file, Range)."""

    name: str
    folder: Path
    revisions: tuple[str, ...] = ("main", COMMIT)
    cut_after: dict[str, int] = field(default_factory=dict)
    """Close the connection after so many bytes, the first time the file is fetched."""
    wrong_bytes: set[str] = field(default_factory=set)
    """Serve other bytes than the checksum says."""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    gets: Counter[str] = field(default_factory=Counter)

    def content(self, file: str) -> bytes | None:
        path = self.folder / file
        return path.read_bytes() if path.is_file() else None


class HubServer:
    """Runs on a free loopback port for as long as the `with` block."""

    def __init__(self, repository: HubRepository) -> None:
        handler = type("Handler", (_Handler,), {"repository": repository})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> HubServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    repository: HubRepository

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        repository = self.repository
        if self.path.startswith("/cdn/"):
            file = self.path.removeprefix("/cdn/")
            repository.requests.append((self.command, file, self.headers.get("Range")))
            self._send(file, repository.content(file) or b"")
            return
        prefix, _, rest = self.path.partition("/resolve/")
        revision, _, file = rest.partition("/")
        repository.requests.append((self.command, file, self.headers.get("Range")))
        content = repository.content(file)
        if prefix != f"/{repository.name}":
            self._refuse("RepoNotFound")
        elif revision not in repository.revisions:
            self._refuse("RevisionNotFound")
        elif content is None:
            self._refuse("EntryNotFound")
        elif file.endswith(".onnx"):
            self._redirect(file, content)
        else:
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            self._send(file, content, etag=blob)

    def _redirect(self, file: str, content: bytes) -> None:
        port = self.headers["Host"].rpartition(":")[2]
        self.send_response(302)
        self._hub_headers(hashlib.sha1(content).hexdigest())
        self.send_header("X-Linked-Etag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Linked-Size", str(len(content)))
        self.send_header("Location", f"http://localhost:{port}/cdn/{file}")  # another host, as on the hub
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, file: str, content: bytes, etag: str = "cdn") -> None:
        size = len(content)
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        self._hub_headers(etag)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - start))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if self.command == "GET":
            self._write(file, content[start:])

    def _write(self, file: str, body: bytes) -> None:
        repository = self.repository
        repository.gets[file] += 1
        if file in repository.wrong_bytes:
            body = bytes(len(body))
        limit = repository.cut_after.get(file)
        if limit is not None and repository.gets[file] == 1:
            self.wfile.write(body[:limit])
            self.close_connection = True
            return
        self.wfile.write(body)

    def _hub_headers(self, etag: str) -> None:
        self.send_header("ETag", f'"{etag}"')
        self.send_header("X-Repo-Commit", COMMIT)

    def _refuse(self, code: str) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""
