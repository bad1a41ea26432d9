"""Faults at random moments, by the hundred: ``python -m tests.torture.run --faults 200 --seed 1 --report FILE``.

A fault is one of: kill -9 or a moved clock just before the n-th change of a file, a disk that is full, over quota,
read-only or broken from the n-th change on, or a power cut after it, with what a disk may then hold (`disk.Disk`). The
same seed picks the same faults. Needs Linux and a C compiler (`faults.c`).
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from smartsearch.library import Library
from smartsearch.stores.upgrade import APPLICATION_ID, VERSIONS, run_migrations
from smartsearch.testing_models import make_tiny_model
from tests.pictures import save_album, save_picture
from tests.torture.aftermath import examine
from tests.torture.disk import Change, Disk, copy_tree, read_changes
from tests.torture.workload import GIVEN_UP, SCENARIOS, SETTINGS, places_in

KINDS = ("power cut", "kill -9", "disk full", "quota", "read-only", "I/O error", "clock jump")
WEIGHTS = (11, 4, 2, 1, 2, 1, 1)
_ERRORS = {"disk full": errno.ENOSPC, "quota": errno.EDQUOT, "read-only": errno.EROFS, "I/O error": errno.EIO}
_YEAR = 365 * 86_400
IMAGES = 14


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens where. ``at`` is the number of the change."""

    scenario: str
    kind: str
    at: int
    seed: int


