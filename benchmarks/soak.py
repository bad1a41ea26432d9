"""Whether memory stays flat: searches for hours while the server indexes, its memory drawn over time.

    python benchmarks/soak.py [--minutes 120] [--count 20000] [--csv soak.csv] [--svg soak.svg]

`smartsearch serve` runs over a library of `--count` images (see large_library.py). One client searches with words never
asked before, now and then asks for facets, suggestions and details, twenty requests a second at most. Another keeps
the server indexing: a folder of generated photos of which a hundred get new contents each round, so that the library
does not grow. Every ten seconds the memory (PSS) of the server and its workers is taken.

Printed: the median of the last sixth against that of the second sixth (the first is warming up), and p50 and p99 of the
searches in both.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import shutil
import tempfile
import threading
import time
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from http_load import Client, serving, texts
from large_library import open_filled
from memory import family, pss
from PIL import Image

PHOTOS = 300
REPLACED = 100
EVERY_SECONDS = 10.0
PAUSE = 0.05


@dataclass(frozen=True)
class Sample:
    """One look at the server."""

    seconds: float
    server_mb: float
    workers_mb: float
    searches: int
    p50_ms: float
    p99_ms: float
    scans: int


class Asking(threading.Thread):
    """Searches and looks around until told to stop; an answer that is none ends the soak."""

    def __init__(self, port: int, stop: threading.Event) -> None:
        super().__init__(name="asking")
        self._port, self._end = port, stop
        self._lock = threading.Lock()
        self._times: list[float] = []
        self.failure: BaseException | None = None

    def taken(self) -> list[float]:
        """Seconds of the searches since the last call."""
        with self._lock:
            taken, self._times = self._times, []
        return taken

    def run(self) -> None:
        try:
            client, source = Client(self._port), texts()
            for number in itertools.count():
                if self._end.wait(PAUSE):
                    return
                seconds, _ = client.search(next(source))
                with self._lock:
                    self._times.append(seconds)
                if number % 5 == 0:
                    client.ask("POST", "/search/facets", {"query": "dog"})
                    client.ask("GET", "/suggestions?q=be")
                    client.ask("GET", f"/images/{number % 1000 + 1}")
        except BaseException as error:
            self.failure = error
            self._end.set()


class Indexing(threading.Thread):
    """Replaces photos and has them indexed, round after round."""

    def __init__(self, port: int, folder: Path, stop: threading.Event) -> None:
        super().__init__(name="indexing")
        self._port, self._folder, self._end = port, folder, stop
        self._random = np.random.default_rng(0)
        self._next = 0
        self.scans = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            self._replace(PHOTOS)
            while not self._end.is_set():
                job = Client(self._port).ask("POST", "/index/scan", {"paths": [str(self._folder)]})
                while not self._end.wait(1.0):
                    state = Client(self._port).ask("GET", f"/jobs/{job['id']}")["state"]
                    if state != "running":
                        if state != "done":
                            raise SystemExit(f"a scan ended as {state}")
                        self.scans += 1
                        break
                self._replace(REPLACED)
        except BaseException as error:
            self.failure = error
            self._end.set()

    def _replace(self, count: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in range(self._next, self._next + count):
            small = self._random.integers(0, 255, (24, 32, 3), dtype=np.uint8)
            Image.fromarray(small).resize((1200, 900)).save(self._folder / f"{number % PHOTOS:05}.jpg", quality=85)
        self._next += count


def look(seconds: float, pid: int, times: list[float], scans: int) -> Sample:
    server, *workers = (pss(each) / 1e6 for each in family(pid))
    p50, p99 = (np.percentile(times, [50, 99]) * 1e3).tolist() if times else (float("nan"),) * 2
    return Sample(round(seconds, 1), server, sum(workers), len(times), p50, p99, scans)


def soak(port: int, pid: int, folder: Path, minutes: float, table: Path) -> list[Sample]:
    """Ask, index and look until the time is up. Each look is in the table at once."""
    stop = threading.Event()
    asking, indexing = Asking(port, stop), Indexing(port, folder, stop)
    started = time.monotonic()
    asking.start()
    indexing.start()
    samples: list[Sample] = []
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(Sample.__dataclass_fields__)
        while not stop.wait(EVERY_SECONDS) and time.monotonic() - started < minutes * 60:
            samples.append(look(time.monotonic() - started, pid, asking.taken(), indexing.scans))
            writer.writerow([f"{value:.1f}" if isinstance(value, float) else value for value in astuple(samples[-1])])
            file.flush()
    stop.set()
    asking.join()
    indexing.join()
    for thread in (asking, indexing):
        if thread.failure is not None:
            raise thread.failure
    return samples


def draw(samples: list[Sample], path: Path) -> None:
    """Memory over time as a small SVG: the server, and on top of it its workers."""
    width, height, left, bottom = 720, 260, 50, 30
    end = max(sample.seconds for sample in samples)
    top = max(sample.server_mb + sample.workers_mb for sample in samples) * 1.15

    def line(values: list[float], colour: str) -> str:
        across = [left + sample.seconds / end * (width - left - 10) for sample in samples]
        down = [height - bottom - value / top * (height - 2 * bottom) for value in values]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, down, strict=True))
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.2"/>'

    marks = []
    for share in (0.25, 0.5, 0.75, 1.0):
        y = height - bottom - share * (height - 2 * bottom)
        marks.append(f'<line x1="{left}" x2="{width - 10}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ccc"/>')
        marks.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{share * top:.0f}</text>')
        x = left + share * (width - left - 10)
        marks.append(f'<text x="{x:.1f}" y="{height - 10}" text-anchor="end">{share * end / 60:.0f} min</text>')
    server = line([sample.server_mb for sample in samples], "#2563eb")
    together = line([sample.server_mb + sample.workers_mb for sample in samples], "#f59e0b")
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif"'
        ' font-size="11">'
        f'<rect width="{width}" height="{height}" fill="white"/>{"".join(marks)}{together}{server}'
        f'<text x="{left}" y="16" fill="#2563eb">server, MB (PSS)</text>'
        f'<text x="{left + 130}" y="16" fill="#f59e0b">with decode workers</text></svg>\n'
    )


def report(samples: list[Sample]) -> None:
    sixth = max(1, len(samples) // 6)
    early, late = samples[sixth : 2 * sixth] or samples, samples[-sixth:]

    def middle(part: list[Sample], name: str) -> float:
        return float(np.nanmedian([getattr(sample, name) for sample in part]))

    searches = sum(sample.searches for sample in samples)
    print(f"{samples[-1].seconds / 60:.0f} minutes, {searches:,} searches, {samples[-1].scans} scans")
    print(
        f"server: {middle(early, 'server_mb'):.0f} MB in the second sixth, {middle(late, 'server_mb'):.0f} in the last,"
        f" ratio {middle(late, 'server_mb') / middle(early, 'server_mb'):.3f};"
        f" most with workers {max(sample.server_mb + sample.workers_mb for sample in samples):.0f} MB"
    )
    print(
        f"searches p50 / p99: {middle(early, 'p50_ms'):.0f} / {middle(early, 'p99_ms'):.0f} ms,"
        f" then {middle(late, 'p50_ms'):.0f} / {middle(late, 'p99_ms'):.0f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--csv", type=Path, default=Path("soak.csv"))
    parser.add_argument("--svg", type=Path, default=Path("soak.svg"))
    options = parser.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="smartsearch-soak-"))
    try:
        with open_filled(scratch, options.count):
            pass  # filled; the server opens it
        with serving(scratch / "library", scratch / "home", scratch / "photos") as (port, pid):
            samples = soak(port, pid, scratch / "photos", options.minutes, options.csv)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {options.count:,} images")
        report(samples)
        draw(samples, options.svg)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
