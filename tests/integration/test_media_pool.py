"""The decode pool: whatever a worker does costs one file, and nothing outlives the pool."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, wait
from pathlib import Path
from typing import Any

import pytest
from tests.unit.media.pictures import quarters, saved

from smartsearch.core.errors import (
    CorruptImageError,
    DecodeCrashError,
    DecodeTimeoutError,
    MediaError,
    SmartsearchError,
)
from smartsearch.core.settings import MediaLimits
from smartsearch.core.spaces import Preprocessing
from smartsearch.media.pool import DecodePool
from smartsearch.media.request import DecodeRequest, MetadataRequest, PreviewRequest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="the stub worker uses POSIX signals"),
]

STUB = (sys.executable, str(Path(__file__).with_name("stub_decode_worker.py")))
LIMITS = MediaLimits(seconds=30, memory_bytes=2 * 1024**3)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(1, LIMITS, command=STUB) as shared:
        yield shared


def ask(pool: DecodePool, command: str) -> Any:
    future: Future[Any] = pool.submit(command, DecodeRequest())
    return future.result(timeout=60)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_answers_come_back_and_the_worker_is_kept(pool: DecodePool) -> None:
    assert ask(pool, "echo caf\udce9\nx") == "caf\udce9\nx"
    assert len(ask(pool, "big 5000000")) == 5_000_000
    assert ask(pool, "pid") == ask(pool, "pid") != os.getpid()


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL, signal.SIGABRT])
def test_a_crash_costs_one_file_and_a_fresh_worker_takes_over(pool: DecodePool, number: signal.Signals) -> None:
    before = ask(pool, "pid")
    with pytest.raises(DecodeCrashError, match=number.name):
        ask(pool, f"crash {int(number)}")
    assert ask(pool, "pid") != before
    assert gone(before)


def test_a_worker_that_leaves_is_a_crash(pool: DecodePool) -> None:
    with pytest.raises(DecodeCrashError, match="ended unexpectedly"):
        ask(pool, "exit 3")
    assert ask(pool, "echo on") == "on"


def test_a_worker_killed_between_files_costs_nothing(pool: DecodePool) -> None:
    victim = ask(pool, "pid")
    os.kill(victim, signal.SIGKILL)
    os.waitid(os.P_PID, victim, os.WEXITED | os.WNOWAIT)
    assert ask(pool, "echo on") == "on"


@pytest.mark.parametrize("command", ["hang", "spin"])
def test_a_hang_is_a_timeout(command: str) -> None:
    with DecodePool(1, MediaLimits(seconds=0.3), command=STUB) as pool:
        before = ask(pool, "pid")
        with pytest.raises(DecodeTimeoutError, match=r"0\.3 seconds"):
            ask(pool, command)
        assert gone(before)
        assert ask(pool, "pid") != before


def test_eating_memory_hits_the_limit(pool: DecodePool) -> None:
    with pytest.raises(DecodeCrashError, match="memory"):
        ask(pool, "eat")
    assert ask(pool, "echo on") == "on"


def test_stray_output_does_not_disturb_the_answers(pool: DecodePool, capfd: pytest.CaptureFixture[str]) -> None:
    assert ask(pool, "noise") == "quiet"
    assert ask(pool, "echo on") == "on"
    assert capfd.readouterr() == ("", "")


def test_errors_keep_their_class_reason_and_hint(pool: DecodePool) -> None:
    with pytest.raises(CorruptImageError) as caught:
        ask(pool, "corrupt The end is missing.")
    assert (caught.value.message, caught.value.hint) == ("The end is missing.", "a hint")


def test_a_bug_costs_one_file_too(pool: DecodePool) -> None:
    with pytest.raises(MediaError, match="KeyError"):
        ask(pool, "bug")


def test_limits_and_priority_are_in_force() -> None:
    with DecodePool(1, LIMITS, nice=5, command=STUB) as pool:
        space, core, priority, alarm_is_default = ask(pool, "limits")
    assert space <= LIMITS.memory_bytes
    assert core == 0
    assert priority == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)
    assert alarm_is_default


def test_workers_run_side_by_side_and_only_as_many_as_needed() -> None:
    with DecodePool(3, LIMITS, command=STUB) as pool:
        assert ask(pool, "pid") == ask(pool, "pid")  # one at a time: one worker
        hanging: Future[Any] = pool.submit("hang", DecodeRequest())
        assert ask(pool, "echo past it") == "past it"
        assert not hanging.done()


def test_close_kills_what_hangs_and_cancels_what_waits() -> None:
    pool = DecodePool(1, LIMITS, command=STUB)
    pid = ask(pool, "pid")
    futures: list[Future[Any]] = [pool.submit(command, DecodeRequest()) for command in ("hang", "echo 1", "echo 2")]
    start = time.monotonic()
    pool.close()
    pool.close()
    assert time.monotonic() - start < 10
    wait(futures, timeout=10)
    for future in futures:
        with pytest.raises(CancelledError):
            future.result(timeout=0)
    assert gone(pid)
    with pytest.raises(RuntimeError, match="closed"):
        pool.submit("echo 3", DecodeRequest())


def test_a_cancelled_future_is_skipped() -> None:
    with DecodePool(1, MediaLimits(seconds=1), command=STUB) as pool:
        first: Future[Any] = pool.submit("hang", DecodeRequest())
        second: Future[Any] = pool.submit("crash 9", DecodeRequest())
        assert second.cancel()
        assert ask(pool, "echo on") == "on"
        assert isinstance(first.exception(timeout=10), DecodeTimeoutError)


def test_a_worker_that_does_not_start_is_not_the_files_fault() -> None:
    with DecodePool(1, LIMITS, command=(sys.executable, "-c", "raise SystemExit(1)")) as pool:
        with pytest.raises(SmartsearchError, match="does not start") as caught:
            ask(pool, "echo on")
        assert not isinstance(caught.value, MediaError)


@pytest.mark.parametrize("busy", [False, True])
def test_no_worker_outlives_a_killed_parent(busy: bool, tmp_path: Path) -> None:
    started = tmp_path / "started"
    command = f"hang {started}" if busy else f"touch {started}"
    script = (
        "import sys\n"
        "from smartsearch.core.settings import MediaLimits\n"
        "from smartsearch.media.pool import DecodePool\n"
        "from smartsearch.media.request import DecodeRequest\n"
        f"pool = DecodePool(1, MediaLimits(seconds=0.5), command={STUB!r})\n"
        "print(pool.submit('pid', DecodeRequest()).result(), flush=True)\n"
        f"pool.submit({command!r}, DecodeRequest()); sys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    assert parent.stdin is not None
    pid = int(parent.stdout.readline())
    _wait_for(started.exists)
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    _wait_for(lambda: _ended(pid))


def _wait_for(condition: Callable[[], bool]) -> None:
    """Poll: what another process's child does cannot be waited for."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _ended(pid: int) -> bool:
    """Gone, or a zombie that whoever adopted it has not collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0]
    except FileNotFoundError:
        return gone(pid)
    return state == "Z"


def test_the_current_folder_is_not_imported_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit(1)")
    path = saved(quarters(), tmp_path / "a.jpg")
    monkeypatch.chdir(tmp_path)
    with DecodePool(1, LIMITS) as pool:
        assert pool.submit(path, DecodeRequest()).result().content.format == "jpeg"


def test_the_real_worker_answers_all_three_requests(tmp_path: Path) -> None:
    path = saved(quarters(), tmp_path / "a.jpg")
    (tmp_path / "b.jpg").write_bytes(b"not an image")
    with DecodePool(2, LIMITS) as pool:
        decoded = pool.submit(path, DecodeRequest((Preprocessing(32),)))
        preview = pool.submit(path, PreviewRequest(40, 85))
        metadata = pool.submit(path, MetadataRequest())
        broken = pool.submit(str(tmp_path / "b.jpg"), DecodeRequest())
        assert decoded.result().inputs[0].shape == (32, 32, 3)
        assert preview.result()[:4] == b"RIFF"
        assert metadata.result() == decoded.result().content.metadata
        assert isinstance(broken.exception(), MediaError)
