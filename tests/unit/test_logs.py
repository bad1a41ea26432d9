"""The log: JSON lines, rotated, and nothing private in them unless asked for."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from smartsearch.core.settings import LogSettings
from smartsearch.logs import FILE_NAME, last_lines, log_folder, logging_to

speak = logging.getLogger("smartsearch.test")


def entries(home: Path) -> list[dict[str, object]]:
    return last_lines(home, 1000)


def test_numbers_and_fixed_words_are_written_names_are_not(tmp_path: Path) -> None:
    with logging_to(tmp_path, LogSettings(), "index"):
        speak.warning("%s: %d of %.1f files", "/home/anna/secret.jpg", 3, 4.5)
        speak.info("done", extra={"facts": {"images": 7}})
    begun, warned, done, ended = entries(tmp_path)
    assert (begun["event"], begun["command"]) == ("started", "index")
    assert (warned["event"], warned["level"]) == ("(withheld): 3 of 4.5 files", "warning")
    assert (done["event"], done["images"]) == ("done", 7)
    assert (ended["event"], ended["outcome"]) == ("ended", "ok")
    assert "secret" not in (log_folder(tmp_path) / FILE_NAME).read_text()


def test_an_error_is_its_class_and_where_it_came_from(tmp_path: Path) -> None:
    def command() -> None:
        with logging_to(tmp_path, LogSettings(), "query"):
            try:
                raise ValueError("anna's birthday")
            except ValueError:
                speak.exception("A task failed: %s", "anna's birthday")
            raise KeyError("anna")

    with pytest.raises(KeyError):
        command()
    _, failed, ended = entries(tmp_path)
    assert failed["error"] == "ValueError"
    assert isinstance(failed["trace"], list)
    assert failed["trace"][-1].endswith(" command")
    assert ended["outcome"] == "KeyError"
    assert "birthday" not in (log_folder(tmp_path) / FILE_NAME).read_text()


def test_private_is_asked_for(tmp_path: Path) -> None:
    with logging_to(tmp_path, LogSettings(private=True), "index"):
        speak.warning("no %s", "/home/anna/secret.jpg")
    assert entries(tmp_path)[1]["private"] == "no /home/anna/secret.jpg"


def test_warnings_go_to_the_terminal_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to(tmp_path, LogSettings(level="error"), "index"):
        speak.error("a fault in %s", "a.jpg")
        speak.info("not for the terminal")
    assert capsys.readouterr().err == "a fault in a.jpg\n"
    assert [entry["event"] for entry in entries(tmp_path)] == ["a fault in (withheld)"]


def test_the_log_is_rotated_and_read_over_its_files(tmp_path: Path) -> None:
    with logging_to(tmp_path, LogSettings(max_bytes=10_000, files=2), "index"):
        for number in range(400):
            speak.info("number %d", number)
    files = sorted(path.name for path in log_folder(tmp_path).iterdir())
    assert files == [FILE_NAME, f"{FILE_NAME}.1", f"{FILE_NAME}.2"]
    assert all(path.stat().st_size <= 10_000 for path in log_folder(tmp_path).iterdir())
    assert [entry["event"] for entry in last_lines(tmp_path, 101)[:-1]] == [f"number {n}" for n in range(300, 400)]


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").write_text("in the way")
    with logging_to(tmp_path, LogSettings(), "index"):
        speak.info("said into the void")
    assert capsys.readouterr().err == ""
    assert entries(tmp_path) == []


def test_off_leaves_nothing_behind(tmp_path: Path) -> None:
    with logging_to(tmp_path, LogSettings(level="off"), "index"):
        speak.warning("unheard by any file")
    assert list(tmp_path.iterdir()) == []


def test_lines_that_are_no_entries_are_passed_over(tmp_path: Path) -> None:
    with logging_to(tmp_path, LogSettings(), "index"):
        pass
    path = log_folder(tmp_path) / FILE_NAME
    path.write_bytes(path.read_bytes() + b'[1]\n{"cut o')
    assert [entry["event"] for entry in entries(tmp_path)] == ["started", "ended"]
    assert json.loads(path.read_text().splitlines()[0])["event"] == "started"
