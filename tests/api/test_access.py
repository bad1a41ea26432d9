"""Logging in, roles, tokens, sessions: who is answered, and who is not."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from smartsearch.access.accounts import Accounts
from smartsearch.access.passwords import Passwords
from smartsearch.access.tries import Tries
from smartsearch.api.app import create_app
from smartsearch.api.authorization import COOKIE
from smartsearch.api.rules import need_of
from smartsearch.core.access import SCOPES, Scope
from smartsearch.core.faces import Box, FaceScan, FoundFace, PutFaces
from smartsearch.core.people import Person
from smartsearch.faces.models import DEFAULT
from smartsearch.library import Library
from smartsearch.people.directory import PersonChange
from tests.api.conftest import BASE_URL

PASSWORD = "correct horse battery"
OTHER = "another long password"
ORIGIN = {"origin": BASE_URL, "sec-fetch-site": "same-origin"}
Asking = Callable[..., TestClient]


class Clock:
    """Time that a test moves on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guarded(open_copy: Callable[[], Library], clock: Clock) -> Library:
    """A library whose home has an owner, anna, and a viewer, bob."""
    library = open_copy()
    library.accounts = Accounts(library.places.home, Passwords(time_cost=1, memory_kib=8, parallelism=1), clock)
    library.accounts.add_user("anna", PASSWORD)
    library.accounts.add_user("bob", OTHER, "viewer")
    return library


@pytest.fixture
def ask(guarded: Library) -> Iterator[Asking]:
    """Makes clients of one server; with a name, one that has logged in."""
    app = create_app(guarded)

    def make(name: str | None = None, password: str = PASSWORD, **headers: str) -> TestClient:
        client = TestClient(app, base_url=BASE_URL, headers=ORIGIN | headers)
        if name is not None:
            answer = client.post("/api/v1/session", json={"name": name, "password": password})
            assert answer.status_code == 200, answer.text
        return client

    yield make
    app.state.door.close()


def key_of(library: Library, name: str, *scopes: Scope) -> dict[str, str]:
    token, key = library.accounts.add_token(library.accounts.user(name), "test", set(scopes), None)
    assert token.scopes == set(scopes)
    return {"authorization": f"Bearer {key}"}


# -- every route


def operations() -> list[tuple[str, str]]:
    document = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))
    return [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]


def address(path: str) -> str:
    return re.sub(r"\{(\w+)\}", "1", path)


def needs(method: str, path: str) -> str:
    return need_of(method, path.removeprefix("/api/v1"))


def test_what_is_open_is_known() -> None:
    """Whoever opens another route says so here."""
    assert {f"{method} {path}" for method, path in operations() if needs(method, path) == "nothing"} == {
        "GET /api/v1/health",
        "GET /api/v1/session",
        "POST /api/v1/session",
        "DELETE /api/v1/session",
    }


def test_every_route_refuses_whoever_may_not_ask_it(guarded: Library, ask: Asking) -> None:
    """Anonymous: 401. A viewer: 403 for all that changes something. A token: 403 for what its scopes do not hold."""
    anonymous, viewer = ask(), ask("bob", OTHER)
    tokens = {scope: ask(**key_of(guarded, "anna", scope)) for scope in SCOPES}
    for method, path in operations():
        need = needs(method, path)
        if need == "nothing":
            continue
        where = f"{method} {path} ({need})"
        assert anonymous.request(method, address(path)).status_code == 401, where
        if need in ("write", "admin"):
            assert viewer.request(method, address(path)).status_code == 403, where
        for scope, client in tokens.items():
            if scope != need:
                assert client.request(method, address(path)).status_code == 403, where


def test_unknown_addresses_and_the_description_are_not_told_to_strangers(ask: Asking) -> None:
    anonymous = ask()
    for path in ("/api/v1/openapi.json", "/api/v1/nothing", "/api/", "/api/v2/search"):
        assert anonymous.get(path).status_code == 401, path
    assert anonymous.get("/").status_code == 200
    assert ask("anna").get("/api/v1/openapi.json").status_code == 200


