"""kill -9 at random moments of an index run: the library opens, nothing committed is lost, the next run goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from tests.pictures import save_album

from smartsearch.config import find_places, load_settings
from smartsearch.core.query import Present
from smartsearch.library import Library

PROGRAM = Path(sys.executable).with_name("smartsearch")
KILLS = 20


def index_and_kill(folder: Path, after: float) -> bool:
    """Start an index run and kill its whole process group after so many seconds. False if it was done before."""
    process = subprocess.Popen(
        [PROGRAM, "index", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(timeout=after)
        return False
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True


def committed() -> set[int]:
    """The images of the library, each checked to have all that belongs to it."""
    places = find_places()
    if not (places.library / "library.db").exists():
        return set()
    with Library.open(places, load_settings(places)) as library:
        assert [problem for problem in library.store.check() if not problem.repairable] == []
        ids = library.store.select(Present())
        space = library.catalog.encoders(library.model).image.space
        assert set(library.store.vectors(space, ids)) == set(ids), "every image has its embedding"
        for asset in library.store.assets(ids):
            assert library.thumbnail(asset) is not None, "every image has its thumbnail"
        return set(ids)


@pytest.mark.slow
def test_twenty_kills_lose_nothing_and_embed_nothing_twice(home: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    chance = random.Random(20_26)
    known: set[int] = set()
    kills = 0
    for round_number in range(KILLS):
        save_album(photos / str(round_number), 40)
        kills += index_and_kill(photos, after=chance.uniform(0.1, 2.5))
        now = committed()
        assert known <= now, "committed images stay, with their ids"
        known = now
    assert kills > 0, "at least one run was still going when it was killed"
    places = find_places()
    with Library.open(places, load_settings(places), create=True) as library:
        report = library.index([photos])
        progress = report.progress
        assert (report.state, progress.errors, progress.missing) == ("done", 0, 0)
        assert progress.found == KILLS * 40
        assert progress.unchanged == len(known), "what was committed is not done again"
        assert library.status().total_images == KILLS * 40
        assert library.doctor(repair=True).open == ()
        again = library.index([photos]).progress
        assert (again.unchanged, again.todo) == (KILLS * 40, 0)
    assert known <= committed()
