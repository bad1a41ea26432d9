"""Latency and recall of `Store.nearest` beside a bare FAISS search of the same vectors, in the same run.

    python benchmarks/nearest.py            # 10,000 and 100,000 vectors
    python benchmarks/nearest.py --large    # and 1,000,000 (needs 6 GB of disk, 4 GB of memory, some minutes)

The vectors are a mixture of Gaussians whose spectrum decays like that of real embeddings, all around one mean; the
queries are shifted away from that mean, as text queries are from image vectors (the modality gap), and noisy.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import FileIdentity, ImageContent, Metadata, PutImage
from smartsearch.core.query import And, Everything, Present, Query, TakenBetween
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.stores.sqlite import SqliteStore

Matrix = NDArray[np.float32]
START = datetime(2000, 1, 1)
QUERIES = 200


class World:
    """Where vectors and queries come from."""

    def __init__(self, dim: int, clusters: int = 2000, seed: int = 0) -> None:
        self.dim = dim
        self.random = np.random.default_rng(seed)
        self.spectrum = 1 / np.sqrt(np.arange(1, dim + 1))
        self.basis = np.linalg.qr(self.random.standard_normal((dim, dim)))[0]
        self.centres = self.random.standard_normal((clusters, dim)) * self.spectrum
        self.mean = self._direction() * 1.5 * np.linalg.norm(self.spectrum)
        self.gap = self._direction()

    def vectors(self, count: int) -> Matrix:
        noise = 0.7 * self.random.standard_normal((count, self.dim)) * self.spectrum
        around = self.centres[self.random.integers(0, len(self.centres), count)]
        return _normalised((around + noise) @ self.basis + self.mean)

    def queries(self, count: int) -> Matrix:
        noise = _normalised(self.random.standard_normal((count, self.dim)))
        return _normalised(0.6 * self.vectors(count) + 0.6 * self.gap + 0.5 * noise)

    def _direction(self) -> NDArray[np.float64]:
        drawn = self.random.standard_normal(self.dim)
        return drawn / np.linalg.norm(drawn)


def _normalised(rows: NDArray[np.float64]) -> Matrix:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def put(number: int, moment: int, space: str, vector: Matrix) -> PutImage:
    """A plausible photo, taken ``moment`` minutes after the start."""
    metadata = Metadata(taken_at=START + timedelta(minutes=moment), camera_make="Canon", camera_model="EOS R5", iso=400)
    return PutImage(
        path=f"/home/anna/Pictures/{2000 + number % 24}/{number % 997:03}/IMG_{number:07}.jpg",
        identity=FileIdentity(1, number, 2_000_000 + number, 10**18 + number),
        file_hash=number.to_bytes(32),
        created_at=None,
        content=ImageContent("jpeg", 4000, 3000, 1, number, 0, metadata, b""),
        embeddings={space: vector},
    )


def milliseconds(search: Callable[[Matrix], object], queries: Matrix) -> tuple[float, float]:
    """p50 and p99."""
    times = []
    for query in queries:
        start = time.perf_counter()
        search(query)
        times.append(1000 * (time.perf_counter() - start))
    return float(np.percentile(times, 50)), float(np.percentile(times, 99))


def resident_mb() -> float:
    """Memory of this process that no file backs, MB."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(fields["RssAnon"].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--sizes", type=int, nargs="*")
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("-k", type=int, default=10)
    options = parser.parse_args()
    faiss.omp_set_num_threads(1)
    for size in options.sizes or [10_000, 100_000, *([1_000_000] if options.large else [])]:
        folder = Path(tempfile.mkdtemp(prefix="nearest-"))
        try:
            measure(folder, size, options.dim, options.k)
        finally:
            shutil.rmtree(folder)


