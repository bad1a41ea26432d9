"""The example plugin, installed as a package and used by the program; and one that fails."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.pictures import save_picture

EXAMPLE = Path(__file__).parents[2] / "examples" / "smartsearch-plugin-example"
RUN = [sys.executable, "-c", "from smartsearch.cli.main import main; main()"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with the example in it, as pip installs it from its source."""
    if importlib.util.find_spec("setuptools") is None:
        pytest.skip("setuptools is not there to build the example")
    source = tmp_path_factory.mktemp("source") / "example"
    shutil.copytree(EXAMPLE, source)  # building writes beside the source
    target = tmp_path_factory.mktemp("packages")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--disable-pip-version-check", "--target", target, source], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return target


def run(packages: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(packages), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run([*RUN, *words], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path})


def test_an_installed_plugin_adds_a_field_a_format_and_a_command(installed: Path, home: Path, tmp_path: Path) -> None:
    save_picture(tmp_path / "photos" / "red.jpg", "red", 1)
    save_picture(tmp_path / "photos" / "blue.png", "blue", 2)
    indexed = run(installed, "index", str(tmp_path / "photos"))
    assert indexed.returncode == 0, indexed.stderr
    page = tmp_path / "found.html"
    found = run(installed, "query", "quality:lossless", "--format", "paths", "--export", str(page))
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines() == [str(tmp_path / "photos" / "blue.png")]
    assert 'blue.png" width="320"' in page.read_text("utf-8")
    wrong = run(installed, "query", "quality:odd")
    assert (wrong.returncode, "Did you mean lossless?" in wrong.stderr) == (2, True)
    counted = run(installed, "formats")
    assert counted.returncode == 0, counted.stderr
    assert sorted(counted.stdout.split()) == ["1", "1", "jpeg", "png"]
    without = run(tmp_path, "formats")
    assert without.returncode == 2
    unknown = run(installed, "query", "red", "--export", "x.odd")
    assert unknown.returncode == 2
    assert ".html" in unknown.stderr


def test_a_plugin_that_fails_is_named_and_the_program_goes_on(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text(
        "from smartsearch.hookspecs import Command, hookimpl\n"
        "@hookimpl\ndef smartsearch_query_fields():\n    raise RuntimeError('boom')\n"
        "def fail():\n    raise RuntimeError('bang')\n"
        "@hookimpl\ndef smartsearch_commands():\n    return [Command('fail', fail)]\n"
    )
    facts = tmp_path / "bad-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 1\n")
    (facts / "entry_points.txt").write_text("[smartsearch]\nbad = bad\n")
    save_picture(tmp_path / "photos" / "red.jpg", "red", 1)
    assert run(tmp_path, "index", str(tmp_path / "photos")).returncode == 0
    found = run(tmp_path, "query", "red", "--min-score", "0", "--format", "paths")
    assert found.returncode == 0
    assert found.stdout.strip().endswith("red.jpg")
    assert "The plugin 'bad' failed: RuntimeError('boom')" in found.stderr
    assert "Traceback" not in found.stderr
    failed = run(tmp_path, "fail")
    assert failed.returncode == 11
    assert "The plugin 'bad' failed: RuntimeError('bang')" in failed.stderr
    assert "fail" in run(tmp_path, "--help").stdout
