"""What changed: real folders, walked and held against what was known of them before."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartsearch.core.assets import FileState
from smartsearch.core.settings import DiscoverySettings
from smartsearch.crawler.changes import plan
from smartsearch.crawler.found import Found, WalkProblem
from smartsearch.crawler.known import KnownFiles
from smartsearch.crawler.walk import walk
from smartsearch.crawler.work import (
    Modified,
    Moved,
    New,
    Remounted,
    RootUnavailable,
    Unchanged,
    Vanished,
    Work,
)

Tree = Callable[..., Path]
Unprivileged = Callable[[], AbstractContextManager[None]]
PLAIN = DiscoverySettings()


def remembered(root: Path) -> dict[str, FileState]:
    """What a store would know after indexing everything below ``root``, by path relative to it."""
    found = sorted(item for item in walk(root, PLAIN) if isinstance(item, Found))
    return {
        os.path.relpath(item.path, root): FileState(
            number, item.path, item.identity, bytes([number % 256]) * 32, sidecar_mtime_ns=item.sidecar_mtime_ns
        )
        for number, item in enumerate(found, 1)
    }


def planned(root: Path, states: Iterable[FileState], settings: DiscoverySettings = PLAIN, **options: Any) -> list[Work]:
    start = options.pop("start", None)
    recursive = options.get("recursive", True)
    walked = walk(root, settings, recursive=recursive, start=start)
    return list(plan(walked, KnownFiles(states), start or str(root), partial=start is not None, **options))


def told(items: list[Work]) -> list[tuple[str, str]]:
    """Kind and base name of each item, in order; counts and vanished names joined."""
    lines = []
    for item in items:
        match item:
            case Unchanged(count):
                lines.append(("Unchanged", str(count)))
            case Vanished(states):
                lines.append(("Vanished", " ".join(sorted(os.path.basename(state.path) for state in states))))
            case WalkProblem(_, code, _):
                lines.append(("WalkProblem", code))
            case RootUnavailable(path, _, count):
                lines.append(("RootUnavailable", f"{os.path.basename(path)} {count}"))
            case _:
                lines.append((type(item).__name__, item.found.name))
    return lines


def test_first_scan_is_all_new(tree: Tree) -> None:
    assert told(planned(tree("a.jpg", "x/b.jpg"), [])) == [("New", "a.jpg"), ("New", "b.jpg")]


def test_unchanged_is_only_counted(tree: Tree) -> None:
    root = tree(*(f"{number:04}.jpg" for number in range(1001)))
    assert planned(root, remembered(root).values()) == [Unchanged(1000), Unchanged(1)]


@pytest.mark.parametrize("change", ["content", "time", "inode"])
def test_modified(tree: Tree, change: str) -> None:
    root = tree("a.jpg", "b.jpg")
    states = remembered(root)
    path = root / "b.jpg"
    if change == "content":
        path.write_bytes(b"\xff\xd8\xffother")
    elif change == "time":
        os.utime(path, ns=(1, 1))
    else:
        status = path.stat()
        (root / "c.jpg").write_bytes(path.read_bytes())
        (root / "c.jpg").rename(path)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    items = planned(root, states.values())
    assert sorted(told(items)) == [("Modified", "b.jpg"), ("Unchanged", "1")]
    assert [item.state for item in items if isinstance(item, Modified)] == [states["b.jpg"]]


def test_vanished_comes_last_and_never_twice(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg", "x/c.jpg")
    states = remembered(root)
    (root / "b.jpg").unlink()
    (root / "x" / "c.jpg").unlink()
    (root / "x").rmdir()
    tree("new.jpg")
    assert told(planned(root, states.values()))[-1] == ("Vanished", "b.jpg c.jpg")
    missing = [replace(state, missing=state.path[-5] in "bc") for state in states.values()]
    assert "Vanished" not in dict(told(planned(root, missing)))


def test_vanished_in_batches(tree: Tree) -> None:
    root = tree("a.jpg")
    (state,) = remembered(root).values()
    gone = [replace(state, asset_id=number, path=f"{root}/gone/{number}.jpg") for number in range(2500)]
    items = planned(root, [state, *gone])
    assert [len(item.states) for item in items if isinstance(item, Vanished)] == [1000, 1000, 500]


def test_reappeared(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg")
    states = remembered(root)
    states["b.jpg"] = replace(states["b.jpg"], missing=True)
    assert sorted(told(planned(root, states.values()))) == [("Reappeared", "b.jpg"), ("Unchanged", "1")]


def test_needs_embedding_and_sidecars(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg", "b.xmp", "c.jpg", "c.xmp", "d.jpg")
    states = remembered(root)
    states["a.jpg"] = replace(states["a.jpg"], embedded=False)
    (root / "b.xmp").unlink()
    os.utime(root / "c.xmp", ns=(1, 1))
    (root / "d.jpg.xmp").write_bytes(b"new")
    states["d.jpg"] = replace(states["d.jpg"], embedded=False, missing=True)
    assert sorted(told(planned(root, states.values()))) == [
        ("NeedsEmbedding", "a.jpg"),
        ("NeedsEmbedding", "d.jpg"),
        ("Reappeared", "d.jpg"),
        ("SidecarChanged", "b.jpg"),
        ("SidecarChanged", "c.jpg"),
        ("SidecarChanged", "d.jpg"),
    ]


# -- files in error


def test_a_file_in_error_is_tried_again_only_when_it_changed(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg")
    broken = [replace(state, asset_id=None, file_hash=None) for state in remembered(root).values()]
    assert told(planned(root, broken)) == [("Unchanged", "2")]
    os.utime(root / "b.jpg", ns=(1, 1))
    assert sorted(told(planned(root, broken))) == [("Modified", "b.jpg"), ("Unchanged", "1")]


def test_an_asset_whose_new_version_is_in_error_is_not_tried_again(tree: Tree) -> None:
    root = tree("a.jpg")
    (state,) = remembered(root).values()
    old = replace(state, identity=replace(state.identity, size=1))
    broken = replace(state, asset_id=None, file_hash=None)
    assert told(planned(root, [old, broken])) == [("Unchanged", "1")]


def test_errors_of_files_that_are_gone_vanish(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg")
    states = remembered(root)
    (root / "b.jpg").unlink()
    states["b.jpg"] = replace(states["b.jpg"], asset_id=None, file_hash=None)
    assert told(planned(root, states.values())) == [("Unchanged", "1"), ("Vanished", "b.jpg")]
    (root / "a.jpg").unlink()
    assert told(planned(root, [states["b.jpg"]])) == [("Vanished", "b.jpg")]


# -- moves


def test_moved_file_and_folder(tree: Tree) -> None:
    root = tree("a.jpg", "x/b.jpg", "x/c.jpg", "stay.jpg")
    states = remembered(root)
    (root / "a.jpg").rename(root / "z.jpg")
    (root / "x").rename(root / "y")
    items = planned(root, states.values())
    moved = {item.found.name: item.state for item in items if isinstance(item, Moved)}
    assert moved == {"z.jpg": states["a.jpg"], "b.jpg": states["x/b.jpg"], "c.jpg": states["x/c.jpg"]}
    assert sorted(told(items))[-1] == ("Unchanged", "1")
    assert not any(isinstance(item, Vanished | New) for item in items)


def test_move_from_another_root_and_of_a_missing_file(tree: Tree) -> None:
    root = tree("one/a.jpg", "one/s.jpg", "two/b.jpg")
    states = remembered(root)
    (root / "one" / "a.jpg").rename(root / "two" / "a.jpg")
    for missing in (False, True):
        states["one/a.jpg"] = replace(states["one/a.jpg"], missing=missing)
        items = planned(root / "two", states.values())
        assert sorted(told(items)) == [("Moved", "a.jpg"), ("Unchanged", "1")]


def test_moved_asset_with_more_to_do(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg")
    states = remembered(root)
    states["a.jpg"] = replace(states["a.jpg"], embedded=False)
    (root / "a.jpg").rename(root / "z.jpg")
    (root / "z.xmp").write_bytes(b"x")
    kinds = [kind for kind, name in told(planned(root, states.values())) if name == "z.jpg"]
    assert kinds == ["Moved", "SidecarChanged", "NeedsEmbedding"]


def test_what_is_no_certain_move(tree: Tree) -> None:
    root = tree("linked.jpg", "swapped.jpg", "copied.jpg")
    states = remembered(root)
    os.link(root / "linked.jpg", root / "link.jpg")
    (root / "swapped.jpg").rename(root / "away.jpg")
    (root / "swapped.jpg").write_bytes(b"\xff\xd8\xffanother")
    (root / "copy.jpg").write_bytes((root / "copied.jpg").read_bytes())
    assert sorted(told(planned(root, states.values()))) == [
        ("Modified", "swapped.jpg"),
        ("New", "away.jpg"),
        ("New", "copy.jpg"),
        ("New", "link.jpg"),
        ("Unchanged", "2"),
    ]


def test_two_new_names_of_one_file_that_left(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg")
    states = remembered(root)
    os.link(root / "a.jpg", root / "c.jpg")
    (root / "a.jpg").rename(root / "d.jpg")
    kinds = sorted(kind for kind, _ in told(planned(root, states.values())))
    assert kinds == ["Moved", "New", "Unchanged"]


def test_an_old_place_that_cannot_be_looked_at_is_no_certain_move(tree: Tree, unprivileged: Unprivileged) -> None:
    root = tree("open/a.jpg", "closed/b.jpg")
    states = remembered(root)
    (root / "closed" / "b.jpg").rename(root / "open" / "c.jpg")
    (root / "closed").chmod(0)
    with unprivileged():
        assert sorted(told(planned(root, states.values()))) == [
            ("New", "c.jpg"),
            ("Unchanged", "1"),
            ("WalkProblem", "permission"),
        ]


def test_case_only_rename(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree("photo.jpg", "b.jpg")
    states = remembered(root)
    (root / "photo.jpg").rename(root / "Photo.JPG")
    assert ("Moved", "Photo.JPG") in told(planned(root, states.values()))
    # A file system that ignores case answers to the old name, too.
    real = os.lstat
    monkeypatch.setattr(os, "lstat", lambda path: real(str(path).replace("photo.jpg", "Photo.JPG")))
    assert ("Moved", "Photo.JPG") in told(planned(root, states.values()))


# -- when nothing may be called vanished


def test_root_that_is_gone(tree: Tree) -> None:
    root = tree("a.jpg", "x/b.jpg")
    states = remembered(root)
    root.rename(root.parent / "elsewhere")
    assert told(planned(root, states.values())) == [("RootUnavailable", "root 2")]


def test_root_that_cannot_be_listed(tree: Tree, unprivileged: Unprivileged) -> None:
    root = tree("a.jpg")
    states = remembered(root)
    root.chmod(0)
    with unprivileged():
        assert told(planned(root, states.values())) == [("RootUnavailable", "root 1")]


def test_root_suddenly_empty(tree: Tree) -> None:
    root = tree("a.jpg", "x/b.jpg")
    states = remembered(root)
    (root / "a.jpg").unlink()
    (root / "x" / "b.jpg").unlink()
    assert told(planned(root, states.values())) == [("RootUnavailable", "root 2")]
    missing = [replace(state, missing=True) for state in states.values()]
    assert planned(root, missing) == []


def test_single_file_that_is_gone(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg")
    states = remembered(root)
    path = root / "a.jpg"
    assert told(planned(path, states.values())) == [("Unchanged", "1")]
    path.unlink()
    assert told(planned(path, states.values())) == [("RootUnavailable", "a.jpg 1")]


def test_disk_below_the_root_that_is_not_mounted(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg", "usb/c.jpg", "usb/in/d.jpg")
    states = remembered(root)
    for name in ("usb/c.jpg", "usb/in/d.jpg"):
        identity = states[name].identity
        states[name] = replace(states[name], identity=replace(identity, device=identity.device + 1))
        (root / name).unlink()
    (root / "b.jpg").unlink()
    assert told(planned(root, states.values())) == [
        ("Unchanged", "1"),
        ("Vanished", "b.jpg"),
        ("RootUnavailable", "usb 2"),
    ]


def test_disk_with_another_number(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg", "c.jpg")
    states = {
        name: replace(state, identity=replace(state.identity, device=state.identity.device + 1))
        for name, state in remembered(root).items()
    }
    (root / "b.jpg").unlink()
    os.utime(root / "c.jpg", ns=(1, 1))
    items = planned(root, states.values())
    assert sorted(told(items)) == [("Modified", "c.jpg"), ("Remounted", "a.jpg"), ("Vanished", "b.jpg")]
    assert [item.state for item in items if isinstance(item, Remounted)] == [states["a.jpg"]]


def test_folder_that_cannot_be_read(tree: Tree, unprivileged: Unprivileged) -> None:
    root = tree("a.jpg", "gone.jpg", "closed/b.jpg", "closed/in/c.jpg", "half/d.jpg")
    states = remembered(root)
    (root / "gone.jpg").unlink()
    (root / "closed").chmod(0)
    (root / "half").chmod(0o444)
    with unprivileged():
        items = told(planned(root, states.values()))
    assert items.count(("WalkProblem", "permission")) == 2
    assert items[-1] == ("Vanished", "gone.jpg")
    assert ("Unchanged", "1") in items


def test_broken_link_keeps_what_was_behind_it(tree: Tree) -> None:
    root = tree("a.jpg", "../usb/b.jpg", "../usb/in/c.jpg")
    (root / "usb").symlink_to(root.parent / "usb")
    states = remembered(root)
    assert len(states) == 3
    (root.parent / "usb").rename(root.parent / "unplugged")
    assert told(planned(root, states.values())) == [("WalkProblem", "broken-link"), ("Unchanged", "1")]


# -- the scope of a walk


def test_nothing_outside_the_root_vanishes(tree: Tree) -> None:
    root = tree("x/a.jpg", "x/b.jpg", "xy/c.jpg", "d.jpg")
    states = remembered(root)
    for name in ("x/b.jpg", "xy/c.jpg", "d.jpg"):
        (root / name).unlink()
    assert told(planned(root / "x", states.values())) == [("Unchanged", "1"), ("Vanished", "b.jpg")]


def test_not_recursive(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg", "x/c.jpg")
    states = remembered(root)
    (root / "b.jpg").unlink()
    (root / "x" / "c.jpg").unlink()
    assert told(planned(root, states.values(), recursive=False)) == [("Unchanged", "1"), ("Vanished", "b.jpg")]


def test_a_part_may_be_empty_or_gone(tree: Tree) -> None:
    root = tree("a.jpg", "x/b.jpg", "x/y/c.jpg")
    states = remembered(root)
    (root / "x" / "b.jpg").unlink()
    part = str(root / "x")
    assert told(planned(root, states.values(), start=part, recursive=False)) == [("Vanished", "b.jpg")]
    (root / "x").rename(root.parent / "x")
    assert told(planned(root, states.values(), start=part)) == [("Vanished", "b.jpg c.jpg")]
    root.rename(root.parent / "gone")
    assert told(planned(root, states.values(), start=part)) == [("RootUnavailable", "root 2")]


def test_the_last_file_directly_in_a_root(tree: Tree) -> None:
    root = tree("a.jpg", "x/b.jpg")
    states = remembered(root)
    (root / "a.jpg").unlink()
    items = planned(root, states.values(), start=str(root), recursive=False)
    assert told(items) == [("Vanished", "a.jpg")]


def test_newly_excluded_files_vanish(tree: Tree) -> None:
    root = tree("a.jpg", "x/b.jpg")
    items = planned(root, remembered(root).values(), DiscoverySettings(exclude=("x/",)))
    assert told(items) == [("Unchanged", "1"), ("Vanished", "b.jpg")]


def test_a_scan_stopped_early_says_nothing_of_what_vanished(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg")
    states = remembered(root)
    (root / "b.jpg").unlink()
    tree("c.jpg")
    items = plan(walk(root, PLAIN), KnownFiles(states.values()), str(root))
    assert isinstance(next(items), New)
    items.close()  # type: ignore[attr-defined]
    assert list(items) == []
