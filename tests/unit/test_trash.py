"""The trash takes duplicates the user confirmed, and refuses whatever could lose a picture."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.contract.making import SPACE, content

from smartsearch.core.assets import FileIdentity, PutImage
from smartsearch.core.errors import (
    AssetNotFoundError,
    LibraryBusyError,
    TrashError,
    TrashOffError,
    TrashRefusedError,
    UsageError,
)
from smartsearch.core.query import Not, Present
from smartsearch.duplicates.review import Duplicates
from smartsearch.duplicates.trash import TrashReport
from smartsearch.indexing.lock import exclusive
from smartsearch.media.hashing import file_sha256
from smartsearch.testing import MemoryStore


class Scene:
    """Three files, two of them alike, in an indexed folder; a trash that is a folder beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "photos"
        self.bin = folder / "trash"
        self.library = folder / "library"
        for each in (self.folder, self.bin, self.library):
            each.mkdir()
        self.store = MemoryStore()
        self.store.add_root(str(self.folder), recursive=True)
        self.allowed = True
        self.duplicates = Duplicates(self.store, lambda: SPACE, self.library, lambda: self.allowed, self.send)
        self.best = self.add("best.jpg", b"picture", width=960, height=720)
        self.small = self.add("small.jpg", b"pict", phash=2**64 - 2)
        self.other = self.add("other.jpg", b"something else", phash=12345)

    def send(self, path: str) -> None:
        os.rename(path, self.bin / Path(path).name)

    def path(self, name: str) -> Path:
        return self.folder / name

    def add(self, name: str, data: bytes, *, at: Path | None = None, **fields: object) -> int:
        path = at or self.path(name)
        if not path.exists():
            path.write_bytes(data)
        digest, identity = file_sha256(path)
        look = np.full(SPACE.dim, SPACE.dim**-0.5, np.float32)
        fields = {"height": 480, "phash": 2**64 - 3} | fields
        self.store.apply([PutImage(str(path), identity, digest, None, content(**fields), {SPACE.key: look})])
        asset = self.store.asset_by_path(str(path))
        assert asset is not None
        return asset.id

    def trash(self, *ids: int) -> TrashReport:
        return self.duplicates.trash(ids, self.duplicates.plan_trash(ids).token)

    def refusal(self, *ids: int) -> str:
        """Why the one file was refused; and nothing at all has moved."""
        report = self.trash(*ids)
        assert report.moved == ()
        assert os.listdir(self.bin) == []
        [item] = report.refused
        return item.problem


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_what_is_confirmed_goes_to_the_trash_and_is_missing(scene: Scene) -> None:
    plan = scene.duplicates.plan_trash([scene.small])
    assert (plan.bytes, [item.staying for item in plan.items]) == (4, [(scene.best,)])
    assert scene.path("small.jpg").exists(), "a plan touches nothing"
    report = scene.duplicates.trash([scene.small], plan.token)
    assert [item.id for item in report.moved] == [scene.small]
    assert [entry.name for entry in scene.bin.iterdir()] == ["small.jpg"]
    assert scene.store.select(Not(Present())) == [scene.small], "all that is known of it stays"
    [job] = scene.store.jobs()
    assert (job.kind, job.state, job.done, job.detail["paths"]) == (
        "trash",
        "done",
        1,
        [str(scene.path("small.jpg"))],
    )
    assert scene.duplicates.find().groups == ()


def test_it_is_off_unless_the_setting_says_otherwise(scene: Scene) -> None:
    token = scene.duplicates.plan_trash([scene.small]).token
    scene.allowed = False
    with pytest.raises(TrashOffError, match="allow_trash"):
        scene.duplicates.plan_trash([scene.small])
    with pytest.raises(TrashOffError):
        scene.duplicates.trash([scene.small], token)
    assert scene.path("small.jpg").exists()


def test_a_picture_never_goes_whole(scene: Scene) -> None:
    with pytest.raises(TrashRefusedError, match="All 2"):
        scene.duplicates.plan_trash([scene.best, scene.small])


@pytest.mark.parametrize("chosen", [[], ["other"], ["small", "other"], [99]])
def test_only_duplicates_go(scene: Scene, chosen: list[str | int]) -> None:
    ids = [getattr(scene, each) if isinstance(each, str) else each for each in chosen]
    with pytest.raises(TrashRefusedError, match="not among the duplicates"):
        scene.duplicates.plan_trash(ids)


