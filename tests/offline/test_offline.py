"""Nothing leaves this machine: everything works where there is no network, and nobody even tries to reach one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from smartsearch.api.app import WEB_FOLDER
from tests.pictures import save_album

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from web_tools import chromium

PROGRAM = Path(sys.executable).with_name("smartsearch")
NAMESPACE = ["unshare", "--net", "--map-root-user"]

JOURNEY = r"""
import fcntl, json, os, re, signal, socket, struct, subprocess, sys, urllib.request
program, photos, browser = sys.argv[1:]

# Only the loopback interface exists here; it is down, and there is no route to anywhere.
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP (netdevice(7))
assert [name for _, name in socket.if_nameindex()] == ["lo"]
with socket.socket() as outside:
    try:
        outside.connect(("192.0.2.1", 80))
    except OSError as error:
        print("outside:", type(error).__name__)

def run(*arguments, code=0):
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr, done.stderr
    return done

print("index:", "12 added" in run("index", photos).stdout)
answer = json.loads(run("query", "something blue", "--min-score", "0", "--top", "1", "--format", "json").stdout)
print("query:", len(answer["results"]))
print("doctor:", "All is well." in run("doctor").stdout)
print("pull:", bool(run("models", "pull", "clip-vit-b-32", code=4).stderr))

def ask(path, body=None):
    data, headers = (None, {}) if body is None else (json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(urllib.request.Request(base + path, data, headers), timeout=60) as reply:
        return reply.read(), dict(reply.headers)

server = subprocess.Popen([program, "serve", "--port", "0"], stderr=subprocess.PIPE, text=True)
try:
    while not (address := re.search(r"Serving (http://[^ ]+)", line := server.stderr.readline())):
        assert line, "the server ended"
    base = address.group(1)
    print("health:", json.loads(ask("/api/v1/health")[0])["status"])
    print("search:", len(json.loads(ask("/api/v1/search", {"query": "blue", "min_score": 0})[0])["results"]) > 0)
    page, headers = ask("/")
    policy = headers["content-security-policy"]
    print("page:", "default-src 'self'" in policy, "http:" in policy, "https:" in policy)
    print("elsewhere:", re.findall(rb"(?:src|href)=\"(?:https?:)?//", page))
    if browser:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            rights = ["--no-sandbox", "--disable-gpu"]
            shown = playwright.chromium.launch(executable_path=browser, args=rights).new_page()
            asked = []
            shown.on("request", lambda request: asked.append(request.url))
            shown.goto(base + "/?q=blue")
            shown.locator("img[src*='/thumbnail']").first.wait_for(timeout=60_000)
            strangers = [url for url in asked if not url.startswith((base, "data:", "blob:"))]
            print("browser:", len(asked) > 3, strangers)
finally:
    server.send_signal(signal.SIGINT)
    server.wait(timeout=60)
"""


@pytest.mark.slow
def test_everything_works_where_there_is_no_network(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("unshare") is None or subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode:
        pytest.skip("network namespaces are not allowed here")
    save_album(tmp_path / "photos", 12)
    browser = (chromium() or "") if (WEB_FOLDER / "index.html").is_file() else ""
    # Here the kernel is the guard; the journey itself knocks at a door outside to see that it is closed.
    monkeypatch.delenv("SMARTSEARCH_TEST_SOCKETS")
    done = subprocess.run(
        [*NAMESPACE, sys.executable, "-c", JOURNEY, PROGRAM, tmp_path / "photos", browser],
        capture_output=True,
        text=True,
        timeout=300,
    )
    monkeypatch.undo()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "outside: OSError",
        "index: True",
        "query: 1",
        "doctor: True",
        "pull: True",
        "health: ok",
        "search: True",
        "page: True False False",
        "elsewhere: []",
        *(["browser: True []"] if browser else []),
    ]


def log() -> Path:
    return Path(os.environ["SMARTSEARCH_TEST_SOCKETS"])


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80, 0, 0)])
def test_the_audit_stops_this_process(address: tuple[object, ...]) -> None:
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    with socket.socket(family) as outside, pytest.raises(PermissionError, match="stays on this machine"):
        outside.connect(address)
    assert repr(address[0]) in log().read_text()
    log().write_text("")


def test_the_audit_stops_processes_that_are_started() -> None:
    script = "import socket; socket.getaddrinfo('example.org', 443)"
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True)
    assert "stays on this machine" in done.stderr
    assert "example.org" in log().read_text()
    log().write_text("")


def test_the_loopback_interface_is_no_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    assert socket.getaddrinfo("localhost", 80)
    assert log().read_text() == ""