def test_refused_before_the_request_is_read(ask: Asking) -> None:
    assert ask().post("/api/v1/search", content=b"{nonsense").status_code == 401
    assert ask().post("/api/v1/search/image", files={"file": b"x" * 100}).status_code == 401


# -- logging in


def test_without_users_nobody_logs_in(client: TestClient) -> None:
    assert client.get("/api/v1/session").json() == {
        "login_required": False,
        "user": None,
        "scopes": ["read", "write", "admin"],
        "locked": False,
    }
    assert client.post("/api/v1/session", json={"name": "a", "password": "b"}).status_code == 400


def test_a_login_lets_in_and_out(ask: Asking, guarded: Library) -> None:
    client = ask("anna")
    who = client.get("/api/v1/session").json()
    assert (who["user"]["name"], who["user"]["role"], who["scopes"]) == ("anna", "owner", ["read", "write", "admin"])
    assert client.post("/api/v1/search", json={}).json()["total"] == 24
    cookie = client.cookies[COOKIE]
    left = client.delete("/api/v1/session")
    assert left.json()["user"] is None
    assert left.headers["clear-site-data"] == '"cache"'
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, cookie)  # a copy of it is worth nothing, either
    assert client.get("/api/v1/version").status_code == 401
    assert guarded.accounts.sessions() == []


def test_the_cookie_is_kept_from_scripts_and_other_sites(ask: Asking) -> None:
    answer = ask().post("/api/v1/session", json={"name": "ANNA", "password": PASSWORD})
    cookie = SimpleCookie(answer.headers["set-cookie"])[COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "strict", "/", "")
    assert not cookie["secure"]
    assert "cookie" in answer.headers["vary"].lower()
    assert answer.headers["cache-control"] == "no-store"


def test_behind_tls_the_cookie_is_for_this_host_and_tls_only(guarded: Library) -> None:
    client = TestClient(create_app(guarded), base_url="https://127.0.0.1:8000")
    answer = client.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
    cookie = SimpleCookie(answer.headers["set-cookie"])[f"__Host-{COOKIE}"]
    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
    assert client.get("/api/v1/version").status_code == 200


@pytest.mark.parametrize(
    ("name", "password"),
    [("anna", "wrong"), ("nobody", PASSWORD), ("", ""), ("anna", ""), ("anna\0", PASSWORD), ("anna", PASSWORD + "\0")],
)
def test_wrong_logins_are_told_nothing(ask: Asking, name: str, password: str) -> None:
    answer = ask().post("/api/v1/session", json={"name": name, "password": password})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "The name or the password is wrong."
    assert "set-cookie" not in answer.headers


def test_guessing_is_stopped(guarded: Library) -> None:
    app = create_app(guarded)
    seconds = 0.0
    app.state.tries = Tries(per_address=3, window_seconds=60, clock=lambda: seconds)
    client = TestClient(app, base_url=BASE_URL)

    def tried(password: str) -> int:
        answer = client.post("/api/v1/session", json={"name": "anna", "password": password})
        if answer.status_code == 429:
            assert 0 < int(answer.headers["retry-after"]) <= 60
        return answer.status_code

    assert [tried("wrong"), tried("wrong"), tried("wrong"), tried(PASSWORD)] == [401, 401, 401, 429]
    seconds = 61.0
    assert tried(PASSWORD) == 200


def test_a_session_that_somebody_planted_is_not_taken_over(ask: Asking) -> None:
    """Session fixation: logging in makes a new session and ends the one before."""
    mallory = ask("bob", OTHER)
    planted = mallory.cookies[COOKIE]
    victim = ask()
    victim.cookies.set(COOKIE, planted)
    victim.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
    assert victim.cookies.get(COOKIE, domain="127.0.0.1") != planted
    assert mallory.get("/api/v1/version").status_code == 401