def test_what_is_not_what_was_confirmed_does_not_go(scene: Scene) -> None:
    token = scene.duplicates.plan_trash([scene.small]).token
    with pytest.raises(TrashRefusedError, match="confirmed"):
        scene.duplicates.trash([scene.best], token)
    scene.path("small.jpg").write_bytes(b"new")
    scene.add("small.jpg", b"new", phash=2**64 - 2)
    with pytest.raises(TrashRefusedError, match="confirmed"):
        scene.duplicates.trash([scene.small], token)
    assert os.listdir(scene.bin) == []


def _edit(path: Path) -> None:
    status = path.stat()
    path.write_bytes(bytes(reversed(path.read_bytes())))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


@pytest.mark.parametrize(
    ("what", "name", "reason"),
    [
        (_edit, "small.jpg", "has changed"),
        (_link, "small.jpg", "symbolic link"),
        (Path.unlink, "small.jpg", "not there"),
        (_edit, "best.jpg", "not there unchanged"),
        (Path.unlink, "best.jpg", "not there unchanged"),
    ],
)
def test_files_that_changed_behind_the_librarys_back(
    scene: Scene, what: Callable[[Path], object], name: str, reason: str
) -> None:
    what(scene.path(name))
    assert reason in scene.refusal(scene.small)


def test_a_file_behind_a_linked_folder_stays(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    scene.path("link").symlink_to(tmp_path / "far")
    copy = scene.add("copy.jpg", b"picture", at=scene.path("link") / "copy.jpg")
    assert "behind a symbolic link" in scene.refusal(copy)


def test_a_root_that_is_a_link_is_fine(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(scene.folder)
    scene.store.remove_root(str(scene.folder))
    scene.store.add_root(str(tmp_path / "alias"), recursive=True)
    one = scene.add("x.jpg", b"x", at=tmp_path / "alias" / "x.jpg", phash=777)
    scene.add("y.jpg", b"x", at=tmp_path / "alias" / "y.jpg", phash=777)
    assert len(scene.trash(one).moved) == 1


def test_a_file_outside_the_indexed_folders_stays(scene: Scene, tmp_path: Path) -> None:
    outside = scene.add("copy.jpg", b"picture", at=tmp_path / "copy.jpg")
    assert "no indexed folder" in scene.refusal(outside)


def test_a_second_name_of_the_same_file_is_no_copy(scene: Scene) -> None:
    os.link(scene.path("best.jpg"), scene.path("linked.jpg"))
    linked = scene.add("linked.jpg", b"")
    assert "file of its own" in scene.refusal(linked)


def test_a_trash_that_fails_costs_that_file_only(scene: Scene) -> None:
    copy = scene.add("copy.jpg", b"picture")
    working = scene.send

    def send(path: str) -> None:
        if path.endswith("copy.jpg"):
            raise TrashError("No trash on this disk.")
        working(path)

    scene.duplicates._send = send
    report = scene.trash(copy, scene.small)
    assert [item.problem for item in report.refused] == ["No trash on this disk."]
    assert [item.id for item in report.moved] == [scene.small]
    assert scene.path("copy.jpg").exists()


def test_a_trash_that_does_nothing_is_noticed(scene: Scene) -> None:
    scene.duplicates._send = lambda _: None
    assert "left it" in scene.refusal(scene.small)
    assert scene.store.count(Not(Present())) == 0


def test_nothing_moves_while_the_library_is_indexed(scene: Scene) -> None:
    with exclusive(scene.library), pytest.raises(LibraryBusyError):
        scene.trash(scene.small)


def test_the_users_word_that_they_differ(scene: Scene) -> None:
    scene.duplicates.set_distinct([scene.best, scene.small])
    assert scene.duplicates.find().groups == ()
    scene.duplicates.set_distinct([scene.best, scene.small], False)
    assert len(scene.duplicates.find().groups) == 1
    with pytest.raises(AssetNotFoundError):
        scene.duplicates.set_distinct([scene.best, 99])
    with pytest.raises(UsageError):
        scene.duplicates.set_distinct([scene.best, scene.best])


def test_the_identity_is_not_trusted_only_the_bytes_are(scene: Scene) -> None:
    """A file of the same size and time with other bytes, as a restored backup may leave it."""
    asset = scene.store.assets([scene.small])[0]
    assert isinstance(asset.identity, FileIdentity)
    _edit(scene.path("small.jpg"))
    assert asset.identity.is_of(scene.path("small.jpg").stat())
    assert "has changed" in scene.refusal(scene.small)
