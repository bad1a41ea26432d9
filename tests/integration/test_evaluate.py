"""`evaluate` with real models, real files and real decode workers: the figures are those the search would give."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from tests.pictures import save_picture

from smartsearch import Evaluation, Library, SearchRequest, evaluate
from smartsearch.config import Places, find_places, load_settings
from smartsearch.core.errors import MediaError, PathNotFoundError, UsageError, WeightsMissingError
from smartsearch.core.settings import RuntimeSettings, Settings
from smartsearch.search.metrics import CutOff

PROGRAM = Path(sys.executable).with_name("smartsearch")
Run = Callable[..., subprocess.CompletedProcess[str]]

CAPTIONS = (
    ("red.png", "a red wall"),
    ("red.png", "fire"),
    ("blue.jpg", "the blue sea"),
    ("sub/green.jpg", "green grass"),
    ("sub/green.jpg", "a forest"),
    ("broken.jpg", "nobody will see this"),
    ("broken.jpg", "nor this"),
    ("gone.jpg", "nor that"),
    ("copy.png", "a rose"),
)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for name in ("red.png", "blue.jpg", "sub/green.jpg"):
        save_picture(folder / name, Path(name).stem)
    (folder / "copy.png").write_bytes((folder / "red.png").read_bytes())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "captions.tsv"
    path.write_text("".join(f"{image}\t{caption}\n" for image, caption in CAPTIONS))
    return path


@pytest.fixture
def places(home: Path) -> Places:
    return find_places()


@pytest.fixture
def run(home: Path) -> Run:
    def call(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([PROGRAM, "evaluate", *map(str, arguments)], capture_output=True, text=True, timeout=120)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    return call


def scene(path: Path, seed: int) -> None:
    """A picture unlike the others, at an odd size: shapes in colours on a ground."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(200, 500)), int(rng.integers(150, 400))
    picture = Image.new("RGB", size, tuple(int(c) for c in rng.integers(0, 256, 3)))
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y, size = rng.integers(0, 300), rng.integers(0, 250), rng.integers(10, 150)
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((int(x), int(y), int(x + size), int(y + size)), fill=tuple(int(c) for c in rng.integers(0, 256, 3)))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


def test_the_packaged_model_gets_the_figures_that_its_searches_give(home: Path, tmp_path: Path) -> None:
    """Each caption is also asked of a library of the same images; its own image's place there makes the figures."""
    settings = Settings()
    words = (
        "a red ball",
        "circles",
        "a beach",
        "snow",
        "a dog",
        "a green field",
        "night",
        "people",
        "a flag",
        "the sky",
    )
    rows = [(f"{index}.jpg", f"{words[(index + turn) % 10]}") for index in range(12) for turn in range(2)]
    for index in range(12):
        scene(tmp_path / "photos" / f"{index}.jpg", index)
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    table = tmp_path / "captions.tsv"
    table.write_text("".join(f"{image}\t{caption}\n" for image, caption in [*rows, ("broken.jpg", "a dog")]))
    ranks, shown, empty = [], [], []
    with Library.open(Places(home, tmp_path / "library"), settings, create=True) as library:
        library.index([tmp_path / "photos"])
        for image, caption in rows:
            hits = library.search(SearchRequest(text=caption, min_score=0)).hits
            assert len(hits) == 12
            ranks.append(1 + [Path(hit.asset.path).name for hit in hits].index(image))
            passing = [Path(hit.asset.path).name for hit in library.search(SearchRequest(text=caption)).hits]
            shown.append(image in passing)
            empty.append(not set(passing) - {image})
    (found,) = evaluate(table, tmp_path / "photos", Places(home, tmp_path / "none"), settings)
    assert (found.model, found.images, found.captions, found.left_out) == ("pocket", 12, 24, 1)
    assert [image.image for image in found.unreadable] == ["broken.jpg"]
    assert found.unreadable[0].reason
    assert found.recall == {k: pytest.approx(statistics.mean(rank <= k for rank in ranks)) for k in (1, 5, 10)}
    assert found.median_rank == statistics.median(ranks)
    assert found.cut_off is not None
    assert found.cut_off.shown == pytest.approx(statistics.mean(shown))
    assert found.cut_off.empty_without_match == pytest.approx(statistics.mean(empty))
    assert found.mean_image_ms > 0
    assert found.mean_query_ms > 0
    assert not (tmp_path / "none").exists()


def test_models_see_the_same_images_and_batches_change_nothing(
    places: Places, table: Path, photos: Path, tiny_models: Path
) -> None:
    settings = load_settings(places)
    heard: list[tuple[str, int, int]] = []
    small, pocket = evaluate(
        table,
        photos,
        places,
        settings,
        models=["tiny", "pocket", "tiny:fp32"],
        progress=lambda *state: heard.append(state),
    )
    assert (small.model, pocket.model) == ("tiny:fp32", "pocket")
    assert (
        (small.images, small.captions, small.left_out) == (4, 6, 3) == (pocket.images, pocket.captions, pocket.left_out)
    )
    assert {image.image: image.reason for image in small.unreadable}["gone.jpg"] == "There is no such file."
    # Every caption names its colour; three have two pictures of it, either of which may come first.
    assert small.recall == {1: 0.75, 5: 1.0, 10: 1.0}
    assert small.median_rank == 1.25
    assert small.cut_off == CutOff(threshold=0.5, shown=1.0, empty_without_match=0.5)
    assert [state for state in heard if state[0] == "images"] == [("images", done, 6) for done in range(7)]
    assert [state for state in heard if state[0] == "captions"] == [("captions", 0, 6), ("captions", 6, 6)] * 2
    for batch_size in (1, 3, 4):
        runtime = RuntimeSettings(workers=1, batch_size=batch_size)
        (again,) = evaluate(table, photos, places, replace(settings, runtime=runtime))
        same = replace(again, mean_image_ms=small.mean_image_ms, mean_query_ms=small.mean_query_ms)
        assert same == small


