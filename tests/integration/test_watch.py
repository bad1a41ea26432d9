"""The watcher over a real folder and the system's own events."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smartsearch.core.assets import Root
from smartsearch.core.settings import DiscoverySettings
from smartsearch.crawler.watch import ChangedPlaces, Watcher

pytestmark = pytest.mark.slow

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 60
DEADLINE = 20.0


class Gathered:
    """Every place that a watcher named, to be waited for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._places: set[str] = set()
        self._reconciles = 0

    def __call__(self, changes: ChangedPlaces) -> None:
        with self._changed:
            self._places |= changes.folders | changes.trees
            self._reconciles += changes.everything
            self._changed.notify_all()

    def forget(self) -> None:
        with self._changed:
            self._places.clear()

    def wait_for(self, *paths: Path) -> None:
        """Until every path, or a folder above it inside the root, was named."""
        self._wait(lambda: all(self._covers(path) for path in paths))

    def wait_for_reconcile(self) -> None:
        self._wait(lambda: self._reconciles > 0)

    def _covers(self, path: Path) -> bool:
        return any(str(each) in self._places for each in (path, *path.parents))

    def _wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, timeout=DEADLINE), self._places


@pytest.fixture
def gathered(tmp_path: Path) -> Iterator[Gathered]:
    """A running watch of ``tmp_path / "root"``, its first reconcile behind it."""
    gathered = Gathered()
    (tmp_path / "root" / "x").mkdir(parents=True)
    (tmp_path / "root" / "x" / "old.jpg").write_bytes(JPEG)
    roots = [Root(1, str(tmp_path / "root"))]
    with Watcher(roots, DiscoverySettings(), gathered, debounce=0.1, max_delay=0.5):
        gathered.wait_for_reconcile()
        yield gathered


def test_created_changed_moved_deleted(gathered: Gathered, tmp_path: Path) -> None:
    folder = tmp_path / "root" / "x"
    photo = folder / "a.jpg"
    photo.write_bytes(JPEG)
    gathered.wait_for(folder)
    gathered.forget()
    with photo.open("ab") as file:
        file.write(b"more")
    gathered.wait_for(folder)
    gathered.forget()
    photo.rename(tmp_path / "root" / "b.jpg")
    gathered.wait_for(folder, tmp_path / "root")
    gathered.forget()
    (folder / "old.jpg").unlink()
    gathered.wait_for(folder)


def test_new_folders_are_watched_too(gathered: Gathered, tmp_path: Path) -> None:
    deep = tmp_path / "root" / "new" / "deep"
    deep.mkdir(parents=True)
    (deep / "a.jpg").write_bytes(JPEG)
    gathered.wait_for(deep)
    gathered.forget()
    (deep / "b.jpg").write_bytes(JPEG)
    gathered.wait_for(deep)


def test_folders_moved_in_and_out(gathered: Gathered, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "in").mkdir(parents=True)
    (outside / "in" / "a.jpg").write_bytes(JPEG)
    inside = tmp_path / "root" / "moved"
    outside.rename(inside)
    gathered.wait_for(inside)
    gathered.forget()
    inside.rename(outside)
    gathered.wait_for(inside)


def test_hostile_names(gathered: Gathered, tmp_path: Path) -> None:
    folder = os.path.join(os.fsencode(tmp_path / "root"), b"bad\xff\nname")
    os.mkdir(folder)
    with open(os.path.join(folder, b"\xfe.jpg"), "wb") as file:
        file.write(JPEG)
    gathered.wait_for(Path(os.fsdecode(folder)))


def test_reading_makes_no_work(gathered: Gathered, tmp_path: Path) -> None:
    photo = tmp_path / "root" / "x" / "old.jpg"
    photo.read_bytes()
    list((tmp_path / "root").rglob("*"))
    (tmp_path / "root" / "last.jpg").write_bytes(JPEG)
    gathered.wait_for(tmp_path / "root")
    assert str(photo.parent) not in gathered._places


def test_stops_quickly_and_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    watcher = Watcher([Root(1, str(tmp_path))], DiscoverySettings(), Gathered())
    watcher.start()
    started = time.monotonic()
    watcher.stop()
    assert time.monotonic() - started < DEADLINE
    leftover = [each.name for each in threading.enumerate() if each.name == "smartsearch-watch"]
    assert leftover == []
    assert threading.active_count() <= before + 1  # watchdog may keep one reader for the process
