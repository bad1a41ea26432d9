"""Looking after a library: doctor, prune, changing the model, and what is refused before anything changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.pictures import save_picture

from smartsearch.catalog import ModelChoice
from smartsearch.core.errors import AssetNotFoundError, PathNotFoundError
from smartsearch.library import Library
from smartsearch.search.service import SearchRequest


def test_one_wrong_path_among_several_changes_nothing(library: Library, photos: Path, tmp_path: Path) -> None:
    with pytest.raises(PathNotFoundError):
        library.index([photos, tmp_path / "nowhere"])
    assert library.store.roots() == []


def test_doctor_and_prune_need_no_model(library: Library, photos: Path, home: Path) -> None:
    library.index([photos])
    (photos / "0000-red.jpg").unlink()
    library.index([photos])
    (home / "models").unlink()
    with Library.open(library.places, library.settings) as fresh:
        assert [finding.kind for finding in fresh.doctor().open] == ["model"]
        assert fresh.prune([asset.id for asset in fresh.missing()]) == 1
        assert len(fresh.thumbnails.stray(())) == 23


def test_a_lost_thumbnail_is_made_from_the_copy_that_is_there(library: Library, photos: Path) -> None:
    copy = photos / "z-copy.jpg"
    shutil.copy(photos / "0000-red.jpg", copy)
    library.index([photos])
    copy.unlink()
    library.index([photos])
    asset = library.store.asset_by_path(str(photos / "0000-red.jpg"))
    assert asset is not None
    library.thumbnails.remove(asset.file_hash)
    assert library.doctor(repair=True).open == ()
    assert library.thumbnail(asset) is not None


def test_doctor_makes_no_thumbnail_from_other_bytes(library: Library, photos: Path) -> None:
    library.index([photos])
    asset = library.store.asset_by_path(str(photos / "0000-red.jpg"))
    assert asset is not None
    library.thumbnails.remove(asset.file_hash)
    save_picture(photos / "0000-red.jpg", "blue", seed=777)
    assert [finding.kind for finding in library.doctor(repair=True).open] == ["thumbnails"]
    assert library.thumbnail(asset) is None
    library.index([photos])
    library.doctor(repair=True)
    assert library.doctor().findings == ()


def test_a_model_chosen_during_a_run_does_not_take_over_before_it_has_vectors(
    library: Library, photos: Path, other: ModelChoice
) -> None:
    library.index([photos])
    save_picture(photos / "new.jpg", "blue", seed=99)
    library.index([photos], progress=lambda _: library.use_model(other) and None)
    assert (str(library.model), str(library.next_model)) == ("tiny:fp32", "other:fp32")
    library.index([photos])
    assert (str(library.model), library.next_model) == ("other:fp32", None)


def test_an_unknown_example_is_not_found(library: Library, photos: Path) -> None:
    library.index([photos])
    with pytest.raises(AssetNotFoundError, match="999"):
        library.search(SearchRequest(like=999))
