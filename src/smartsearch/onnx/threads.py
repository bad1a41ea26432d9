"""How many threads a model should use on this machine."""

from __future__ import annotations

import math
import os
from pathlib import Path

_CGROUP_V2 = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_V1 = Path("/sys/fs/cgroup/cpu")
_TOPOLOGY = Path("/sys/devices/system/cpu")


def usable_cores() -> int:
    """Physical cores this process may use, at least 1: CPU affinity, SMT siblings and the cgroup quota respected.

    Matrix products gain nothing from a second thread on the same core, so siblings count once.
    """
    cores = _physical_cores(_allowed_cpus())
    quota = _cgroup_quota()
    return max(1, min(cores, math.ceil(quota)) if quota else cores)


def _allowed_cpus() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _physical_cores(cpus: set[int]) -> int:
    cores = set()
    for cpu in cpus:
        try:
            cores.add((_TOPOLOGY / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text().strip())
        except OSError:  # not Linux, or hidden in a container
            cores.add(str(cpu))
    return len(cores)


def _cgroup_quota() -> float | None:
    """CPU time allowed per unit of wall time, None if unlimited or unknown."""
    try:
        quota, period = _CGROUP_V2.read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    try:
        quota_us = int((_CGROUP_V1 / "cpu.cfs_quota_us").read_text())
        return quota_us / int((_CGROUP_V1 / "cpu.cfs_period_us").read_text()) if quota_us > 0 else None
    except (OSError, ValueError):
        return None
