"""What one decode that feeds everything costs: images per CPU-second on 12-megapixel JPEGs.

Three ways over the same files in the same run: Pillow's full decode, the least that an encoder needs (scaled decode and
one resize to 224), and `smartsearch.media.decode.decode` (encoder input, thumbnail, perceptual hash, colour, metadata).
Then the parts of the last one, alone, and the WebP efforts to choose from.

    python benchmarks/decode.py [--images 8] [--rounds 3]
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from smartsearch.core.settings import MediaLimits, ThumbnailSettings
from smartsearch.core.spaces import Preprocessing
from smartsearch.media.color import dominant_color, palette
from smartsearch.media.decode import decode
from smartsearch.media.metadata import read_blocks, read_metadata
from smartsearch.media.phash import dct_hash
from smartsearch.media.pixels import reduced_rgb
from smartsearch.media.request import DecodeRequest
from smartsearch.media.resize import encoder_input, fit
from smartsearch.media.sharpness import sharpness
from smartsearch.media.source import open_source

WIDTH, HEIGHT = 4000, 3000
CLIP = Preprocessing(224)


def make_photo(path: Path, seed: int) -> None:
    """A JPEG with the statistics of a photo: octaves of noise, the finer the weaker, and sensor noise."""
    rng = np.random.default_rng(seed)
    total = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    for octave in range(2, 10):
        shape = (HEIGHT >> octave) + 2, (WIDTH >> octave) + 2, 3
        noise = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
        layer = np.asarray(noise.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC), dtype=np.float32)
        total += (layer - 128) * 2 ** (octave * 0.8) / 90
    total += rng.normal(0, 7.0, (HEIGHT, WIDTH, 1)).astype(np.float32) + 128
    picture = Image.fromarray(np.clip(total, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Maker", "Model 12", 6
    exif.get_ifd(0x8769).update({0x9003: "2024:05:06 07:08:09", 0x829D: 1.8, 0x8827: 100, 0xA434: "Lens"})
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)})
    picture.save(path, quality=93, exif=exif)


def full(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


def bare(path: Path) -> None:
    with Image.open(path) as image:
        image.draft(None, (224, 224))
        image.resize((224, 224), Image.Resampling.BICUBIC)


def ours(path: Path) -> None:
    decode(path, DecodeRequest(inputs=(CLIP,)))


def seconds_each(action: Callable[[Path], object], paths: Sequence[Path], rounds: int) -> float:
    """CPU-seconds per image, the best round."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for path in paths:
            action(path)
        best = min(best, (time.process_time() - start) / len(paths))
    return best


def parts(path: Path, rounds: int) -> dict[str, float]:
    """Milliseconds of CPU of each step after the scaled decode."""
    settings = ThumbnailSettings()
    with open_source(path, MediaLimits()) as source:
        picture = reduced_rgb(source.image, 0.1)
        blocks = read_blocks(source)
        thumbnail = fit(picture, settings.size)
        steps: dict[str, Callable[[Path], object]] = {
            "thumbnail resize": lambda _: fit(picture, settings.size),
            "thumbnail WebP": lambda _: thumbnail.save(io.BytesIO(), "WEBP", quality=settings.quality, method=0),
            "perceptual hash": lambda _: dct_hash(thumbnail),
            "dominant colour": lambda _: dominant_color(thumbnail),
            "palette": lambda _: palette(thumbnail),
            "sharpness": lambda _: sharpness(thumbnail),
            "encoder input": lambda _: encoder_input(picture, CLIP),
            "metadata blocks": lambda _: read_blocks(source),
            "metadata": lambda _: read_metadata(blocks, None),
        }
        result = {name: 1e3 * seconds_each(step, [path] * 20, rounds) for name, step in steps.items()}
    return {"open and header": 1e3 * seconds_each(_open_only, [path] * 20, rounds)} | result


def _open_only(path: Path) -> None:
    with open_source(path, MediaLimits()):
        pass


def webp_efforts(path: Path) -> None:
    with Image.open(path) as image:
        image.draft(None, (320, 320))
        thumbnail = image.resize((320, 240), Image.Resampling.HAMMING)
    for method in range(5):
        save = partial(thumbnail.save, format="WEBP", quality=80, method=method)
        cost = seconds_each(lambda _, save=save: save(io.BytesIO()), [path] * 20, 3)
        buffer = io.BytesIO()
        save(buffer)
        print(f"  method {method}: {1e3 * cost:5.2f} ms, {len(buffer.getvalue()) / 1024:5.1f} KiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.jpg" for number in range(options.images)]
        for number, path in enumerate(paths):
            make_photo(path, number)
        size = sum(path.stat().st_size for path in paths) / len(paths)
        print(f"{len(paths)} JPEGs of {WIDTH}x{HEIGHT}, {size / 1e6:.2f} MB each; CPU time of one thread")
        costs = {action.__name__: seconds_each(action, paths, options.rounds) for action in (full, bare, ours)}
        for name, cost in costs.items():
            print(f"  {name:5} {1 / cost:6.1f} images/s  {1e3 * cost:6.1f} ms  {costs['full'] / cost:5.2f} x full")
        overhead = 1e3 * (costs["ours"] - costs["bare"])
        print(
            f"ours / bare scaled decode: {costs['bare'] / costs['ours']:.3f}; everything else costs {overhead:.1f} ms"
        )
        for name, cost in parts(paths[0], options.rounds).items():
            print(f"  {name:18} {cost:6.2f} ms")
        print("WebP efforts, 320 pixels, quality 80")
        webp_efforts(paths[0])


if __name__ == "__main__":
    main()
