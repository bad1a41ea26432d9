"""The installed `smartsearch` command, run as a person runs it: arguments in, text and exit code out."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.pictures import save_album, save_picture

PROGRAM = Path(sys.executable).with_name("smartsearch")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(home: Path) -> Run:
    def call(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120)
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    return call


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    save_album(folder, 12)
    return folder


def test_index_query_status(run: Run, photos: Path) -> None:
    assert "12 added" in run("index", photos).stdout
    answer = json.loads(run("query", "the", "blue", "sea", "--top", 3, "--format", "json", "--min-score", 0).stdout)
    best = answer["results"][0]
    assert Path(best["path"]).name == "0005-blue.jpg"
    assert set(best) >= {"id", "path", "score", "metadata"}
    assert best["metadata"]["format"] == "jpeg"
    scores = [hit["score"] for hit in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    status = json.loads(run("status", "--json").stdout)
    assert status["total_images"] == 12
    assert (status["missing"], status["errors"]) == (0, 0)
    assert status["last_updated"]
    assert status["indexing_progress"]["state"] == "done"


@pytest.mark.parametrize("format", ["table", "json", "jsonl", "csv", "paths"])
def test_every_format_names_the_photo(run: Run, photos: Path, format: str) -> None:
    run("index", photos)
    out = run("query", "blue", "--top", 1, "--min-score", 0, "--format", format).stdout
    assert "0005-blue.jpg" in out
    if format == "csv":
        (row,) = csv.DictReader(io.StringIO(out))
        assert row["path"].endswith("0005-blue.jpg")
    if format == "jsonl":
        assert json.loads(out)["path"].endswith("0005-blue.jpg")


def test_null_ended_paths_survive_any_name(run: Run, photos: Path) -> None:
    odd = os.path.join(os.fsencode(photos), b"caf\xe9 \n blue.png")
    save_picture(photos / "plain.png", "blue", seed=3).rename(os.fsdecode(odd))
    run("index", photos)
    done = subprocess.run([PROGRAM, "query", "-0", "--type", "png"], capture_output=True, timeout=120, check=True)
    assert done.stdout == odd + b"\0"
    assert b"caf" in subprocess.run([PROGRAM, "query", "--type", "png"], capture_output=True, check=True).stdout


def test_export_by_suffix(run: Run, photos: Path, tmp_path: Path) -> None:
    run("index", photos)
    run("query", "blue", "--min-score", 0, "--export", tmp_path / "out.json")
    assert len(json.loads((tmp_path / "out.json").read_text())["results"]) == 12
    run("query", "blue", "--min-score", 0, "--export", tmp_path / "out.csv")
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 13
    entries = json.loads(run("audit", "show", "--json").stdout)["entries"]
    details = [entry["detail"] for entry in entries if entry["action"] == "export"]
    assert [(detail["format"], len(detail["images"])) for detail in details] == [("csv", 12), ("json", 12)]
    assert "blue" not in json.dumps(entries)
    run("query", "blue", "--export", tmp_path / "out.xls", code=2)
    run("query", "blue", "--export", tmp_path / "no" / "out.csv", code=2)


def test_filters(run: Run, photos: Path) -> None:
    save_picture(photos / "sub" / "blue.png", "blue", seed=8)
    run("index", photos)
    assert run("query", "--folder", photos / "sub", "--format", "paths").stdout == f"{photos}/sub/blue.png\n"
    assert run("query", "--type", "png", "--format", "paths").stdout == f"{photos}/sub/blue.png\n"
    assert run("query", "--name", "0005*", "--format", "paths").stdout == f"{photos}/0005-blue.jpg\n"
    assert run("query", "--words", "sub blue", "--format", "paths").stdout == f"{photos}/sub/blue.png\n"
    assert "No photo matches" in run("query", "blue", "--before", "1990").stdout
    assert "not a date" in run("query", "blue", "--after", "someday", code=2).stderr


def test_filters_in_the_words_of_a_query(run: Run, photos: Path, home: Path) -> None:
    run("index", photos)
    found = run("query", "name:*blue* is:hidden OR name:*blue* type:jpg", "--format", "paths").stdout.split()
    assert found
    assert all("blue" in path for path in found)
    shown = run("query", "a lake -people", "--min-score", "0").stdout
    assert "Read as: a lake, not people." in shown
    noted = run("query", "Mission:Impossible", "--min-score", "0", "--format", "paths")
    assert "There is no field 'Mission'." in noted.stderr
    assert len(noted.stdout.split()) == 12


def test_a_filter_that_is_not_understood_stops_the_query(run: Run, photos: Path, home: Path) -> None:
    run("index", photos)
    refused = run("query", "dog camra:X100", code=2)
    assert refused.stdout == ""
    assert "dog camra:X100\n    ^^^^^\n" in refused.stderr
    assert "Did you mean camera?" in refused.stderr


def test_similar_and_mixed(run: Run, photos: Path, tmp_path: Path) -> None:
    run("index", photos)
    example = save_picture(tmp_path / "example.png", "green", seed=9)
    assert run("similar", example, "--top", 1, "--format", "paths").stdout == f"{photos}/0003-green.jpg\n"
    mixed = run("query", "green", "--image", example, "--top", 1, "--min-score", 0, "--format", "paths").stdout
    assert mixed == f"{photos}/0003-green.jpg\n"
    assert "is not there" in run("similar", tmp_path / "none.png", code=3).stderr
    assert "is a folder" in run("similar", tmp_path, code=3).stderr
    (tmp_path / "text.png").write_text("no picture")
    complaint = run("similar", tmp_path / "text.png", code=3).stderr
    assert "text.png" in complaint
    assert complaint.count("\n") == 1


def test_index_as_json_and_as_plain_lines(run: Run, photos: Path) -> None:
    report = json.loads(run("index", photos, "--json").stdout)
    assert (report["state"], report["added"], report["errors"]) == ("done", 12, 0)
    assert "nothing new; 12 unchanged" in run("index").stdout


def test_errors_and_retry(run: Run, photos: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    assert "1 error" in run("index", photos).stdout
    (row,) = json.loads(run("errors", "--json").stdout)["errors"]
    assert row["path"].endswith("broken.jpg")
    assert row["message"]
    assert "broken.jpg" in run("errors").stdout
    assert "1 error" in run("index", "--retry-errors").stdout


def test_no_recursion(run: Run, photos: Path) -> None:
    save_picture(photos / "sub" / "deep.jpg", "red")
    assert "12 added" in run("index", photos, "--no-recursive").stdout
    assert "nothing new; 12 unchanged" in run("index").stdout


def test_prune_asks_and_forgets(run: Run, photos: Path) -> None:
    run("index", photos)
    (photos / "0000-red.jpg").unlink()
    run("index")
    assert "0000-red.jpg" in run("prune", "--dry-run").stdout
    assert json.loads(run("status", "--json").stdout)["missing"] == 1
    assert "Forgot 1" in run("prune", "--yes").stdout
    assert json.loads(run("status", "--json").stdout)["missing"] == 0


def test_doctor_finds_and_repairs_thumbnails(run: Run, photos: Path, home: Path) -> None:
    run("index", photos)
    assert "All is well" in run("doctor").stdout
    victims = sorted((home / "libraries" / "default").rglob("*.webp"))[:2]
    assert len(victims) == 2
    victims[0].unlink()
    victims[1].write_bytes(victims[1].read_bytes()[:40])
    assert "2 thumbnails" in run("doctor", code=5).stdout
    assert "repaired" in run("doctor", "--repair").stdout
    assert "All is well" in run("doctor").stdout


def test_config_shows_what_is_in_force(run: Run, home: Path) -> None:
    assert 'model = "tiny"' in run("config").stdout
    assert json.loads(run("config", "--json").stdout)["settings"]["runtime"]["workers"] == 2
    (home / "config.toml").write_text("[runtime]\nthreads = 'x'\n")
    assert "runtime.threads" in run("config", code=2).stderr


def test_models_list_names_licences(run: Run) -> None:
    models = {row["name"]: row for row in json.loads(run("models", "list", "--json").stdout)["models"]}
    assert models["tiny"]["installed"] == ["fp32"]
    assert all(row["licence"] for row in models.values())
    assert "tiny" in run("models", "list").stdout
    assert "no model called" in run("models", "use", "nonsense", code=4).stderr


def test_several_libraries(run: Run, photos: Path, tmp_path: Path) -> None:
    run("--library", "work", "index", photos)
    run("index", tmp_path / "photos" / "0000-red.jpg", "--library", tmp_path / "mine")
    assert json.loads(run("status", "--json", "-L", "work").stdout)["total_images"] == 12
    assert json.loads(run("status", "--json", "-L", tmp_path / "mine").stdout)["total_images"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("query", "dog"), 3, "smartsearch index"),
        (("status",), 3, "no library"),
        (("index", "/nowhere/at/all"), 3, "no file or folder"),
        (("index",), 3, "smartsearch index FOLDER"),
        (("query", "dog", "--top", "0"), 2, "--top"),
        (("frobnicate",), 2, "frobnicate"),
    ],
)
def test_wrong_use_gets_one_line_that_says_what_to_do(
    run: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    assert says.lower() in run(*arguments, code=code).stderr.lower()


def test_unknown_model_and_missing_weights(run: Run, photos: Path, home: Path) -> None:
    run("index", photos)
    assert "no model called" in run("query", "dog", "--model", "nope", code=4).stderr
    assert "models pull" in run("query", "dog", "--model", "clip-vit-b-32", code=4).stderr


def test_a_corrupt_library_is_named(run: Run, photos: Path, home: Path) -> None:
    run("index", photos)
    database = home / "libraries" / "default" / "library.db"
    for path in database.parent.glob("library.db-*"):
        path.unlink()
    database.write_bytes(b"this was a database" * 500)
    for command in (("query", "blue"), ("index", photos), ("status",)):
        done = run(*command, code=5)
        assert done.stderr.count("\n") == 1
        assert "library.db" in done.stderr


def test_a_library_in_a_place_that_is_a_file(run: Run, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = run("index", photos, "--library", tmp_path / "file", code=5)
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_ctrl_c_stops_cleanly_and_the_next_run_goes_on(home: Path, tmp_path: Path, run: Run) -> None:
    folder = tmp_path / "many"
    save_album(folder, 300)
    process = subprocess.Popen(
        [PROGRAM, "index", folder, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    process.stderr.readline()  # the first progress line: work is under way
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    if process.returncode == 0:  # it was quicker than the signal
        assert json.loads(out)["added"] == 300
        return
    assert process.returncode == 130, err
    first = json.loads(out)
    assert first["state"] == "cancelled"
    rest = json.loads(run("index", "--json").stdout)
    assert first["added"] + rest["added"] == 300
    assert "All is well" in run("doctor").stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("command", [["query", "--type", "jpeg"], ["query", "--json", "blue"], ["status"]])
def test_output_that_cannot_be_written_is_one_line(run: Run, photos: Path, command: list[str]) -> None:
    run("index", photos)
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, *command], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert done.returncode == 70
    assert done.stderr.startswith("smartsearch: ")
    assert done.stderr.count("\n") == 1


def test_closed_standard_output_is_no_error(run: Run, photos: Path) -> None:
    run("index", photos)
    for command in ("query --type jpeg", "query --type jpeg -0", "status --json"):
        line = f'"{PROGRAM}" {command} >&-'
        done = subprocess.run(["sh", "-c", line], stderr=subprocess.PIPE, text=True, timeout=120)
        assert (done.returncode, done.stderr) == (0, ""), command


def test_an_export_is_whole_when_the_reader_leaves_early(run: Run, photos: Path, tmp_path: Path) -> None:
    run("index", photos)
    out = tmp_path / "out.jsonl"
    reader, writer = os.pipe()
    os.close(reader)
    command = [PROGRAM, "query", "--type", "jpeg", "--export", out]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120)
    os.close(writer)
    assert "Traceback" not in done.stderr
    assert len(out.read_text().splitlines()) == 12


def test_a_folder_that_is_gone_keeps_its_photos_and_says_so(run: Run, photos: Path) -> None:
    run("index", photos)
    photos.rename(photos.with_name("elsewhere"))
    advice = run("index", code=9).stderr
    assert "kept" in advice
    assert "prune --root" in advice
    assert json.loads(run("prune", "--dry-run", "--json").stdout)["missing"] == []


def test_a_wrong_first_index_leaves_no_library_behind(run: Run, tmp_path: Path, home: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    assert "neither a folder nor an image" in run("index", tmp_path / "notes.txt", code=3).stderr
    run("index", tmp_path / "nowhere", code=3)
    run("index", code=3)
    run("watch", code=3)
    assert not (home / "libraries").exists()


def test_a_root_can_be_given_up(run: Run, photos: Path, tmp_path: Path) -> None:
    save_picture(photos / "kept" / "inside.jpg", "red", seed=5)
    run("index", photos, photos / "kept")
    for path in photos.glob("*.jpg"):
        path.unlink()
    assert "would be forgotten" in run("prune", "--root", photos, "--dry-run").stdout
    assert "Forgot 12 images" in run("prune", "--root", photos, "--yes").stdout
    status = json.loads(run("status", "--json").stdout)
    assert (status["total_images"], [root["path"] for root in status["roots"]]) == (1, [str(photos / "kept")])
    assert "no indexed folder" in run("prune", "--root", photos, "--yes", code=3).stderr


def test_an_unknown_format_is_refused(run: Run, photos: Path) -> None:
    run("index", photos)
    assert "no image format" in run("query", "blue", "--type", "bogus", code=2).stderr


def test_albums_by_hand_and_smart(run: Run, photos: Path) -> None:
    blue = photos / "0005-blue.jpg"
    run("index", photos)
    assert "Chosen: 2 images." in run("albums", "add", "Chosen", photos / "0001-orange.jpg", blue).stdout
    assert "Blue: 1 image." in run("albums", "save", "Blue", "name:blue album:chosen").stdout
    assert run("query", "in:Blue", "--format", "paths").stdout == f"{blue}\n"
    assert "made of itself" in run("albums", "save", "Blue", "in:Blue OR rating:5", code=2).stderr
    run("albums", "rename", "chosen", "Best")
    best, smart = json.loads(run("albums", "list", "--json").stdout)["albums"]
    assert (best["name"], best["images"], best["query"]) == ("Best", 2, None)
    assert (smart["query"], smart["problem"]) == (
        "name:blue album:chosen",
        "The query of 'Blue' cannot be read: There is no album 'chosen'.",
    )
