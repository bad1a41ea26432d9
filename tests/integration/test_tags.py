"""Automatic tags through the façade and the command line: real files, a real SQLite library, real ONNX models."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.pictures import save_picture

from smartsearch.catalog import ModelChoice
from smartsearch.config import find_places, load_settings
from smartsearch.core.assets import Asset, Tag
from smartsearch.core.errors import AssetNotFoundError, ConfigError, UsageError
from smartsearch.core.query import Everything, HasTag
from smartsearch.indexing.progress import IndexReport
from smartsearch.library import Library
from smartsearch.testing_models import make_tiny_model

PROGRAM = Path(sys.executable).with_name("smartsearch")

COLOURS = "-*\nred\nblue\nsnow\n"
"""Words of the tiny model: it knows "snow" as white."""


@contextmanager
def opened(**changed: object) -> Iterator[Library]:
    """The library with changed `[tags]` settings, as after an edit of config.toml."""
    places = find_places()
    settings = load_settings(places)
    with Library.open(places, replace(settings, tags=replace(settings.tags, **changed))) as library:  # type: ignore[arg-type]
        yield library


@pytest.fixture
def words(home: Path) -> Path:
    """The configured vocabulary: three colours."""
    path = home / "words.csv"
    path.write_text(COLOURS)
    with (home / "config.toml").open("a") as config:
        config.write(f"[tags]\nvocabulary = '{path}'\n")
    return path


@pytest.fixture
def library(words: Path) -> Iterator[Library]:
    places = find_places()
    with Library.open(places, load_settings(places), create=True) as made:
        yield made


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for index, colour in enumerate(("red", "blue", "white", "green")):
        save_picture(folder / f"{colour}.jpg", colour, index)
    return folder


def by_name(library: Library) -> dict[str, Asset]:
    return {Path(asset.path).name: asset for asset in library.store.assets(library.store.select(Everything()))}


def seen(library: Library) -> dict[str, list[str]]:
    """The automatic tags by file name."""
    return {name: [tag.name for tag in asset.tags if tag.source == "auto"] for name, asset in by_name(library).items()}


def test_photos_are_tagged_while_they_are_indexed(library: Library, photos: Path) -> None:
    report = library.index([photos])
    assert (report.progress.embedded, report.tagged) == (4, 0)
    assert seen(library) == {"red.jpg": ["red"], "blue.jpg": ["blue"], "white.jpg": ["snow"], "green.jpg": []}
    [tag] = by_name(library)["red.jpg"].tags
    assert 0.8 <= tag.confidence <= 1.0
    assert library.store.select(HasTag("SNOW")) == [by_name(library)["white.jpg"].id]
    assert library.tag().images == 0, "up to date"


def test_changed_words_are_applied_without_decoding(library: Library, photos: Path, words: Path) -> None:
    library.index([photos])
    red = by_name(library)["red.jpg"].id
    library.store.set_tags(red, [Tag("mine"), Tag("red")], "user")
    words.write_text("-*\nfire\nsea\n")
    shutil.move(photos, photos.with_name("gone"))  # the files are not needed
    with opened() as changed:
        assert changed.tag().images == 4
        assert seen(changed) == {"red.jpg": ["fire"], "blue.jpg": ["sea"], "white.jpg": [], "green.jpg": []}
        assert [(tag.name, tag.source) for tag in changed.store.assets([red])[0].tags] == [
            ("fire", "auto"),
            ("mine", "user"),
            ("red", "user"),
        ]
    shutil.move(photos.with_name("gone"), photos)
    words.write_text(COLOURS)
    with opened() as changed:
        report = changed.index([photos])
        assert (report.tagged, report.progress.embedded, report.progress.todo) == (4, 0, 0)
        assert seen(changed)["red.jpg"] == ["red"]


def test_a_library_from_before_the_feature_gets_its_tags(library: Library, photos: Path) -> None:
    library.index([photos])
    library.store.drop_auto_tags()
    report = library.index()
    assert (report.tagged, report.progress.todo) == (4, 0)
    assert seen(library)["blue.jpg"] == ["blue"]


def test_a_watch_sees_to_what_is_untagged(library: Library, photos: Path) -> None:
    library.index([photos])
    library.store.drop_auto_tags()
    stop, heard = threading.Event(), []

    def tell(report: IndexReport) -> None:
        heard.append(report.tagged)
        stop.set()

    library.watch(tell, stop)
    assert heard == [4]
    assert seen(library)["blue.jpg"] == ["blue"]


def test_switched_off_they_go_and_the_users_stay(library: Library, photos: Path) -> None:
    library.index([photos])
    library.store.set_tags(by_name(library)["red.jpg"].id, [Tag("mine")], "user")
    with opened(auto=False) as off:
        assert off.index().tagged == 0
        assert [count.name for count in off.tag_counts()] == ["mine"]
        save_picture(photos / "new.jpg", "red", 9)
        off.index()
        assert seen(off)["new.jpg"] == []
    assert library.index().tagged == 5
    assert seen(library)["new.jpg"] == ["red"]


def test_a_tag_taken_off_stays_off(library: Library, photos: Path) -> None:
    library.index([photos])
    path = photos / "red.jpg"
    library.store.set_tags(by_name(library)["red.jpg"].id, [Tag("Red"), Tag("mine")], "user")
    library.untag(path, "RED")
    assert [(tag.name, tag.source) for tag in by_name(library)["red.jpg"].tags] == [("mine", "user")]
    assert library.tag(force=True).images == 4
    assert seen(library)["red.jpg"] == []
    shutil.copy(path, photos / "copy.jpg")
    library.index()
    assert seen(library)["copy.jpg"] == [], "it is wrong on the same bytes elsewhere, too"
    library.untag(path, "Red", undo=True)
    assert seen(library)["red.jpg"] == ["red"]


def test_taking_off_what_is_not_there(library: Library, photos: Path) -> None:
    library.index([photos])
    with pytest.raises(AssetNotFoundError, match="not in the library"):
        library.untag(photos / "none.jpg", "red")
    with pytest.raises(UsageError, match="no tag 'blue'"):
        library.untag(photos / "red.jpg", "blue")


def test_moves_copies_and_new_bytes(library: Library, photos: Path) -> None:
    library.index([photos])
    os.rename(photos / "red.jpg", photos / "moved.jpg")
    shutil.copy(photos / "blue.jpg", photos / "copy.jpg")
    save_picture(photos / "white.jpg", "red", 77)
    report = library.index()
    assert (report.progress.moved, report.progress.copied, report.progress.embedded, report.tagged) == (1, 1, 1, 0)
    found = seen(library)
    assert (found["moved.jpg"], found["copy.jpg"], found["white.jpg"]) == (["red"], ["blue"], ["red"])


def test_a_wrong_vocabulary_stops_the_run_before_anything_is_changed(
    library: Library, photos: Path, words: Path
) -> None:
    words.write_text("red\nred,,,\n")
    with pytest.raises(ConfigError, match="line 2: the tag 'red' is there twice"):
        library.index([photos])
    assert library.status().total_images == 0


def test_another_model_brings_its_own_tags(library: Library, photos: Path, home: Path, tiny_models: Path) -> None:
    library.index([photos])
    (home / "models").unlink()  # the folder that all tests share
    shutil.copytree(tiny_models, home / "models")
    other = make_tiny_model(home / "models" / "tiny2" / "fp32", name="tiny2")
    (other / "calibration.json").write_text('{"z": 0.0, "cos": 12.0, "bias": -30.0}')  # nothing is ever sure enough
    assert library.use_model(ModelChoice("tiny2")) is False
    assert seen(library)["red.jpg"] == ["red"]
    report = library.index()
    assert (library.model.name, report.progress.embedded, report.tagged) == ("tiny2", 4, 4)
    assert not any(seen(library).values())
    assert library.use_model(ModelChoice("tiny")) is True
    assert library.index().tagged == 4
    assert seen(library)["red.jpg"] == ["red"]


def test_tagging_anew_that_is_killed_goes_on(library: Library, photos: Path, words: Path) -> None:
    library.index([photos])
    before = {count.name for count in library.tag_counts("auto")}
    words.write_text("-*\nfire\nsea\ncloud\ngrass\n")
    script = (
        "import os, signal, smartsearch.tagging.run as run; run.BATCH = 1\n"
        "from smartsearch.config import find_places, load_settings; from smartsearch.library import Library\n"
        "places = find_places(); library = Library.open(places, load_settings(places))\n"
        "library.tag(progress=lambda state: os.kill(os.getpid(), signal.SIGKILL) if state.done == 2 else None)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script], timeout=120)
    assert killed.returncode == -signal.SIGKILL
    with opened() as again:
        half = {count.name for count in again.tag_counts("auto")}
        assert half & before
        assert half - before
        job = next(job for job in again.store.jobs() if job.kind == "tag")
        assert (job.state, job.done, job.total) == ("interrupted", 2, 4)
        assert again.index().tagged == 2
        assert set(map(tuple, seen(again).values())) == {("fire",), ("sea",), ("cloud",), ("grass",)}
        assert again.doctor(repair=False).open == ()


def test_the_commands(library: Library, photos: Path) -> None:
    def run(*arguments: object, code: int = 0) -> str:
        done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    run("index", photos)
    hit = json.loads(run("query", "--tag", "red", "--json"))["results"][0]
    assert Path(hit["path"]).name == "red.jpg"
    [tag] = hit["metadata"]["tags"]
    assert (tag["name"], tag["source"]) == ("red", "auto")
    assert 0.8 <= tag["confidence"] <= 1.0
    assert "red 1.00" in run("query", "--tag", "red")
    assert run("tag") == "Nothing to tag.\n"
    assert "Done: 4 images tagged, 3 tags" in run("tag", "--force")
    assert json.loads(run("tag", "--force", "--json"))["images"] == 4
    listed = json.loads(run("tags", "--source", "auto", "--json"))["tags"]
    assert listed == [{"name": name, "source": "auto", "images": 1} for name in ("blue", "red", "snow")]
    assert run("tags", "--limit", 1).split() == ["tag", "source", "images", "blue", "auto", "1"]
    run("untag", "red", photos / "red.jpg")
    assert "No photo matches" in run("query", "--tag", "red")
    assert "no tag 'red'" in run("untag", "red", photos / "red.jpg", code=2)
    assert run("tags", "--source", "user") == "No tags.\n"


@pytest.fixture
def animals(shared_data: Path, tmp_path: Path) -> Path:
    """Fifty real photos of ten animals, named after them."""
    names = ("dog", "elephant", "zebra", "giant_panda", "lion", "butterfly", "starfish", "koala_bear", "bear", "snail")
    folder = tmp_path / "animals"
    folder.mkdir()
    for name in names:
        for path in (shared_data / "object-photos").glob(f"n????????_*_{name}.jpg"):
            shutil.copy(path, folder)
    return folder


@pytest.mark.slow
@pytest.mark.shared_data
def test_the_packaged_model_names_what_real_photos_show(home: Path, animals: Path) -> None:
    (home / "config.toml").write_text("")
    places = find_places()
    with Library.open(places, load_settings(places), create=True) as library:
        report = library.index([animals])
        assert report.progress.embedded == 50
        tags = {"giant_panda": "panda", "koala_bear": "koala"}
        expected = {name: name.split("_", 2)[2].removesuffix(".jpg") for name in seen(library)}
        found = seen(library)
        right = [name for name, animal in expected.items() if tags.get(animal, animal) in found[name]]
        others = {tags.get(animal, animal) for animal in expected.values()}
        wrong = [name for name, animal in expected.items() if others & {*found[name]} - {tags.get(animal, animal)}]
        assert len(right) >= 25, "at least every second animal is named"
        assert len(wrong) <= 5, "hardly one is called another"
        assert all(len(given) <= 10 for given in found.values())
        assert library.tag(force=True).images == 50
        assert seen(library) == found, "the same from the stored vectors"
