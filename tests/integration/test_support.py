"""Log and support bundle of a real library: what is private is in neither."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from pathlib import Path

import pytest
from tests.pictures import save_picture
from typer.testing import CliRunner

from smartsearch.cli.main import app
from smartsearch.core.assets import Tag
from smartsearch.library import Library
from smartsearch.logs import log_folder, logging_to
from smartsearch.search.service import SearchRequest

PRIVATE = ("marianne", "wedding", "zanzibar", "grandma", "blossom")
"""Name of a folder, of a file, of a tag, of an excluded pattern, words of a query."""


@pytest.fixture
def lived_in(library: Library, home: Path, tmp_path: Path) -> Library:
    folder = tmp_path / "marianne"
    for number in range(3):
        save_picture(folder / f"wedding-{number}.png", "red", number)
    (folder / "wedding-broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    library.configure({"discovery": {"exclude": ["grandma*"]}})
    with logging_to(home, library.settings.log, "index"):
        library.index([folder])
        logging.getLogger("smartsearch.api").error("A task failed: %s", folder)
    library.store.set_tags(1, [Tag("zanzibar", 1.0, "user")], "user")
    library.answer(SearchRequest(text="blossom", min_score=0)).page(0, 3)
    library.recent.add("blossom")
    library.recent.save(at_once=True)
    return library


def test_what_is_private_is_in_neither(lived_in: Library, home: Path) -> None:
    content = lived_in.support_bundle()
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        documents = {name: json.loads(bundle.read(name)) for name in bundle.namelist()}
    written = json.dumps(documents) + "".join(path.read_text() for path in log_folder(home).iterdir())
    assert not [word for word in (*PRIVATE, str(home), str(home.parent)) if word in written.lower()]
    assert documents["library.json"]["images"] == 3
    assert sum(documents["library.json"]["errors"].values()) == 1
    assert documents["settings.json"]["discovery"]["exclude"] == "(1 given)"
    assert documents["program.json"]["packages"]["numpy"]
    assert [entry["event"] for entry in documents["log.json"]] == [
        "started",
        "index run ended",
        "A task failed: (withheld)",
        "ended",
    ]
    run = documents["log.json"][1]
    assert (run["state"], run["added"], run["errors"]) == ("done", 3, 1)


def test_a_part_that_fails_does_not_cost_the_rest(lived_in: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Library, "doctor", lambda self: 1 / 0)
    with zipfile.ZipFile(io.BytesIO(lived_in.support_bundle())) as bundle:
        assert json.loads(bundle.read("doctor.json")) == {"failed": "ZeroDivisionError"}
        assert json.loads(bundle.read("library.json"))["images"] == 3


def test_the_commands(lived_in: Library, tmp_path: Path) -> None:
    target = tmp_path / "bundle.zip"
    run = CliRunner()
    done = run.invoke(app, ["support-bundle", str(target)])
    assert done.exit_code == 0, done.output
    assert "doctor.json" in done.stdout
    content = target.read_bytes()
    with pytest.raises(Exception, match="already"):
        run.invoke(app, ["support-bundle", str(target)], catch_exceptions=False)
    assert target.read_bytes() == content
    done = run.invoke(app, ["logs", "--last", "1"])
    assert "ended command=index outcome=ok" in done.stdout
    assert json.loads(run.invoke(app, ["logs", "-n", "1", "--json"]).stdout)["command"] == "index"
