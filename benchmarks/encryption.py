"""What encryption costs: the same library plain and encrypted, in turn, in one run.

    python benchmarks/encryption.py [--images 20000] [--photos 200] [--rounds 3] [--processor]

Indexing: `Library.index` of generated 1,280x960 JPEGs. Commit: rows and vectors as indexing writes them, without
decoding or encoding. Opening: `Library.open` with the key at hand, then the first search, which reads the vector index.
Then searches by words and by example, and thumbnails read. The libraries take turns; each figure is the median of the
rounds. With ``--processor`` it is processor time of this process (without decode workers), for a busy machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from query_latency import WORDS, fill, make_vectors

from smartsearch.config import Places
from smartsearch.core.settings import Settings
from smartsearch.encryption.ciphers import LibraryKey
from smartsearch.encryption.keyfile import KeyFile
from smartsearch.library import Library
from smartsearch.search.service import SearchRequest

CLOCK = {"wall": time.perf_counter, "processor": time.process_time}
SEARCHES = 20


def timed(action: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    action()
    return clock() - started


def make_photos(folder: Path, count: int) -> None:
    folder.mkdir()
    chance = np.random.default_rng(0)
    for number in range(count):
        rough = chance.integers(0, 255, (24, 32, 3), np.uint8)
        Image.fromarray(rough).resize((1280, 960), Image.Resampling.BICUBIC).save(folder / f"{number}.jpg", quality=85)


def key_for(folder: Path) -> LibraryKey:
    folder.mkdir(parents=True)
    key_file, key = KeyFile.create()
    key_file.with_passphrase(key, "benchmark only").write(folder)
    return key


def measure(base: Path, name: str, images: int, photos: Path, clock: Callable[[], float]) -> dict[str, float]:
    """Seconds by what was measured."""
    made, indexed = (Places(base / "home", base / f"{name}-{kind}") for kind in ("made", "indexed"))
    keys = [key_for(places.library) if name == "encrypted" else None for places in (made, indexed)]
    seconds: dict[str, float] = {}

    def taken(action: Callable[[], object]) -> float:
        return timed(action, clock)

    with Library.open(indexed, Settings(), create=True, key=keys[1]) as library:
        seconds["index a photo"] = taken(lambda: library.index([photos])) / len(list(photos.iterdir()))
        assets = library.store.assets(range(1, 51))
        seconds["read a thumbnail"] = taken(lambda: [library.thumbnail(asset) for asset in assets]) / len(assets)
    with Library.open(made, Settings(), create=True, key=keys[0]) as library:
        space = library.catalog.encoders(library.model).image.space
        vectors = make_vectors(images, space.dim)
        seconds["commit an image"] = taken(lambda: fill(library, vectors)) / images
        library.store.settle_vectors(space)
    started = clock()
    with Library.open(made, Settings(), key=keys[0]) as library:
        seconds["open"] = clock() - started
        library.catalog.encoders(library.model).text.encode_texts(["warm"])
        seconds["first search"] = taken(lambda: library.search(SearchRequest(like=1)))
        words = [
            taken(lambda n=n: library.search(SearchRequest(text=f"{WORDS[n % 13]} {n}", min_score=0)))
            for n in range(SEARCHES)
        ]
        like = [taken(lambda n=n: library.search(SearchRequest(like=1 + n * 37 % images))) for n in range(SEARCHES)]
        seconds["search by words"] = statistics.median(words)
        seconds["search by example"] = statistics.median(like)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--processor", action="store_true")
    given = parser.parse_args()
    clock = "processor" if given.processor else "wall"
    results: dict[str, list[dict[str, float]]] = {"plain": [], "encrypted": []}
    with tempfile.TemporaryDirectory() as folder:
        make_photos(Path(folder) / "photos", given.photos)
        for number in range(given.rounds):
            for name in results:
                base = Path(folder) / f"{number}"
                results[name].append(measure(base, name, given.images, Path(folder) / "photos", CLOCK[clock]))
                print(f"round {number + 1}, {name}", file=sys.stderr)
    rounds = f"medians of {given.rounds} rounds in ms of {clock} time"
    print(f"{given.images:,} images, {given.photos} photos; {rounds}: plain, encrypted, ratio")
    for what in results["plain"][0]:
        plain, sealed = (statistics.median(found[what] for found in results[name]) * 1e3 for name in results)
        print(f"{what:18} {plain:9.3f} {sealed:9.3f} {sealed / plain:6.2f}")


if __name__ == "__main__":
    main()