def test_limit_takes_the_first_images_with_all_their_captions(places: Places, table: Path, photos: Path) -> None:
    def measured(limit: int | None) -> Evaluation:
        (found,) = evaluate(table, photos, places, load_settings(places), limit=limit)
        return found

    assert (measured(2).images, measured(2).captions, measured(2).unreadable) == (2, 3, ())
    assert measured(1).recall[1] == 1.0
    assert measured(100).images == measured(None).images == 4
    with pytest.raises(UsageError, match="at least 1"):
        measured(0)


def test_what_cannot_be_measured_is_an_error(places: Places, table: Path, photos: Path, tmp_path: Path) -> None:
    settings = load_settings(places)
    with pytest.raises(PathNotFoundError, match="no folder"):
        evaluate(table, tmp_path / "nowhere", places, settings)
    with pytest.raises(PathNotFoundError, match="no file"):
        evaluate(tmp_path / "nothing.tsv", photos, places, settings)
    with pytest.raises(UsageError, match="cannot be read"):
        evaluate(photos, photos, places, settings)
    with pytest.raises(WeightsMissingError, match="models pull"):
        evaluate(table, photos, places, settings, models=["tiny", "clip-vit-b-32"])
    with pytest.raises(MediaError, match=r"None of the 6 images can be read. red.png: There is no such file"):
        evaluate(table, tmp_path, places, settings)


def test_the_command_as_json(run: Run, table: Path, photos: Path, home: Path) -> None:
    done = run(table, photos, "--json", "--model", "tiny", "-m", "pocket")
    small, pocket = json.loads(done.stdout)["models"]
    assert (small["model"], pocket["model"]) == ("tiny:fp32", "pocket")
    assert small["space"].startswith("tiny@1-fp32-")
    assert (small["images"], small["captions"], small["captions_left_out"]) == (4, 6, 3)
    assert {row["image"] for row in small["unreadable"]} == {"broken.jpg", "gone.jpg"}
    assert all(row["reason"] for row in small["unreadable"])
    assert (small["recall@1"], small["recall@5"], small["recall@10"]) == (0.75, 1.0, 1.0)
    assert small["median_rank"] == 1.25
    assert small["cut_off"] == {"threshold": 0.5, "shown": 1.0, "empty_without_match": 0.5}
    assert min(pocket["mean_image_ms"], pocket["mean_query_ms"]) > 0
    assert "2 images could not be read" in done.stderr
    assert not (home / "libraries").exists()


def test_the_command_for_people(run: Run, table: Path, photos: Path) -> None:
    done = run(table, photos)
    row = next(line for line in done.stdout.splitlines() if line.startswith("tiny:fp32"))
    assert row.split()[1:5] == ["0.750", "1.000", "1.000", "1.2"]
    assert "6 captions of 4 images." in done.stdout
    assert "Left out: 3 captions of 2 images that could not be read:" in done.stdout
    assert "gone.jpg: There is no such file." in done.stdout
    assert "2 images could not be read" in done.stderr
    whole = run(table, photos, "--limit", 1)
    assert "Left out" not in whole.stdout
    assert whole.stderr == ""


def test_the_model_in_use_is_the_default(run: Run, table: Path, photos: Path, home: Path) -> None:
    for command in (["index", photos / "red.png"], ["models", "use", "pocket"], ["index"]):
        subprocess.run([PROGRAM, *command], check=True, capture_output=True, timeout=120)
    (row,) = json.loads(run(table, photos, "--json").stdout)["models"]
    assert row["model"] == "pocket"
    (row,) = json.loads(run(table, photos, "--json", "--library", home / "other").stdout)["models"]
    assert row["model"] == "tiny:fp32"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "captions.tsv is empty"),
        ("red.png\ta wall\nblue.jpg\n", "line 2"),
        ("red.png\ta wall\n../out.jpg\ta wall\n", "line 2: ../out.jpg is not inside"),
    ],
)
def test_a_wrong_table_is_one_line(run: Run, table: Path, photos: Path, content: str, says: str) -> None:
    table.write_text(content)
    done = run(table, photos, code=2)
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


def test_wrong_names_are_one_line(run: Run, table: Path, photos: Path, tmp_path: Path) -> None:
    for arguments, code in (
        ((table, tmp_path), 3),
        ((table, tmp_path / "nowhere"), 3),
        ((tmp_path / "none.tsv", photos), 3),
        ((table, photos, "--model", "nope"), 4),
        ((table, photos, "--split", "dev"), 2),
    ):
        assert run(*arguments, code=code).stderr.count("\n") == 1


@pytest.mark.shared_data
@pytest.mark.slow
def test_real_photos_are_found_by_their_captions(shared_data: Path, home: Path) -> None:
    captioned = shared_data / "captioned-photos"
    places = Places(home, home / "none")
    (found,) = evaluate(captioned / "captions.tsv", captioned / "images", places, Settings(), split="dev", limit=150)
    assert (found.images, found.captions, found.unreadable) == (150, 750, ())
    assert found.recall[1] > 0.4  # of 150; chance is 0.007
    assert found.recall[1] < found.recall[5] < found.recall[10] < 1.0
    assert found.median_rank <= 3
    assert found.cut_off is not None
    assert 0.3 < found.cut_off.shown < 0.95
    assert 0.05 < found.cut_off.empty_without_match < 0.95
