"""How fast the encoders are: images per second, text latency, and the share of the machine's matrix-product peak.

    python benchmarks/encoders.py [--threads 2] [--seconds 3] [--json]

Compares the packaged model with an image tower of ViT-B/32's size (87 M parameters, random weights), fp32 and dynamic
int8, at batch 1, 8 and 32. Each model is measured in a process of its own, so that memory figures are its own. The
share of the peak is in CPU-seconds (one-thread sgemm), so that other work on the machine disturbs it little.
Needs the `onnx` package to make the ViT.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from smartsearch.core.settings import RuntimeSettings
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.embeddings import clip
from smartsearch.embeddings.base import OnnxImageEncoder, PixelInput
from smartsearch.embeddings.factory import load_encoders
from smartsearch.onnx.sessions import LazySession
from smartsearch.onnx.threads import usable_cores
from smartsearch.onnx.weights import Weights
from smartsearch.plugins import Plugins

BATCHES = (1, 8, 32)
VIT_B32_GFLOP = 8.74
"""Per image: 2 x multiply-adds of ViT-B/32 at 224 pixels (50 tokens, 12 layers of width 768, and the patches)."""
QUERIES = ("a golden retriever puppy on the grass", "sunset over the sea", "two children playing football", "red car")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--seconds", type=float, default=3.0, help="per measurement")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    runtime = RuntimeSettings(provider="cpu", threads=options.threads, idle_seconds=0)
    with tempfile.TemporaryDirectory() as folder:
        results = run(runtime, options.seconds, Path(folder))
    if options.json:
        print(json.dumps(results, indent=2))
    else:
        show(results)


def run(runtime: RuntimeSettings, seconds: float, folder: Path) -> dict[str, Any]:
    """Each measurement in a process of its own."""
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ[variable] = "1"  # for NumPy in the processes to come; ONNX Runtime has its own threads
    results: dict[str, Any] = {"threads": runtime.threads, "sgemm_gflops": alone(sgemm_peak, seconds)}
    for name, int8 in (("vit-b-32 fp32", False), ("vit-b-32 int8", True)):
        path = folder / f"{name.replace(' ', '-')}.onnx"
        alone(make_vit, path, int8)
        results[name] = alone(measure_vit, path, runtime, seconds)
        work = results[name]["images_per_cpu_second"] * VIT_B32_GFLOP
        results[name]["peak_ratio"] = round(work / results["sgemm_gflops"], 2)
    results["pocket"] = alone(measure_pocket, runtime, seconds)
    results["normalise_ms"] = alone(measure_normalise, seconds)
    return results


def alone(function: Callable[..., Any], *arguments: Any) -> Any:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, arguments)


def make_vit(path: Path, int8: bool) -> None:
    from smartsearch.testing_models import make_random_vit

    make_random_vit(path, int8=int8)


def measure_vit(path: Path, runtime: RuntimeSettings, seconds: float) -> dict[str, Any]:
    preprocessing = clip.preprocessing()
    space = EmbeddingSpace("vit", "0", preprocessing.fingerprint(), 512)
    encoder = OnnxImageEncoder(space, preprocessing, LazySession(path, runtime), clip.FAMILY)
    return image_figures(encoder, seconds)


def measure_pocket(runtime: RuntimeSettings, seconds: float) -> dict[str, Any]:
    plugins = Plugins(discover=False)
    model = Weights(Path("nowhere"), plugins.registry()).find("pocket")
    encoders = load_encoders(model, plugins.encoder_family(model.description.family), runtime)
    figures = image_figures(encoders.image, seconds)
    before = resident_mb()
    started = time.perf_counter()
    encoders.text.encode_texts(["a first text"])
    figures["text_first_ms"] = round((time.perf_counter() - started) * 1000, 1)
    figures["text_mb"] = resident_mb() - before
    times = [timed(lambda i=i: encoders.text.encode_texts([f"{QUERIES[i % 4]} {i}"])) for i in range(200)]
    figures["text_p50_ms"] = round(statistics.median(times) * 1000, 2)
    return figures


def image_figures(encoder: OnnxImageEncoder, seconds: float) -> dict[str, Any]:
    """Images per second by batch; memory loaded, released; and the time to load again."""
    size = encoder.preprocessing.size
    pixels = np.random.default_rng(0).integers(0, 256, (max(BATCHES), size, size, 3), dtype=np.uint8)
    base = resident_mb()
    first = timed(lambda: encoder.encode_images(pixels[:1]))
    rates = {str(batch): throughput(encoder, pixels[:batch], seconds) for batch in BATCHES}
    wall, cpu = time.perf_counter(), time.process_time()
    rate = throughput(encoder, pixels, seconds)
    share = (time.process_time() - cpu) / (time.perf_counter() - wall)
    loaded = resident_mb()
    encoder.release()
    released = resident_mb()
    again = timed(lambda: encoder.encode_images(pixels[:1]))
    return {
        "images_per_second": rates,
        "images_per_cpu_second": round(rate / share, 2),
        "first_image_ms": round(first * 1000),
        "reload_and_one_image_ms": round(again * 1000),
        "rss_mb": {"before": base, "loaded": loaded, "released": released},
    }


def throughput(encoder: OnnxImageEncoder, pixels: np.ndarray[Any, np.dtype[np.uint8]], seconds: float) -> float:
    encoder.encode_images(pixels)
    started, count = time.perf_counter(), 0
    while (spent := time.perf_counter() - started) < seconds:
        encoder.encode_images(pixels)
        count += len(pixels)
    return round(count / spent, 1)


def measure_normalise(seconds: float) -> float:
    """CPU milliseconds per image from bytes to normalised planes, 224 pixels."""
    from smartsearch.onnx.sessions import TensorInfo

    prepare = PixelInput(TensorInfo("x", np.float32, (None, 3, 224, 224)), clip.preprocessing())
    pixels = np.random.default_rng(0).integers(0, 256, (32, 224, 224, 3), dtype=np.uint8)
    started, count = time.process_time(), 0
    while (spent := time.process_time() - started) < seconds / 2:
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
    return round(2 * size**3 / min(times) / 1e9, 1)


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


def show(results: dict[str, Any]) -> None:
    print(f"{results['threads']} threads, sgemm {results['sgemm_gflops']} GFLOP per CPU-second")
    print(f"{'encoder':16}{'batch 1':>9}{'8':>8}{'32':>8}  images/s   first  reload  RSS before/loaded/released")
    for name in ("vit-b-32 fp32", "vit-b-32 int8", "pocket"):
        row = results[name]
        rates, rss = row["images_per_second"], row["rss_mb"]
        print(
            f"{name:16}{rates['1']:>9}{rates['8']:>8}{rates['32']:>8}            {row['first_image_ms']:>5}  "
            f"{row['reload_and_one_image_ms']:>5} ms  {rss['before']}/{rss['loaded']}/{rss['released']} MB"
            + (f"   {row['peak_ratio']} of sgemm" if "peak_ratio" in row else "")
        )
    pocket = results["pocket"]
    first, later = pocket["text_first_ms"], pocket["text_p50_ms"]
    print(f"pocket text: first {first} ms, then {later} ms a query, {pocket['text_mb']} MB")
    print(f"bytes to normalised planes: {results['normalise_ms']} CPU ms an image")


if __name__ == "__main__":
    main()