def test_forged_cookies_and_tokens(ask: Asking, guarded: Library) -> None:
    client = ask("anna")
    value, signature = client.cookies[COOKIE].split(".")
    key = key_of(guarded, "anna", "read")["authorization"].removeprefix("Bearer ")
    other = "A" if value[0] != "A" else "B"
    for forged in (
        "",
        ".",
        value,
        f"{value}.",
        f"{value}.{signature[::-1]}",
        f"{other}{value[1:]}.{signature}",
        f"{value}.{signature}.",
        f"{'A' * 43}.{'A' * 43}",
        "x" * 4000,
    ):
        assert ask(cookie=f"{COOKIE}={forged}").get("/api/v1/version").status_code == 401, forged
    for forged in ("Bearer", "Bearer ", "Bearer sst_", f"Bearer {key}x", f"Bearer {key[:-1]}", f"Basic {key}", key):
        assert ask(authorization=forged).get("/api/v1/version").status_code == 401, forged
    # A wrong token is not made good by a right cookie.
    assert client.get("/api/v1/version", headers={"authorization": "Bearer sst_x"}).status_code == 401


def test_sessions_end_by_themselves(ask: Asking, clock: Clock) -> None:
    client = ask("anna")
    clock.later(days=6)
    assert client.get("/api/v1/version").status_code == 200
    clock.later(days=6)
    assert client.get("/api/v1/version").status_code == 200
    clock.later(days=8)  # unused for too long
    assert client.get("/api/v1/version").status_code == 401
    client = ask("anna")
    for _ in range(5):
        clock.later(days=6)
        last = client.get("/api/v1/version").status_code
    assert last == 401  # 30 days after the login, however much it was used


def test_a_change_must_say_where_it_comes_from(guarded: Library, ask: Asking) -> None:
    cookie = f"{COOKIE}={ask('anna').cookies[COOKIE]}"
    client = TestClient(create_app(guarded), base_url=BASE_URL)

    def patched(**headers: str) -> int:
        return client.patch("/api/v1/images/1", json={"rating": 3}, headers={"cookie": cookie} | headers).status_code

    assert patched() == 403
    assert patched(origin="https://evil.example") == 403
    assert patched(origin="null") == 403
    assert patched(origin="http://127.0.0.1:9999") == 403
    assert patched(**{"sec-fetch-site": "same-site"}) == 403
    assert patched(origin=BASE_URL) == 200
    assert patched(**{"sec-fetch-site": "same-origin"}) == 200
    token = key_of(guarded, "anna", "write")
    assert client.patch("/api/v1/images/1", json={"rating": 3}, headers=token).status_code == 200


# -- roles


def test_a_viewer_looks_and_sees_nothing_hidden(guarded: Library, ask: Asking) -> None:
    guarded.store.set_hidden(1, True)
    viewer, owner = ask("bob", OTHER), ask("anna")
    assert viewer.post("/api/v1/search", json={"query": "a lake"}).status_code == 200
    assert viewer.post("/api/v1/search", json={}).json()["total"] == 23
    hidden = {"filters": {"hidden": True}}
    for path in ("search", "search/facets", "timeline", "search/export"):
        assert viewer.post(f"/api/v1/{path}", json=hidden).status_code == 403, path
    album = owner.post("/api/v1/albums", json={"name": "mine", "query": "is:hidden"}).json()
    for asked in (
        {"query": "is:hidden"},
        {"query": "is:hidden lake", "min_score": 0},
        {"filters": {"album": album["id"]}},
    ):
        assert viewer.post("/api/v1/search", json=asked).json()["results"] == []
        assert viewer.post("/api/v1/timeline", json=asked).json()["total"] == 0
    assert viewer.post("/api/v1/search/facets", json={"query": "is:hidden"}).json()["total"] == 0
    either = viewer.post("/api/v1/search", json={"query": "is:hidden OR name:*", "top_k": 100}).json()
    assert {found["image"]["id"] for found in either["results"]} == set(range(2, 25))
    form = {"query": "is:hidden", "min_score": 0}
    example = {"file": owner.get("/api/v1/images/1/thumbnail").content}
    assert viewer.post("/api/v1/search/image", data=form, files=example).json()["results"] == []
    assert viewer.post("/api/v1/search/export", json={"query": "is:hidden", "format": "json"}).json() == []
    assert viewer.get("/api/v1/images/2/similar", params={"hidden": True}).status_code == 403
    assert viewer.get("/api/v1/persons", params={"hidden": True}).status_code == 403
    for path in ("", "/thumbnail", "/preview", "/original", "/similar", "/faces"):
        assert viewer.get(f"/api/v1/images/1{path}").status_code == 404, path
        assert owner.get(f"/api/v1/images/1{path}").status_code == 200, path
    assert owner.post("/api/v1/search", json=hidden).json()["total"] == 1
    assert guarded.recent.all() == []  # nor is it remembered what viewers looked for
    assert owner.post("/api/v1/search", json={"query": "is:hidden"}).json()["total"] == 1


