"""The main job through the façade, with real files, a real SQLite library and a real (tiny) ONNX model."""

from __future__ import annotations

import io
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.pictures import save_album, save_picture

from smartsearch.core.errors import (
    LibraryBusyError,
    PathNotFoundError,
    QueryError,
    UsageError,
)
from smartsearch.core.query import FormatIs, InFolder, NameLike
from smartsearch.indexing.lock import exclusive
from smartsearch.indexing.progress import IndexProgress
from smartsearch.library import Library
from smartsearch.search.service import SearchRequest


def names(library: Library, request: SearchRequest) -> list[str]:
    return [Path(hit.asset.path).name for hit in library.search(request).hits]


def test_photos_are_found_by_describing_them(library: Library, photos: Path) -> None:
    report = library.index([photos])
    assert (report.state, report.progress.added, report.progress.errors) == ("done", 24, 0)
    found = names(library, SearchRequest(text="the blue sea", top=2, min_score=0))
    assert sorted(found) == ["0005-blue.jpg", "0017-blue.jpg"]


def test_a_second_run_does_nothing(library: Library, photos: Path) -> None:
    library.index([photos])
    again = library.index([photos]).progress
    assert (again.unchanged, again.todo, again.embedded) == (24, 0, 0)


def test_filters_and_words_narrow_the_answer(library: Library, photos: Path) -> None:
    save_picture(photos / "trip" / "blue-lagoon.png", "blue", seed=99)
    library.index([photos])
    assert names(library, SearchRequest(text="blue", where=FormatIs(("png",)), min_score=0)) == ["blue-lagoon.png"]
    assert names(library, SearchRequest(text="red", where=InFolder(str(photos / "trip")), min_score=0)) == [
        "blue-lagoon.png"
    ]
    assert names(library, SearchRequest(full_text="lagoon")) == ["blue-lagoon.png"]
    assert len(names(library, SearchRequest(where=NameLike("00*")))) == 20


def test_an_example_image_finds_its_like_indexed_or_not(library: Library, photos: Path, tmp_path: Path) -> None:
    library.index([photos])
    stranger = save_picture(tmp_path / "elsewhere.png", "green", seed=7)
    assert sorted(names(library, SearchRequest(image=stranger, top=2))) == ["0003-green.jpg", "0015-green.jpg"]
    best = library.search(SearchRequest(image=photos / "0003-green.jpg", top=1)).hits[0]
    assert Path(best.asset.path).name == "0015-green.jpg", "an indexed example is no result of its own search"
    assert best.similarity == pytest.approx(1.0, abs=0.01)
    assert names(library, SearchRequest(like=best.asset.id, top=1)) == ["0003-green.jpg"]


def test_image_and_words_together(library: Library, photos: Path) -> None:
    library.index([photos])
    request = SearchRequest(text="red", image=photos / "0005-blue.jpg", image_weight=0.0, top=2, min_score=0)
    assert sorted(names(library, request)) == ["0000-red.jpg", "0012-red.jpg"]


def test_a_query_without_a_match_says_so(library: Library, photos: Path) -> None:
    for path in photos.glob("*-red.jpg"):
        path.unlink()
    library.index([photos])
    result = library.search(SearchRequest(text="red"))
    assert [Path(hit.asset.path).name for hit in result.hits if "red" in hit.asset.path] == []
    assert result.withheld > 0
    assert result.best_withheld is not None
    assert result.best_withheld < result.cut_off


def test_an_empty_query_is_refused(library: Library, photos: Path) -> None:
    library.index([photos])
    with pytest.raises(QueryError, match="empty"):
        library.search(SearchRequest(text="  "))


def test_moves_copies_and_deletions(library: Library, photos: Path) -> None:
    library.index([photos])
    before = {asset.path: asset.id for asset in library.store.assets(library.store.select(FormatIs(("jpeg",))))}
    (photos / "sub").mkdir()
    os.rename(photos / "0000-red.jpg", photos / "sub" / "renamed.jpg")
    shutil.copy(photos / "0001-orange.jpg", photos / "copy.jpg")
    (photos / "0002-yellow.jpg").unlink()
    progress = library.index([photos]).progress
    assert (progress.moved, progress.copied, progress.missing, progress.embedded) == (1, 1, 1, 0)
    moved = library.store.asset_by_path(str(photos / "sub" / "renamed.jpg"))
    assert moved is not None
    assert moved.id == before[str(photos / "0000-red.jpg")]
    assert [Path(asset.path).name for asset in library.missing()] == ["0002-yellow.jpg"]
    assert "0002-yellow.jpg" not in names(library, SearchRequest(text="yellow", min_score=0, top=30))


