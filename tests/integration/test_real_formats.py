"""The proof over real and hostile files: each ends as an image or as a row in the errors table with a plain reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smartsearch.config import find_places, load_settings
from smartsearch.core.query import Everything
from smartsearch.core.signatures import SNIFF_BYTES, sniff
from smartsearch.crawler.suffixes import IMAGE_SUFFIXES
from smartsearch.library import Library


def looks_like_a_picture(path: Path) -> bool:
    with path.open("rb") as file:
        return path.suffix.lower()[1:] in IMAGE_SUFFIXES or (
            not path.suffix and sniff(file.read(SNIFF_BYTES)) is not None
        )


@pytest.mark.slow
@pytest.mark.shared_data
def test_every_file_is_indexed_or_has_a_row_that_says_why(shared_data: Path, home: Path) -> None:
    roots = [shared_data / "formats", shared_data / "metadata"]
    pictures = {
        str(path)
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and path.stat().st_size and looks_like_a_picture(path)
    }
    assert len(pictures) > 1000
    places = find_places()
    with Library.open(places, load_settings(places), create=True) as library:
        report = library.index(roots)
        indexed = {asset.path for asset in library.store.assets(library.store.select(Everything()))}
        errors = {error.path: error for error in library.errors()}
        assert report.state == "done"
        assert pictures <= indexed | errors.keys()
        assert not indexed & errors.keys()
        assert report.progress.added + report.progress.copied == len(indexed)
        for error in errors.values():
            assert error.message
            assert "\n" not in error.message
            assert "Traceback" not in error.message
            assert "object at 0x" not in error.message
        again = library.index(roots).progress
        assert (again.embedded, again.errors) == (0, 0)
        assert library.doctor().open == ()
        assert os.path.commonpath([*indexed]) == str(shared_data)


@pytest.mark.shared_data
def test_coordinates_reach_the_library(shared_data: Path, home: Path) -> None:
    places = find_places()
    with Library.open(places, load_settings(places), create=True) as library:
        library.index([shared_data / "metadata" / "exif-samples"])
        from smartsearch.core.query import HasGps, WithinBox

        located = library.store.count(HasGps())
        in_tuscany = library.store.count(WithinBox(42.0, 9.5, 44.5, 12.5))
        assert located >= 9
        assert in_tuscany >= 5
