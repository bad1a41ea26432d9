"""How near indexing comes to what the machine could do at best, and how it compares with rclip.

    python benchmarks/index_rate.py [--photos 200] [--int8] [--size 224] [--rclip PYTHON]

Stated work: 12-megapixel JPEGs (about 2.5 MB, 24 different pictures, every file with bytes of its own), an encoder of
ViT-B/32's size (87 M parameters, random weights). The ceiling is cores / (encoder + scaled decode), both in CPU-seconds
per image and each measured alone before and after the run. rclip (another interpreter, with rclip installed) is given
the same photos and an encoder of the same size; it wants 256-pixel input, so `--size 256` makes that fair.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from clip_sized import make_model, make_rclip_files
from decode import make_photo
from PIL import Image

from smartsearch.catalog import ModelCatalog, ModelChoice
from smartsearch.core.settings import RuntimeSettings
from smartsearch.onnx.threads import usable_cores

PICTURES = 24


def make_photos(folder: Path, count: int) -> None:
    """``count`` files of ``PICTURES`` pictures; a comment after the image data makes every file's bytes its own."""
    originals = folder.parent / "originals"
    originals.mkdir()
    folder.mkdir()
    for index in range(min(PICTURES, count)):
        make_photo(originals / f"{index}.jpg", seed=index)
    for index in range(count):
        data = (originals / f"{index % PICTURES}.jpg").read_bytes()
        (folder / f"{index:05d}.jpg").write_bytes(data + f"copy {index}".encode())


def encoder_seconds(models: Path, choice: ModelChoice, size: int, images: int) -> float:
    """CPU-seconds per image of the encoder alone, in batches of 32."""
    encoder = ModelCatalog(models, RuntimeSettings()).encoders(choice).image
    pixels = np.random.default_rng(0).integers(0, 256, (32, size, size, 3), dtype=np.uint8)
    encoder.encode_images(pixels)
    started = time.process_time()
    for _ in range(max(1, images // 32)):
        encoder.encode_images(pixels)
    return (time.process_time() - started) / (32 * max(1, images // 32))


def decode_seconds(folder: Path, size: int, images: int) -> float:
    """CPU-seconds per image of nothing but a scaled decode to the encoder's input, by Pillow, on all cores at once.

    On all, as the encoder is measured: a core whose neighbour idles is faster than one of a busy machine.
    """
    paths = sorted(folder.iterdir())[:images] * 2

    def decode(path: Path) -> None:
        with Image.open(path) as image:
            image.draft("RGB", (size, size))
            image.resize((size, size), Image.Resampling.BICUBIC)

    started = time.process_time()
    with ThreadPoolExecutor(usable_cores()) as pool:
        list(pool.map(decode, paths))
    return (time.process_time() - started) / len(paths)


def index(home: Path, photos: Path, choice: ModelChoice) -> tuple[float, float]:
    """A fresh library: wall seconds and CPU-seconds of the whole command."""
    shutil.rmtree(home / "libraries", ignore_errors=True)
    (home / "config.toml").write_text(f'model = "{choice}"\n')
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    program = Path(sys.executable).with_name("smartsearch")
    done = subprocess.run(
        [program, "index", photos, "--json"],
        env=os.environ | {"SMARTSEARCH_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(done.stdout)
    assert report["errors"] == 0, report
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu


def rclip(python: str, data: Path, photos: Path) -> float:
    """Wall seconds of rclip's first run in the folder, indexing included."""
    (data / "db.sqlite3").unlink(missing_ok=True)
    started = time.perf_counter()
    subprocess.run(
        [python, "-m", "rclip", "--filepath-only", "--indexing-batch-size", "32", "aa bb"],
        cwd=photos,
        env=os.environ | {"RCLIP_DATADIR": str(data), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        check=True,
    )
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--int8", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rclip", metavar="PYTHON", help="an interpreter that has rclip installed")
    given = parser.parse_args()
    cores = usable_cores()
    with tempfile.TemporaryDirectory() as temporary:
        base = Path(temporary)
        choice = ModelChoice("random", "int8" if given.int8 else "fp32")
        make_model(base / "home" / "models", "random", size=given.size, int8=given.int8)
        make_photos(base / "photos", given.photos)
        if given.rclip:
            make_rclip_files(base / "rclip")
        ratios, rates, peers = [], [], []
        for _ in range(given.rounds):
            alone = [measure(base, choice, given.size)]
            wall, cpu = index(base / "home", base / "photos", choice)
            alone.append(measure(base, choice, given.size))
            encode, decode = np.mean(alone, axis=0)
            ceiling = cores / (encode + decode)
            rate = given.photos / wall
            ratios.append(rate / ceiling)
            rates.append(rate)
            print(
                f"encoder {encode * 1e3:.1f} + decode {decode * 1e3:.1f} CPU-ms -> ceiling {ceiling:.2f} images/s; "
                f"index {rate:.2f} images/s ({cpu / given.photos * 1e3:.1f} CPU-ms each), ratio {rate / ceiling:.3f}",
                flush=True,
            )
            if given.rclip:
                peers.append(rate / (given.photos / rclip(given.rclip, base / "rclip", base / "photos")))
                print(f"  rclip: ours / theirs {peers[-1]:.2f}", flush=True)
    print(f"median {np.median(rates):.2f} images/s, {np.median(ratios):.3f} of the ceiling on {cores} cores")
    if peers:
        print(f"median {np.median(peers):.2f} times rclip")


def measure(base: Path, choice: ModelChoice, size: int) -> tuple[float, float]:
    """Both parts alone."""
    return (
        encoder_seconds(base / "home" / "models", choice, size, 64),
        decode_seconds(base / "photos", size, PICTURES),
    )


if __name__ == "__main__":
    main()
