"""What HTTP adds to a search: a client over the loopback interface against searches in this process, in turn.

    python benchmarks/http_load.py [--count 100000] [--folder FOLDER] [--photos 3000]

`smartsearch serve` runs as a process of its own over a library of `--count` images (see large_library.py). Texts, none
asked twice, go alternately to the server (one keep-alive connection, 50 results as JSON) and to `Library.answer` here,
first on a quiet library, then while the server indexes generated photos in the background. Then four connections ask at
once. `in the server` is the time the route itself took, as its answer says; HTTP adds the client's time less that.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from large_library import open_filled
from PIL import Image

from smartsearch.library import Library
from smartsearch.search.service import SearchRequest

WORDS = ("dog", "beach", "snow", "child", "red", "car", "city", "night", "mountain", "boat", "bird", "flower", "guitar")
TOP = 50


def texts() -> Iterator[str]:
    """Never the same twice."""
    for number in itertools.count():
        yield f"{WORDS[number % 13]} {WORDS[number // 13 % 13]} {number}"


class Client:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, method: str, path: str, body: object = None) -> dict[str, object]:
        data = None if body is None else json.dumps(body)
        self._connection.request(method, f"/api/v1{path}", data, {"content-type": "application/json"})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300]!r}")
        found: dict[str, object] = json.loads(content)
        return found

    def search(self, text: str) -> tuple[float, float]:
        """Seconds until the whole answer was read (not parsed), and what the route took of them."""
        body = json.dumps({"query": text, "min_score": 0, "top_k": TOP})
        started = time.perf_counter()
        self._connection.request("POST", "/api/v1/search", body, {"content-type": "application/json"})
        answer = self._connection.getresponse()
        content = answer.read()
        seconds = time.perf_counter() - started
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {content[:300]!r}")
        return seconds, float(json.loads(content)["seconds"])


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def processor_time(client: Client, pid: int, library: Library, source: Iterator[str], count: int) -> None:
    """What a search costs in processor time, which other programs on the machine do not change much."""
    before = cpu_seconds(pid)
    for _ in range(count):
        client.search(next(source))
    server = (cpu_seconds(pid) - before) / count
    before = time.process_time()
    for _ in range(count):
        library.answer(SearchRequest(text=next(source), min_score=0)).page(0, TOP)
    here = (time.process_time() - before) / count
    print(
        f"processor time of a search: {server * 1e3:.1f} ms in the server, {here * 1e3:.1f} ms in process", flush=True
    )


@contextmanager
def serving(library: Path, home: Path, browse: Path) -> Iterator[tuple[int, int]]:
    """Port and process id of a server over the library."""
    settings = {"SMARTSEARCH_SERVER_BROWSE": str(browse), "SMARTSEARCH_RUNTIME_THREADS": "1"}
    environment = os.environ | settings | {"SMARTSEARCH_HOME": str(home)}
    program = "from smartsearch.cli.main import main; main()"
    command = [sys.executable, "-c", program, "serve", "--port", "0", "--library", str(library)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
            if not found:
                raise SystemExit(line)
            yield int(found[1]), process.pid
        finally:
            process.terminate()


def save_photos(folder: Path, count: int) -> None:
    """Pictures that no other is like, a megapixel each."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        small = random.integers(0, 255, (24, 32, 3), dtype=np.uint8)
        Image.fromarray(small).resize((1200, 900)).save(folder / f"{number:05}.jpg", quality=85)


def in_turn(client: Client, library: Library, source: Iterator[str], count: int) -> tuple[list[float], ...]:
    """Seconds of the client, of the route, and of searches here."""
    asked, routes, here = [], [], []
    for _ in range(count):
        seconds, route = client.search(next(source))
        asked.append(seconds)
        routes.append(route)
        started = time.perf_counter()
        library.answer(SearchRequest(text=next(source), min_score=0)).page(0, TOP)
        here.append(time.perf_counter() - started)
    return asked, routes, here


def report(label: str, times: tuple[list[float], ...]) -> None:
    asked, routes, here = (np.array(part) * 1e3 for part in times)
    p50, p99 = np.percentile(asked, [50, 99])
    mine, worst = np.percentile(here, [50, 99])
    added = np.percentile(asked - routes, 50)
    print(
        f"{label}: over HTTP p50 {p50:.1f} p99 {p99:.1f} ms; in process p50 {mine:.1f} p99 {worst:.1f} ms; ratio of p50"
        f" {p50 / mine:.2f}; in the server p50 {np.percentile(routes, 50):.1f} ms, so HTTP adds {added:.1f} ms at p50",
        flush=True,
    )


def throughput(port: int, source: Iterator[str], seconds: float, connections: int) -> float:
    """Requests a second over several connections."""
    lock, counts, end = threading.Lock(), [0] * connections, time.perf_counter() + seconds

    def work(place: int) -> None:
        client = Client(port)
        while time.perf_counter() < end:
            with lock:
                text = next(source)
            client.search(text)
            counts[place] += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def here_per_second(library: Library, source: Iterator[str], seconds: float) -> float:
    """Searches a second of one thread in this process."""
    count, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        library.answer(SearchRequest(text=next(source), min_score=0)).page(0, TOP)
        count += 1
    return count / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the library is kept for the next time")
    parser.add_argument("--photos", type=int, default=3000, help="that are indexed meanwhile")
    parser.add_argument("--searches", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        base = options.folder or Path(scratch)
        photos = Path(scratch) / "photos"
        save_photos(photos, options.photos)
        source = texts()
        with (
            open_filled(base, options.count) as library,
            serving(base / "library", base / "home", photos) as (port, pid),
        ):
            client = Client(port)
            in_turn(client, library, source, 10)
            print(f"{options.count:,} images, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
            report("quiet", in_turn(client, library, source, options.searches))
            processor_time(client, pid, library, source, options.searches)
            rates = throughput(port, source, 5, 4), here_per_second(library, source, 5)
            print(f"quiet: {rates[0]:.0f} requests/s over 4 connections; {rates[1]:.0f} searches/s of one thread here")
            client = Client(port)  # the server gives up connections that are idle for some seconds
            job = client.ask("POST", "/index/scan", {"paths": [str(photos)]})
            report("while indexing", in_turn(client, library, source, options.searches))
            rates = throughput(port, source, 5, 4), here_per_second(library, source, 5)
            print(f"while indexing: {rates[0]:.0f} requests/s over 4 connections; {rates[1]:.0f} searches/s here")
            client = Client(port)
            after = client.ask("GET", f"/jobs/{job['id']}")
            print(f"the job meanwhile: {after['state']}, {after['done']} of {after['total']}, {after['rate']} a second")
            client.ask("POST", f"/jobs/{job['id']}/cancel")


if __name__ == "__main__":
    main()
