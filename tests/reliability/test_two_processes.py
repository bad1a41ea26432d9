"""Two programs, one library: who changes it works alone, everybody else goes on, and whoever must wait is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.pictures import save_album

PROGRAM = Path(sys.executable).with_name("smartsearch")

HOLDER = """
import sys
from pathlib import Path
from smartsearch.indexing.lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def run(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.mark.slow
def test_while_one_works_the_others_search_and_wait(home: Path, tmp_path: Path) -> None:
    photos, library = tmp_path / "photos", home / "libraries" / "default"
    save_album(photos, 6)
    run("index", photos)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, library], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for command in (("index",), ("prune", "--root", photos, "--yes"), ("doctor", "--repair"), ("tag",)):
            done = run(*command, code=6)
            assert "at work on" in done.stderr
            assert "Wait for it" in done.stderr
            assert "Traceback" not in done.stderr
        assert run("query", "blue", "--min-score", "0", "--format", "paths").stdout.count("\n") == 6
        assert json.loads(run("status", "--json").stdout)["total_images"] == 6
        run("backup", tmp_path / "backup")
        busy = run("restore", tmp_path / "backup", "--replace", code=6)
        assert "at work on" in busy.stderr
        holder.communicate("")
    assert "6 unchanged" in run("index").stdout
    run("restore", tmp_path / "backup", "--replace")
