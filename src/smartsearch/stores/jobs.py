"""Durable jobs: rows that outlive the process that runs them."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from smartsearch.core.assets import Job, JobState
from smartsearch.core.errors import JobNotFoundError
from smartsearch.stores import rows

_COLUMNS = "id, kind, state, total, done, errors, started_at, updated_at, finished_at, pid, detail"


def start(connection: sqlite3.Connection, kind: str, detail: Mapping[str, Any], now: datetime) -> Job:
    """A new running job of this process; jobs of dead processes become "interrupted"."""
    moment = rows.micros(now)
    for job_id, pid, process in connection.execute(
        "SELECT id, pid, process FROM jobs WHERE state = 'running'"
    ).fetchall():
        if not _alive(pid, process):
            connection.execute(
                "UPDATE jobs SET state = 'interrupted', finished_at = updated_at WHERE id = ?", (job_id,)
            )
    pid = os.getpid()
    inserted = connection.execute(
        "INSERT INTO jobs (kind, state, started_at, updated_at, pid, process, detail)"
        " VALUES (?, 'running', ?, ?, ?, ?, ?)",
        (kind, moment, moment, pid, _process_token(pid), json.dumps(dict(detail))),
    )
    row = connection.execute(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", (inserted.lastrowid,)).fetchone()
    return _job_from(row)


def update(
    connection: sqlite3.Connection,
    job_id: int,
    now: datetime,
    *,
    done: int,
    errors: int,
    total: int | None,
    state: JobState,
    detail: Mapping[str, Any] | None,
) -> None:
    """Write the counts of a job; ``total`` and ``detail`` of None leave what was there."""
    moment = rows.micros(now)
    connection.execute(
        "UPDATE jobs SET done = ?, errors = ?, total = coalesce(?, total), state = ?, updated_at = ?,"
        " finished_at = ?, detail = coalesce(?, detail) WHERE id = ?",
        (
            done,
            errors,
            total,
            state,
            moment,
            None if state == "running" else moment,
            None if detail is None else json.dumps(dict(detail)),
            job_id,
        ),
    )


def recent(connection: sqlite3.Connection, limit: int) -> list[Job]:
    """Newest first. A job whose process died shows as "interrupted" already."""
    query = f"SELECT {_COLUMNS}, process FROM jobs ORDER BY id DESC LIMIT ?"
    return [_seen(row) for row in connection.execute(query, (max(limit, 0),)).fetchall()]


def one(connection: sqlite3.Connection, job_id: int) -> Job:
    """As `recent` shows it. JobNotFoundError if there is none."""
    row = connection.execute(f"SELECT {_COLUMNS}, process FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise JobNotFoundError(f"There is no job {job_id}.")
    return _seen(row)


def _seen(row: tuple[Any, ...]) -> Job:
    return _job_from(row[:-1], interrupted=row[2] == "running" and not _alive(row[9], row[-1]))


def _job_from(row: tuple[Any, ...], *, interrupted: bool = False) -> Job:
    job_id, kind, state, total, done, errors, started_at, updated_at, finished_at, pid, detail = row
    if interrupted:
        state, finished_at = "interrupted", updated_at
    return Job(
        id=job_id,
        kind=kind,
        state=state,
        total=total,
        done=done,
        errors=errors,
        started_at=rows.utc(started_at),
        updated_at=rows.utc(updated_at),
        finished_at=None if finished_at is None else rows.utc(finished_at),
        pid=pid,
        detail=json.loads(detail),
    )


# -- is the process that ran a job still there?


def _alive(pid: int, token: str | None) -> bool:
    if pid == os.getpid():
        return token == _process_token(pid)
    if sys.platform == "win32":  # os.kill would end the process there
        return _alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return token is None or token == _process_token(pid)


def _process_token(pid: int) -> str | None:
    """Boot and start time of the process where /proc tells them: process ids are used again."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        start = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None
    return f"{boot}:{start}"


if sys.platform == "win32":

    def _alive_on_windows(pid: int) -> bool:
        import ctypes

        query_limited_information, still_active = 0x1000, 259
        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(query_limited_information, False, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == still_active
