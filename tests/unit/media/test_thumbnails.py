"""The thumbnail store: content-addressed, whole files only, a preview cache that stays within its size."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from smartsearch.core.checksums import with_trailer
from smartsearch.core.errors import CorruptImageError, DiskFullError, LibraryReadOnlyError
from smartsearch.core.settings import ThumbnailSettings
from smartsearch.media.thumbnails import ThumbnailStore


def digest(number: int) -> bytes:
    return hashlib.sha256(bytes([number])).digest()


def webp(size: int = 100) -> bytes:
    return b"RIFF" + (size - 8).to_bytes(4, "little") + b"WEBP" + b"\0" * (size - 12)


def store(folder: Path, cache_bytes: int = 10_000) -> ThumbnailStore:
    return ThumbnailStore(folder, ThumbnailSettings(preview_cache_bytes=cache_bytes))


def preview_file(folder: Path, number: int) -> Path:
    [path] = (folder / "previews").rglob(f"{digest(number).hex()}.webp")
    return path


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_put_and_path(tmp_path: Path) -> None:
    thumbnails = store(tmp_path)
    assert thumbnails.path(digest(1)) is None
    thumbnails.put(digest(1), webp())
    path = thumbnails.path(digest(1))
    assert path is not None
    assert path.name == digest(1).hex() + ".webp"
    assert path.parent.name == digest(1).hex()[:2]
    assert path.read_bytes() == with_trailer(webp())
    thumbnails.put(digest(1), webp(200))
    assert path.read_bytes() == with_trailer(webp(200))
    assert files(tmp_path) == [path]


def test_remove_takes_thumbnail_and_preview(tmp_path: Path) -> None:
    thumbnails = store(tmp_path)
    thumbnails.put(digest(1), webp())
    thumbnails.preview(digest(1), lambda size, quality: webp())
    thumbnails.remove(digest(1))
    thumbnails.remove(digest(2))
    assert files(tmp_path) == []


def test_previews_are_made_once_with_the_settings(tmp_path: Path) -> None:
    asked: list[tuple[int, int]] = []

    def make(size: int, quality: int) -> bytes:
        asked.append((size, quality))
        return webp()

    thumbnails = store(tmp_path)
    assert thumbnails.preview(digest(1), make) == thumbnails.preview(digest(1), make)
    assert asked == [(1600, 85)]


def test_the_preview_cache_evicts_what_was_not_looked_at(tmp_path: Path) -> None:
    thumbnails = store(tmp_path, cache_bytes=1080)
    paths = []
    for number in range(10):
        thumbnails.preview(digest(number), lambda size, quality: webp(100))
        paths.append(preview_file(tmp_path, number))
        os.utime(paths[-1], ns=(number, number))
    thumbnails.preview(digest(0), lambda size, quality: webp(100))  # looked at again: now the latest
    thumbnails.preview(digest(10), lambda size, quality: webp(100))
    assert paths[0].exists()
    assert not paths[1].exists()
    assert not paths[2].exists()
    assert paths[3].exists()
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 1080


def test_one_preview_larger_than_the_cache_is_still_shown(tmp_path: Path) -> None:
    assert store(tmp_path, cache_bytes=10).preview(digest(1), lambda size, quality: webp()) == webp()


def test_a_preview_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    def make(size: int, quality: int) -> bytes:
        raise CorruptImageError("broken")

    with pytest.raises(CorruptImageError):
        store(tmp_path).preview(digest(1), make)
    assert files(tmp_path) == []


def test_strays_and_soundness(tmp_path: Path) -> None:
    thumbnails = store(tmp_path)
    for number in range(4):
        thumbnails.put(digest(number), webp())
    assert thumbnails.stray(digest(number) for number in range(1, 4)) == [thumbnails.path(digest(0))]
    cut, zeroed = thumbnails.path(digest(1)), thumbnails.path(digest(2))
    assert cut is not None
    assert zeroed is not None
    cut.write_bytes(webp()[:50])
    zeroed.write_bytes(b"\0" * 100)
    assert [thumbnails.is_sound(digest(number)) for number in range(5)] == [True, False, False, True, False]


def test_every_flipped_bit_of_a_thumbnail_is_found(tmp_path: Path) -> None:
    thumbnails = store(tmp_path)
    thumbnails.put(digest(1), webp())
    path = thumbnails.path(digest(1))
    assert path is not None
    whole = path.read_bytes()
    for position in range(len(whole)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 16]) + whole[position + 1 :])
        assert not thumbnails.is_sound(digest(1)), position
    path.write_bytes(webp())
    assert thumbnails.is_sound(digest(1)), "one of an earlier version, without a checksum"


def test_damaged_previews_are_found_and_forgotten(tmp_path: Path) -> None:
    thumbnails = store(tmp_path)
    thumbnails.preview(digest(1), lambda size, quality: webp())
    path = preview_file(tmp_path, 1)
    assert thumbnails.damaged_previews() == []
    path.write_bytes(path.read_bytes()[:-9] + b"?" + path.read_bytes()[-8:])
    assert thumbnails.damaged_previews() == [path]
    thumbnails.remove_files([path])
    assert files(tmp_path) == []


def test_stray_files_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    thumbnails = store(tmp_path)
    thumbnails.put(digest(1), webp())
    folder = thumbnails.path(digest(1)).parent  # type: ignore[union-attr]
    (folder / ".tmp-abc").write_bytes(b"half")
    assert thumbnails.stray([digest(1)]) == []
    assert thumbnails.remove_stray() == 1
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ENOSPC, DiskFullError), (errno.EDQUOT, DiskFullError), (errno.EROFS, LibraryReadOnlyError)],
)
def test_a_full_or_read_only_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, expected: type[Exception]
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    thumbnails = store(tmp_path)
    thumbnails.put(digest(1), webp())
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(expected):
        thumbnails.put(digest(1), webp(200))
    assert [path.read_bytes() for path in files(tmp_path)] == [with_trailer(webp())]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_device_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    def full(**_: object) -> tuple[int, str]:
        return os.open("/dev/full", os.O_WRONLY), str(tmp_path / "gone")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.raises(DiskFullError):
        store(tmp_path).put(digest(1), webp())


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(LibraryReadOnlyError):
        store(tmp_path).put(digest(1), webp())
    tmp_path.chmod(0o700)
