"""Decode workers as the operating system sees them: what they have given up."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from tests.pictures import save_picture

from smartsearch.core.errors import SmartsearchError
from smartsearch.media.pool import DecodePool
from smartsearch.media.request import DecodeRequest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="workers are confined by Linux on x86-64 and arm64 only",
)

ATTEMPTS = """
import ctypes, os, socket, subprocess, sys
from smartsearch.media.sandbox import confine
assert confine().calls, "the kernel took no filter"
target, port = sys.argv[1], int(sys.argv[2])
libc = ctypes.CDLL(None)
attempts = {
    "socket": lambda: socket.create_connection(("127.0.0.1", port), timeout=5),
    "unix socket": lambda: socket.socket(socket.AF_UNIX),
    "netlink": lambda: socket.socket(16, socket.SOCK_RAW),
    "program": lambda: subprocess.run(["true"]),
    "fork": os.fork,
    "write": lambda: open(target, "w"),
    "append": lambda: open(target, "a"),
    "delete": lambda: os.unlink(target),
    "rename": lambda: os.rename(target, target + "2"),
    "folder": lambda: os.mkdir(target + "-folder"),
    "link": lambda: os.symlink(target, target + "-link"),
    "mode": lambda: os.chmod(target, 0o777),
    "times": lambda: os.utime(target),
    "signal": lambda: os.kill(os.getppid(), 0),
    "ptrace": lambda: None if libc.ptrace(16, os.getppid(), 0, 0) == 0 else 1 / 0,
}
for name, attempt in attempts.items():
    try:
        attempt()
    except (PermissionError, ZeroDivisionError):
        continue
    print("allowed:", name)
print(open(target).read())
"""


def test_a_confined_process_cannot_connect_run_or_write(tmp_path: Path) -> None:
    target = tmp_path / "photo.txt"
    target.write_text("still read")
    with socket.create_server(("127.0.0.1", 0)) as server:
        arguments = [sys.executable, "-c", ATTEMPTS, str(target), str(server.getsockname()[1])]
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("still read\n", 0), done.stdout + done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.txt"]


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_the_workers_that_decode_are_confined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "x")
    with DecodePool(1) as pool:
        pool.submit(str(save_picture(tmp_path / "red.png", "red")), DecodeRequest()).result()
        [worker] = pool._workers
        pid = worker._process.pid
        status = status_of(pid)
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        limits = Path(f"/proc/{pid}/limits").read_text()
    assert status["Seccomp"] == "2", "a filter is in force"
    assert status["NoNewPrivs"] == "1"
    reading = 1 << 2
    assert int(status["CapEff"], 16) & ~reading == int(status["CapPrm"], 16) & ~reading == 0
    assert b"A_SECRET" not in environment
    assert any(line.split()[:5] == ["Max", "file", "size", "0", "0"] for line in limits.splitlines())
    assert os.getpid() != pid


def test_a_worker_that_answers_with_code_is_thrown_away(tmp_path: Path) -> None:
    stub = tmp_path / "taken_over.py"
    stub.write_text(
        "import os, sys\n"
        "from smartsearch.media.worker import serve\n"
        "class Evil:\n"
        f"    def __reduce__(self): return os.mkdir, ({str(tmp_path / 'ran')!r},)\n"
        "serve(lambda _: lambda path, request: Evil())\n"
    )
    with DecodePool(1, command=(sys.executable, str(stub))) as pool, pytest.raises(SmartsearchError, match="decoder"):
        pool.submit("/any", DecodeRequest()).result(timeout=60)
    assert not (tmp_path / "ran").exists()
