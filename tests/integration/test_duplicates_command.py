"""`smartsearch duplicates` on real files, with the real trash of the system in a folder of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.media.pictures import detailed

PROGRAM = Path(sys.executable).with_name("smartsearch")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    def call(*arguments: object, code: int = 0, said: str = "") -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"XDG_DATA_HOME": str(tmp_path / "data")}
        done = subprocess.run(
            [PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120, input=said, env=environment
        )
        assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    return call


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    picture = detailed(400, 300, 3)
    picture.save(folder / "best.jpg", quality=90)
    shutil.copy(folder / "best.jpg", folder / "copy.jpg")
    picture.resize((200, 150)).save(folder / "small.png")
    return folder


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="the trash there cannot be put elsewhere")
def test_from_a_list_to_the_trash_and_back(run: Run, home: Path, photos: Path, tmp_path: Path) -> None:
    run("index", photos)
    listed = run("duplicates", "list")
    assert [line.split()[0] for line in listed.stdout.splitlines()[1:]] == ["keep", "exact", "near"]
    [group] = json.loads(run("duplicates", "list", "--json").stdout)["groups"]
    assert [Path(member["path"]).name for member in group["members"]] == ["best.jpg", "copy.jpg", "small.png"]
    refused = run("duplicates", "trash", "--yes", code=2)
    assert "allow_trash" in refused.stderr

    with (home / "config.toml").open("a") as config:
        config.write("[duplicates]\nallow_trash = true\n")
    assert "1 file" in run("duplicates", "trash", "--dry-run").stderr
    asked = run("duplicates", "trash", said="n\n", code=1)
    assert "Move 1 file" in asked.stdout
    assert sorted(os.listdir(photos)) == ["best.jpg", "copy.jpg", "small.png"]
    everything = run("duplicates", "trash", "--yes", *photos.iterdir(), code=2)
    assert "would go" in everything.stderr

    original = (photos / "copy.jpg").read_bytes()
    assert "Moved 1 file" in run("duplicates", "trash", "--yes").stdout
    assert sorted(os.listdir(photos)) == ["best.jpg", "small.png"]
    in_trash = tmp_path / "data" / "Trash" / "files" / "copy.jpg"
    assert in_trash.read_bytes() == original
    assert json.loads(run("status", "--json").stdout)["missing"] == 1

    shutil.move(in_trash, photos / "copy.jpg")
    run("index", photos)
    assert json.loads(run("status", "--json").stdout)["missing"] == 0

    run("duplicates", "distinct", photos / "best.jpg", photos / "copy.jpg")
    assert "There are no duplicates" in run("duplicates", "trash", "--yes").stdout
    run("duplicates", "distinct", "--undo", photos / "best.jpg", photos / "copy.jpg")
    assert "not in the library" in run("duplicates", "distinct", photos / "x.jpg", "y.jpg", code=3).stderr
