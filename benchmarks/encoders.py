"""How fast the encoders are: images per second, text latency, and the share of the machine's matrix-product peak.

    python benchmarks/encoders.py [--threads 2] [--rounds 5] [--seconds 1] [--json]

Compares the packaged model with an image tower of ViT-B/32's size (87 M parameters, random weights), fp32 and dynamic
int8, at batch 1, 8 and 32. Each model lives in a process of its own, so that memory figures are its own. They take
turns in every round, and ratios are taken within a round, so that other work on the machine disturbs all alike; shown
is the median over the rounds with the least and the greatest. The share of the peak is in CPU-seconds (one-thread
sgemm). Needs the `onnx` package to make the ViT.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import numpy as np

from smartsearch.core.settings import RuntimeSettings
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.embeddings import clip
from smartsearch.embeddings.base import OnnxImageEncoder, OnnxTextEncoder, PixelInput
from smartsearch.embeddings.factory import load_encoders
from smartsearch.onnx.sessions import LazySession
from smartsearch.onnx.weights import Weights
from smartsearch.plugins import Plugins

BATCHES = (1, 8, 32)
VIT_B32_GFLOP = 8.74
"""Per image: 2 x multiply-adds of ViT-B/32 at 224 pixels (50 tokens, 12 layers of width 768, and the patches)."""
QUERIES = ("a golden retriever puppy on the grass", "sunset over the sea", "two children playing football", "red car")
QUERIES_PER_ROUND = 100
GOAL = 5.0
"""The packaged model should encode this many times the images of a ViT-B/32 in fp32."""

VITS = {"vit-b-32 fp32": False, "vit-b-32 int8": True}
"""Name, and whether it is quantised."""

Summary = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="per model, batch size and round")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    runtime = RuntimeSettings(provider="cpu", threads=options.threads, idle_seconds=0)
    with tempfile.TemporaryDirectory() as folder:
        results = run(runtime, options.rounds, options.seconds, Path(folder))
    if options.json:
        print(json.dumps(results, indent=2))
    else:
        show(results)


def run(runtime: RuntimeSettings, rounds: int, seconds: float, folder: Path) -> dict[str, Any]:
    """All figures. Every model has a process, and they take turns."""
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ[variable] = "1"  # for NumPy in the processes to come; ONNX Runtime has its own threads
    paths = {name: folder / f"{name.replace(' ', '-')}.onnx" for name in VITS}
    with process() as maker:
        for name, int8 in VITS.items():
            maker.apply(make_vit, (paths[name], int8))
    with process(open_pocket, runtime) as fresh:
        first_text = fresh.apply(first_query)
    with ExitStack() as stack:
        models = {name: stack.enter_context(process(open_vit, path, runtime)) for name, path in paths.items()}
        models["pocket"] = stack.enter_context(process(open_pocket, runtime))
        plain = stack.enter_context(process())
        figures = {name: model.apply(load) for name, model in models.items()}
        measured = [one_round(models, plain, seconds) for _ in range(rounds)]
        for name, model in models.items():
            figures[name] |= model.apply(release_and_reload)
        normalise_ms = plain.apply(normalising, (seconds,))
    for name in models:
        figures[name]["images_per_second"] = {
            str(batch): spread([one["rates"][name][batch] for one in measured]) for batch in BATCHES
        }
    for name in VITS:
        work = [one["per_cpu_second"][name] * VIT_B32_GFLOP / one["sgemm"] for one in measured]
        figures[name]["share_of_sgemm"] = spread(work)
    figures["pocket"] |= first_text | {
        "times_as_fast_as": {name: {str(batch): ratio(measured, name, batch) for batch in BATCHES} for name in VITS},
        "query_p50_ms": spread([one["query_ms"][0] for one in measured]),
        "query_p95_ms": spread([one["query_ms"][1] for one in measured]),
        "bytes": packaged_bytes(),
    }
    return {
        "threads": runtime.threads,
        "rounds": rounds,
        "sgemm_gflop_per_cpu_second": spread([one["sgemm"] for one in measured]),
        "normalise_ms": normalise_ms,
        "models": figures,
    }


def process(start: Callable[..., None] | None = None, *arguments: Any) -> Pool:
    return multiprocessing.get_context("spawn").Pool(1, start, arguments)


def one_round(models: dict[str, Pool], plain: Pool, seconds: float) -> dict[str, Any]:
    """Every model at every batch size, then the queries, then the matrix products."""
    rates: dict[str, dict[int, float]] = {name: {} for name in models}
    per_cpu_second: dict[str, float] = {}
    for batch in BATCHES:
        for name, model in models.items():
            rates[name][batch], per_cpu_second[name] = model.apply(throughput, (batch, seconds))
    query_ms = models["pocket"].apply(queries)
    return {
        "rates": rates,
        "per_cpu_second": per_cpu_second,  # of the largest batch
        "query_ms": query_ms,
        "sgemm": plain.apply(sgemm_peak, (seconds,)),
    }


def spread(values: Sequence[float]) -> Summary:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def ratio(measured: Sequence[dict[str, Any]], name: str, batch: int) -> Summary:
    return spread([one["rates"]["pocket"][batch] / one["rates"][name][batch] for one in measured])


def packaged() -> tuple[Weights, Plugins]:
    plugins = Plugins(discover=False)
    return Weights(Path("nowhere"), plugins.registry()), plugins


def packaged_bytes() -> dict[str, Any]:
    """The files that the wheel carries for the model: as installed, and compressed as in the wheel."""
    folder = packaged()[0].find("pocket").path("model.json").parent
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    return {
        "installed": sum(map(len, files.values())),
        "compressed": sum(len(zlib.compress(data)) for data in files.values()),
        "files": {name: len(data) for name, data in files.items()},
    }


def make_vit(path: Path, int8: bool) -> None:
    from smartsearch.testing_models import make_random_vit

    make_random_vit(path, int8=int8)


# -- in the process of a model


@dataclass
class Opened:
    """The model of this process."""

    image: OnnxImageEncoder
    text: OnnxTextEncoder | None
    pixels: np.ndarray[Any, np.dtype[np.uint8]]
    asked: int = 0
    """How many queries so far: each is a new one, since texts met before are remembered."""


opened: Opened


def open_vit(path: Path, runtime: RuntimeSettings) -> None:
    preprocessing = clip.preprocessing()
    space = EmbeddingSpace("vit", "0", preprocessing.fingerprint(), 512)
    keep(OnnxImageEncoder(space, preprocessing, LazySession(path, runtime), clip.FAMILY), None)


def open_pocket(runtime: RuntimeSettings) -> None:
    weights, plugins = packaged()
    model = weights.find("pocket")
    keep(*load_encoders(model, plugins.encoder_family(model.description.family), runtime))


def keep(image: OnnxImageEncoder, text: OnnxTextEncoder | None) -> None:
    global opened
    size = image.preprocessing.size
    pixels = np.random.default_rng(0).integers(0, 256, (max(BATCHES), size, size, 3), dtype=np.uint8)
    opened = Opened(image, text, pixels)


def load() -> dict[str, Any]:
    """The first image, and the memory before and after batches of every size."""
    before = resident_mb()
    first = timed(lambda: opened.image.encode_images(opened.pixels[:1]))
    for batch in BATCHES:
        opened.image.encode_images(opened.pixels[:batch])
    return {"first_image_ms": round(first * 1000), "rss_mb": {"before": before, "loaded": resident_mb()}}


def throughput(batch: int, seconds: float) -> tuple[float, float]:
    """Images per second, and per CPU-second."""
    pixels = opened.pixels[:batch]
    opened.image.encode_images(pixels)
    started, cpu, count = time.perf_counter(), time.process_time(), 0
    while (spent := time.perf_counter() - started) < seconds:
        opened.image.encode_images(pixels)
        count += batch
    return count / spent, count / (time.process_time() - cpu)


def first_query() -> dict[str, Any]:
    """What a process that only searches pays for its first query: importing ONNX Runtime, loading, encoding."""
    assert opened.text is not None
    text, before = opened.text, resident_mb()
    first = timed(lambda: text.encode_texts(["a first text"]))
    return {"first_query_ms": round(first * 1000, 1), "text_mb": resident_mb() - before}


def queries() -> tuple[float, float]:
    """p50 and p95 of the milliseconds that one query takes."""
    assert opened.text is not None
    text, times = opened.text, []
    for _ in range(QUERIES_PER_ROUND):
        opened.asked += 1
        query = f"{QUERIES[opened.asked % len(QUERIES)]} {opened.asked}"
        times.append(1000 * timed(lambda query=query: text.encode_texts([query])))
    return float(np.percentile(times, 50)), float(np.percentile(times, 95))


def release_and_reload() -> dict[str, Any]:
    opened.image.release()
    if opened.text is not None:
        opened.text.release()
    released = resident_mb()
    again = timed(lambda: opened.image.encode_images(opened.pixels[:1]))
    return {"released_mb": released, "reload_and_one_image_ms": round(again * 1000)}


# -- in a process without a model


def normalising(seconds: float) -> float:
    """CPU milliseconds per image from bytes to normalised planes, 224 pixels."""
    from smartsearch.onnx.sessions import TensorInfo

    prepare = PixelInput(TensorInfo("x", np.float32, (None, 3, 224, 224)), clip.preprocessing())
    pixels = np.random.default_rng(0).integers(0, 256, (32, 224, 224, 3), dtype=np.uint8)
    started, count = time.process_time(), 0
    while (spent := time.process_time() - started) < seconds:
        prepare(pixels)
        count += len(pixels)
    return round(spent / count * 1000, 3)


def sgemm_peak(seconds: float) -> float:
    """GFLOP per CPU-second of a large float32 matrix product by NumPy's BLAS, one thread."""
    size = 2048
    left = np.random.default_rng(0).standard_normal((size, size), np.float32)
    times = []
    for _ in range(max(3, int(seconds * 3))):
        started = time.process_time()
        left @ left
        times.append(time.process_time() - started)
    return 2 * size**3 / min(times) / 1e9


