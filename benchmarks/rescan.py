"""How long an unchanged tree takes to rescan, against `find -printf` on the same tree, in alternating runs.

    python benchmarks/rescan.py [--files 100000] [--per-folder 200] [--rounds 7] [--folder DIR]

The tree is made of small files with distinct inodes in nested folders. The claim in the documents is the ratio of the
medians; processor seconds stand beside the wall clock because a busy machine disturbs them less.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from smartsearch.core.assets import FileState
from smartsearch.core.settings import DiscoverySettings
from smartsearch.crawler.changes import plan
from smartsearch.crawler.found import Found
from smartsearch.crawler.known import KnownFiles
from smartsearch.crawler.walk import walk
from smartsearch.crawler.work import Unchanged


def make_tree(root: Path, files: int, per_folder: int) -> None:
    for first in range(0, files, per_folder):
        number = first // per_folder
        folder = root / f"{2000 + number % 25}" / f"event-{number:05d}"
        folder.mkdir(parents=True)
        for index in range(first, min(first + per_folder, files)):
            (folder / f"IMG_{index:06d}.jpg").write_bytes(b"\xff\xd8\xff")


def run_find(root: Path) -> None:
    subprocess.run(["find", root, "-printf", "%p %s %T@ %i\n"], stdout=subprocess.DEVNULL, check=True)


def load_known(root: Path) -> KnownFiles:
    found = [item for item in walk(root, DiscoverySettings()) if isinstance(item, Found)]
    return KnownFiles(FileState(n, each.path, each.identity, os.urandom(32)) for n, each in enumerate(found))


def rescan(root: Path, known: KnownFiles) -> None:
    walked = walk(root, DiscoverySettings(), known=known.__contains__)
    items = list(plan(walked, known, str(root)))
    assert sum(item.count for item in items if isinstance(item, Unchanged)) == len(known), "the tree did change"


def timed(action: Callable[[], None]) -> tuple[float, float]:
    """Wall and processor seconds, those of child processes too."""
    wall, cpu = time.perf_counter(), _cpu()
    action()
    return time.perf_counter() - wall, _cpu() - cpu


def _cpu() -> float:
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--per-folder", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=None, help="where to make the temporary tree")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        root = Path(name)
        make_tree(root, options.files, options.per_folder)
        known = load_known(root)
        actions = {"find": lambda: run_find(root), "smartsearch": lambda: rescan(root, known)}
        times: dict[str, list[tuple[float, float]]] = {each: [] for each in actions}
        for _ in range(options.rounds):
            for each, action in actions.items():
                times[each].append(timed(action))
    medians = {each: tuple(map(statistics.median, zip(*runs, strict=True))) for each, runs in times.items()}
    for each, (wall, cpu) in medians.items():
        print(f"{each:12} {wall:7.3f} s wall  {cpu:7.3f} s cpu   (medians of {options.rounds})")
    ratios = [ours / theirs for ours, theirs in zip(medians["smartsearch"], medians["find"], strict=True)]
    print(f"ratio        {ratios[0]:7.2f}   wall  {ratios[1]:7.2f}   cpu   ({options.files:,} files)")


if __name__ == "__main__":
    main()
