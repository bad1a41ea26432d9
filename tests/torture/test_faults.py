"""A short torture: a few faults of every kind over every scenario. `make torture` does hundreds."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.torture.disk import Change, Disk, Kind
from tests.torture.run import KINDS, Fault, Rig, compile_shim
from tests.torture.workload import SCENARIOS

ROOT = Path("/disk")
O_CREAT = 0o100


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Rig:
    if sys.platform != "linux":
        pytest.skip("the shim is for Linux")
    folder = tmp_path_factory.mktemp("torture")
    try:
        compile_shim(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no C compiler for faults.c ({error})")
    return Rig(folder)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_power_cuts(rig: Rig, scenario: str) -> None:
    chance = random.Random(scenario)
    moments = len(rig.changes(scenario))
    assert moments > 20
    for _ in range(3):
        fault = Fault(scenario, "power cut", chance.randrange(moments + 1), chance.randrange(1 << 30))
        assert rig.suffer(fault) == [], fault


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "power cut"])
def test_other_faults(rig: Rig, kind: str) -> None:
    chance = random.Random(kind)
    scenario = chance.choice([name for name in SCENARIOS if name != "index"])
    fault = Fault(scenario, kind, chance.randrange(len(rig.changes(scenario))), chance.randrange(1 << 30))
    assert rig.suffer(fault) == [], fault


@pytest.mark.slow
def test_the_torture_notices_a_program_that_does_not_wait_for_the_disk(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORTURE_CARELESS", "1")
    careless = Rig.__new__(Rig)
    careless.folder, careless.shim, careless._records = rig.folder, rig.shim, {}
    moments = len(careless.changes("curate"))
    found = [careless.suffer(Fault("curate", "power cut", moments * 3 // 4, seed)) for seed in range(4)]
    assert any(found)


# -- the disk itself


def changes(*steps: tuple[Kind, int, str, str, int, bytes]) -> list[Change]:
    return [Change(kind, handle, path, target, offset, data) for kind, handle, path, target, offset, data in steps]


def outcomes(tmp_path: Path, steps: list[Change]) -> set[bytes | None]:
    """What may be in /disk/f after a power cut, over many of them."""
    found: set[bytes | None] = set()
    for seed in range(60):
        disk = Disk(ROOT)
        for step in steps:
            disk.apply(step)
        folder = tmp_path / str(seed)
        folder.mkdir()
        disk.after_power_cut(folder, random.Random(seed))
        file = folder / "f"
        found.add(file.read_bytes() if file.exists() else None)
    return found


CREATED = (Kind.OPEN, 1, "/disk/f", "", O_CREAT, b"")


def test_what_was_synced_is_there(tmp_path: Path) -> None:
    steps = changes(CREATED, (Kind.WRITE, 1, "", "", 0, b"new"), (Kind.SYNC, 1, "", "", 0, b""))
    assert outcomes(tmp_path, steps) == {b"new"}


def test_what_was_not_synced_may_be_there_or_not(tmp_path: Path) -> None:
    steps = changes(CREATED, (Kind.WRITE, 1, "", "", 0, b"a" * 512 + b"b" * 512))
    found = outcomes(tmp_path, steps)
    assert {None, b"", b"a" * 512 + b"b" * 512, b"\0" * 512 + b"b" * 512, b"a" * 512} <= found


def test_a_rename_without_a_sync_may_name_an_empty_file(tmp_path: Path) -> None:
    steps = changes(
        (Kind.OPEN, 1, "/disk/part", "", O_CREAT, b""),
        (Kind.WRITE, 1, "", "", 0, b"whole"),
        (Kind.RENAME, 0, "/disk/part", "/disk/f", 0, b""),
    )
    assert outcomes(tmp_path, steps) == {None, b"", b"whole"}
