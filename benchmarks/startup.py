"""How long the command takes to say anything: `smartsearch --help` against an empty Python, taken in turn."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 15


def wall(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    program = [str(Path(sys.executable).with_name("smartsearch")), "--help"]
    empty = [sys.executable, "-c", "pass"]
    pairs = [(wall(program), wall(empty)) for _ in range(ROUNDS)]
    ours, python = (statistics.median(column) * 1e3 for column in zip(*pairs, strict=True))
    print(f"smartsearch --help {ours:.0f} ms, python -c pass {python:.0f} ms, ratio {ours / python:.1f}")


if __name__ == "__main__":
    main()
