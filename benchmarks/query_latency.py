"""How long a search takes: in process against a bare FAISS search of the same vectors, and cold from the shell.

    python benchmarks/query_latency.py [--sizes 10000 100000] [--rclip PYTHON] [--cold-size 100000]

In process: `Library.search` of texts (none asked twice, so the text tower runs each time) and of example vectors
(no tower), top 20, one client. The peer is `faiss.IndexFlatIP`, one thread, over the same vectors in the same run.
Cold: the whole `smartsearch query` process, from a library of `--cold-size` images with a text tower as large as CLIP
ViT-B/32's (63 M parameters, random weights), against rclip with the same tower and as many vectors, taken in turn.
Vectors are drawn around 2,000 centres in a 64-dimensional subspace, which is nearer to real embeddings than noise is.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import faiss
import numpy as np
from clip_sized import make_model, make_rclip_files
from numpy.typing import NDArray

from smartsearch.catalog import ModelCatalog, ModelChoice
from smartsearch.config import Places
from smartsearch.core.assets import FileIdentity, ImageContent, Metadata, PutImage
from smartsearch.core.settings import RuntimeSettings, Settings
from smartsearch.library import Library
from smartsearch.search.service import SearchRequest

QUERIES = 200
WORDS = ("dog", "beach", "snow", "child", "red", "car", "city", "night", "mountain", "boat", "bird", "flower", "guitar")


def make_vectors(count: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    basis = rng.standard_normal((64, dim)).astype(np.float32)
    centres = rng.standard_normal((2000, 64)).astype(np.float32)
    vectors = np.empty((count, dim), np.float32)
    for start in range(0, count, 50_000):
        stop = min(count, start + 50_000)
        points = centres[rng.integers(0, len(centres), stop - start)]
        points = points + 0.6 * rng.standard_normal(points.shape).astype(np.float32)
        vectors[start:stop] = points @ basis
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def fill(library: Library, vectors: NDArray[np.float32]) -> float:
    """Commit one image row per vector, as indexing would; returns the seconds it took."""
    space = library.catalog.encoders(library.model).image.space.key
    taken = datetime(2015, 1, 1)
    started = time.perf_counter()
    for start in range(0, len(vectors), 2000):
        changes = []
        for number in range(start, min(len(vectors), start + 2000)):
            metadata = Metadata(taken_at=taken + timedelta(minutes=30 * number), camera_model=f"X{number % 10}")
            content = ImageContent("jpeg", 4000, 3000, 1, number, 0x808080, metadata, b"")
            name = WORDS[number // 20 % 13] if number % 20 == 0 else "IMG"  # the words of queries are in some names
            path = f"/photos/{number // 500:05d}/{name}_{number:07d}.jpg"
            identity = FileIdentity(1, number, 2_500_000, number)
            digest = number.to_bytes(32, "big")
            changes.append(PutImage(path, identity, digest, datetime.now(UTC), content, {space: vectors[number]}))
        library.store.apply(changes)
    return time.perf_counter() - started


def percentiles(action: Callable[[int], object], count: int = QUERIES) -> tuple[float, float]:
    """p50 and p99 in milliseconds, after three warm-up calls."""
    for number in range(3):
        action(-1 - number)
    seconds = []
    for number in range(count):
        started = time.perf_counter()
        action(number)
        seconds.append(time.perf_counter() - started)
    p50, p99 = np.percentile(seconds, [50, 99])
    return float(p50 * 1e3), float(p99 * 1e3)


def in_process(base: Path, count: int) -> None:
    places = Places(base / "home", base / f"library-{count}")
    with Library.open(places, Settings(), create=True) as library:
        encoders = library.catalog.encoders(library.model)
        vectors = make_vectors(count, encoders.image.space.dim)
        filled = fill(library, vectors)
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(vectors)
        faiss.omp_set_num_threads(1)
        queries = make_vectors(QUERIES + 3, vectors.shape[1], seed=1)
        bare = percentiles(lambda number: flat.search(queries[number : number + 1] if number >= 0 else queries[:1], 20))
        started = time.perf_counter()
        library.search(SearchRequest(text="first of all", min_score=0))
        first = time.perf_counter() - started
        text = percentiles(
            lambda n: library.search(SearchRequest(text=f"{WORDS[n % 13]} {WORDS[n // 13 % 13]} {n}", min_score=0))
        )
        like = percentiles(lambda n: library.search(SearchRequest(like=1 + (n * 37) % count)))
    print(
        f"{count:>9,} images ({filled:.0f} s to commit): text p50 {text[0]:.1f} p99 {text[1]:.1f} ms; "
        f"by example p50 {like[0]:.1f} p99 {like[1]:.1f} ms; bare FAISS flat p50 {bare[0]:.1f} p99 {bare[1]:.1f} ms; "
        f"ratio of p50s {text[0] / bare[0]:.2f} and {like[0] / bare[0]:.2f}; first query {first * 1e3:.0f} ms",
        flush=True,
    )


def cold(base: Path, count: int, rclip: str | None) -> None:
    """Whole-process wall time of one query, in turn with rclip."""
    home = base / "cold"
    make_model(home / "models", "random", size=256, int8=False)
    (home / "config.toml").write_text('model = "random"\n')
    places = Places(home, home / "libraries" / "default")
    catalog = ModelCatalog(home / "models", RuntimeSettings())
    dim = catalog.encoders(ModelChoice("random")).image.space.dim
    vectors = make_vectors(count, dim)
    with Library.open(places, Settings(model="random"), create=True) as library:
        library.store.put_setting("model", "random")
        fill(library, vectors)
        library.search(SearchRequest(text="warm the index file", min_score=0))
    program = Path(sys.executable).with_name("smartsearch")
    ours = [str(program), "query", "aa bb", "--min-score", "0", "--format", "paths"]
    environment = os.environ | {"SMARTSEARCH_HOME": str(home), "HF_HUB_OFFLINE": "1", "RCLIP_DATADIR": str(base / "rc")}
    theirs: list[str] = []
    if rclip:
        make_rclip_files(base / "rc")
        np.save(base / "vectors.npy", vectors)
        subprocess.run([rclip, "-c", FILL_RCLIP, str(base / "rc"), str(base / "vectors.npy")], check=True)
        (Path("/tmp") / "photos").mkdir(exist_ok=True)
        theirs = [rclip, "-m", "rclip", "--no-indexing", "--filepath-only", "--top", "20", "aa bb"]
    walls: dict[str, list[float]] = {"ours": [], "pocket": [], "rclip": []}
    pocket_home = base / "home"
    pocket = environment | {"SMARTSEARCH_HOME": str(pocket_home), "SMARTSEARCH_LIBRARY": str(base / f"library-{count}")}
    for _ in range(7):
        walls["ours"].append(wall(ours, environment))
        if (base / f"library-{count}").exists():
            walls["pocket"].append(wall(ours, pocket))
        if theirs:
            walls["rclip"].append(wall(theirs, environment))
    for name, seconds in walls.items():
        if seconds:
            print(f"cold query at {count:,} images, {name}: median {statistics.median(seconds):.2f} s", flush=True)
    if theirs:
        ratio = statistics.median(b / a for a, b in zip(walls["ours"], walls["rclip"], strict=True))
        print(f"rclip takes {ratio:.2f} times as long with the same text tower")


FILL_RCLIP = """
import sys, numpy as np
from rclip import db
base, file = sys.argv[1:]
database = db.DB(base + "/db.sqlite3")
for number, vector in enumerate(np.load(file)):
    path = f"/tmp/photos/{number // 500:05d}/IMG_{number:07d}.jpg"
    database.upsert_image(
        db.NewImage(filepath=path, modified_at=1.0, size=2500000, vector=vector.tobytes(), hash=str(number)),
        commit=False,
    )
database.commit()
database.close()
"""


def wall(command: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(
        command,
        env=environment,
        cwd="/tmp/photos" if Path("/tmp/photos").exists() else None,
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--cold-size", type=int, default=100_000)
    parser.add_argument("--rclip", metavar="PYTHON", help="an interpreter that has rclip installed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        for count in given.sizes:
            in_process(Path(temporary), count)
        if given.cold_size:
            cold(Path(temporary), given.cold_size, given.rclip)


if __name__ == "__main__":
    main()
