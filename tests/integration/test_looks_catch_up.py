"""Palettes and sharpness of a library that an earlier version indexed: found by the next index run."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from smartsearch.core.query import ColorNear, Everything
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
