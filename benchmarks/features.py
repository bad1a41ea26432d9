"""What each feature costs while indexing: seconds of CPU per 1,000 photos, and as a share of indexing without it.

    python benchmarks/features.py [--photos 200]

Stated work: photos of things (SMARTSEARCH_DATA), enlarged to 1,280 pixels across, indexed with the packaged model by a
library that has indexed some before, so that no model is loaded in between. Each feature is switched on by itself; the
processor time is that of the program and its decode workers. What is always on, because it costs next to nothing, is
measured by itself, on the thumbnails and files of the same photos. Videos: `video.py`.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PIL import Image

from smartsearch.config import Places
from smartsearch.core.settings import OcrSettings, Settings, TagSettings
from smartsearch.library import Library
from smartsearch.media.color import dominant_color, palette
from smartsearch.media.decode import locate_motion
from smartsearch.media.phash import dct_hash
from smartsearch.media.request import MotionRequest
from smartsearch.media.sharpness import sharpness

DATA = Path(os.environ.get("SMARTSEARCH_DATA", "shared/data"))
WARM = 16
PLAIN = Settings(tags=TagSettings(auto=False), ocr=OcrSettings("later"))


def make_photos(folder: Path, count: int) -> None:
    paths = sorted((DATA / "object-photos").rglob("*.JPEG")) or sorted((DATA / "object-photos").rglob("*.jp*g"))
    folder.mkdir()
    for number, path in enumerate(paths[:: max(1, len(paths) // count)][:count]):
        opened = Image.open(path).convert("RGB")
        across = opened.resize((1280, round(1280 * opened.height / opened.width)), Image.Resampling.BICUBIC)
        across.save(folder / f"{number:05}.jpg", quality=90)


def used() -> float:
    """Processor seconds of this process and of the children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


def indexed(scratch: Path, settings: Settings, photos: Path, *, faces: bool = False) -> float:
    """Processor seconds of indexing one photo of the folder."""
    with (
        tempfile.TemporaryDirectory(dir=scratch) as home,
        Library.open(Places(Path(home), Path(home) / "library"), settings, create=True) as library,
    ):
        library.faces.set_enabled(faces)
        library.index([photos.with_name("warm")])
        started = used()
        report = library.index([photos])
        assert not report.problems, report.problems
        return (used() - started) / len(list(photos.iterdir()))


def alone(photos: Path) -> dict[str, float]:
    """Processor seconds a photo of what is always on."""
    paths = sorted(photos.iterdir())
    thumbnails = []
    for path in paths:
        with Image.open(path) as opened:
            opened.thumbnail((512, 512))
            thumbnails.append(opened.convert("RGB"))

    def each(action: Callable[[Image.Image], object]) -> float:
        started = time.process_time()
        for thumbnail in thumbnails:
            action(thumbnail)
        return (time.process_time() - started) / len(thumbnails)

    costs = {
        "near-duplicates (hash)": each(dct_hash),
        "colours (palette, dominant)": each(lambda picture: (palette(picture), dominant_color(picture))),
        "sharpness": each(sharpness),
    }
    started = time.process_time()
    for path in paths:
        locate_motion(str(path), MotionRequest())
    return costs | {"motion photos (head and end of the file)": (time.process_time() - started) / len(paths)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="smartsearch-features-") as temporary:
        scratch = Path(temporary)
        make_photos(scratch / "warm", WARM)
        make_photos(scratch / "photos", options.photos)
        photos = scratch / "photos"
        plain = indexed(scratch, PLAIN, photos)
        print(f"{options.photos} photos, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print(f"{'without any of these':42} {1000 * plain:6.1f} s of CPU per 1,000")
        for name, cost in alone(photos).items():
            print(f"  of which {name:40} {1000 * cost:6.1f}   {cost / plain:5.1%}")
        for name, settings, faces in (
            ("automatic tags", replace(PLAIN, tags=TagSettings()), False),
            ("faces", PLAIN, True),
            ("text (the glance, and reading)", replace(PLAIN, ocr=OcrSettings("index")), False),
        ):
            cost = indexed(scratch, settings, photos, faces=faces) - plain
            print(f"{name:51} {1000 * cost:+6.1f}   {cost / plain:+5.1%}")


if __name__ == "__main__":
    main()