def test_a_viewer_sees_no_face_of_a_hidden_photo_and_no_hidden_person(guarded: Library, ask: Asking) -> None:
    vector = np.eye(128, dtype=np.float32)[0]
    for image_id, quality in ((1, 0.9), (2, 0.5), (3, 0.7)):
        found = FoundFace(Box(0.1, 0.2, 0.2, 0.3), 0.9, quality, 80, 0.5, 0.1, vector, b"RIFF\0\0\0\0WEBP%d" % image_id)
        guarded.store.apply([PutFaces(image_id, FaceScan(DEFAULT.fingerprint, (found,)))])
    secret, seen, other = (guarded.people.faces_in(image_id)[0].id for image_id in (1, 2, 3))
    anna = guarded.people.assign([secret, seen], name="Anna").person.id
    guarded.people.change(anna, PersonChange(cover_face=secret))
    ben = guarded.people.assign([other], name="Ben").person.id
    guarded.store.set_hidden(1, True)
    guarded.people.change(ben, PersonChange(hidden=True))
    viewer, owner = ask("bob", OTHER), ask("anna")
    for path in (f"faces/{secret}", f"faces/{secret}/thumbnail", f"faces/{secret}/suggestions", f"persons/{ben}"):
        refused = viewer.get(f"/api/v1/{path}")
        assert refused.status_code == 404, path
        assert refused.json()["type"].endswith("person-not-found" if "persons" in path else "face-not-found")
        assert owner.get(f"/api/v1/{path}").status_code == 200, path
    assert viewer.get(f"/api/v1/faces/{seen}/thumbnail").content.endswith(b"2")

    def faces_of(who: TestClient) -> set[int]:
        return {face["id"] for face in who.get(f"/api/v1/persons/{anna}/faces").json()["faces"]}

    assert (faces_of(viewer), faces_of(owner)) == ({seen}, {secret, seen})
    [listed] = viewer.get("/api/v1/persons").json()["persons"]
    assert (listed["id"], listed["faces"], listed["cover_face"]) == (anna, 1, seen), "nor is it anybody's cover"
    assert viewer.get("/api/v1/faces/99999999999999999999/thumbnail").status_code in (400, 404, 422)


SAID = "Xanthippe"
"""Who is hidden in the next test, and the only one with such a name and id."""


