"""The audit log: its chain, what every kind of tampering is called, pruning, several writers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from smartsearch.access.audit import DATABASE_NAME, AuditLog
from smartsearch.access.chain import GENESIS, Entry, Event, chained, entry_of
from smartsearch.core.settings import AuditSettings

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A home with a log of ten entries."""
    audit = AuditLog(tmp_path, AuditSettings(), "default")
    for number in range(1, 11):
        audit.record("user:1", "original", {"image_id": number})
    audit.close()
    return tmp_path


def verdict_of(home: Path) -> tuple[str, ...]:
    audit = AuditLog(home, AuditSettings())
    try:
        return audit.verify().problems
    finally:
        audit.close()


def tampered(home: Path, *statements: str) -> tuple[str, ...]:
    with closing(sqlite3.connect(home / DATABASE_NAME)) as rows, rows:
        for statement in statements:
            rows.execute(statement)
    return verdict_of(home)


def test_what_is_written_is_whole_and_in_order(written: Path) -> None:
    audit = AuditLog(written, AuditSettings())
    verdict = audit.verify()
    assert (verdict.whole, verdict.entries, verdict.first, verdict.last) == (True, 10, 1, 10)
    [newest, *_] = audit.latest(3)
    assert newest.values["detail"] == {"image_id": 10}
    assert [entry.number for entry in audit.latest(3, before=8)] == [7, 6, 5]
    exported = list(audit.export())
    assert [entry.number for entry in exported] == list(range(1, 11))
    assert verdict.head == exported[-1].hash.hex()
    before = GENESIS  # as anybody can check who has the export
    for entry in exported:
        assert chained(before, entry.body) == entry.hash
        before = entry.hash
    audit.close()


def test_the_canonical_form_does_not_change() -> None:
    """Logs that are out there must verify for ever."""
    entry = entry_of(Event(START, "user:1", "tag", "default", {"b": 1, "a": "é"}), 1, GENESIS)
    assert entry.body == (
        '{"action":"tag","actor":"user:1","at":"2026-01-01T00:00:00.000+00:00","detail":{"a":"\\u00e9","b":1},'
        '"library":"default","number":1}'
    )
    assert entry.hash.hex() == "c0c8c44eebe6556ff07fcfaa257a45ed83b34cde545772a092a57baf2083f28a"


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (
            ["UPDATE entries SET body = replace(body, '\"image_id\":5', '\"image_id\":6') WHERE number = 5"],
            "Entry 5 was",
        ),
        (["UPDATE entries SET hash = zeroblob(32) WHERE number = 5"], "Entry 5 was"),
        (["UPDATE entries SET body = 'nonsense' WHERE number = 5"], "Entry 5 is not the one"),
        (["DELETE FROM entries WHERE number = 5"], "Entry 5 is missing"),
        (["DELETE FROM entries WHERE number BETWEEN 3 AND 6"], "Entries 3 to 6 are missing"),
        (["DELETE FROM entries WHERE number > 7"], "Entries 8 to 10 are missing"),
        (["DELETE FROM entries WHERE number <= 2"], "Entries 1 to 2 are missing"),
        (["DELETE FROM entries"], "Entries 1 to 10 are missing"),
        (
            [
                "UPDATE entries SET number = 99 WHERE number = 4",
                "UPDATE entries SET number = 4 WHERE number = 5",
                "UPDATE entries SET number = 5 WHERE number = 99",
            ],
            "Entry 4 is not the one",
        ),
        (["INSERT INTO entries SELECT 11, body, hash FROM entries WHERE number = 10"], "11 were added"),
        (["DELETE FROM marks"], "mark where the log ends is missing"),
        (["UPDATE marks SET number = 9"], "not signed by this home"),
        (["DELETE FROM entries WHERE number > 7", "UPDATE marks SET number = 7"], "not signed by this home"),
        (
            [
                "DELETE FROM entries WHERE number <= 2",
                "INSERT INTO marks SELECT 'start', 2, hash, signature FROM marks",
            ],
            "begins is not signed",
        ),
    ],
)
def test_tampering_is_named(written: Path, statements: list[str], named: str) -> None:
    problems = tampered(written, *statements)
    assert any(named in problem for problem in problems), problems


