"""The walk, over real folders."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from smartsearch.core.errors import ConfigError
from smartsearch.core.settings import DiscoverySettings
from smartsearch.crawler.found import Found, WalkProblem, identity_of
from smartsearch.crawler.walk import walk

Tree = Callable[..., Path]
Unprivileged = Callable[[], AbstractContextManager[None]]
PLAIN = DiscoverySettings()
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 60


def names(root: Path | str, settings: DiscoverySettings = PLAIN, **options: Any) -> list[str]:
    """Paths relative to the root, sorted; the walk must have met no problem."""
    items = list(walk(root, settings, **options))
    assert [item for item in items if isinstance(item, WalkProblem)] == []
    return sorted(os.path.relpath(item.path, root) for item in items if isinstance(item, Found))


def problems(root: Path, settings: DiscoverySettings = PLAIN, **options: Any) -> list[tuple[str, str]]:
    items = walk(root, settings, **options)
    return [(os.path.relpath(item.path, root), item.code) for item in items if isinstance(item, WalkProblem)]


def test_reports_what_stat_says(tree: Tree) -> None:
    root = tree("a/b.jpg")
    (found,) = walk(root, PLAIN)
    assert isinstance(found, Found)
    path = root / "a" / "b.jpg"
    status = path.stat()
    assert found.path == str(path)
    assert found.identity == identity_of(status)
    assert found.created_ns <= status.st_mtime_ns
    assert found.created_at is not None
    assert found.created_at.timestamp() == pytest.approx(found.created_ns / 1e9)
    assert found.sidecar_path is None


def test_a_time_outside_the_calendar_is_no_error(tree: Tree) -> None:
    (found,) = walk(tree("a.jpg"), PLAIN)
    assert isinstance(found, Found)
    assert found._replace(created_ns=1 << 62).created_at is not None
    assert found._replace(created_ns=10**30).created_at is None


def test_recursive_or_not(tree: Tree) -> None:
    root = tree("a.jpg", "x/b.jpg", "x/y/c.jpg")
    assert names(root) == ["a.jpg", "x/b.jpg", "x/y/c.jpg"]
    assert names(root, recursive=False) == ["a.jpg"]


def test_relative_root_becomes_absolute(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree("a.jpg").parent)
    (found,) = walk("root", PLAIN)
    assert os.path.isabs(found[0])


def test_empty_folder(tree: Tree) -> None:
    assert names(tree()) == []


@pytest.mark.parametrize("name", ["a.JPG", "a.Jpeg", "a.heic", "a.AVIF", "a.jxl", "a.NEF", "a.b.webp"])
def test_image_suffixes_are_candidates_unopened(tree: Tree, name: str) -> None:
    root = tree()
    (root / name).write_bytes(b"not looked at")
    assert names(root) == [name]


def test_content_decides_where_the_suffix_does_not(tree: Tree) -> None:
    root = tree("photo", "photo.download", "photo.2023", "jpg", "movie.mpg", "notes.txt")
    (root / "README").write_bytes(b"just text")
    (root / "data.unknown").write_bytes(b"")
    assert names(root) == ["jpg", "photo", "photo.2023", "photo.download"]


def test_known_files_are_not_opened(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree("photo", "other")
    opened: list[str] = []
    monkeypatch.setattr(
        "smartsearch.crawler.walk.looks_like_image", lambda path: bool(opened.append(os.path.basename(path)))
    )
    assert names(root, known=lambda path: path.endswith("photo")) == ["photo"]
    assert opened == ["other"]


def test_small_files_are_left_out(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg")
    (root / "b.jpg").write_bytes(b"")
    assert names(root) == ["a.jpg"]
    assert names(root, DiscoverySettings(min_bytes=0)) == ["a.jpg", "b.jpg"]
    assert names(root, DiscoverySettings(min_bytes=65)) == []


def test_only_regular_files(tree: Tree) -> None:
    root = tree("a.jpg")
    os.mkfifo(root / "pipe.jpg")
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(root / "socket.jpg"))
        assert names(root) == ["a.jpg"]


def test_hidden_files_and_folders(tree: Tree) -> None:
    root = tree("a.jpg", ".b.jpg", ".hidden/c.jpg", ".hidden/.deep/d.jpg")
    assert names(root) == ["a.jpg"]
    assert names(root / ".hidden") == ["c.jpg"]
    shown = DiscoverySettings(include_hidden=True)
    assert names(root, shown) == [".b.jpg", ".hidden/.deep/d.jpg", ".hidden/c.jpg", "a.jpg"]


def test_no_media_leaves_folder_and_below(tree: Tree) -> None:
    root = tree("a.jpg", "x/.nomedia", "x/b.jpg", "x/y/c.jpg")
    assert names(root) == ["a.jpg"]


def test_default_and_own_excludes(tree: Tree) -> None:
    root = tree("a.jpg", "node_modules/b.jpg", "x/@eaDir/c.jpg", "x/._d.jpg", "private/e.jpg", "f.png")
    assert names(root, DiscoverySettings(exclude=("/private/", "*.png"))) == ["a.jpg"]
    assert "node_modules/b.jpg" in names(root, DiscoverySettings(default_excludes=False))
    assert "node_modules/b.jpg" in names(root, DiscoverySettings(exclude=("!node_modules/",)))


def test_nested_ignore_files(tree: Tree) -> None:
    root = tree("a.png", "x/a.png", "x/keep/a.png", "x/keep/b.jpg", "x/y/b.jpg", "y/b.jpg")
    (root / ".smartsearchignore").write_text("*.png\n")
    (root / "x" / ".smartsearchignore").write_text("/y/\n!keep/*.png\n")
    (root / "x" / "keep" / ".smartsearchignore").write_text("b.jpg\n")
    assert names(root) == ["x/keep/a.png", "y/b.jpg"]


def test_impossible_exclude_is_said_at_once(tree: Tree) -> None:
    with pytest.raises(ConfigError):
        walk(tree(), DiscoverySettings(exclude=("[z-a]",)))


def test_skipped_folder_is_never_entered(tree: Tree) -> None:
    root = tree("a.jpg", "library/thumbs/b.jpg", "library/c.jpg")
    (root / "link").symlink_to(root / "library")
    (root / "inner").symlink_to(root / "library" / "thumbs")
    (root / "file.jpg").symlink_to(root / "library" / "c.jpg")
    skip = [str(root / "library"), str(root / "not there")]
    assert names(root, skip=skip) == ["a.jpg"]
    assert names(root / "library" / "thumbs", skip=skip) == []


# -- sidecars


def test_sidecars(tree: Tree) -> None:
    root = tree("a.jpg", "a.xmp", "b.jpg", "b.jpg.XMP", "b.xmp", "c.jpg", "ab.xmp")
    os.utime(root / "a.xmp", ns=(5, 7))
    found = {item.name: item for item in walk(root, PLAIN) if isinstance(item, Found)}
    assert sorted(found) == ["a.jpg", "b.jpg", "c.jpg"]
    assert found["a.jpg"].sidecar_path == str(root / "a.xmp")
    assert found["a.jpg"].sidecar_mtime_ns == 7
    assert found["b.jpg"].sidecar == "b.jpg.XMP"
    assert found["c.jpg"].sidecar is None
    assert found["c.jpg"].sidecar_mtime_ns is None


# -- a root that is one file


def test_single_file(tree: Tree) -> None:
    root = tree("node_modules/.a.jpg", "node_modules/.a.xmp", "b")
    (root / "c").write_bytes(b"text")
    (found,) = walk(root / "node_modules" / ".a.jpg", PLAIN)
    assert isinstance(found, Found)
    assert (found.name, found.sidecar) == (".a.jpg", ".a.xmp")
    assert names(root / "b") == ["."]
    assert problems(root / "c") == [(".", "unsupported")]
    os.mkfifo(root / "pipe.jpg")
    assert problems(root / "pipe.jpg") == [(".", "unsupported")]


def test_root_that_is_not_there(tmp_path: Path) -> None:
    assert problems(tmp_path / "gone") == [(".", "root-unavailable")]


def test_root_that_cannot_be_listed(tree: Tree, unprivileged: Unprivileged) -> None:
    root = tree("a.jpg")
    root.chmod(0)
    with unprivileged():
        assert problems(root) == [(".", "root-unavailable")]


# -- a part of a root


def test_part_keeps_the_rules_above_it(tree: Tree) -> None:
    root = tree("x/y/a.jpg", "x/y/b.png", "x/z/c.jpg", "out/d.jpg", ".hidden/e.jpg", "n/.nomedia", "n/m/f.jpg")
    (root / "x" / ".smartsearchignore").write_text("/y/*.png\n")
    settings = DiscoverySettings(exclude=("/out/",))
    assert names(root, settings, start=str(root / "x" / "y")) == ["x/y/a.jpg"]
    assert names(root, settings, start=str(root / "x"), recursive=False) == []
    assert names(root, settings, start=str(root)) == ["x/y/a.jpg", "x/z/c.jpg"]
    for left_out in ("out", ".hidden", "n/m", "gone", "x/y/a.jpg", ".."):
        assert names(root, settings, start=str(root / left_out)) == []


def test_part_of_a_root_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert problems(gone, start=str(gone / "x")) == [(".", "root-unavailable")]


def test_part_leaves_links_into_the_root_to_the_whole_walk(tree: Tree) -> None:
    root = tree("x/a.jpg", "y/b.jpg", "../outside/c.jpg")
    (root / "x" / "inside").symlink_to(root / "y")
    (root / "x" / "inside.jpg").symlink_to(root / "y" / "b.jpg")
    (root / "x" / "outside").symlink_to(root.parent / "outside")
    (root / "top.jpg").symlink_to(root / "y" / "b.jpg")
    assert names(root, start=str(root / "x")) == ["x/a.jpg", "x/outside/c.jpg"]
    assert names(root, start=str(root), recursive=False) == []
    assert names(root, start=str(root)) == names(root) == ["x/a.jpg", "x/outside/c.jpg", "y/b.jpg"]


# -- symbolic links


def test_link_cycles_end(tree: Tree) -> None:
    root = tree("x/a.jpg", "x/y/b.jpg")
    (root / "x" / "y" / "up").symlink_to(root)
    (root / "self").symlink_to(root / "self2")
    (root / "x" / "again").symlink_to("y")
    (root / "self2").symlink_to(root / "x")
    assert names(root) == ["x/a.jpg", "x/y/b.jpg"]


def test_link_to_itself_is_a_problem(tree: Tree) -> None:
    root = tree("a.jpg")
    (root / "loop").symlink_to("loop")
    assert problems(root) == [("loop", "link-loop")]


def test_linked_folder_is_walked_once_under_its_first_name(tree: Tree) -> None:
    root = tree("a.jpg", "../outside/b.jpg", "../outside/in/c.jpg")
    for name in ("z", "m"):
        (root / name).symlink_to(root.parent / "outside")
    (root / "deep").symlink_to(root.parent / "outside" / "in")
    assert names(root) == ["a.jpg", "deep/c.jpg", "m/b.jpg"]
    assert names(root, DiscoverySettings(follow_symlinks=False)) == ["a.jpg"]
    assert names(root, recursive=False) == ["a.jpg"]
    assert names(root, DiscoverySettings(exclude=("m/",))) == ["a.jpg", "deep/c.jpg", "z/b.jpg"]


def test_linked_file_is_one_asset(tree: Tree) -> None:
    root = tree("real.jpg", "../outside/o.jpg", "../outside/text.txt")
    (root / "alias.jpg").symlink_to("real.jpg")
    (root / "o2.jpg").symlink_to(root.parent / "outside" / "o.jpg")
    (root / "o1").symlink_to(root.parent / "outside" / "o.jpg")
    (root / "o1.xmp").write_bytes(b"x")
    (root.parent / "outside" / "text.txt").write_bytes(b"text")
    (root / "t").symlink_to(root.parent / "outside" / "text.txt")
    assert names(root) == ["o1", "real.jpg"]
    found = {item.name: item for item in walk(root, PLAIN) if isinstance(item, Found)}
    assert found["o1"].identity == identity_of((root.parent / "outside" / "o.jpg").stat())
    assert found["o1"].sidecar == "o1.xmp"
    assert names(root, DiscoverySettings(exclude=("o1",))) == ["o2.jpg", "real.jpg"]
    assert names(root, DiscoverySettings(min_bytes=100)) == []


def test_broken_link_is_a_problem(tree: Tree) -> None:
    root = tree("a.jpg")
    (root / "usb").symlink_to(root / "not mounted")
    assert problems(root) == [("usb", "broken-link")]


def test_root_that_is_a_link(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tree("a.jpg"))
    (found,) = walk(tmp_path / "link", PLAIN)
    assert isinstance(found, Found)
    assert found.path == str(tmp_path / "link" / "a.jpg")


# -- hostile names and places


def test_hostile_names(tree: Tree) -> None:
    root = tree("line\nbreak.jpg", "new\n/a\n.jpg", " .jpg", "a.jpg ", "-rf.jpg", "caf\u00e9.jpg", "cafe\u0301.jpg")
    for raw in (b"\xff\xfe.jpg", b"bad\xe9/x.jpg"):
        path = os.path.join(os.fsencode(root), raw)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(JPEG)
    found = names(root)
    assert len(found) == 9
    assert "\udcff\udcfe.jpg" in found
    assert "bad\udce9/x.jpg" in found
    assert "new\n/a\n.jpg" in found
    assert all(os.path.exists(os.path.join(root, name)) for name in found)


def test_case_only_differences(tree: Tree) -> None:
    root = tree("a.jpg", "A.jpg", "A.JPG", "x/a.jpg", "X/a.jpg")
    if len(list(root.iterdir())) < 5:
        pytest.skip("the file system ignores case")
    assert names(root) == ["A.JPG", "A.jpg", "X/a.jpg", "a.jpg", "x/a.jpg"]


def _make_deep(root: Path, levels: int, name: str) -> None:
    """Nest folders by relative steps, as a path would get too long to name."""
    here = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    file = os.open("deep.jpg", os.O_CREAT | os.O_WRONLY, dir_fd=here)
    os.write(file, JPEG)
    os.close(file)
    os.close(here)


@pytest.fixture
def deep(request: pytest.FixtureRequest) -> Iterator[Path]:
    # In memory where there is such a place (removing a thousand folders takes seconds on a disk), and removed here:
    # what no path can name is out of reach for pytest's own clean-up.
    root = Path(tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    _make_deep(root, *request.param)
    yield root
    subprocess.run(["rm", "-rf", root], check=True)


@pytest.mark.parametrize("deep", [(1500, "d")], indirect=True)
def test_very_deep_tree(deep: Path) -> None:
    assert names(deep) == ["d/" * 1500 + "deep.jpg"]


@pytest.mark.parametrize("deep", [(30, "x" * 200)], indirect=True)
def test_deeper_than_a_path_can_say(deep: Path) -> None:
    ((path, code),) = problems(deep)
    assert code == "name-too-long"
    assert path.startswith("x" * 200)


def test_unreadable_folder_and_rules(tree: Tree, unprivileged: Unprivileged) -> None:
    root = tree("a.jpg", "closed/b.jpg", "ruled/c.jpg", "ruled/.smartsearchignore", "sniffed/secret", "half/d.jpg")
    (root / "closed").chmod(0)
    (root / "ruled" / ".smartsearchignore").chmod(0)
    (root / "sniffed" / "secret").chmod(0)
    (root / "half").chmod(0o444)  # names can be read, files cannot be looked at
    with unprivileged():
        items = list(walk(root, PLAIN))
    assert [item.name for item in items if isinstance(item, Found)] == ["a.jpg"]
    troubles = {os.path.relpath(item.path, root): item.code for item in items if isinstance(item, WalkProblem)}
    assert set(troubles.values()) == {"permission"}
    assert set(troubles) == {"closed", "ruled", "sniffed/secret", "half/d.jpg"}


def test_io_error_while_listing_keeps_what_was_read(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tree("a.jpg", "x/b.jpg")
    real = os.scandir

    class Failing:
        def __init__(self, entries: Any) -> None:
            self._entries = entries

        def __enter__(self) -> Iterator[Any]:
            return self._read()

        def __exit__(self, *_: object) -> None:
            self._entries.close()

        def _read(self) -> Iterator[Any]:
            yield from self._entries
            raise OSError(5, "Input/output error")

        def close(self) -> None:
            self._entries.close()

    monkeypatch.setattr(os, "scandir", lambda place: Failing(real(place)))
    monkeypatch.setattr("smartsearch.crawler.listing._RELATIVE", True)
    items = list(walk(root, PLAIN))
    assert sorted(item.name for item in items if isinstance(item, Found)) == ["a.jpg", "b.jpg"]
    assert [item.code for item in items if isinstance(item, WalkProblem)] == ["io", "io"]


def test_without_relative_lookups(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartsearch.crawler.listing._RELATIVE", False)
    assert names(tree("a.jpg", "x/b.jpg")) == ["a.jpg", "x/b.jpg"]


def test_files_that_go_while_walking_are_no_problem(tree: Tree) -> None:
    root = tree("a.jpg", "x/b.jpg", "y/c.jpg")
    walked = walk(root, PLAIN)
    first = next(walked)
    assert isinstance(first, Found)
    for name in ("x/b.jpg", "y/c.jpg"):
        (root / name).unlink()
    (root / "x").rmdir()
    (root / "y").rmdir()
    (root / "y").write_bytes(JPEG)
    assert list(walked) == []


def test_an_abandoned_walk_closes_its_folder(tree: Tree) -> None:
    root = tree("a.jpg", "b.jpg")
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    walked = walk(root, PLAIN)
    next(walked)
    del walked
    assert before == (len(os.listdir("/proc/self/fd")) if before else 0)
