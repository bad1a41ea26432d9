"""The example plugin, installed as a package and used by the program; and one that fails."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
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


def test_an_installed_plugin_reads_metadata_and_finds_faces(installed: Path, home: Path, tmp_path: Path) -> None:
    photo = save_picture(tmp_path / "photos" / "sea.jpg", "blue", 1)
    said = {
        "description": "the quiet bay",
        "photoTakenTime": {"timestamp": "1593597600"},
        "geoData": {"latitude": 38.72, "longitude": -9.14},
        "people": [{"name": "Anna"}],
    }
    photo.with_name("sea.jpg.json").write_text(json.dumps(said))
    save_picture(tmp_path / "photos" / "other.jpg", "blue", 2).with_name("other.jpg.json").write_text("{broken")
    portrait = Image.new("RGB", (400, 300), (30, 60, 200))
    portrait.paste((230, 180, 150), (150, 80, 260, 220))
    portrait.save(tmp_path / "photos" / "portrait.png")
    indexed = run(installed, "index", str(tmp_path / "photos"))
    assert indexed.returncode == 0, indexed.stderr
    assert "The metadata reader of the plugin 'example' failed: JSONDecodeError" in indexed.stderr
    (found,) = json.loads(run(installed, "query", "near:Lisbon", "--json").stdout)["results"]
    assert Path(found["path"]) == photo
    facts = found["metadata"]
    assert (facts["taken_at"], facts["description"]) == ("2020-07-01T10:00:00", "the quiet bay")
    assert "Anna" in [tag["name"] for tag in facts["tags"]]
    listed = json.loads(run(installed, "faces", "models", "--json").stdout)["models"]
    assert "skin-tone" in [model["name"] for model in listed]
    for words in (("faces", "use-model", "skin-tone"), ("faces", "consent", "--yes"), ("faces", "scan")):
        done = run(installed, *words)
        assert done.returncode == 0, done.stderr
    seen = run(installed, "query", "faces:1", "--format", "paths").stdout.splitlines()
    assert seen == [str(tmp_path / "photos" / "portrait.png")]
    without = run(tmp_path, "faces", "scan")  # the plugin is gone
    assert without.returncode != 0
    assert "skin-tone" in without.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="workers are confined on Linux")
def test_a_metadata_reader_is_confined_as_decoders_are(home: Path, tmp_path: Path) -> None:
    """It may look at files; the kernel refuses it the network and writing, from the first line it imports."""
    (tmp_path / "spy.py").write_text(
        "import os\n"
        "from smartsearch.hookspecs import MetadataReader, hookimpl\n"
        "@hookimpl\ndef smartsearch_metadata_readers():\n    return [MetadataReader('spy', 'spy_reader:read')]\n"
    )
    (tmp_path / "spy_reader.py").write_text(
        "import os, socket\n"
        "from smartsearch.core.assets import Metadata\n"
        "tried = []\n"
        "def attempt(name, do):\n"
        "    try:\n        do()\n        tried.append(name + ' worked')\n"
        "    except PermissionError:\n        tried.append(name + ' refused')\n"
        f"attempt('writing', lambda: os.mkdir({str(tmp_path / 'written')!r}))\n"
        "attempt('network', lambda: socket.socket())\n"
        "attempt('program', lambda: os.execv('/bin/true', ['true']))\n"
        "def read(path, file, format):\n"
        "    return Metadata(description=', '.join(tried) + ', ' + format + ' of ' + str(len(file.read(2))))\n"
    )
    facts = tmp_path / "spy-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: spy\nVersion: 1\n")
    (facts / "entry_points.txt").write_text("[smartsearch]\nspy = spy\n")
    save_picture(tmp_path / "photos" / "red.jpg", "red", 1)
    assert run(tmp_path, "index", str(tmp_path / "photos")).returncode == 0
    found = run(tmp_path, "query", "name:red*", "--json").stdout
    assert "writing refused, network refused, program refused, jpeg of 2" in found
    assert not (tmp_path / "written").exists()


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
