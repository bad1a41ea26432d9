"""Palettes, sharpness and motion of a library that an earlier version indexed: found by the next index run."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests import motion_photos

from smartsearch.core.assets import TouchImage
from smartsearch.core.query import ColorNear, Everything, HasMotion
from smartsearch.indexing import looks
from smartsearch.library import DATABASE_NAME, Library


def unmeasured(library: Library) -> None:
    """As the migration leaves what an earlier version indexed."""
    with closing(sqlite3.connect(library.places.library / DATABASE_NAME)) as connection, connection:
        connection.execute("UPDATE images SET sharpness = NULL")
        connection.execute("DELETE FROM image_colors WHERE place > 0")
        connection.execute("UPDATE image_colors SET percent = 100")


def test_the_next_run_measures_from_thumbnails_or_else_from_the_files(library: Library, photos: Path) -> None:
    library.index([photos])
    before = library.store.assets(library.store.select(Everything()))
    unmeasured(library)
    no_thumbnail, gone, lost = before[:3]
    for asset in (no_thumbnail, lost):
        library.thumbnails.remove(asset.file_hash)
    Path(gone.path).unlink()
    Path(lost.path).unlink()
    library.index()
    after = {asset.id: asset for asset in library.store.assets(library.store.select(Everything()))}
    assert library.store.without_looks() == [lost.id], "neither thumbnail nor file: tried again by the next run"
    assert after[no_thumbnail.id].palette == no_thumbnail.palette
    for asset in before[3:]:
        measured = after[asset.id]
        assert measured.sharpness is not None
        assert measured.sharpness > 0
        assert library.store.select(ColorNear(measured.palette[0].color))
        assert abs(measured.palette[0].percent - asset.palette[0].percent) <= 15, "the thumbnail is compressed"


def unlooked(library: Library) -> None:
    """As the migration leaves photos of which nobody knows whether they move."""
    with closing(sqlite3.connect(library.places.library / DATABASE_NAME)) as connection, connection:
        connection.execute(
            "UPDATE images SET motion_start = NULL, motion_length = NULL WHERE format IN ('jpeg', 'heif', 'avif')"
        )


def test_the_next_run_looks_for_motion_once(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "phone"
    folder.mkdir()
    video = motion_photos.motion_video(tmp_path)
    moving = motion_photos.picture(motion_photos.micro_video(len(video))) + video
    pictures = {
        "moving.jpg": moving,
        "still.jpg": motion_photos.picture(colour="red"),
        "gone.jpg": motion_photos.picture(motion_photos.micro_video(len(video)), colour="gold") + video,
        "damaged.jpg": motion_photos.picture(colour="teal"),
        "plain.png": motion_photos.picture(format="PNG"),
    }
    for name, data in pictures.items():
        (folder / name).write_bytes(data)
    library.index([folder])
    ids = {Path(asset.path).name: asset.id for asset in library.store.assets(library.store.select(Everything()))}
    assert library.store.without_motion() == [], "the first run looked at all"
    unlooked(library)
    expected = sorted(ids[name] for name in ("moving.jpg", "still.jpg", "gone.jpg", "damaged.jpg"))
    assert library.store.without_motion() == expected
    status = (folder / "damaged.jpg").stat()
    (folder / "damaged.jpg").write_bytes(b"?" * status.st_size)
    os.utime(folder / "damaged.jpg", ns=(status.st_atime_ns, status.st_mtime_ns))  # by the disk: nobody sees a change
    (folder / "gone.jpg").rename(tmp_path / "gone.jpg")
    monkeypatch.setattr(looks, "BATCH", 1)
    asked = iter([False, True])
    pool = library._decoders()
    assert looks.find_motion_photos(library.store, pool, library.settings.media, cancelled=lambda: next(asked)) == 1
    assert library.store.without_motion() == expected[1:], "cancelled after a batch, which is kept"
    progress = library.index().progress
    assert (progress.added, progress.updated, progress.embedded) == (0, 0, 0), "nothing is embedded for it"
    assert library.store.select(HasMotion()) == [ids["moving.jpg"]]
    assert library.store.without_motion() == [], "damaged ones count as looked at; missing ones are out of reach"
    library.store.apply([TouchImage(ids["gone.jpg"], library.store.assets([ids["gone.jpg"]])[0].identity)])
    assert library.store.without_motion() == [ids["gone.jpg"]], "what was missing is looked at when it is back"
