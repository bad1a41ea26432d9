"""Feedback and learning by the command line: a real library on disk, killed and reverted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.contract.making import put
from tests.pictures import save_picture
from typer.testing import CliRunner

from smartsearch.cli.main import app
from smartsearch.config import find_places, load_settings
from smartsearch.core.errors import SmartsearchError
from smartsearch.core.query import Everything
from smartsearch.library import Library
from smartsearch.testing import random_vectors

Run = Callable[..., Any]


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """Runs a command on a library of three indexed photos and seventy more rows with vectors; gives its output."""
    for number, colour in enumerate(("red", "blue", "green")):
        save_picture(tmp_path / "photos" / f"{colour}.jpg", colour, number)

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
        if done.exit_code:
            raise SmartsearchError(done.output)
        return done.output

    run("index", str(tmp_path / "photos"))
    places = find_places()
    with Library.open(places, load_settings(places)) as library:
        space = library.catalog.encoders(library.model).text.space
        [rex] = random_vectors(["rex"], space.dim)
        near = random_vectors([f"r{n}" for n in range(30)], space.dim)
        far = random_vectors([f"o{n}" for n in range(40)], space.dim)
        rows = {f"/rex/{n}.jpg": (rex + noise) / 2 for n, noise in enumerate(near)}
        rows |= {f"/other/{n}.jpg": noise for n, noise in enumerate(far)}
        library.store.apply([put(path, embeddings={space.key: vector}) for path, vector in rows.items()])
    return run


def likes(folder: str) -> list[str]:
    places = find_places()
    with Library.open(places, load_settings(places)) as library:
        assets = library.store.assets(library.store.select(Everything()))
    return [word for asset in assets if f"/{folder}/" in asset.path for word in ("--like", str(asset.id))]


def test_feedback_is_kept_listed_exported_and_erased(run: Run, tmp_path: Path) -> None:
    [red] = [found["id"] for found in json.loads(run("query", "red", "-n", "1", "--json"))["results"]]
    rows = json.loads(run("query", "Snowy", "--like", red, "--remember", "--json"))["results"]
    assert (rows[0]["id"], rows[0]["reasons"]) == (red, ["you liked it"])
    assert "evidence" not in rows[0]
    run("feedback", "add", "Snowy", "--unlike", red)
    table = run("feedback", "list")
    assert "not meant" in table
    assert "red.jpg" in table
    target = tmp_path / "feedback.jsonl"
    run("feedback", "export", target)
    [fact] = [json.loads(line) for line in target.read_text().splitlines()]
    assert (fact["query"], fact["liked"], fact["image_ids"], len(fact["sha256"])) == ("Snowy", False, [red], 64)
    with pytest.raises(SmartsearchError):
        run("feedback", "export", target)
    assert json.loads(run("learn", "--status", "--json"))["dislikes"] == 1
    assert "1 fact erased" in run("feedback", "erase", "snowy")
    assert "Nothing was said" in run("feedback", "list")


def test_learning_is_reported_and_reverted(run: Run) -> None:
    run("feedback", "add", "rex", *likes("rex"))
    said = run("learn")
    assert "Learned, and in force from now on" in said
    assert "1 query" in said
    assert "in force" in run("learn", "--status")
    found = json.loads(run("query", "rex", "--min-score", "0", "-n", "5", "--json"))["results"]
    assert all("/rex/" in row["path"] for row in found)
    assert "Refused, nothing has changed" in run("learn")
    assert "as they were before" in run("learn", "--revert")
    assert json.loads(run("learn", "--status", "--json"))["revisions"] == []


def test_erasing_a_person_erases_what_was_said_of_the_name(run: Run) -> None:
    places = find_places()
    with Library.open(places, load_settings(places)) as library:
        [asset_id] = library.store.select(Everything())[:1]
        person = library.people.create("Anna")
        library.feedback.keep("anna smiling", [asset_id], [])
        library.feedback.keep("a dog", [asset_id], [])
        library.faces.erase(person.person.id)
        assert [fact.verdict.query for fact in library.feedback.verdicts()] == ["a dog"]