def test_a_move_that_changes_the_inode_is_recognised_by_its_bytes(library: Library, photos: Path) -> None:
    library.index([photos])
    moved = photos / "elsewhere.jpg"
    moved.write_bytes((photos / "0000-red.jpg").read_bytes())
    (photos / "0000-red.jpg").unlink()
    progress = library.index([photos]).progress
    assert (progress.moved, progress.missing, progress.embedded) == (1, 0, 0)


def test_a_touched_file_is_not_embedded_again_and_a_changed_one_is(library: Library, photos: Path) -> None:
    library.index([photos])
    os.utime(photos / "0000-red.jpg", ns=(1, 1_600_000_000_000_000_000))
    save_picture(photos / "0001-orange.jpg", "blue", seed=500)
    progress = library.index([photos]).progress
    assert (progress.touched, progress.updated, progress.embedded) == (1, 1, 1)
    assert "0001-orange.jpg" in names(library, SearchRequest(text="blue", top=3, min_score=0))


def test_twins_in_one_run_are_embedded_once(library: Library, photos: Path) -> None:
    for index in range(5):
        shutil.copy(photos / "0000-red.jpg", photos / f"twin{index}.jpg")
    progress = library.index([photos]).progress
    assert (progress.added, progress.copied, progress.embedded) == (24, 5, 24)


def test_an_unmounted_root_changes_nothing_and_says_so(library: Library, photos: Path) -> None:
    library.index([photos])
    away = photos.rename(photos.with_name("unplugged"))
    gone = library.index([])
    assert gone.unavailable == (str(photos),)
    photos.mkdir()
    empty = library.index([])
    assert empty.unavailable == (str(photos),)
    assert library.status().missing == 0
    photos.rmdir()
    away.rename(photos)
    assert library.index([]).progress.unchanged == 24


def test_a_missing_file_that_comes_back_keeps_its_identity(library: Library, photos: Path, tmp_path: Path) -> None:
    library.index([photos])
    path = photos / "0000-red.jpg"
    before = library.store.asset_by_path(str(path))
    os.rename(path, tmp_path / "aside.jpg")
    assert library.index([photos]).progress.missing == 1
    os.rename(tmp_path / "aside.jpg", path)
    assert library.index([photos]).progress.embedded == 0
    after = library.store.asset_by_path(str(path))
    assert before is not None
    assert after is not None
    assert (after.id, after.missing_since) == (before.id, None)


def test_prune_forgets_only_what_is_missing(library: Library, photos: Path) -> None:
    library.index([photos])
    red = library.store.asset_by_path(str(photos / "0000-red.jpg"))
    assert red is not None
    thumbnail = library.thumbnails.path(red.file_hash)
    assert thumbnail is not None
    assert thumbnail.is_file()
    (photos / "0000-red.jpg").unlink()
    library.index([photos])
    assert library.prune([asset.id for asset in library.missing()]) == 1
    assert library.status().total_images == 23
    assert not thumbnail.exists()


def test_a_broken_file_costs_one_row_and_is_retried_when_asked(library: Library, photos: Path) -> None:
    broken = photos / "broken.jpg"
    broken.write_bytes((photos / "0000-red.jpg").read_bytes()[:200])
    assert library.index([photos]).progress.errors == 1
    (error,) = library.errors()
    assert (error.path, error.code) == (str(broken), "corrupt")
    assert library.index([photos]).progress.todo == 0
    assert library.index([photos], retry_errors=True).progress.errors == 1
    save_picture(broken, "pink", seed=77)
    assert library.index([photos]).progress.added == 1
    assert library.errors() == []


