"""Gathering events, by hand-told times and with an observer that the test drives: no sleeping."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)

from smartsearch.core.assets import Root
from smartsearch.core.errors import ConfigError
from smartsearch.core.settings import DiscoverySettings
from smartsearch.crawler.watch import BURST, ChangeBuffer, ChangedPlaces, Watcher

PATIENCE = 20.0


# -- the buffer


@pytest.fixture
def buffer() -> ChangeBuffer:
    """One whose first reconcile is behind it at time 0."""
    buffer = ChangeBuffer(0.0, debounce=2.0, max_delay=10.0, reconcile_every=900.0)
    assert buffer.seconds_left(0.0) == 0.0
    assert buffer.take(0.0) == ChangedPlaces(everything=True)
    return buffer


def test_waits_until_it_is_quiet(buffer: ChangeBuffer) -> None:
    assert buffer.seconds_left(0.0) == 900.0
    buffer.add("/r/a", 10.0)
    assert buffer.seconds_left(10.0) == 2.0
    buffer.add("/r/b", 11.5)
    assert buffer.seconds_left(12.0) == 1.5
    assert buffer.take(13.5) == ChangedPlaces(frozenset({"/r/a", "/r/b"}))
    assert buffer.seconds_left(13.5) == 886.5


def test_never_waits_longer_than_the_delay(buffer: ChangeBuffer) -> None:
    for tenth in range(100):
        buffer.add("/r", 10 + tenth / 10)
    assert buffer.seconds_left(20.0) == 0.0


def test_places_are_told_once(buffer: ChangeBuffer) -> None:
    for path in ("/r/a", "/r/a", "/r/new/x", "/r/new", "/r/newer"):
        buffer.add(path, 1.0)
    for path in ("/r/new", "/r/new/deep/er", "/r/b"):
        buffer.add(path, 1.0, tree=True)
    assert buffer.take(5.0) == ChangedPlaces(frozenset({"/r/a", "/r/newer"}), frozenset({"/r/new", "/r/b"}))


def test_reconcile_swallows_what_has_gathered(buffer: ChangeBuffer) -> None:
    buffer.add("/r/a", 899.0)
    assert buffer.seconds_left(900.0) == 0.0
    assert buffer.take(900.0) == ChangedPlaces(everything=True)
    assert buffer.seconds_left(900.0) == 900.0
    buffer.reconciled(1000.0)
    assert buffer.seconds_left(1000.0) == 900.0


def test_a_burst_means_everything(buffer: ChangeBuffer) -> None:
    for number in range(BURST):
        buffer.add(f"/r/{number}", 1.0)
    assert buffer.take(3.0) == ChangedPlaces(everything=True)
    buffer.add("/r/a", 4.0)
    assert buffer.take(6.0) == ChangedPlaces(frozenset({"/r/a"}))


# -- the watcher


class DrivenObserver:
    """Stands in for the operating system: the test says what happens."""

    def __init__(self) -> None:
        self.handlers: dict[str, FileSystemEventHandler] = {}
        self.recursive: dict[str, bool] = {}
        self.refuses = False
        self._alive = False

    def start(self) -> None:
        self._alive = True

    def stop(self) -> None:
        self._alive = False

    def join(self) -> None: ...

    def is_alive(self) -> bool:
        return self._alive

    def schedule(self, handler: FileSystemEventHandler, path: str, *, recursive: bool, event_filter: Any) -> str:
        if self.refuses:
            raise OSError(28, "inotify watch limit reached")
        self.handlers[path] = handler
        self.recursive[path] = recursive
        return path

    def unschedule(self, watch: str) -> None:
        del self.handlers[watch]

    def happen(self, root: Path, event: FileSystemEvent) -> None:
        self.handlers[str(root)].dispatch(event)


class Watched:
    """A watcher over one folder, its calls in a queue."""

    def __init__(self, root: Path, observer: DrivenObserver, **options: Any) -> None:
        self.observer = observer
        self.calls: queue.Queue[ChangedPlaces] = queue.Queue()
        settings = options.pop("settings", DiscoverySettings())
        recursive = options.pop("recursive", True)
        on_change = options.pop("on_change", self.calls.put)
        timing = {"debounce": 0.0, "reconcile_every": 900.0} | options
        self.watcher = Watcher(
            [Root(1, str(root), recursive)], settings, on_change, observer=lambda: observer, **timing
        )

    def next(self) -> ChangedPlaces:
        return self.calls.get(timeout=PATIENCE)


Watch = Callable[..., Watched]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """Starts a watcher over ``tmp_path``, its first reconcile taken."""
    started: list[Watched] = []

    def start(root: Path = tmp_path, **options: Any) -> Watched:
        watched = Watched(root, DrivenObserver(), **options)
        watched.watcher.start()
        started.append(watched)
        assert watched.next() == ChangedPlaces(everything=True)
        return watched

    yield start
    for each in started:
        each.watcher.stop()
        assert not each.observer.is_alive()


@pytest.mark.parametrize(
    ("event", "folders", "trees"),
    [
        (FileCreatedEvent("a.jpg"), {"."}, set()),
        (FileModifiedEvent("x/a.jpg"), {"x"}, set()),
        (FileDeletedEvent("x/photo"), {"x"}, set()),
        (FileMovedEvent("x/a.jpg", "y/b.jpg"), {"x", "y"}, set()),
        (FileModifiedEvent("x/a.xmp"), {"x"}, set()),
        (FileCreatedEvent("x/.nomedia"), set(), {"x"}),
        (FileDeletedEvent("x/.smartsearchignore"), set(), {"x"}),
        (DirCreatedEvent("x/y"), set(), {"x/y"}),
        (DirDeletedEvent("x"), set(), {"x"}),
        (DirMovedEvent("x", "y"), set(), {"x", "y"}),
        (DirMovedEvent("", "y"), set(), {"y"}),
        (DirDeletedEvent("."), set(), {"."}),
        (FileCreatedEvent(b"x/bad\xff.jpg"), {"x"}, set()),
    ],
)
def test_what_an_event_asks_for(
    watch: Watch, tmp_path: Path, event: FileSystemEvent, folders: set[str], trees: set[str]
) -> None:
    watched = watch(debounce=0.05)
    watched.observer.happen(tmp_path, _below(tmp_path, event))
    assert watched.next() == ChangedPlaces(
        frozenset(os.path.normpath(tmp_path / each) for each in folders),
        frozenset(os.path.normpath(tmp_path / each) for each in trees),
    )


@pytest.mark.parametrize(
    "event",
    [
        FileCreatedEvent("notes.txt"),
        FileCreatedEvent(".hidden.jpg"),
        FileModifiedEvent(".hidden/a.jpg"),
        FileModifiedEvent("node_modules/x/a.jpg"),
        FileModifiedEvent("a.jpg.part"),
        FileModifiedEvent("library/thumbs/a.webp"),
        DirCreatedEvent("library"),
        DirCreatedEvent(".git"),
        DirCreatedEvent("mine"),
        FileModifiedEvent("../elsewhere/a.jpg"),
    ],
)
def test_events_that_mean_nothing(watch: Watch, tmp_path: Path, event: FileSystemEvent) -> None:
    settings = DiscoverySettings(exclude=("mine/",))
    watched = watch(debounce=0.0, settings=settings, skip=[str(tmp_path / "library")])
    watched.observer.happen(tmp_path, _below(tmp_path, event))
    watched.observer.happen(tmp_path, FileCreatedEvent(str(tmp_path / "last" / "a.jpg")))
    assert watched.next() == ChangedPlaces(frozenset({str(tmp_path / "last")}))


def _below(root: Path, event: FileSystemEvent) -> FileSystemEvent:
    """The event with its paths put below the root."""

    def put(path: bytes | str) -> bytes | str:
        if not path:
            return path
        return os.path.normpath(os.path.join(os.fsencode(root) if isinstance(path, bytes) else str(root), path))

    return type(event)(put(event.src_path), put(event.dest_path))


def test_hidden_files_where_they_are_wanted(watch: Watch, tmp_path: Path) -> None:
    watched = watch(settings=DiscoverySettings(include_hidden=True))
    watched.observer.happen(tmp_path, FileCreatedEvent(str(tmp_path / ".x" / ".a.jpg")))
    assert watched.next() == ChangedPlaces(frozenset({str(tmp_path / ".x")}))


def test_root_that_is_not_recursive(watch: Watch, tmp_path: Path) -> None:
    watched = watch(recursive=False)
    assert watched.observer.recursive == {str(tmp_path): False}
    watched.observer.happen(tmp_path, DirCreatedEvent(str(tmp_path / "x")))
    watched.observer.happen(tmp_path, FileCreatedEvent(str(tmp_path / "a.jpg")))
    assert watched.next() == ChangedPlaces(frozenset({str(tmp_path)}))


def test_root_that_is_a_file(watch: Watch, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    watched = watch(path)
    watched.observer.happen(tmp_path, FileModifiedEvent(str(tmp_path / "b.jpg")))
    watched.observer.happen(tmp_path, FileModifiedEvent(str(path)))
    assert watched.next() == ChangedPlaces(trees=frozenset({str(path)}))


def test_reconciles_again_and_again(watch: Watch) -> None:
    watched = watch(reconcile_every=0.01)
    assert [watched.next() for _ in range(3)] == [ChangedPlaces(everything=True)] * 3


def test_a_failing_call_does_not_end_the_watch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    calls: queue.Queue[ChangedPlaces] = queue.Queue()

    def fail(changes: ChangedPlaces) -> None:
        calls.put(changes)
        raise RuntimeError("no")

    watched = Watched(tmp_path, DrivenObserver(), on_change=fail)
    with watched.watcher:
        assert calls.get(timeout=PATIENCE).everything
        watched.observer.happen(tmp_path, FileCreatedEvent(str(tmp_path / "a.jpg")))
        assert calls.get(timeout=PATIENCE).folders == {str(tmp_path)}
    assert "handling changed files failed" in caplog.text


def test_changes_during_a_call_wait_for_the_next(tmp_path: Path) -> None:
    entered, leave = threading.Event(), threading.Event()
    calls: queue.Queue[ChangedPlaces] = queue.Queue()

    def slow(changes: ChangedPlaces) -> None:
        calls.put(changes)
        entered.set()
        assert leave.wait(PATIENCE)

    watched = Watched(tmp_path, DrivenObserver(), on_change=slow)
    with watched.watcher:
        assert entered.wait(PATIENCE)
        for name in ("a.jpg", "x/b.jpg"):
            watched.observer.happen(tmp_path, FileCreatedEvent(str(tmp_path / name)))
        leave.set()
        assert calls.get(timeout=PATIENCE).everything
        assert calls.get(timeout=PATIENCE).folders == {str(tmp_path), str(tmp_path / "x")}


@pytest.mark.parametrize("reason", ["gone", "limit"])
def test_root_that_cannot_be_watched_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    root, observer = tmp_path / "usb", DrivenObserver()
    if reason == "limit":
        root.mkdir()
        observer.refuses = True
    watched = Watched(root, observer, reconcile_every=0.01)
    with watched.watcher:
        assert watched.next().everything
        assert "cannot watch" in caplog.text
        assert not observer.handlers
        root.mkdir(exist_ok=True)
        observer.refuses = False
        for _ in range(1000):
            assert watched.next().everything
            if observer.handlers:
                break
    assert list(observer.handlers) == [str(root)]


def test_root_that_was_replaced_is_watched_anew(tmp_path: Path) -> None:
    root, observer = tmp_path / "usb", DrivenObserver()
    root.mkdir()
    watched = Watched(root, observer, reconcile_every=0.01)
    with watched.watcher:
        assert watched.next().everything
        first = observer.handlers[str(root)]
        root.rename(tmp_path / "old")
        root.mkdir()
        for _ in range(1000):
            assert watched.next().everything
            if observer.handlers.get(str(root), first) is not first:
                break
        assert observer.handlers[str(root)] is not first


def test_stops_at_once_also_from_within(tmp_path: Path) -> None:
    stopped = threading.Event()
    watcher: Watcher

    def stop(_: ChangedPlaces) -> None:
        watcher.stop()
        stopped.set()

    watcher = Watcher(
        [Root(1, str(tmp_path))],
        DiscoverySettings(),
        stop,
        observer=DrivenObserver,  # type: ignore[arg-type]
    )
    watcher.start()
    assert stopped.wait(PATIENCE)
    watcher.stop()


def test_impossible_exclude_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        Watched(tmp_path, DrivenObserver(), settings=DiscoverySettings(exclude=("[z-a]",)))
