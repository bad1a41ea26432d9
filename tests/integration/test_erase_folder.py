"""A folder's traces: in every file of the library before, in none after."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.pictures import save_picture

from smartsearch.config import find_places, load_settings
from smartsearch.core.assets import Tag
from smartsearch.core.query import Present
from smartsearch.erasing import files_with
from smartsearch.library import Library
from smartsearch.search.service import SearchRequest

SECRET, KEPT = "geheimer-ordner", "holidays"


@pytest.fixture
def library(home: Path, tmp_path: Path) -> Library:
    """A folder to erase, with a broken file, beside one to keep that has a copy of one of its photos."""
    for folder, colours in ((SECRET, ("red", "green", "blue")), (KEPT, ("red", "yellow"))):
        for colour in colours:
            save_picture(tmp_path / "photos" / folder / f"{folder}-{colour}.jpg", colour)
    (tmp_path / "photos" / SECRET / "broken-thing.jpg").write_bytes(b"\xff\xd8\xff")
    places = find_places()
    opened = Library.open(places, load_settings(places), create=True)
    opened.index([tmp_path / "photos"])
    for asset in opened.store.assets(opened.store.select(Present())):
        opened.store.set_tags(asset.id, [Tag("Lovis" if SECRET in asset.path else "Klara")], "user")
        opened.preview(asset)
    opened.recent.add(f"folder:{SECRET}")
    opened.recent.save(at_once=True)
    opened.search(SearchRequest(text="red"))
    opened.store.settle_vectors(opened.catalog.encoders(opened.model).image.space)
    return opened


def secrets(library: Library) -> dict[str, bytes]:
    """What must be nowhere afterwards."""
    space = library.catalog.encoders(library.model).image.space
    assets = [a for a in library.store.assets(library.store.select(Present())) if SECRET in a.path]
    alone = [asset for asset in assets if "red" not in asset.path]
    vectors = library.store.vectors(space, [asset.id for asset in alone])
    found = {"the folder": SECRET.encode(), "a tag": b"Lovis", "a broken file": b"broken-thing"}
    for asset in alone:
        webp = library.thumbnail(asset)
        assert webp is not None
        found |= {
            f"vector {asset.id}": vectors[asset.id].astype("<f2").tobytes(),
            f"thumbnail {asset.id}": webp[12:],
            f"digest {asset.id}": asset.file_hash,
        }
    return found


def test_nothing_is_left_in_any_file(library: Library, tmp_path: Path) -> None:
    wanted = secrets(library)
    folder = library.places.library
    for what, secret in wanted.items():
        assert list(files_with(folder, secret)), what
    digests = [name for name in wanted if name.startswith("digest")]
    assert len(digests) == 2
    report = library.erase_folder(tmp_path / "photos" / SECRET)
    assert (report.images, report.thumbnails, report.left) == (3, 4, ())
    assert report.indexed_by == str(tmp_path / "photos")
    for what, secret in wanted.items():
        assert list(files_with(folder, secret)) == [], what
    names = "".join(map(str, folder.rglob("*")))
    assert not any(wanted[digest].hex() in names for digest in digests)
    [hit] = library.search(SearchRequest(text="red", top=1)).hits
    assert hit.asset.path.endswith(f"{KEPT}-red.jpg")
    assert library.thumbnail(hit.asset), "the copy's own"
    assert library.store.count(Present()) == 2
    assert library.errors() == []
    assert library.recent.all() == []
    assert library.doctor().open == ()
    assert len(list((tmp_path / "photos" / SECRET).iterdir())) == 4, "the photos are where they were"
    library.close()


def test_what_is_left_is_named(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "photos" / SECRET
    (library.places.library / "config.toml").write_text(f'[discovery]\nexclude = ["{folder}/x"]\n')
    assert library.erase_folder(folder).left == ("config.toml",)
    assert library.erase_folder(folder).images == 0
    library.close()


def test_an_indexed_folder_is_indexed_no_longer(library: Library, tmp_path: Path) -> None:
    report = library.erase_folder(tmp_path / "photos")
    assert report.images == 5
    assert report.indexed_by is None
    assert library.store.roots() == []
    assert list(files_with(library.places.library, os.fsencode(tmp_path / "photos"))) == []
    library.close()