def test_a_broken_file_that_is_deleted_is_forgotten(library: Library, photos: Path) -> None:
    (photos / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    library.index([photos])
    assert len(library.errors()) == 1
    (photos / "broken.png").unlink()
    library.index([photos])
    assert library.errors() == []


def test_a_sidecar_changes_the_metadata_without_embedding_again(library: Library, photos: Path) -> None:
    library.index([photos])
    (photos / "0000-red.xmp").write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
    )
    progress = library.index([photos]).progress
    assert (progress.updated, progress.embedded, progress.errors) == (1, 0, 0)
    asset = library.store.asset_by_path(str(photos / "0000-red.jpg"))
    assert asset is not None
    assert asset.metadata.rating == 4
    assert library.index([photos]).progress.todo == 0


def test_names_that_are_no_text(library: Library, photos: Path) -> None:
    odd = os.path.join(os.fsencode(photos), b"caf\xe9\n.jpg")
    shutil.copy(photos / "0000-red.jpg", odd)
    with open(odd, "ab") as file:
        file.write(b"\0")
    library.index([photos])
    assert library.store.asset_by_path(os.fsdecode(odd)) is not None


def test_a_wrong_path_is_refused_before_anything_changes(library: Library, tmp_path: Path) -> None:
    with pytest.raises(PathNotFoundError, match="no file or folder"):
        library.index([tmp_path / "nowhere"])
    assert library.store.roots() == []


def test_nothing_to_index_is_an_error_that_says_what_to_do(library: Library) -> None:
    with pytest.raises(UsageError, match="Name a folder"):
        library.index([])


