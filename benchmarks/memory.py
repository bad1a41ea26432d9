"""Peak memory of indexing, which must not grow with the folder: 1,000 against 10,000 pictures, packaged model.

Pictures are 800x600 JPEGs with bytes of their own. Memory is the proportional set size (PSS) of the command and all its
workers together, sampled from /proc every 50 ms (Linux), and the peak RSS of its largest process from the kernel.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image


def make_pictures(folder: Path, count: int) -> None:
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(20):
        small = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        small.resize((800, 600), Image.Resampling.BICUBIC).save(folder / f"{index:05d}.jpg", quality=85)
    for index in range(20, count):
        data = (folder / f"{index % 20:05d}.jpg").read_bytes()
        (folder / f"{index:05d}.jpg").write_bytes(data + index.to_bytes(4, "big"))


def family(pid: int) -> list[int]:
    """The process and its children. (Workers are direct children.)"""
    try:
        children = Path(f"/proc/{pid}/task").iterdir()
        found = [int(child) for task in children for child in (task / "children").read_text().split()]
    except OSError:
        found = []
    return [pid, *found]


def pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def peak(photos: Path, home: Path) -> tuple[float, float]:
    program = Path(sys.executable).with_name("smartsearch")
    environment = os.environ | {"SMARTSEARCH_HOME": str(home)}
    process = subprocess.Popen(
        [program, "index", photos], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    highest = 0
    done = threading.Event()

    def sample() -> None:
        nonlocal highest
        while not done.is_set():
            highest = max(highest, sum(pss(pid) for pid in family(process.pid)))
            time.sleep(0.05)

    sampling = threading.Thread(target=sample)
    sampling.start()
    assert process.wait() == 0
    done.set()
    sampling.join()
    return highest / 1e6, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="*", default=[1000, 10_000])
    peaks = []
    for count in parser.parse_args().counts:
        with tempfile.TemporaryDirectory() as temporary:
            make_pictures(Path(temporary) / "photos", count)
            together, largest = peak(Path(temporary) / "photos", Path(temporary) / "home")
        peaks.append(together)
        print(f"{count:,} pictures: {together:.0f} MB together, largest process {largest:.0f} MB", flush=True)
    print(f"ratio of the last to the first: {peaks[-1] / peaks[0]:.2f}")


if __name__ == "__main__":
    main()
