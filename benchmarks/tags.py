"""How long automatic tags take, against the bare matrix product over the same vectors.

    python benchmarks/tags.py [--size 100000]

The vectors are those of the packaged model's background photos, each disturbed, so that photos get about as many tags
as real ones. Three figures: a batch of 32 as the indexer has it; all photos in memory; and `Library.tag(force=True)` on
a library of that many rows, which reads the vectors from the database and writes every tag.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from query_latency import fill

from smartsearch.config import Places
from smartsearch.core.settings import Settings
from smartsearch.library import Library
from smartsearch.tagging.prompts import tag_vectors
from smartsearch.tagging.run import BATCH
from smartsearch.tagging.vocabulary import packaged_vocabulary

ROUNDS = 5


def photo_vectors(background: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(0)
    vectors = background[rng.integers(0, len(background), count)]
    vectors = vectors + 0.4 / np.sqrt(vectors.shape[1]) * rng.standard_normal(vectors.shape).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def timed(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median of some runs, in seconds."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000)
    size: int = parser.parse_args().size
    with tempfile.TemporaryDirectory() as temporary:
        places = Places(Path(temporary), Path(temporary) / "library")
        with Library.open(places, Settings(), create=True) as library:
            text = library.catalog.encoders(library.model).text
            background = text.calibration.background if text.calibration else None
            assert background is not None
            vectors, words = photo_vectors(background, size), packaged_vocabulary()
            started = time.perf_counter()
            tags = np.ascontiguousarray(tag_vectors(words, text, places.library / "vectors").T)
            encoded = time.perf_counter() - started
            tagger = library._tagger()
            assert tagger is not None
            tagger.tag(vectors[:1])
            blocks = [vectors[start : start + BATCH] for start in range(0, size, BATCH)]

            bare_batch = timed(lambda: vectors[:32] @ tags, 200)
            batch = timed(lambda: tagger.tag(vectors[:32]), 200)
            bare = timed(lambda: [block @ tags for block in blocks])
            memory = timed(lambda: [tagger.tag(block) for block in blocks])
            filled = fill(library, vectors)
            first = library.tag()
            again = library.tag(force=True)
            nothing = timed(library.tag)
    print(
        f"{len(words)} tags, {size:,} photos; vocabulary encoded once in {encoded:.2f} s; rows made in {filled:.0f} s"
    )
    print(f"batch of 32: {batch * 1e3:.2f} ms, bare product {bare_batch * 1e3:.2f} ms: {batch / bare_batch:.1f} times")
    print(f"in memory:   {memory:.2f} s, bare product {bare:.2f} s: {memory / bare:.1f} times")
    for name, report in (("first", first), ("again", again)):
        print(
            f"{name}:       {report.seconds:.1f} s, {report.images / report.seconds:,.0f} photos/s, "
            f"{report.tags / report.images:.2f} tags a photo: {report.seconds / bare:.1f} times the bare product"
        )
    print(f"nothing to do: {nothing * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