def test_an_empty_folder_is_fine(library: Library, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    report = library.index([tmp_path / "empty"])
    assert (report.state, report.progress.found, report.unavailable) == ("done", 0, ())


def test_the_library_itself_is_never_indexed(library: Library, home: Path, photos: Path) -> None:
    library.index([photos])
    report = library.index([home.parent])
    assert report.progress.found == 24


def test_two_indexers_at_once_are_refused(library: Library, photos: Path) -> None:
    with exclusive(library.places.library), pytest.raises(LibraryBusyError, match="indexing") as caught:
        library.index([photos])
    assert caught.value.exit_code == 6
    assert library.index([photos]).progress.added == 24


def test_a_cancelled_run_keeps_what_it_has_and_the_next_goes_on(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    save_album(folder, 150)
    seen: list[IndexProgress] = []
    report = library.index([folder], progress=seen.append, cancelled=lambda: any(state.added for state in seen))
    assert report.state == "cancelled"
    assert 0 < report.progress.added < 150
    assert library.status().indexing_progress["state"] == "cancelled"
    rest = library.index([folder]).progress
    assert rest.added + report.progress.added == 150
    assert rest.unchanged == report.progress.added


def test_a_failing_encoder_ends_the_run_and_keeps_what_was_committed(
    library: Library, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smartsearch.core.errors import WeightsCorruptError
    from smartsearch.embeddings.base import OnnxImageEncoder

    def fail(*_: object) -> None:
        raise WeightsCorruptError("The model gave nonsense.")

    with monkeypatch.context() as patch:
        patch.setattr(OnnxImageEncoder, "encode_images", fail)
        with pytest.raises(WeightsCorruptError):
            library.index([photos])
    assert library.status().indexing_progress["state"] == "failed"
    assert library.index([photos]).progress.added == 24


def test_a_new_model_is_built_beside_the_old_and_swapped_when_complete(
    library: Library, photos: Path, home: Path, tiny_models: Path, tmp_path: Path
) -> None:
    from smartsearch.catalog import ModelChoice
    from smartsearch.testing_models import make_tiny_model

    models = tmp_path / "more-models"
    shutil.copytree(tiny_models, models)
    make_tiny_model(models / "other" / "fp32", name="other")
    (home / "models").unlink()
    (home / "models").symlink_to(models)
    library.index([photos])
    other = ModelChoice("other")
    assert library.use_model(other) is False
    assert (str(library.model), str(library.next_model)) == ("tiny:fp32", "other:fp32")
    assert len(names(library, SearchRequest(text="blue", top=2, min_score=0))) == 2
    save_picture(photos / "new.jpg", "blue", seed=1234)
    progress = library.index([]).progress
    assert (progress.added, progress.updated) == (1, 24)
    assert (str(library.model), library.next_model) == ("other:fp32", None)
    assert len(set(library.status().embeddings.values())) == 1
    assert len(names(library, SearchRequest(text="blue", top=3, min_score=0))) == 3


@pytest.mark.slow
def test_watch_picks_up_what_changes(library: Library, photos: Path) -> None:
    library.index([photos])
    stop = threading.Event()
    changed = threading.Condition()
    rounds = 0

    def tell(_: object) -> None:
        nonlocal rounds
        with changed:
            rounds += 1
            changed.notify_all()

    def wait_for(condition: Callable[[], bool]) -> None:
        with changed:
            assert changed.wait_for(condition, timeout=60)

    watching = threading.Thread(target=library.watch, args=(tell, stop))
    watching.start()
    try:
        wait_for(lambda: rounds >= 1)
        save_picture(photos / "later.jpg", "pink", seed=42)
        wait_for(lambda: library.store.asset_by_path(str(photos / "later.jpg")) is not None)
        (photos / "0000-red.jpg").unlink()
        wait_for(lambda: len(library.missing()) == 1)
    finally:
        stop.set()
        watching.join(60)
    assert not watching.is_alive()


def test_a_place_that_cannot_be_read_is_recorded_and_forgotten_when_it_can(
    library: Library, photos: Path, tmp_path: Path
) -> None:
    (photos / "dangling.jpg").symlink_to(tmp_path / "nowhere.jpg")
    report = library.index([photos])
    assert [(problem.path, problem.code) for problem in report.problems] == [
        (str(photos / "dangling.jpg"), "broken-link")
    ]
    assert [error.code for error in library.errors()] == ["broken-link"]
    assert library.index([photos]).progress.unchanged == 24
    (photos / "dangling.jpg").unlink()
    library.index([photos])
    assert library.errors() == []


def test_a_root_emptied_while_watched_loses_nothing(library: Library, photos: Path) -> None:
    from smartsearch.crawler.watch import ChangedPlaces
    from smartsearch.indexing.session import changed_targets

    library.index([photos])
    for path in photos.iterdir():
        path.unlink()
    everything = ChangedPlaces(trees=frozenset({str(photos)}))
    with library._index_session() as session:
        report = session.run(changed_targets(library.store.roots(), everything))
    assert report.unavailable == (str(photos),)
    assert library.status().missing == 0


def test_previews_are_made_on_demand_and_kept(library: Library, tmp_path: Path) -> None:
    from PIL import Image

    photo = save_picture(tmp_path / "big" / "photo.jpg", "green", size=(2400, 1200))
    library.index([photo.parent])
    asset = library.store.asset_by_path(str(photo))
    assert asset is not None
    preview = library.preview(asset)
    with Image.open(io.BytesIO(preview)) as image:
        assert (image.format, image.size) == ("WEBP", (1600, 800))
    photo.unlink()
    assert library.preview(asset) == preview


def test_an_answer_is_never_empty_for_want_of_vectors(library: Library, photos: Path, tiny_models: Path) -> None:
    library.index([photos])
    library.store.drop_space(library.catalog.encoders(library.model).image.space.key)
    with pytest.raises(UsageError, match="smartsearch index"):
        library.search(SearchRequest(text="azure"))  # no file is named so
    assert library.index([]).progress.updated == 24
    assert library.search(SearchRequest(text="azure", min_score=0)).hits


def test_a_shallow_look_at_a_deep_root_forgets_nothing(library: Library, photos: Path) -> None:
    save_picture(photos / "sub" / "deep.jpg", "red", seed=6)
    library.index([photos])
    save_picture(photos / "sub" / "later.jpg", "red", seed=7)
    assert library.index([photos], recursive=False).progress.found == 24
    assert library.store.roots()[0].recursive
    assert library.index([]).progress.added == 1
    assert library.status().missing == 0


def test_excluding_everything_is_not_taken_for_an_unmounted_disk(library: Library, photos: Path) -> None:
    library.index([photos])
    (photos / ".smartsearchignore").write_text("*.jpg\n")
    report = library.index([])
    assert (report.unavailable, report.progress.missing) == ((), 24)
    (photos / ".smartsearchignore").unlink()
    assert library.index([]).progress.embedded == 0
    assert library.status().missing == 0