def measure(folder: Path, size: int, dim: int, k: int) -> None:
    world, space = World(dim), EmbeddingSpace("benchmark", "1", "p", dim)
    print(f"\n## {size:,} x {dim}, k={k}")
    moments = np.random.default_rng(1).permutation(size)
    stored = np.empty((size, dim), np.float16)
    store = SqliteStore.create(folder / "library.db", vectors=folder / "vectors")
    spent = 0.0
    for start in range(0, size, 1000):
        stored[start : start + 1000] = vectors = world.vectors(min(1000, size - start))
        changes = [put(start + i, int(moments[start + i]), space.key, vector) for i, vector in enumerate(vectors)]
        began = time.perf_counter()
        store.apply(changes)
        spent += time.perf_counter() - began
    queries = world.queries(QUERIES)
    print(f"commit {size / spent:,.0f} images/s")
    memory = resident_mb()
    print(f"first search, nothing cached: {_seconds(lambda: store.nearest(space, queries[0], Present(), k)):.2f} s")
    print(f"index complete and on disk: {_seconds(lambda: store.settle_vectors(space)):.2f} s more")
    store.close()
    store = SqliteStore.open(folder / "library.db", vectors=folder / "vectors")
    print(f"first search of a new process: {_seconds(lambda: store.nearest(space, queries[0], Present(), k)):.3f} s")
    print(f"memory for the index: {resident_mb() - memory:.0f} MB")
    for part in ("library.db", "vectors"):
        files = [folder / part] if part == "library.db" else [f for f in (folder / part).rglob("*") if f.is_file()]
        print(f"{part}: {sum(f.stat().st_size for f in files) / size:,.0f} bytes an image")
    search_all(store, space, stored, moments, queries, k)
    store.close()
    bare_faiss(stored, queries, k)


def search_all(
    store: SqliteStore,
    space: EmbeddingSpace,
    stored: NDArray[np.float16],
    moments: NDArray[np.int64],
    queries: Matrix,
    k: int,
) -> None:
    """Every filter: latency and recall against all scores."""
    size = len(stored)
    blocks = [queries @ stored[start : start + 20_000].astype(np.float32).T for start in range(0, size, 20_000)]
    truth = np.concatenate(blocks, axis=1)
    for label, share in (("everything", None), ("present", 1.0), ("50 %", 0.5), ("10 %", 0.1), ("1 %", 0.01)):
        where: Query = Everything() if share is None else Present()
        allowed = np.ones(size, bool)
        if share is not None and share < 1:
            minutes = int(size * share)
            where = And((Present(), TakenBetween(START, START + timedelta(minutes=minutes))))
            allowed = moments < minutes
        recalls = []
        for query, row in zip(queries, truth, strict=True):
            found = {neighbor.asset_id - 1 for neighbor in store.nearest(space, query, where, k)}
            best = np.argpartition(-np.where(allowed, row, -2), k)[:k]
            recalls.append(len(found & set(best.tolist())) / k)
        p50, p99 = milliseconds(lambda query, where=where: store.nearest(space, query, where, k), queries)
        print(
            f"nearest {label:>10}: p50 {p50:6.2f} ms  p99 {p99:6.2f} ms  recall@{k} {np.mean(recalls):.4f}", flush=True
        )


def bare_faiss(stored: NDArray[np.float16], queries: Matrix, k: int) -> None:
    """FAISS alone, one thread, the same vectors."""
    dim = stored.shape[1]
    kinds = {"float16": faiss.ScalarQuantizer.QT_fp16, "8-bit": faiss.ScalarQuantizer.QT_8bit}
    for name, kind in kinds.items():
        index = faiss.IndexScalarQuantizer(dim, kind, faiss.METRIC_INNER_PRODUCT)
        index.train(stored[:20_000].astype(np.float32))
        for start in range(0, len(stored), 20_000):
            index.add(stored[start : start + 20_000].astype(np.float32))
        p50, p99 = milliseconds(lambda query, index=index: index.search(query[None], k), queries)
        print(f"bare FAISS {name:>7}: p50 {p50:6.2f} ms  p99 {p99:6.2f} ms", flush=True)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