def test_a_chain_that_was_written_anew_does_not_end_as_the_mark_says(written: Path) -> None:
    """Whoever changes an entry and computes all hashes after it, but has not the key."""
    with closing(sqlite3.connect(written / DATABASE_NAME)) as rows, rows:
        before = GENESIS
        for number, body in rows.execute("SELECT number, body FROM entries ORDER BY number").fetchall():
            forged = Entry(number, body.replace('"image_id":5', '"image_id":6'), b"")
            before = chained(before, forged.body)
            rows.execute("UPDATE entries SET body = ?, hash = ? WHERE number = ?", (forged.body, before, number))
    assert verdict_of(written) == ("Entry 10 is not the last one that was written.",)


def test_going_on_after_a_cut_does_not_hide_it(written: Path) -> None:
    tampered(written, "DELETE FROM entries WHERE number > 7")
    audit = AuditLog(written, AuditSettings())
    audit.record("local", "settings")
    audit.close()
    assert "Entries 8 to 10 are missing." in verdict_of(written)


def aged(home: Path, days: int) -> tuple[AuditLog, Callable[[float], None]]:
    now = [START]
    return AuditLog(home, AuditSettings(days=days), clock=lambda: now[0]), lambda days: now.__setitem__(
        0, START + timedelta(days=days)
    )


def test_what_is_old_is_pruned_and_the_rest_still_verifies(tmp_path: Path) -> None:
    audit, day = aged(tmp_path, 30)
    for number in range(40):
        day(number)
        audit.record("user:1", "original", {"image_id": number})
    day(45)
    audit.flush()
    assert audit.prune() == 0  # the first flush of a process prunes by itself
    numbers = [entry.number for entry in audit.export()]
    assert numbers[0] == 16
    assert audit.latest(1)[0].values["action"] == "audit_prune"
    assert audit.latest(1)[0].values["detail"] == {"entries": 15}
    verdict = audit.verify()
    assert verdict.whole, verdict.problems
    assert verdict.first == 16
    day(200)
    assert audit.prune() == 26
    assert audit.verify().whole
    audit.close()
    assert "begins is not signed" in tampered(tmp_path, "UPDATE marks SET number = number + 1 WHERE which = 'start'")[0]


def test_a_log_that_somebody_was_at_is_not_pruned(tmp_path: Path) -> None:
    audit, day = aged(tmp_path, 30)
    for number in range(5):
        audit.record("user:1", "original", {"image_id": number})
    audit.close()
    tampered(tmp_path, "DELETE FROM entries WHERE number = 2")
    day(100)
    assert audit.prune() == 0
    assert len(list(audit.export())) == 4
    audit.close()


def test_switched_off_nothing_is_written(tmp_path: Path) -> None:
    audit = AuditLog(tmp_path, AuditSettings(enabled=False))
    audit.record("local", "settings")
    audit.close()
    assert list(tmp_path.iterdir()) == []


def test_two_programs_write_one_chain(tmp_path: Path) -> None:
    first, second = AuditLog(tmp_path, AuditSettings()), AuditLog(tmp_path, AuditSettings())
    for number in range(20):
        audit = (first, second)[number % 2]
        audit.record("local", "original", {"image_id": number})
        audit.flush()
    first.close()
    second.close()
    assert verdict_of(tmp_path) == ()


def test_a_log_that_cannot_be_written_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"no database" * 1000)
    audit = AuditLog(tmp_path, AuditSettings())
    audit.record("local", "original", {"image_id": 1})
    audit.close()
    assert "lost" in caplog.text
