"""`facets`, `edit` and the options for places of the command line."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image
from tests.pictures import save_picture

from smartsearch.cli.main import main


@dataclass(frozen=True)
class Done:
    stdout: str
    stderr: str


Run = Callable[..., Done]


def degrees(value: float) -> tuple[float, float, float]:
    minutes = abs(value) % 1 * 60
    return float(int(abs(value))), float(int(minutes)), minutes % 1 * 60


def save_photo(path: Path, colour: str, seed: int, taken: str, latitude: float, longitude: float, model: str) -> None:
    save_picture(path, colour, seed)
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = model
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps.update({1: "N" if latitude >= 0 else "S", 2: degrees(latitude), 3: "E" if longitude >= 0 else "W"})
    gps[4] = degrees(longitude)
    Image.open(path).save(path, exif=exif)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def run(home: Path) -> Iterator[Run]:
    """The program's own entry, in this process: some forty runs are too many processes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMARTSEARCH_HOME", str(home))
        patch.setattr(sys, "stdin", io.StringIO())

        def call(*arguments: object, code: int = 0) -> Done:
            patch.setattr(sys, "argv", ["smartsearch", *map(str, arguments)])
            out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
            left: object = 0
            with redirect_stdout(out), redirect_stderr(err):
                try:
                    main()
                except SystemExit as end:
                    left = end.code or 0
            done = Done(*(stream.buffer.getvalue().decode() for stream in (out, err)))  # type: ignore[attr-defined]
            assert left == code, f"{arguments}: {left}\n{done}"
            assert "Traceback" not in done.stderr
            return done

        yield call