def timed(action: Callable[[], Any]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def resident_mb() -> int:
    """Resident set of this process in megabytes; 0 where /proc is missing."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    return int(text.split("VmRSS:")[1].split()[0]) // 1024


# -- for people


def show(results: dict[str, Any]) -> None:
    models = results["models"]
    pocket, size = models["pocket"], models["pocket"]["bytes"]
    print(f"{results['threads']} threads, {results['rounds']} rounds, taking turns; median (least - greatest)")
    print(f"sgemm: {shown(results['sgemm_gflop_per_cpu_second'])} GFLOP per CPU-second, one thread\n")
    print(f"{'images/s':16}" + "".join(f"{f'batch {batch}':>24}" for batch in BATCHES))
    for name, row in models.items():
        rates = "".join(f"{shown(row['images_per_second'][str(batch)]):>24}" for batch in BATCHES)
        share = f"   {shown(row['share_of_sgemm'], 2)} of sgemm" if "share_of_sgemm" in row else ""
        print(f"{name:16}{rates}{share}")
    print("\npocket, times as fast as")
    for name, by_batch in pocket["times_as_fast_as"].items():
        print(f"{name:16}" + "".join(f"{shown(by_batch[str(batch)]):>24}" for batch in BATCHES))
    reached = pocket["times_as_fast_as"]["vit-b-32 fp32"][str(max(BATCHES))]["median"]
    verdict = "reached" if reached >= GOAL else "missed"
    print(f"goal: {GOAL:g} times the images of vit-b-32 fp32 at batch {max(BATCHES)}: {verdict}, {reached:.1f}\n")
    print(f"pocket, one query: p50 {shown(pocket['query_p50_ms'], 2)} ms, p95 {shown(pocket['query_p95_ms'], 2)} ms")
    print(f"  the first one, with loading: {pocket['first_query_ms']} ms, {pocket['text_mb']} MB")
    largest = sorted(size["files"].items(), key=lambda item: -item[1])[:3]
    parts = ", ".join(f"{name} {count:,}" for name, count in largest)
    print(f"pocket in the wheel: {size['installed']:,} bytes ({parts}), compressed {size['compressed']:,}\n")
    print(f"{'':16}{'first image':>12}{'reloaded':>12}{'RSS before / loaded / released':>34}")
    for name, row in models.items():
        memory = f"{row['rss_mb']['before']} / {row['rss_mb']['loaded']} / {row['released_mb']} MB"
        print(f"{name:16}{row['first_image_ms']:>9} ms{row['reload_and_one_image_ms']:>9} ms{memory:>34}")
    print(f"bytes to normalised planes: {results['normalise_ms']} CPU ms an image")


def shown(figures: Summary, digits: int = 1) -> str:
    return f"{figures['median']:.{digits}f} ({figures['min']:.{digits}f} - {figures['max']:.{digits}f})"


if __name__ == "__main__":
    main()
