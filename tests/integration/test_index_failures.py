"""An index run whose parts fail or that is told to stop: it ends, says why, and loses nothing."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smartsearch.core.errors import SmartsearchError
from smartsearch.crawler.found import WalkProblem
from smartsearch.indexing import scan, session
from smartsearch.indexing.lock import exclusive
from smartsearch.library import Library
from smartsearch.media import pool


def ends(work: Callable[[], object], seconds: float = 60.0) -> None:
    """Run ``work`` and raise what it raises; fail the test rather than hang with it."""
    raised: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), "it never ends"
    for error in raised:
        raise error


@pytest.mark.parametrize("command", [(sys.executable, "-c", "pass"), (os.path.join(os.sep, "no", "such", "program"),)])
def test_decode_workers_that_do_not_start_end_the_run(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pool.DecodePool.__init__, "__kwdefaults__", {"nice": 0, "command": command})
        with pytest.raises(SmartsearchError, match="decode worker"):
            ends(lambda: library.index([photos]))
    assert library.status().indexing_progress["state"] == "failed"
    assert library.errors() == []
    assert library.index([photos]).progress.added == 24


def test_a_run_that_only_looks_can_be_cancelled(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing reaches the encoder: the stages before it must notice all the same."""
    library.index([photos])
    real_walk, cancelled = scan.walk, threading.Event()

    def walk(*arguments: Any, **options: Any) -> Iterator[Any]:
        yield from real_walk(*arguments, **options)
        cancelled.set()
        while True:  # a folder without end
            yield WalkProblem(str(photos / "nowhere.jpg"), "io", "not there")

    monkeypatch.setattr(scan, "walk", walk)
    states: list[str] = []
    ends(lambda: states.append(library.index([photos], cancelled=cancelled.is_set).state))
    assert states == ["cancelled"]


def test_an_indexed_image_whose_new_bytes_are_broken_is_retried_when_asked(library: Library, photos: Path) -> None:
    library.index([photos])
    path = photos / "0000-red.jpg"
    path.write_bytes(path.read_bytes()[:200])
    assert library.index([photos]).progress.errors == 1
    assert library.index([photos]).progress.todo == 0
    assert library.index([photos], retry_errors=True).progress.errors == 1
    assert library.store.asset_by_path(str(path)) is not None


def test_a_watch_waits_for_the_lock(library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "BUSY_SECONDS", 0.05)
    library.index([photos])
    stop, done = threading.Event(), threading.Event()
    watching = threading.Thread(target=library.watch, args=(lambda _: done.set(), stop))
    with exclusive(library.places.library):
        watching.start()
        assert not done.wait(0.3)
    try:
        assert done.wait(60)
    finally:
        stop.set()
        watching.join(60)