def questions(hidden: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every route that reads, asked what might lead to somebody hidden."""
    for method, path in operations():
        if needs(method, path) != "read" or path.endswith("/search/image"):
            continue
        if method == "GET":
            yield method, address(path), {"params": {"query": "album:Journeys", "q": SAID[:4], "at": 0}}
            continue
        for asked in (
            {"query": "album:Greece OR album:Journeys"},
            {"filters": {"album": 1}},
            {"filters": {"people": [hidden]}},
            {"filters": {"without_people": [hidden]}},
        ):
            if "parse" not in path or "query" in asked:
                yield method, path, {"json": asked}


def test_no_route_tells_a_viewer_of_a_hidden_person(guarded: Library, ask: Asking) -> None:
    with closing(sqlite3.connect(guarded.places.library / "library.db")) as rows, rows:
        rows.execute("INSERT INTO sqlite_sequence VALUES ('persons', 987653)")
    vectors, faces = np.eye(128, dtype=np.float32), {}
    for image_id in (1, 2):
        places = (Box(0.1, 0.2, 0.2, 0.3), Box(0.6, 0.2, 0.2, 0.3))
        found = tuple(
            FoundFace(place, 0.9, 0.5, 80, 0.5, 0.1, vectors[which], b"RIFF") for which, place in enumerate(places)
        )
        guarded.store.apply([PutFaces(image_id, FaceScan(DEFAULT.fingerprint, found))])
        faces[image_id] = [face.id for face in guarded.people.faces_in(image_id)]
    hidden = guarded.people.assign([faces[1][0]], name=f"{SAID} of Athens").person.id
    guarded.people.create("Socrates", [faces[1][1]])
    resembling: dict[str, Any] = {"suggested_id": hidden, "suggested_confidence": 0.4}
    with guarded.store.people.writing() as people:  # what grouping does
        alone, grouped = people.faces(faces[2])
        group = people.put_person(Person(0, None, datetime.now(UTC), **resembling))
        people.put_face(replace(alone, **resembling))
        people.put_face(replace(grouped, person_id=group))
    guarded.albums.add("Greece", query=f"person:{SAID}")
    guarded.albums.add("Journeys", query="album:Greece")
    guarded.feedback.keep(f"{SAID} by the sea", [2], [])
    guarded.people.change(hidden, PersonChange(hidden=True, birth_date=date(1990, 1, 1)))
    told = {SAID.casefold(), str(hidden)}
    viewer, owner = ask("bob", OTHER), ask("anna")
    heard = set()
    for method, path, asked in questions(hidden):
        address_of = path.replace("/persons/1", f"/persons/{group}")
        answer = viewer.request(method, address_of, **asked)
        assert answer.status_code < 500, (path, answer.text)
        assert not [word for word in told if word in answer.text.casefold()], (path, asked, answer.text)
        if any(word in owner.request(method, address_of, **asked).text.casefold() for word in told):
            heard.add(path)
    told_to_owners = (
        "albums",
        "albums/1",
        "faces/1",
        "faces/unknown",
        "images/1/faces",
        "persons",
        "persons/1",
        "search",
    )
    assert heard >= {f"/api/v1/{path}" for path in told_to_owners}, "or the test asks of nothing"
    for path in ("feedback", "faces/review", "persons/events"):
        assert SAID in owner.get(f"/api/v1/{path}").text or str(hidden) in owner.get(f"/api/v1/{path}").text
        assert viewer.get(f"/api/v1/{path}").status_code == 403, path
    filters = {"people": [hidden]}, {"without_people": [hidden]}
    totals = [
        [who.post("/api/v1/search", json={"filters": each}).json()["total"] for each in filters]
        for who in (viewer, owner)
    ]
    assert totals == [[0, 24], [1, 23]]


def test_a_role_holds_at_once(guarded: Library, ask: Asking) -> None:
    owner, other = ask("anna"), ask("bob", OTHER)
    key = key_of(guarded, "bob", "read")
    bob = next(user["id"] for user in owner.get("/api/v1/users").json() if user["name"] == "bob")
    assert owner.patch(f"/api/v1/users/{bob}", json={"role": "owner"}).json()["role"] == "owner"
    assert other.patch("/api/v1/images/1", json={"rating": 3}).status_code == 200
    anna = owner.get("/api/v1/session").json()["user"]["id"]
    assert other.patch(f"/api/v1/users/{anna}", json={"role": "viewer"}).status_code == 200
    assert owner.patch("/api/v1/images/1", json={"rating": 3}).status_code == 403
    assert other.patch(f"/api/v1/users/{bob}", json={"role": "viewer"}).status_code == 400  # the last owner
    assert ask(**key).patch("/api/v1/images/1", json={"rating": 3}).status_code == 403


def test_users_come_and_go(ask: Asking) -> None:
    owner = ask("anna")
    made = owner.post("/api/v1/users", json={"name": "Zoë", "password": "a good password"})
    assert (made.status_code, made.json()["role"]) == (201, "viewer")
    assert owner.post("/api/v1/users", json={"name": "ZOË ", "password": "a good password"}).status_code == 409
    for name, password in (("x", "short"), (" ", PASSWORD), ("a\nb", PASSWORD), ("x" * 65, PASSWORD)):
        assert owner.post("/api/v1/users", json={"name": name, "password": password}).status_code == 400, name
    zoe = ask("zoë", "a good password")
    assert owner.patch(f"/api/v1/users/{made.json()['id']}", json={"password": "a new password"}).status_code == 200
    assert zoe.get("/api/v1/version").status_code == 401
    zoe = ask("Zoë", "a new password")
    assert owner.delete(f"/api/v1/users/{made.json()['id']}").status_code == 204
    assert zoe.get("/api/v1/version").status_code == 401
    assert owner.delete(f"/api/v1/users/{made.json()['id']}").status_code == 404
    own = owner.get("/api/v1/session").json()["user"]["id"]
    assert owner.delete(f"/api/v1/users/{own}").status_code == 403


# -- sessions, passwords, tokens


def test_sessions_are_listed_and_ended(ask: Asking) -> None:
    first, second, other = ask("anna", **{"user-agent": "Phone\x1b[31m"}), ask("anna"), ask("bob", OTHER)
    assert [each["user"] for each in other.get("/api/v1/sessions").json()] == ["bob"]
    listed = second.get("/api/v1/sessions").json()
    assert [each["user"] for each in listed] == ["bob", "anna", "anna"]
    assert [each["current"] for each in listed] == [False, True, False]
    assert listed[2]["agent"] == "Phone [31m"
    assert other.delete(f"/api/v1/sessions/{listed[2]['id']}").status_code == 404  # not bob's business
    assert second.delete(f"/api/v1/sessions/{listed[2]['id']}").status_code == 204
    assert first.get("/api/v1/version").status_code == 401
    assert second.get("/api/v1/version").status_code == 200


def test_a_new_password_ends_the_other_sessions(ask: Asking) -> None:
    first, second = ask("anna"), ask("anna")
    wrong = first.put("/api/v1/session/password", json={"current": "wrong", "new": "a new password"})
    assert wrong.status_code == 403
    right = {"current": PASSWORD, "new": "a new password"}
    assert first.put("/api/v1/session/password", json=right | {"new": "short"}).status_code == 400
    assert first.put("/api/v1/session/password", json=right).status_code == 200
    assert first.get("/api/v1/version").status_code == 200
    assert second.get("/api/v1/version").status_code == 401
    assert ask().post("/api/v1/session", json={"name": "anna", "password": PASSWORD}).status_code == 401
    ask("anna", "a new password")


def test_tokens_are_shown_once_and_revoked(ask: Asking, guarded: Library, clock: Clock) -> None:
    viewer = ask("bob", OTHER)
    assert viewer.post("/api/v1/tokens", json={"name": "x", "scopes": ["write"]}).status_code == 403
    made = viewer.post("/api/v1/tokens", json={"name": "photo frame", "scopes": ["read"], "days": None}).json()
    program = ask(authorization=f"Bearer {made['key']}")
    assert program.get("/api/v1/version").status_code == 200
    assert program.get("/api/v1/session").json()["scopes"] == ["read"]
    listed = viewer.get("/api/v1/tokens").json()
    assert [each["name"] for each in listed] == ["photo frame"]
    assert made["key"] not in str(listed)
    files = [path.read_bytes() for path in guarded.places.home.iterdir() if path.is_file()]
    assert not any(made["key"].encode() in data or OTHER.encode() in data for data in files)
    assert program.post("/api/v1/tokens", json={"name": "x", "scopes": ["read"]}).status_code == 403
    assert viewer.delete(f"/api/v1/tokens/{made['token']['id']}").status_code == 204
    assert program.get("/api/v1/version").status_code == 401
    _, key = guarded.accounts.add_token(guarded.accounts.user("anna"), "brief", {"read"}, clock() + timedelta(days=1))
    program = ask(authorization=f"Bearer {key}")
    assert program.get("/api/v1/version").status_code == 200
    clock.later(days=2)
    assert program.get("/api/v1/version").status_code == 401


# -- beyond this machine


def test_beyond_this_machine_there_is_no_answer_without_users(shared_library: Library) -> None:
    client = TestClient(create_app(shared_library, exposed=True), base_url=BASE_URL)
    assert client.get("/api/v1/session").json() == {"login_required": True, "user": None, "scopes": [], "locked": False}
    assert client.post("/api/v1/search", json={}).status_code == 401
    assert client.post("/api/v1/session", json={"name": "a", "password": PASSWORD}).status_code == 401


def test_names_of_an_exposed_server(guarded: Library) -> None:
    from dataclasses import replace

    server = replace(guarded.settings.server, hosts=("photos.example",))
    guarded.settings = replace(guarded.settings, server=server)
    client = TestClient(create_app(guarded, exposed=True), base_url="http://10.0.0.7:8000")  # where it was reached

    def status(host: str) -> int:
        return client.get("/api/v1/health", headers={"host": host}).status_code

    assert [status(host) for host in ("10.0.0.7:8000", "photos.example", "Photos.Example.:443", "[::1]")] == [200] * 4
    assert [status(host) for host in ("10.0.0.8", "evil.example", "a.photos.example", "10.0.0.7.evil")] == [421] * 4


def test_a_damaged_file_of_users_lets_nobody_in(guarded: Library) -> None:
    guarded.accounts.close()
    path = guarded.places.home / "access.db"
    for beside in path.parent.glob("access.db-*"):
        beside.unlink()
    path.write_bytes(b"no database" * 1000)
    client = TestClient(create_app(guarded), base_url=BASE_URL, raise_server_exceptions=False)
    answer = client.get("/api/v1/version")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:smartsearch:problem:access")
    assert str(path) not in answer.text


# -- the audit log


def test_who_looked_took_along_and_changed_is_remembered(guarded: Library, ask: Asking) -> None:
    owner, viewer = ask("anna"), ask("bob", OTHER)
    anna, bob = (guarded.accounts.user(name).id for name in ("anna", "bob"))
    ask().post("/api/v1/session", json={"name": "anna", "password": "wrong"})
    ask().get("/api/v1/images/1/original")  # nobody let in: not worth a line, of which anybody could make millions
    viewer.get("/api/v1/images/1/original")
    viewer.get("/api/v1/images/1/original", headers={"range": "bytes=100-200"})
    viewer.get("/api/v1/images/2/thumbnail")
    viewer.post("/api/v1/search", json={"query": "secret words"})
    viewer.patch("/api/v1/images/1", json={"rating": 3})
    viewer.post("/api/v1/search/export", json={"format": "csv", "limit": 3, "filters": {"ids": [1, 2]}})
    owner.post("/api/v1/images/3/tags", json={"tags": ["secret tag"]})
    owner.delete("/api/v1/images/3/tags/secret tag")
    token = key_of(guarded, "anna", "write")
    ask(**token).patch("/api/v1/images/4", json={"rating": 2})
    owner.post("/api/v1/images/edits", json={"edits": [{"ids": [5, 6], "add_tags": ["secret tag"]}]})
    entries = owner.get("/api/v1/audit").json()["entries"][::-1]
    assert [(each["actor"], each["action"], each["detail"]) for each in entries] == [
        ("nobody", "log_in", {"user": anna}),
        ("nobody", "log_in", {"user": bob}),
        ("nobody", "log_in", {"refused": 401}),
        (f"user:{bob}", "original", {"image_id": 1}),
        (f"user:{bob}", "change_image", {"image_id": 1, "refused": 403}),
        (f"user:{bob}", "export", {"format": "csv", "images": [1, 2]}),
        (f"user:{anna}", "add_tags", {"image_id": 3}),
        (f"user:{anna}", "remove_tag", {"image_id": 3}),
        (f"user:{anna}/token:1", "change_image", {"image_id": 4}),
        (f"user:{anna}", "edit_images", {"images": [5, 6]}),
    ]
    assert viewer.get("/api/v1/audit").status_code == 403
    assert owner.get("/api/v1/audit/verify").json()["whole"]
    exported = owner.get("/api/v1/audit/export").text
    assert exported.count("\n") == len(entries)
    assert "secret" not in exported
    assert "secret" not in "".join(
        path.read_bytes().decode("latin-1") for path in guarded.places.home.glob("audit.db*")
    )