@pytest.fixture(scope="module")
def photos(run: Run, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (home / "config.toml").write_text('[ocr]\nwhen = "later"\n')
    save_photo(folder / "lisbon.jpg", "red", 1, "2020:05:01 10:00:00", 38.72, -9.14, "X100")
    save_photo(folder / "houston.jpg", "blue", 2, "2021:05:01 10:00:00", 29.76, -95.36, "X100")
    save_photo(folder / "fiji.jpg", "blue", 3, "2021:06:01 10:00:00", -17.0, 179.5, "Pixel")
    save_photo(folder / "samoa.jpg", "green", 4, "2021:07:01 10:00:00", -13.83, -171.77, "Pixel")
    run("index", folder)
    return folder


def names(run: Run, *words: str) -> set[str]:
    return {Path(line).stem for line in run("query", *words, "--format", "paths").stdout.splitlines()}


def test_places_by_options(run: Run, photos: Path) -> None:
    assert names(run, "--near", "38.7,-9.1~10km") == {"lisbon"}
    assert names(run, "--region", "Texas") == {"houston"}
    assert names(run, "--box=-20,170,-10,-170") == {"fiji", "samoa"}
    assert names(run, "--box=-20,170,-10,-170", "--camera", "Pixel", "2021-07") == {"samoa"}
    wrong = run("query", "--region", "Texsa", code=2).stderr
    assert "--region: 'Texsa' is no region known here." in wrong
    assert "Texas" in wrong
    caret = run("query", "box:44,-10,36,3", code=2).stderr
    assert "^^^^^^^^^^^^^^^" in caret
    assert "Did you mean box:36,-10,44,3?" in caret
    assert "The diversity must be between 0 and 0.5" in run("query", "sea", "--diversity", 0.8, code=2).stderr


def test_facets_count_what_a_search_finds(run: Run, photos: Path) -> None:
    everything = json.loads(run("facets", "--json").stdout)
    assert everything["total"] == 4
    assert everything["year"] == [{"value": "2020", "count": 1}, {"value": "2021", "count": 3}]
    assert everything["camera"] == [{"value": "Pixel", "count": 2}, {"value": "X100", "count": 2}]
    assert everything["type"] == [{"value": "jpeg", "count": 4}]
    assert {"value": "Houston, Texas, United States", "count": 1} in everything["place"]
    assert {"value": "Texas, United States", "count": 1} in everything["region"]
    assert {"value": "blue", "count": 2} in everything["color"]
    narrowed = json.loads(run("facets", "camera:Pixel", "--facet", "year", "--json").stdout)
    assert narrowed == {"total": 2, "year": [{"value": "2021", "count": 2}]}
    table = run("facets", "box:-20,170,-10,-170", "--facet", "month").stdout
    assert [line.split() for line in table.splitlines()] == [
        ["facet", "value", "images"],
        ["month", "2021-06", "1"],
        ["2021-07", "1"],
        ["2", "images."],
    ]
    words = json.loads(run("facets", "the", "blue", "sea", "--facet", "type", "--json").stdout)
    assert words["total"] == len(names(run, "the", "blue", "sea"))
    run("facets", "--facet", "odd", code=2)
    run("facets", "camra:X", code=2)


def said(run: Run) -> dict[str, Any]:
    """What stands about each photo, by its name."""
    facts = json.loads(run("query", "name:*", "--json", "--explain").stdout)["results"]
    own = {
        Path(fact["path"]).stem: [tag["name"] for tag in fact["metadata"].get("tags", []) if tag["source"] == "user"]
        for fact in facts
    }
    return {"tags": own, "rated": names(run, "rating:>=0"), "album": names(run, "album:Trip")}


def test_an_edit_is_counted_done_and_taken_back(run: Run, photos: Path, tmp_path: Path) -> None:
    run("edit", "name:lisbon*", "--yes", "--rating", 5, "--add-tag", "sea", "--add-to", "Trip")
    before = said(run)
    assert before["tags"]["lisbon"] == ["sea"]
    undo = tmp_path / "undo.json"
    change = ("edit", "camera:X100", "--rating", 3, "--add-tag", "trip", "--remove-tag", "sea", "--add-to", "Trip")
    assert run(*change, "--dry-run").stdout == "2 images would be changed.\n"
    assert said(run) == before
    done = run(*change, "--yes", "--keep-undo", undo)
    assert done.stdout == "2 images, 2 changed.\n"
    after = said(run)
    assert after["tags"] == {"lisbon": ["trip"], "houston": ["trip"], "fiji": [], "samoa": []}
    assert after["album"] == {"lisbon", "houston"}
    assert names(run, "rating:3") == {"lisbon", "houston"}
    run(*change, "--yes", "--keep-undo", undo, code=2)  # does not write over it
    run("edit", "--undo", undo)
    assert said(run) == before
    assert names(run, "rating:5") == {"lisbon"}
    hidden = json.loads(run("edit", "camera:Pixel", "--hide", "--json").stdout)
    assert (hidden["images"], names(run, "camera:Pixel")) == (2, set())
    assert [edit["hidden"] for edit in hidden["undo"]] == [False]
    assert names(run, "is:hidden") == {"fiji", "samoa"}
    assert names(run, "is:hidden", "2021-07") == {"samoa"}
    assert json.loads(run("facets", "is:hidden", "--facet", "year", "--json").stdout)["total"] == 2
    assert run("edit", "name:fiji*", "--hidden", "--show", "--yes").stdout == "1 image, 1 changed.\n"
    assert run("edit", "is:hidden", "--show", "--yes").stdout == "1 image, 1 changed.\n"
    assert names(run, "camera:Pixel") == {"fiji", "samoa"}


def test_what_an_edit_refuses_changes_nothing(run: Run, photos: Path, tmp_path: Path) -> None:
    run("albums", "save", "Smart", "camera:Pixel")
    before = said(run)
    assert "say which photos" in run("edit", "--rating", 1, "--yes", code=2).stderr
    assert "nothing to change" in run("edit", "name:*", "--yes", code=2).stderr
    run("edit", "name:*", "--rating", 7, "--yes", code=2)
    run("edit", "camra:X", "--rating", 1, "--yes", code=2)
    run("edit", "name:*", "--add-to", "New", "--add-to", "Smart", "--yes", code=2)
    assert "New" not in run("albums", "list").stdout
    assert run("edit", "name:nobody*", "--rating", 1, "--yes").stdout == "No photo matches.\n"
    aborted = run("edit", "name:*", "--rating", 1, code=1)  # nobody there to ask
    assert "Change 4 images?" in aborted.stdout
    broken = tmp_path / "broken.json"
    broken.write_text('{"edits": [{"ids": ["x"]}]}')
    assert "no file of --keep-undo" in run("edit", "--undo", broken, code=2).stderr
    assert said(run) == before