class Rig:
    """Libraries to disturb, and what disturbs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shim = compile_shim(folder)
        make_tiny_model(folder / "home" / "models" / "tiny" / "fp32")
        save_album(folder / "photos" / "first", IMAGES)
        save_album(folder / "photos" / "second", 6)
        save_picture(folder / "photos" / "one" / "red.jpg", "red", seed=99)
        self._records: dict[str, list[Change]] = {}
        self._make_libraries()

    def _make_libraries(self) -> None:
        """What each scenario begins with."""
        start = self.folder / "start"
        start.mkdir()
        (start / "home").symlink_to(self.folder / "home")
        for name in SCENARIOS:
            (start / name).mkdir()
        with Library.open(places_in(start / "curate"), SETTINGS, create=True) as library:
            library.index([self.folder / "photos" / "first"])
        for name in ("people", "prune", "backup", "restore"):
            copy_tree(start / "curate" / "library", start / name / "library")
        small = places_in(self.folder / "small")
        with Library.open(small, SETTINGS, create=True) as library:
            library.index([self.folder / "photos" / "one"])
            library.backup(start / "restore" / "small")
        self._make_old_library(start / "migrate" / "library" / "library.db", VERSIONS[0])

    def _make_old_library(self, path: Path, version: str) -> None:
        path.parent.mkdir()
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            run_migrations(connection, version)
            for number in range(1, IMAGES + 1):
                name = f"/gone/{number}.jpg"
                connection.execute(
                    "INSERT INTO images (path, file_path, folder, file_name, file_hash, device, inode, file_size,"
                    " mtime_ns, width, height, format, frames, modified_at, indexed_at, phash, color, missing_since)"
                    " VALUES (?, ?, '/gone', ?, ?, 1, ?, 1, 1, 1, 1, 'png', 1, 1, 1, 1, 1, 1)",
                    (name.encode(), name, f"{number}.jpg", bytes([number]) * 32, number),
                )
            connection.execute("INSERT INTO tags (name) VALUES ('mine')")
            connection.execute("INSERT INTO image_tags VALUES (1, 1, 'user', 1.0)")
            connection.execute("INSERT INTO image_fts (image_fts) VALUES ('rebuild')")

    def run(self, scenario: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
        """The scenario in a process of its own, in a fresh copy of what it begins with."""
        copy_tree(self.folder / "start" / scenario, folder)
        command = [sys.executable, "-m", "tests.torture.workload", scenario, str(folder)]
        environment = os.environ | {"LD_PRELOAD": str(self.shim), "TORTURE_ROOT": str(folder)} | variables
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    def changes(self, scenario: str) -> list[Change]:
        """All that the scenario changes when nothing disturbs it."""
        if scenario not in self._records:
            folder, log = self.disk(), self.folder / f"{scenario}.log"
            done = self.run(scenario, folder, TORTURE_LOG=str(log))
            assert done.returncode == 0, done.stderr
            self._records[scenario] = read_changes(log)
            shutil.rmtree(folder)
        return self._records[scenario]

    def disk(self) -> Path:
        """Always the same place: paths are part of what is recorded."""
        folder = self.folder / "disk"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def suffer(self, fault: Fault) -> list[str]:
        """Let it happen; returns what is wrong afterwards."""
        try:
            return self._suffer(fault)
        except Exception as error:
            return [f"{type(error).__name__}: {error}"]

    def _suffer(self, fault: Fault) -> list[str]:
        images = 0 if fault.scenario == "index" else IMAGES
        if fault.kind == "power cut":
            folder, acks = self._power_cut(fault)
            return examine(folder, acks, images)
        folder = self.disk()
        wrong: list[str] = []
        done = self.run(fault.scenario, folder, **_variables(fault))
        expected = {"kill -9": -9, "clock jump": 0}.get(fault.kind, GIVEN_UP)
        if done.returncode not in (expected, 0) or "Traceback" in done.stderr:
            wrong.append(f"it ended with {done.returncode}: {done.stderr[-600:]}")
        acks = folder / "acks"
        return wrong + examine(folder, acks.read_text() if acks.exists() else "", images)

    def _power_cut(self, fault: Fault) -> tuple[Path, str]:
        changes = self.changes(fault.scenario)
        folder = self.disk()
        disk = Disk(folder, before=self.folder / "start" / fault.scenario)
        for change in changes[: fault.at]:
            disk.apply(change)
        disk.after_power_cut(folder, random.Random(fault.seed))
        return folder, disk.text(folder / "acks")


def _variables(fault: Fault) -> dict[str, str]:
    if fault.kind == "kill -9":
        return {"TORTURE_KILL_AT": str(fault.at)}
    if fault.kind == "clock jump":
        off = random.Random(fault.seed).choice((-30 * _YEAR, -3600, 3600, 10 * _YEAR))
        return {"TORTURE_CLOCK_AT": str(fault.at), "TORTURE_CLOCK": str(off)}
    return {"TORTURE_FAIL_AT": str(fault.at), "TORTURE_ERRNO": str(_ERRORS[fault.kind])}


def compile_shim(folder: Path) -> Path:
    """Build faults.c. OSError or CalledProcessError where there is no compiler for it."""
    target = folder / "faults.so"
    source = Path(__file__).with_name("faults.c")
    command = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", str(target), str(source), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return target


def faults(rig: Rig, count: int, seed: int) -> Iterator[Fault]:
    """So many faults, spread over scenarios and kinds."""
    chance = random.Random(seed)
    names = list(SCENARIOS)
    for number in range(count):
        scenario = names[number % len(names)]
        kind = chance.choices(KINDS, WEIGHTS)[0]
        yield Fault(scenario, kind, chance.randrange(len(rig.changes(scenario)) + 1), chance.randrange(1 << 30))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="where to write what happened, as JSON")
    arguments = parser.parse_args()
    started = time.monotonic()
    counts: Counter[str] = Counter()
    failures = []
    with tempfile.TemporaryDirectory(prefix="smartsearch-torture-") as place:
        rig = Rig(Path(place))
        for number, fault in enumerate(faults(rig, arguments.faults, arguments.seed)):
            wrong = rig.suffer(fault)
            counts[f"{fault.scenario} / {fault.kind}"] += 1
            print(f"{number + 1:4d} {fault.scenario:8s} {fault.kind:10s} at {fault.at:4d}: {wrong or 'ok'}", flush=True)
            if wrong:
                failures.append({"fault": str(fault), "wrong": wrong})
        recorded = {name: len(rig.changes(name)) for name in SCENARIOS}
    report = {
        "faults": arguments.faults,
        "seed": arguments.seed,
        "seconds": round(time.monotonic() - started),
        "changes recorded": recorded,
        "counts": dict(sorted(counts.items())),
        "failures": failures,
    }
    if arguments.report:
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        arguments.report.write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({key: report[key] for key in ("faults", "seconds", "failures")}))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
