"""Indexing over HTTP: folders, runs as jobs with their events, stopping and going on, errors, exclusions, browsing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from smartsearch.api.app import create_app
from smartsearch.indexing.lock import exclusive
from smartsearch.library import Library
from tests.api.conftest import BASE_URL, COUNT, save_photo
from tests.api.test_search import ask, complaint

V1 = "/api/v1"


@pytest.fixture
def more(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder below the one that may be browsed, with six new photos and one that is broken."""
    folder = photos.parent / f"more-{tmp_path_factory.mktemp('name').name}"
    for number in range(6):
        save_photo(folder / "deep" / f"more-{number}.jpg", 100 + number)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no")
    return folder


def started(client: TestClient, url: str = "/index/scan", **body: Any) -> dict[str, Any]:
    answer = client.post(V1 + url, json=body) if body or url == "/index/scan" else client.post(V1 + url)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def events(client: TestClient, job_id: int) -> list[tuple[str, dict[str, Any]]]:
    """All events of a job, until its end."""
    found = []
    with client.stream("GET", f"{V1}/jobs/{job_id}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        kind = ""
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "data":
                found.append((kind, json.loads(value)))
    return found


def finished(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    kind, last = events(client, job["id"])[-1]
    assert kind == "end"
    return last


@contextmanager
def held(library: Library, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Index runs wait with their first committed batch until the event is set."""
    go, apply = threading.Event(), library.store.apply

    def slow(changes: Any) -> None:
        assert go.wait(60)
        apply(changes)

    monkeypatch.setattr(library.store, "apply", slow)
    yield go
    go.set()


class TestRuns:
    def test_a_folder_is_indexed_as_a_job(self, own: TestClient, more: Path) -> None:
        job = started(own, paths=[str(more)])
        assert (job["kind"], job["state"]) == ("index", "running")
        last = finished(own, job)
        assert (last["state"], last["done"], last["total"], last["errors"]) == ("done", 7, 7, 1)
        assert last["detail"]["paths"] == [str(more)]
        assert own.get(f"{V1}/jobs/{job['id']}").json() == last
        assert own.get(f"{V1}/jobs", params={"limit": 1}).json() == {"jobs": [last]}
        assert ask(own, filters={"folders": [str(more)]})["total"] == 6
        status = own.get(f"{V1}/index/status").json()
        assert (status["total_images"], status["job"]["id"], status["roots"]) == (COUNT + 6, job["id"], 2)

    def test_events_tell_of_the_progress(
        self, own: TestClient, library: Library, more: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with held(library, monkeypatch) as go:
            job = started(own, paths=[str(more)])
            found: list[tuple[str, dict[str, Any]]] = []
            with own.stream("GET", f"{V1}/jobs/{job['id']}/events") as answer:
                for line in answer.iter_lines():
                    go.set()  # having heard of it
                    found.append(tuple(line.partition(": ")[::2]))  # type: ignore[arg-type]
        kinds = [value for name, value in found if name == "event"]
        assert (kinds[0], kinds[-1], kinds.count("end")) == ("progress", "end", 1)

    def test_a_second_run_has_to_wait(
        self, own: TestClient, library: Library, more: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with held(library, monkeypatch):
            job = started(own, paths=[str(more)])
            for url in ("/index/scan", "/index/errors/retry"):
                found = complaint(own.post(V1 + url, json={}), 409)
                assert found["type"].endswith("library-busy")
            assert complaint(own.post(f"{V1}/jobs/{job['id']}/resume"), 409)["type"].endswith("job-running")
            assert complaint(own.delete(f"{V1}/index/roots", params={"path": str(more)}), 409)
            assert ask(own)["total"] == COUNT, "meanwhile everything else is answered"
        assert finished(own, job)["state"] == "done"
        assert own.get(f"{V1}/index/roots").json()["roots"][1]["images"] == 6, "refused, it has changed nothing"

    def test_a_library_locked_by_another_process(self, own: TestClient, library: Library) -> None:
        script = (
            "import sys, pathlib; from smartsearch.indexing.lock import exclusive\n"
            "with exclusive(pathlib.Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
        )
        program = [sys.executable, "-c", script, str(library.places.library)]
        with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "held\n"
            found = complaint(own.post(f"{V1}/index/scan", json={}), 409)
            assert found["type"].endswith("library-busy")
            assert str(library.places.library) not in str(found)
            assert ask(own)["total"] == COUNT
            other.communicate("")
        assert finished(own, started(own))["state"] == "done"

    def test_cancelled_and_resumed(
        self, own: TestClient, library: Library, more: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with held(library, monkeypatch) as go:
            job = started(own, paths=[str(more)])
            assert own.post(f"{V1}/jobs/{job['id']}/cancel").json()["state"] == "running"
            go.set()
        last = finished(own, job)
        assert last["state"] == "cancelled"
        assert own.post(f"{V1}/jobs/{job['id']}/cancel").json() == last, "it has ended already"
        resumed = started(own, f"/jobs/{job['id']}/resume")
        assert resumed["id"] > job["id"]
        assert finished(own, resumed)["state"] == "done"
        assert ask(own, filters={"folders": [str(more)]})["total"] == 6

    def test_the_end_of_the_server_stops_the_job_and_leaves_it_resumable(
        self, open_copy: Callable[[], Library], more: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        library = open_copy()
        with held(library, monkeypatch) as go, TestClient(create_app(library), base_url=BASE_URL) as first:
            job = started(first, paths=[str(more)])
            threading.Timer(0.2, go.set).start()  # while the server waits for it
        assert library.store.job(job["id"]).state == "cancelled"
        with TestClient(create_app(library), base_url=BASE_URL) as second:
            assert finished(second, started(second, f"/jobs/{job['id']}/resume"))["state"] == "done"
            assert ask(second, filters={"folders": [str(more)]})["total"] == 6

    def test_a_run_that_fails_says_why(
        self, own: TestClient, library: Library, more: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from smartsearch.core.errors import DiskFullError

        def full(_: Any) -> None:
            raise DiskFullError("There is no space left.")

        monkeypatch.setattr(library.store, "apply", full)
        last = finished(own, started(own, paths=[str(more)]))
        assert (last["state"], last["error"]) == ("failed", "There is no space left.")

    def test_jobs_that_are_not_there(self, client: TestClient) -> None:
        for answer in (
            client.get(f"{V1}/jobs/99"),
            client.get(f"{V1}/jobs/99/events"),
            client.post(f"{V1}/jobs/99/cancel"),
            client.post(f"{V1}/jobs/99/resume"),
        ):
            assert complaint(answer, 404)["type"].endswith("job-not-found")

    def test_other_kinds_cannot_be_resumed(self, own: TestClient, library: Library) -> None:
        job = library.store.start_job("prune", {})
        library.store.update_job(job.id, done=0, errors=0, state="cancelled")
        complaint(own.post(f"{V1}/jobs/{job.id}/resume"), 400)


class TestErrors:
    def test_they_are_listed_and_tried_again(self, own: TestClient, library: Library, more: Path) -> None:
        finished(own, started(own, paths=[str(more)]))
        first = own.get(f"{V1}/index/errors", params={"limit": 1}).json()
        assert first["errors"][0]["path"] == str(more / "broken.jpg")
        assert (first["errors"][0]["code"], bool(first["errors"][0]["message"])) == ("corrupt", True)
        second = own.get(f"{V1}/index/errors", params={"limit": 1, "cursor": first["next_cursor"]}).json()
        assert (second["errors"][0]["path"] != first["errors"][0]["path"], second["next_cursor"]) == (True, None)
        last = finished(own, started(own, "/index/errors/retry"))
        assert (last["total"], last["errors"], last["detail"]["retry_errors"]) == (2, 2, True)

    @pytest.mark.parametrize("query", ["cursor=x", "cursor=-1", "limit=0", "cursor=9999999999"])
    def test_places_that_cannot_be(self, client: TestClient, query: str) -> None:
        assert client.get(f"{V1}/index/errors?{query}").status_code in (400, 422)


class TestFolders:
    def test_the_traces_of_a_folder_are_erased_after_its_path_is_said_twice(self, own: TestClient, more: Path) -> None:
        own.post(f"{V1}/index/roots", json={"path": str(more)})
        finished(own, started(own))
        refused = own.post(f"{V1}/index/erase", json={"path": str(more), "confirm": str(more.parent)})
        assert "differ" in complaint(refused, 400)["detail"]
        erasing = own.post(f"{V1}/index/erase", json={"path": str(more), "confirm": str(more)})
        assert erasing.status_code == 202
        assert str(more) not in erasing.text
        erased = finished(own, erasing.json())
        assert (erased["kind"], erased["state"], erased["done"]) == ("erase", "done", 6)
        assert erased["detail"] == {"left": [], "indexed_by": None}
        assert str(more) not in own.get(f"{V1}/index/roots").text

    def test_they_are_added_and_given_up(self, own: TestClient, more: Path, photos: Path) -> None:
        added = own.post(f"{V1}/index/roots", json={"path": str(more)})
        assert added.status_code == 201
        assert added.json() == {"path": str(more), "recursive": True, "images": 0, "available": True}
        finished(own, started(own))
        folders = own.get(f"{V1}/index/roots").json()["roots"]
        assert [(folder["path"], folder["images"]) for folder in folders] == [(str(photos), COUNT), (str(more), 6)]
        assert own.delete(f"{V1}/index/roots", params={"path": str(more)}).json() == {"forgotten": 6}
        assert (more / "deep" / "more-0.jpg").is_file()
        assert complaint(own.delete(f"{V1}/index/roots", params={"path": str(more)}), 404)
        assert ask(own)["total"] == COUNT

    @pytest.mark.parametrize("path", ["/etc", "/", "/proc/self/root/etc", "etc", "..", "/nowhere/at/all", "~root"])
    def test_places_that_may_not_be_looked_at(self, own: TestClient, path: str) -> None:
        """Whether they are there or not cannot be told from the answer."""
        answers = (
            own.get(f"{V1}/folders", params={"path": path}),
            own.post(f"{V1}/index/roots", json={"path": path}),
            own.post(f"{V1}/index/scan", json={"paths": [path]}),
        )
        for answer in answers:
            found = complaint(answer, 403)
            assert found["type"].endswith("folder-not-allowed")
            assert path not in found["detail"] or path == "/"

    def test_ways_out_of_the_allowed_folder(self, own: TestClient, more: Path) -> None:
        (more / "out").symlink_to("/etc")
        for path in (f"{more}/../../../../etc", f"{more}/out", f"{more}/out/ssl", f"{more}/./out/../passwd"):
            complaint(own.get(f"{V1}/folders", params={"path": path}), 403)
            complaint(own.post(f"{V1}/index/scan", json={"paths": [path]}), 403)
        listed = own.get(f"{V1}/folders", params={"path": str(more)}).json()
        assert [folder["name"] for folder in listed["folders"]] == ["deep"], "a link that leads out is not shown"

    def test_looking_for_a_folder(self, own: TestClient, more: Path, photos: Path) -> None:
        (more / ".hidden").mkdir()
        (more / "inner").symlink_to(photos / "home")
        start = own.get(f"{V1}/folders").json()
        allowed = os.path.realpath(photos.parent)
        assert (start["path"], start["parent"], start["allowed"]) == (allowed, None, [allowed])
        found = {folder["name"]: folder["indexed"] for folder in start["folders"]}
        assert (found["photos"], found[more.name]) == (True, False)
        inside = own.get(f"{V1}/folders", params={"path": str(more)}).json()
        assert inside["parent"] == allowed
        assert [(folder["name"], folder["indexed"]) for folder in inside["folders"]] == [
            ("deep", False),
            ("inner", True),
        ]
        complaint(own.get(f"{V1}/folders", params={"path": str(more / "gone")}), 404)
        complaint(own.get(f"{V1}/folders", params={"path": str(more / "broken.jpg")}), 404)
        complaint(own.get(f"{V1}/folders", params={"path": "a\0b"}), 422)


class TestExclusions:
    def test_they_are_kept_in_the_file_with_its_comments(self, own: TestClient, library: Library, more: Path) -> None:
        config = library.places.library / "config.toml"
        config.write_text('# mine\n[discovery]\nmin_bytes = 1  # all\nexclude = ["*.gif"]\n')
        answer = own.put(f"{V1}/index/exclusions", json={"patterns": ["deep/", "*.bmp"]})
        assert answer.json() == own.get(f"{V1}/index/exclusions").json() == {"patterns": ["deep/", "*.bmp"]}
        assert config.read_text() == '# mine\n[discovery]\nmin_bytes = 1  # all\nexclude = ["deep/", "*.bmp"]\n'
        finished(own, started(own, paths=[str(more)]))
        assert ask(own, filters={"folders": [str(more)]})["total"] == 0

    def test_the_file_is_made_where_there_is_none(self, own: TestClient, library: Library) -> None:
        own.put(f"{V1}/index/exclusions", json={"patterns": ["x"]})
        assert (library.places.library / "config.toml").read_text() == '[discovery]\nexclude = ["x"]\n'

    def test_a_file_that_is_broken_is_left_alone(self, own: TestClient, library: Library) -> None:
        config = library.places.library / "config.toml"
        config.write_text("[discovery")
        found = complaint(own.put(f"{V1}/index/exclusions", json={"patterns": ["x"]}), 400)
        assert (found["type"].endswith("config"), str(config) in str(found)) == (True, False)
        assert (config.read_text(), library.settings.discovery.exclude) == ("[discovery", ())

    @pytest.mark.parametrize("patterns", [["a\0"], "x", ["x" * 1001], [1]])
    def test_patterns_that_cannot_be(self, client: TestClient, patterns: Any) -> None:
        complaint(client.put(f"{V1}/index/exclusions", json={"patterns": patterns}), 422)

    def test_patterns_that_are_none(self, own: TestClient, library: Library) -> None:
        complaint(own.put(f"{V1}/index/exclusions", json={"patterns": ["[z-a]"]}), 400)
        assert not (library.places.library / "config.toml").exists()


def test_a_held_lock_is_let_go(library: Library) -> None:
    with exclusive(library.places.library):
        pass
