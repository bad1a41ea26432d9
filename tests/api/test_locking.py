"""An encrypted library over HTTP: locked, unlocked, locked again, and who may do that."""

from __future__ import annotations

import gc
import json
import logging
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from smartsearch.access.passwords import Passwords
from smartsearch.access.tries import Tries
from smartsearch.api import background
from smartsearch.api import door as door_module
from smartsearch.api.app import create_app
from smartsearch.api.door import Door
from smartsearch.api.rules import need_of
from smartsearch.config import Places
from smartsearch.encryption import unlocking
from smartsearch.encryption.ciphers import LibraryKey
from smartsearch.encryption.keyfile import Cost
from smartsearch.encryption_work import EncryptionWork
from smartsearch.search.albums import Albums
from tests.api.conftest import BASE_URL, settings

PASSPHRASE = "tortoise lamp orbit mild"
CHEAP = Cost(memory_kib=64, iterations=1, lanes=1)
ORIGIN = {"origin": BASE_URL, "sec-fetch-site": "same-origin"}


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory, indexed: Path) -> Path:
    """An encrypted copy of the indexed library: copy it."""
    folder = tmp_path_factory.mktemp("encrypted") / "library"
    shutil.copytree(indexed, folder)
    EncryptionWork(folder, environ={}, cost=CHEAP).encrypt(PASSPHRASE)
    return folder


