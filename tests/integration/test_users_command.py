"""`users`, `tokens`, `sessions` on the command line, and a server beyond this machine."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

SCRIPT = "from smartsearch.cli.main import main; main()"
PASSWORD = "correct horse battery"


def run(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SCRIPT, *arguments]
    return subprocess.run(command, input=said, capture_output=True, text=True, env=dict(os.environ), check=False)


def test_users_tokens_and_sessions(home: Path) -> None:
    assert run("users", "add", "anna", said="short\n").returncode == 2
    added = run("users", "add", "anna", said=f"{PASSWORD}\n")
    assert (added.returncode, added.stdout) == (0, "anna (owner) may log in.\n")
    assert "asks for a login" in added.stderr
    assert PASSWORD not in added.stdout + added.stderr
    assert run("users", "add", "bob", "--role", "king", said=f"{PASSWORD}\n").returncode == 2
    listed = json.loads(run("users", "list", "--json").stdout)["users"]
    assert [(each["name"], each["role"]) for each in listed] == [("anna", "owner")]
    made = run("tokens", "create", "Anna", "--name", "frame", "--scope", "read")
    assert re.fullmatch(r"sst_[\w-]{43}\n", made.stdout)
    [token] = json.loads(run("tokens", "list", "--json").stdout)["tokens"]
    assert (token["name"], token["scopes"], token["used_at"]) == ("frame", ["read"], None)
    assert run("tokens", "revoke", str(token["id"])).returncode == 0
    assert run("tokens", "revoke", str(token["id"])).returncode == 3
    assert run("sessions", "list").stdout == ""
    assert run("sessions", "end").returncode == 2
    assert run("users", "remove", "anna", said="n\n").returncode == 1
    assert run("users", "remove", "anna", "--yes").returncode == 0
    assert run("users", "password", "anna", said=f"{PASSWORD}\n").returncode == 3
    entries = json.loads(run("audit", "show", "--json").stdout)["entries"]
    assert [each["action"] for each in entries[::-1]] == ["users add", "tokens create", "tokens revoke", "users remove"]
    assert all(each["actor"].startswith("cli") for each in entries)
    assert "users add" in run("audit", "show").stdout
    head = json.loads(run("audit", "verify", "--json").stdout)["head"]
    assert run("audit", "verify", "--head", head).returncode == 0
    assert run("audit", "verify", "--head", "00" * 32).returncode == 5
    assert json.loads(run("audit", "export").stdout.splitlines()[-1])["hash"] == head
    with closing(sqlite3.connect(home / "audit.db")) as rows, rows:
        rows.execute("DELETE FROM entries WHERE number = 2")
    broken = run("audit", "verify")
    assert (broken.returncode, broken.stdout) == (5, "Entry 2 is missing.\n")


def test_beyond_this_machine_only_with_a_password_and_tls_where_it_is_given(home: Path, tmp_path: Path) -> None:
    refused = run("serve", "--host", "0.0.0.0", "--port", "0", "--library", str(tmp_path / "new"))
    assert refused.returncode == 2
    assert "smartsearch users add" in refused.stderr
    run("users", "add", "anna", said=f"{PASSWORD}\n")
    serve = ["serve", "--host", "0.0.0.0", "--port", "0", "--library", str(tmp_path / "new")]
    wrong = run(*serve, "--certfile", str(home / "config.toml"))
    assert wrong.returncode == 2
    assert "cannot be used" in wrong.stderr
    certificate = tmp_path / "server.pem"
    key = tmp_path / "key.pem"
    wanted = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    made = subprocess.run(["openssl", *wanted.split(), *names], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("openssl cannot make a certificate here")
    command = [
        sys.executable,
        "-c",
        SCRIPT,
        *serve,
        "--certfile",
        str(certificate),
        "--keyfile",
        str(tmp_path / "key.pem"),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        assert process.stderr is not None
        found = re.search(r"https://0\.0\.0\.0:(\d+)", process.stderr.readline())
        assert found
        trusting = ssl.create_default_context(cafile=str(certificate))
        address = f"https://127.0.0.1:{found[1]}/api/v1"
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(f"{address}/version", context=trusting, timeout=30)
        assert answer.value.code == 401
        answer.value.close()
        login = urllib.request.Request(
            f"{address}/session",
            json.dumps({"name": "anna", "password": PASSWORD}).encode(),
            # Nobody named a proxy, so its headers mean nothing.
            {"content-type": "application/json", "x-forwarded-for": "10.9.9.9", "x-forwarded-proto": "http"},
        )
        with urllib.request.urlopen(login, context=trusting, timeout=30) as answered:
            assert "__Host-smartsearch_session=" in answered.headers["set-cookie"]
            assert "Secure" in answered.headers["set-cookie"]
        [session] = json.loads(run("sessions", "list", "--json").stdout)["sessions"]
        assert session["address"] == "127.0.0.1"
    finally:
        process.terminate()
        process.communicate()
