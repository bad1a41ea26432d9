"""The program's own log: JSON lines in ``<home>/logs``, rotated, with nothing private in them unless asked for.

Each process writes what its loggers say, one JSON object a line. Private is whatever is not fixed in the program: of a
message only the template and its numbers are written, of an exception its class and where in the code it came from.
Names of files, words of queries and the texts of errors are left out, until the setting ``log.private`` is on.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from smartsearch.core.settings import LogSettings

FILE_NAME = "smartsearch.log"
_HEARD = ("smartsearch", "uvicorn.error")
"""Loggers whose templates are fixed in a program; other packages may put anything into theirs."""

log = logging.getLogger(__name__)


class _Withheld:
    """Stands in a message for what is none of a log's business."""

    def __str__(self) -> str:
        return "(withheld)"

    __repr__ = __str__


class JsonLines(logging.Formatter):
    """A record as one line of JSON. ``extra={"facts": {...}}`` adds numbers and names that are fixed in the program."""

    def __init__(self, *, private: bool) -> None:
        super().__init__()
        self._private = private

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "event": _event(record),
            **getattr(record, "facts", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = type(error).__name__
            frames = traceback.extract_tb(error.__traceback__)
            line["trace"] = [f"{_module(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]
        if self._private:
            line["private"] = record.getMessage()
            if record.exc_info:
                line["private"] += "\n" + self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _event(record: logging.LogRecord) -> str:
    """The message with its numbers, and nothing else of what was put into it."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    shown = tuple(value if isinstance(value, int | float) else _Withheld() for value in arguments)
    try:
        return record.msg % shown if shown else str(record.msg)
    except (TypeError, ValueError):
        return str(record.msg)


def _module(path: str) -> str:
    """A file of code by its package's path, without what leads to it."""
    parts = Path(path).parts
    start = next((place for place in range(len(parts) - 1, -1, -1) if parts[place] in ("src", "site-packages")), -2)
    return "/".join(parts[start + 1 :]) if start >= 0 else "/".join(parts[-2:])


class _LogFile(logging.handlers.RotatingFileHandler):
    """Gives up at the first fault: a full or read-only disk must not stop what is logged, nor fill the terminal."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - the name is logging's
        logging.getLogger("smartsearch").removeHandler(self)
        with suppress(OSError):
            self.close()


def log_folder(home: Path) -> Path:
    """Where the log of an installation is."""
    return home / "logs"


@contextmanager
def logging_to(home: Path, settings: LogSettings, command: str) -> Iterator[None]:
    """Write the log of one command: how it began and ended, and what the program says in between.

    Warnings go to standard error as well, as they do without a log. What cannot be written is not.
    """
    if settings.level == "off":
        yield
        return
    heard = [logging.getLogger(name) for name in _HEARD]
    with suppress(OSError):
        log_folder(home).mkdir(parents=True, exist_ok=True)
    path = log_folder(home) / FILE_NAME
    file = _LogFile(path, maxBytes=settings.max_bytes, backupCount=settings.files, delay=True, encoding="utf-8")
    file.setFormatter(JsonLines(private=settings.private))
    terminal = logging.StreamHandler(sys.stderr)
    terminal.setLevel(logging.WARNING)
    own, levels = heard[0], [logger.level for logger in heard]
    for logger in heard:
        logger.addHandler(file)
    own.addHandler(terminal)
    own.setLevel(settings.level.upper())
    started = time.monotonic()
    try:
        log.info("started", extra={"facts": {"command": command, "version": version("smartsearch")}})
        outcome = "ok"
        try:
            yield
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            seconds = round(time.monotonic() - started, 3)
            log.info("ended", extra={"facts": {"command": command, "outcome": outcome, "seconds": seconds}})
    finally:
        for logger, level in zip(heard, levels, strict=True):
            logger.removeHandler(file)
            logger.setLevel(level)
        own.removeHandler(terminal)
        file.close()


def last_lines(home: Path, count: int) -> list[dict[str, Any]]:
    """The latest entries, oldest first, over all files of the rotation. What is no JSON line is passed over."""
    newest_first = sorted(log_folder(home).glob(f"{FILE_NAME}*"), key=_age)
    found: list[dict[str, Any]] = []
    for path in newest_first:
        if len(found) >= count:
            break
        try:
            lines = path.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            continue
        found = [entry for line in lines if (entry := _parsed(line)) is not None] + found
    return found[-count:] if count else []


def _age(path: Path) -> int:
    """Position in the rotation: 0 is the file being written."""
    suffix = path.name.removeprefix(FILE_NAME).lstrip(".")
    return int(suffix) if suffix.isdigit() else 0


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
