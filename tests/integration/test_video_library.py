"""Videos through the façade and the command line, decoded by the sandboxed workers."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from tests.pictures import save_picture
from tests.videos import save_video

from smartsearch.catalog import ModelChoice
from smartsearch.config import find_places, load_settings
from smartsearch.core.query import Everything
from smartsearch.library import Library
from smartsearch.search.service import SearchRequest


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    save_video(folder / "clip.mp4", ["red", "green", "blue"])
    save_picture(folder / "photo.jpg", "yellow")
    (folder / "letter.mp4").write_text("not a film")
    return folder


def test_a_video_is_found_by_each_of_its_scenes(library: Library, videos: Path) -> None:
    report = library.index([videos])
    assert (report.progress.added, report.progress.errors) == (2, 1)
    (error,) = library.errors()
    assert (Path(error.path).name, error.code) == ("letter.mp4", "unsupported")
    for colour, begins in (("red", 0), ("green", 3), ("blue", 6)):
        hit = library.search(SearchRequest(text=colour, top=1, min_score=0)).hits[0]
        assert Path(hit.asset.path).name == "clip.mp4"
        assert hit.at is not None
        assert begins - 0.1 <= hit.at < begins + 2.1
    photo = library.search(SearchRequest(text="yellow", top=1, min_score=0)).hits[0]
    assert (Path(photo.asset.path).name, photo.at) == ("photo.jpg", None)
    again = library.index([videos]).progress
    assert (again.unchanged, again.embedded) == (3, 0)


def test_filters_know_videos(library: Library, videos: Path) -> None:
    library.index([videos])

    def names(text: str) -> list[str]:
        clauses = library.queries.parse(text).clauses
        return [Path(hit.asset.path).name for hit in library.search(SearchRequest(clauses=clauses, browse=True)).hits]

    assert names("is:video") == names("type:video") == names("type:mp4") == names("duration:>8s") == ["clip.mp4"]
    assert names("-is:video") == ["photo.jpg"]
    assert names("duration:9s") == names("duration:5..0.5m") == ["clip.mp4"]
    assert names("duration:<8s") == names("is:animated") == []


def test_copies_moves_and_new_bytes(library: Library, videos: Path) -> None:
    library.index([videos])
    clip = library.store.asset_by_path(str(videos / "clip.mp4"))
    assert clip is not None
    shutil.copy(videos / "clip.mp4", videos / "copy.mp4")
    (videos / "clip.mp4").rename(videos / "moved.mp4")
    report = library.index([videos]).progress
    assert (report.moved, report.copied, report.embedded) == (1, 1, 0)
    copy, moved = (library.store.asset_by_path(str(videos / name)) for name in ("copy.mp4", "moved.mp4"))
    assert copy is not None
    assert moved is not None
    assert copy.id != moved.id
    assert clip.id in (copy.id, moved.id), "whichever was seen first"
    assert library.store.scenes(copy.id) == library.store.scenes(moved.id) != []
    save_video(videos / "copy.mp4", ["cyan"], seconds=4)
    library.index([videos])
    assert library.store.scenes(copy.id) == [0]
    assert len(library.store.scenes(moved.id)) == 3


NOT_FINITE = "x'" + "007e" * 4 + "' || substr(vector, 9)"


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        ("UPDATE scene_embeddings SET vector = zeroblob(7) WHERE at_ms > 5000", "embedding"),
        (f"UPDATE scene_embeddings SET vector = CAST({NOT_FINITE} AS BLOB) WHERE at_ms > 5000", "embedding"),
        ("UPDATE scene_embeddings SET vector = 'text' WHERE at_ms > 5000", "embedding"),
        ("DELETE FROM embeddings WHERE image_id = (SELECT image_id FROM scene_embeddings)", "embedding"),
        ("INSERT INTO scene_embeddings SELECT 99, space_id, 999, 0, vector FROM scene_embeddings LIMIT 1", "reference"),
    ],
)
def test_doctor_drops_damaged_scenes_and_the_next_run_makes_them(
    home: Path, videos: Path, damage: str, kind: str
) -> None:
    places = find_places()
    with Library.open(places, load_settings(places), create=True) as library:
        library.index([videos])
        clip = library.store.asset_by_path(str(videos / "clip.mp4"))
        assert clip is not None
        scenes = library.store.scene_vectors(library.catalog.encoders(library.model).image.space, [clip.id])[clip.id]
        assert library.doctor().findings == ()
    with closing(sqlite3.connect(places.library / "library.db")) as other, other:
        other.execute(damage)
    with Library.open(places, load_settings(places)) as library:
        first = library.search(SearchRequest(text="red", top=1, min_score=0)).hits[0]
        assert Path(first.asset.path).name == "clip.mp4", "what is sound is still found"
        found = [finding for finding in library.doctor().open if finding.kind == kind]
        assert [(finding.repairable, finding.remedy) for finding in found] == [(True, "repair")]
        assert library.doctor(repair=True).open == ()
        library.index([videos])
        assert library.doctor().findings == ()
        again = library.store.scene_vectors(library.catalog.encoders(library.model).image.space, [clip.id])[clip.id]
        assert list(again) == list(scenes)
        assert all(np.array_equal(again[at], scenes[at]) for at in scenes)
        assert library.store.asset_by_path(str(videos / "clip.mp4")) == clip
        assert library.search(SearchRequest(text="blue", top=1, min_score=0)).hits[0].asset.id == clip.id


def test_a_second_model_makes_scenes_of_its_own(library: Library, videos: Path, other: ModelChoice) -> None:
    library.index([videos])
    clip = library.store.asset_by_path(str(videos / "clip.mp4"))
    assert clip is not None
    shutil.copy(videos / "clip.mp4", videos / "copy.mp4")
    library.index([videos])
    copy = library.store.asset_by_path(str(videos / "copy.mp4"))
    assert copy is not None
    first = library.catalog.encoders(library.model).image.space
    library.use_model(other)
    report = library.index([videos]).progress
    assert (report.added, report.errors, str(library.model)) == (0, 0, "other:fp32")
    second = library.catalog.encoders(library.model).image.space
    assert second != first
    for space in (first, second):
        held = library.store.scene_vectors(space, [clip.id, copy.id])
        assert [list(held[each]) for each in (clip.id, copy.id)] == [library.store.scenes(clip.id)] * 2
    for colour, begins in (("red", 0), ("green", 3), ("blue", 6)):
        hits = library.search(SearchRequest(text=colour, top=2, min_score=0)).hits
        assert {hit.asset.id for hit in hits} == {clip.id, copy.id}
        assert all(hit.at is not None and begins - 0.1 <= hit.at < begins + 2.1 for hit in hits)
    assert library.index([videos]).progress.embedded == 0
    library.store.drop_space(first.key)
    assert library.doctor().findings == ()


def test_pictures_of_a_video(library: Library, videos: Path) -> None:
    library.index([videos])
    clip = library.store.asset_by_path(str(videos / "clip.mp4"))
    assert clip is not None
    thumbnail = library.thumbnail(clip)
    assert thumbnail is not None
    assert thumbnail[8:12] == b"WEBP"
    shown = [library.scene(clip, at / 1000) for at in library.store.scenes(clip.id)]
    assert len(set(shown)) == 3
    assert library.preview(clip)[8:12] == b"WEBP"


def test_videos_stay_where_nothing_reads_them_any_more(
    library: Library, videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from smartsearch.crawler import listing

    library.index([videos])
    save_video(videos / "new.webm", ["red"])
    listing._kinds.cache_clear()
    monkeypatch.setattr(listing, "reads_videos", lambda: False)
    try:
        report = library.index([videos]).progress
    finally:
        listing._kinds.cache_clear()
    assert (report.missing, report.added, report.errors) == (0, 0, 0)
    assert len(library.store.select(Everything())) == 2


def test_the_command_line_says_where(home: Path, videos: Path) -> None:
    program = Path(sys.executable).with_name("smartsearch")

    def run(*arguments: str) -> str:
        return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120, check=True).stdout

    run("index", str(videos))
    table = run("query", "blue", "--top", "1", "--min-score", "0")
    assert "clip.mp4 @ 0:0" in table
    assert "160x96 0:09" in table
    (found,) = json.loads(run("query", "blue", "--top", "1", "--min-score", "0", "--json"))["results"]
    assert 5.9 <= found["at"] < 8.1
    assert found["metadata"]["duration"] == pytest.approx(9.0)
    assert "videos" in run("status")
