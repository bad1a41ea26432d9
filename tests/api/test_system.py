"""The server as such: health, guards, problem documents, the place of the web page, the command."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from smartsearch.api.app import create_app
from smartsearch.api.door import Door
from smartsearch.api.problems import Redaction
from smartsearch.config import Places
from smartsearch.core.errors import UsageError
from smartsearch.library import Library
from tests.api.conftest import BASE_URL


def test_health_and_version(client: TestClient, shared_library: Library) -> None:
    assert client.get("/api/v1/health").json() == {
        "status": "ok",
        "read_only": False,
        "generation": shared_library.store.generation,
    }
    assert client.get("/api/v1/version").json()["api"] == "v1"


def test_without_the_page_the_address_says_how_to_get_it(tmp_path: Path, shared_library: Library) -> None:
    answer = TestClient(create_app(shared_library, web=tmp_path), base_url=BASE_URL).get("/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "make web" in answer.text


def test_the_built_page_is_served_with_its_views(tmp_path: Path, shared_library: Library) -> None:
    (tmp_path / "index.html").write_text("<p>the page</p>")
    (tmp_path / "app.js").write_text("1")
    asking = TestClient(create_app(shared_library, web=tmp_path), base_url=BASE_URL)
    assert asking.get("/").text == asking.get("/albums/3").text == "<p>the page</p>"
    assert asking.get("/app.js").text == "1"
    assert asking.get("/gone.js").status_code == 404
    assert asking.get("/api/v1/nothing").json()["status"] == 404
    wrong_method = asking.delete("/api/v1/health")
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "GET")
    assert asking.get("/..%2f..%2fetc/passwd.txt").status_code == 404


def test_every_answer_carries_the_guarding_headers(client: TestClient) -> None:
    for answer in (client.get("/"), client.get("/api/v1/health"), client.get("/api/v1/nothing")):
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9", "localhost:8000", "LOCALHOST", "[::1]:8000", "127.8.8.8"])
def test_names_of_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/api/v1/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "[::1", "localhost@evil"])
def test_other_names_are_refused(client: TestClient, host: str) -> None:
    answer = client.get("/api/v1/health", headers={"host": host})
    assert (answer.status_code, answer.json()["type"]) == (421, "urn:smartsearch:problem:wrong-host")


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
def test_other_sites_cannot_change_anything(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.post("/api/v1/anything", headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:smartsearch:problem:cross-site")


def test_the_own_page_may_ask(client: TestClient) -> None:
    headers = {"origin": BASE_URL, "sec-fetch-site": "same-origin"}
    assert client.post("/api/v1/anything", headers=headers).status_code == 404


def test_a_wrong_address_is_a_problem_document(client: TestClient) -> None:
    answer = client.get("/api/v1/nothing")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Not Found"
    wrong_method = client.delete("/api/v1/health")
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "GET")


def test_a_fault_of_the_program_tells_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(_: object) -> int:
        raise ZeroDivisionError(f"secret of {tmp_path}")

    monkeypatch.setattr(type(library.store), "generation", property(fail))
    asking = TestClient(create_app(library), base_url=BASE_URL, raise_server_exceptions=False)
    answer = asking.get("/api/v1/health")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_closed_library_is_a_problem_without_its_path(open_copy: Callable[[], Library]) -> None:
    library = open_copy()
    asking = TestClient(create_app(library), base_url=BASE_URL)
    library.close()
    answer = asking.get("/api/v1/health")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:smartsearch:problem:library")
    assert str(library.places.library) not in answer.text
    assert "<library>" in answer.json()["detail"]


def test_private_places_are_taken_out_of_messages(tmp_path: Path) -> None:
    redacted = Redaction(Places(tmp_path / "home", tmp_path / "home" / "libraries" / "default"))
    assert redacted(f"No {tmp_path}/home/libraries/default/library.db.") == "No <library>/library.db."
    assert redacted(f"See {tmp_path}/home/models/clip.") == "See <models>/clip."
    assert redacted(f"See {sys.prefix}/lib.") == "See <python>/lib."
    assert redacted("See /photos/cat.jpg.") == "See /photos/cat.jpg."


def door_to(library: Library) -> Door:
    return Door(library.places, library.settings, library)


def test_a_foreign_address_is_refused(shared_library: Library) -> None:
    from smartsearch.api.serve import serve

    with pytest.raises(UsageError, match="password"):
        serve(door_to(shared_library), "0.0.0.0", 0, print)


def test_a_port_in_use_is_an_error_like_any_other(shared_library: Library) -> None:
    from smartsearch.api.serve import serve

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="in use"):
            serve(door_to(shared_library), "127.0.0.1", taken.getsockname()[1], print)


def test_the_command_serves_until_interrupted(home: Path, tmp_path: Path) -> None:
    """Also where there is no library yet: the page can then add the first folder."""
    script = "from smartsearch.cli.main import main; main()"
    program = [sys.executable, "-c", script, "serve", "--port", "0", "--library", str(tmp_path / "new")]
    process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line
        with urllib.request.urlopen(f"{found[0]}/api/v1/health", timeout=30) as answer:
            assert answer.status == 200
        (tmp_path / "new" / "config.toml").write_text("[tags]\nmax_per_photo = 0\n")
        process.send_signal(signal.SIGHUP)
        assert "must be between" in process.stderr.readline(), "the server reads its settings anew, and goes on"
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=30)[1]
        assert process.returncode in (0, 130, -signal.SIGINT), rest
        assert "Traceback" not in rest
    finally:
        process.kill()
        process.communicate()


def test_starting_other_commands_does_not_load_the_server(home: Path) -> None:
    script = (
        "import sys, contextlib\nfrom smartsearch.cli.main import main\nsys.argv = ['smartsearch', '--help']\n"
        "with contextlib.suppress(SystemExit):\n    main()\n"
        "print([name for name in ('fastapi', 'starlette', 'uvicorn', 'pydantic', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
