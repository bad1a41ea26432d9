"""An index run whose parts fail or that is told to stop: it ends, says why, and loses nothing."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from smartsearch.core.errors import SmartsearchError
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