@pytest.fixture
def places(tmp_path: Path, encrypted: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """Of a copy of it that nothing opens but the passphrase."""
    monkeypatch.setattr(unlocking, "memory_folder", lambda _=None: None)
    monkeypatch.delenv(unlocking.PASSPHRASE_FILE, raising=False)
    shutil.copytree(encrypted, tmp_path / "library")
    return Places(tmp_path / "home", tmp_path / "library")


@pytest.fixture
def door(places: Places, photos: Path) -> Iterator[Door]:
    with Door(places, settings(photos)) as made:
        yield made


@pytest.fixture
def asking(door: Door) -> Iterator[TestClient]:
    with TestClient(create_app(door), base_url=BASE_URL, headers=ORIGIN) as client:
        yield client


def unlock(client: TestClient, passphrase: str = PASSPHRASE) -> int:
    return client.post("/api/v1/unlock", json={"passphrase": passphrase}).status_code


def audited(door: Door) -> list[tuple[str, str, object]]:
    door.audit.flush()
    found = [entry.values for entry in reversed(door.audit.latest(100))]
    return [(values["actor"], values["action"], values["detail"]) for values in found]


def test_a_locked_server_answers_little_until_it_is_unlocked(asking: TestClient, door: Door) -> None:
    assert asking.get("/api/v1/health").json() == {"status": "locked", "read_only": False, "generation": None}
    assert asking.get("/api/v1/session").json()["locked"] is True
    assert asking.get("/").status_code == 200
    refused = asking.post("/api/v1/search", json={"query": "red"})
    assert refused.status_code == 423
    problem = refused.json()
    assert problem["type"] == "urn:smartsearch:problem:library-locked"
    assert "/unlock" in problem["hint"]
    assert str(door.places.library) not in refused.text
    assert unlock(asking, "tortoise lamp orbit wild") == 403
    assert unlock(asking) == 200
    assert asking.get("/api/v1/health").json()["status"] == "ok"
    hits = asking.post("/api/v1/search", json={"query": "red"}).json()["results"]
    assert hits
    assert asking.get(f"/api/v1/images/{hits[0]['image']['id']}/thumbnail").status_code == 200
    assert unlock(asking, "whatever it is") == 200  # it is open: nothing is said of a passphrase
    locked = asking.post("/api/v1/lock")
    assert locked.json() == {"locked": True}
    assert locked.headers["clear-site-data"] == '"cache"'
    assert asking.get(f"/api/v1/images/{hits[0]['image']['id']}/thumbnail").status_code == 423
    assert unlock(asking) == 200
    assert asking.post("/api/v1/search", json={"query": "red"}).json()["results"] == hits
    assert audited(door) == [
        ("local", "unlock", {"refused": 403}),
        ("local", "unlock", {}),
        ("local", "unlock", {}),
        ("local", "lock", {}),
        ("local", "unlock", {}),
    ]


def test_every_other_route_is_locked(asking: TestClient) -> None:
    document = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))
    answers = {
        f"{method.upper()} {path.removeprefix('/api/v1')}": asking.request(
            method.upper(), path.replace("{", "").replace("}", ""), content=b"{"
        ).status_code
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert {route for route, status in answers.items() if status != 423} == {
        "GET /health",
        "GET /version",
        "GET /session",
        "POST /session",
        "DELETE /session",
        "POST /unlock",
        "POST /lock",
    }


def test_nothing_of_a_locked_library_stays_in_memory(asking: TestClient, door: Door) -> None:
    assert unlock(asking) == 200
    asking.post("/api/v1/search", json={"query": "red"})
    library = door.library
    assert library.key is not None
    kept = [weakref.ref(each) for each in (library, library.key, library.key.files, library.store, library.answers)]
    secret = library.key.secret
    del library
    assert asking.post("/api/v1/lock").status_code == 200
    gc.collect()
    assert [each() for each in kept] == [None] * len(kept)
    copies = [each for each in gc.get_objects() if isinstance(each, LibraryKey) and each.secret == secret]
    assert not copies, "other tests may have libraries open, but none by this key"
    assert not [each for each in gc.get_referrers(secret) if isinstance(each, dict) and "secret" not in each]


def test_passphrases_are_limited_like_logins(asking: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 0.0
    app = asking.app
    tries = Tries(per_address=3, window_seconds=60, clock=lambda: seconds, what="passphrases")
    app.state.passphrase_tries = tries  # type: ignore[attr-defined]
    assert [unlock(asking, f"wrong number {number}") for number in range(4)] == [403, 403, 403, 429]
    late = asking.post("/api/v1/unlock", json={"passphrase": PASSPHRASE})
    assert late.status_code == 429
    assert late.headers["retry-after"] == "60"
    assert "passphrases" in late.json()["detail"]
    assert asking.get("/api/v1/health").json()["status"] == "locked"
    seconds = 61.0
    assert unlock(asking) == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"passphrase": None}, 422),
        ({"passphrase": ["tortoise"]}, 422),
        ({"passphrase": {"$ne": ""}}, 422),
        ({"passphrase": 12345678}, 422),
        ({"passphrase": "x" * 1001}, 422),
        ({"passphrase": "tortoise", "path": "/etc"}, 422),
        ({"passphrase": ""}, 403),
        ({"passphrase": "tortoise\0lamp"}, 403),
        ({"passphrase": "\ud800 lone"}, 403),
        ({"passphrase": "💥" * 900}, 403),
    ],
)
def test_hostile_bodies_open_nothing(
    asking: TestClient, body: object, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = asking.post("/api/v1/unlock", content=json.dumps(body), headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    for place in (answer.text, caplog.text):
        assert "tortoise" not in place
        assert "💥" not in place
        assert "xxx" not in place
    assert asking.get("/api/v1/health").json()["status"] == "locked"


def test_a_body_that_is_no_json_or_too_large_is_refused(asking: TestClient) -> None:
    kind = {"content-type": "application/json"}
    assert asking.post("/api/v1/unlock", content=b'{"passphrase": "tor', headers=kind).status_code == 422
    assert asking.post("/api/v1/unlock", content=b"[" * (2 << 20), headers=kind).status_code == 413
    assert asking.post("/api/v1/unlock", data={"passphrase": PASSPHRASE}).status_code == 422  # a form of another site


def test_no_other_site_locks_or_unlocks(asking: TestClient) -> None:
    elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    for path in ("/api/v1/unlock", "/api/v1/lock"):
        answer = asking.post(path, json={"passphrase": PASSPHRASE}, headers=elsewhere)
        assert answer.status_code == 403
        assert answer.json()["type"].endswith("cross-site")


def test_owners_lock_and_unlock_and_nobody_else(door: Door) -> None:
    assert need_of("POST", "/unlock") == need_of("POST", "/lock") == "admin"
    door.accounts._given = Passwords(time_cost=1, memory_kib=8, parallelism=1)
    door.accounts.add_user("anna", PASSPHRASE)
    door.accounts.add_user("bob", PASSPHRASE, "viewer")
    app = create_app(door)

    def client(name: str) -> TestClient:
        made = TestClient(app, base_url=BASE_URL, headers=ORIGIN)
        assert made.post("/api/v1/session", json={"name": name, "password": PASSPHRASE}).status_code == 200
        return made

    nobody = TestClient(app, base_url=BASE_URL, headers=ORIGIN)
    assert nobody.get("/api/v1/images/1").status_code == 401  # not even that it is locked
    assert unlock(nobody) == 401
    anna, bob = client("anna"), client("bob")
    assert bob.get("/api/v1/images/1").status_code == 423
    assert unlock(bob) == 403
    assert unlock(anna) == 200
    assert bob.get("/api/v1/images/1").status_code == 200
    assert bob.post("/api/v1/lock").status_code == 403
    assert anna.post("/api/v1/lock").status_code == 200
    assert bob.get("/api/v1/session").json()["locked"] is True  # logins outlast the library
    viewer = f"user:{door.accounts.user('bob').id}"
    assert (viewer, "unlock", {"refused": 403}) in audited(door)
    assert PASSPHRASE not in json.dumps(audited(door))


def test_locking_stops_a_job_or_says_that_it_cannot(
    asking: TestClient, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert unlock(asking) == 200
    stubborn, go = threading.Event(), threading.Event()

    def work(started: Callable[[int], None], cancelled: Callable[[], bool]) -> None:
        started(door.library.store.start_job("index", {}).id)
        while not go.wait(0.01):
            if cancelled() and not stubborn.is_set():
                return

    monkeypatch.setattr(background, "GOODBYE_SECONDS", 0.3)
    stubborn.set()
    door.jobs.start(work)
    refused = asking.post("/api/v1/lock")
    assert refused.status_code == 409
    assert "does not stop" in refused.json()["detail"]
    assert asking.get("/api/v1/images/1").status_code == 200  # still open
    stubborn.clear()
    assert asking.post("/api/v1/lock").status_code == 200
    go.set()
    assert asking.get("/api/v1/jobs").status_code == 423


def missing(*_: object) -> None:
    raise KeyError("an attribute of something that was closed")


@pytest.mark.parametrize("then", [None, missing, lambda _: []])
def test_an_answer_that_is_slower_than_locking_says_that_it_is_locked(
    asking: TestClient,
    door: Door,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    then: Callable[..., object] | None,
) -> None:
    begun, go = threading.Event(), threading.Event()
    albums = Albums.all

    def slow(found: Albums) -> object:
        begun.set()
        assert go.wait(60)
        return (then or albums)(found)

    monkeypatch.setattr(Albums, "all", slow)
    monkeypatch.setattr(door_module, "PATIENCE_SECONDS", 0.0)
    assert unlock(asking) == 200
    with ThreadPoolExecutor(1) as elsewhere:
        answering = elsewhere.submit(asking.get, "/api/v1/albums")
        assert begun.wait(20)
        assert asking.post("/api/v1/lock").status_code == 200
        go.set()
        answer = answering.result()
    assert (answer.status_code, answer.json()) == (423, asking.get("/api/v1/albums").json())
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_a_plain_library_has_no_lock(own: TestClient) -> None:
    answer = own.post("/api/v1/lock")
    assert answer.status_code == 400
    assert "not encrypted" in answer.json()["detail"]
    assert own.get("/api/v1/health").json()["status"] == "ok"


def test_what_is_under_way_is_answered_before_it_closes(asking: TestClient, door: Door) -> None:
    assert unlock(asking) == 200
    begun, answers = threading.Event(), []
    store = door.library.store
    counted = store.counts

    def slow() -> object:
        begun.set()
        threading.Event().wait(0.5)
        return counted()

    store.counts = slow  # type: ignore[method-assign, assignment]
    thread = threading.Thread(target=lambda: answers.append(asking.get("/api/v1/metrics").status_code))
    thread.start()
    assert begun.wait(10)
    assert asking.post("/api/v1/lock").status_code == 200
    thread.join()
    assert answers == [200]
