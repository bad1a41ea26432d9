"""Users, sessions and tokens as they are kept; passwords; how often may be guessed."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from smartsearch.access import passwords
from smartsearch.access.accounts import MAX_SESSIONS, Accounts
from smartsearch.access.database import KEY_NAME, secret
from smartsearch.access.passwords import Passwords
from smartsearch.access.tries import MAX_ADDRESSES, Tries, network_of
from smartsearch.core.errors import AccessError, TooManyTriesError, UsageError, UserExistsError, WrongPasswordError

PASSWORD = "correct horse battery"


@pytest.fixture
def cheap() -> Passwords:
    return Passwords(time_cost=1, memory_kib=8, parallelism=1)


@pytest.fixture
def accounts(tmp_path: Path, cheap: Passwords) -> Accounts:
    return Accounts(tmp_path / "home", cheap)


def test_nothing_is_written_before_there_is_a_user(accounts: Accounts, tmp_path: Path) -> None:
    assert not accounts.any_users()
    assert accounts.users() == accounts.sessions() == accounts.tokens() == []
    assert accounts.caller_of_cookie("x.y") is accounts.caller_of_token("sst_x") is None
    with pytest.raises(WrongPasswordError):
        accounts.check_password("anna", PASSWORD)
    assert not (tmp_path / "home").exists()


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_only_the_owner_of_the_account_may_read_the_files(accounts: Accounts, tmp_path: Path) -> None:
    accounts.begin_session(accounts.add_user("anna", PASSWORD))
    files = list((tmp_path / "home").iterdir())
    assert {path.name for path in files} >= {"access.db", KEY_NAME}
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)


def test_nothing_in_the_files_lets_anybody_in(accounts: Accounts, tmp_path: Path) -> None:
    anna = accounts.add_user("anna", PASSWORD)
    _, cookie = accounts.begin_session(anna)
    _, key = accounts.add_token(anna, "frame", {"read"}, None)
    accounts.close()
    kept = b"".join(path.read_bytes() for path in (tmp_path / "home").iterdir())
    assert b"$argon2id$" in kept
    for told in (PASSWORD, cookie.split(".")[0], key, key.removeprefix("sst_")):
        assert told.encode() not in kept


def test_names_that_look_alike_are_one(accounts: Accounts) -> None:
    accounts.add_user("Zoë", PASSWORD)
    for name in ("zoë", "ZOË", " Zoë ", "Zoe\u0308"):
        with pytest.raises(UserExistsError):
            accounts.add_user(name, PASSWORD)
    assert accounts.check_password("zoe\u0308", PASSWORD).name == "Zoë"


def test_passwords_are_the_same_in_any_unicode_form_and_never_too_long(cheap: Passwords) -> None:
    kept = cheap.hashed("mañana is fine")
    assert cheap.holds(kept, "man\u0303ana is fine")
    assert not cheap.holds(kept, "manana is fine")
    long = "x" * passwords.MAX_LENGTH
    assert cheap.holds(cheap.hashed(long), long)
    assert not cheap.holds(cheap.hashed(long), long + "x")
    for wrong in ("", "123456789", long + "x"):
        with pytest.raises(UsageError):
            cheap.hashed(wrong)


def test_a_hash_of_older_parameters_is_made_anew(tmp_path: Path, cheap: Passwords) -> None:
    older = Accounts(tmp_path, cheap)
    older.add_user("anna", PASSWORD)
    older.close()
    newer = Accounts(tmp_path, Passwords(time_cost=2, memory_kib=8, parallelism=1))
    newer.check_password("anna", PASSWORD)
    newer.close()
    assert b"t=2" in (tmp_path / "access.db").read_bytes()


def test_an_unknown_name_costs_a_hash_as_a_known_one_does(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.add_user("anna", PASSWORD)
    checked: list[str | None] = []
    holds = Passwords.holds

    def watched(self: Passwords, kept: str | None, password: str) -> bool:
        checked.append(kept)
        return holds(self, kept, password)

    monkeypatch.setattr(Passwords, "holds", watched)
    for name in ("anna", "nobody"):
        with pytest.raises(WrongPasswordError):
            accounts.check_password(name, "wrong")
    assert [kept is None for kept in checked] == [False, True]
    assert not Passwords(time_cost=1, memory_kib=8, parallelism=1).holds(None, "nobody has this password")


def test_at_most_so_many_sessions_of_a_user(accounts: Accounts) -> None:
    anna = accounts.add_user("anna", PASSWORD)
    _, first = accounts.begin_session(anna)
    for _ in range(MAX_SESSIONS):
        accounts.begin_session(anna)
    assert len(accounts.sessions()) == MAX_SESSIONS
    assert accounts.caller_of_cookie(first) is None


def test_another_key_makes_every_cookie_worthless(accounts: Accounts, cheap: Passwords, tmp_path: Path) -> None:
    _, cookie = accounts.begin_session(accounts.add_user("anna", PASSWORD))
    accounts.close()
    (tmp_path / "home" / KEY_NAME).unlink()
    assert Accounts(tmp_path / "home", cheap).caller_of_cookie(cookie) is None


def test_the_key_is_one_however_many_ask_for_it_first(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(secret(tmp_path, "test"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert secret(tmp_path, "other") != found[0]
    (tmp_path / KEY_NAME).write_bytes(b"short")
    with pytest.raises(AccessError, match="damaged"):
        secret(tmp_path, "test")


def test_a_file_of_a_newer_program_is_refused(accounts: Accounts, tmp_path: Path) -> None:
    import sqlite3

    accounts.add_user("anna", PASSWORD)
    accounts.close()
    with sqlite3.connect(tmp_path / "home" / "access.db") as rows:
        rows.execute("PRAGMA user_version = 99")
    rows.close()
    with pytest.raises(AccessError, match="newer"):
        accounts.any_users()


def test_two_programs_use_the_file_at_once(accounts: Accounts, cheap: Passwords, tmp_path: Path) -> None:
    other = Accounts(tmp_path / "home", cheap)
    assert not other.any_users()
    anna = accounts.add_user("anna", PASSWORD)
    assert other.any_users()
    _, cookie = other.begin_session(anna)
    caller = accounts.caller_of_cookie(cookie)
    assert caller is not None
    assert caller.user == anna
    accounts.remove_user(anna.id)
    assert other.caller_of_cookie(cookie) is None
    assert not other.any_users()


def test_tries_are_counted_by_address_and_altogether_in_bounded_memory() -> None:
    now = 0.0
    tries = Tries(per_address=3, altogether=2 * MAX_ADDRESSES, window_seconds=60, clock=lambda: now)

    def fail(address: str) -> None:
        with pytest.raises(WrongPasswordError), tries.trying(address):
            raise WrongPasswordError("wrong")

    for _ in range(3):
        fail("10.0.0.1")
    with pytest.raises(TooManyTriesError) as refused, tries.trying("10.0.0.1"):
        pytest.fail("it was not to be tried")
    assert refused.value.seconds == 60
    for _ in range(4):
        with tries.trying("10.0.0.2"):  # right, and not counted
            pass
    for number in range(2 * MAX_ADDRESSES - 3):
        fail(f"10.1.{number // 256}.{number % 256}")
    assert len(tries._addresses) == MAX_ADDRESSES
    with pytest.raises(TooManyTriesError), tries.trying("10.0.0.9"):
        pytest.fail("it was not to be tried")
    now = 61.0
    fail("10.0.0.1")


def test_an_ipv6_network_is_one_address() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") != network_of("2001:db8:0:1::1")
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1") == "10.0.0.1"
    assert network_of("fe80::1%eth0") == network_of("fe80::2")
    assert network_of("") == network_of("nonsense") == "?"


def test_sessions_carry_when_and_from_where(accounts: Accounts) -> None:
    session, _ = accounts.begin_session(accounts.add_user("anna", PASSWORD), address="10.0.0.1", agent="x\n" * 500)
    assert session.address == "10.0.0.1"
    assert len(session.agent) == 200
    assert "\n" not in session.agent
    assert (session.expires_at - datetime.now(UTC)).days in (29, 30)
