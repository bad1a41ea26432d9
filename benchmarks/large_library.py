"""A library as large as asked, filled with plausible photos that were never taken: what the other scripts measure on.

    python benchmarks/large_library.py FOLDER --count 100000

The rows are as those of real photos: twenty years, forty cameras, thousands of folders, a third with a position around
some places, a few hundred tags, EXIF of two kilobytes. Vectors are of the packaged model's space, drawn around centres.
"""

from __future__ import annotations

import argparse
import time
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from smartsearch.config import Places
from smartsearch.core.assets import AutoTags, FileIdentity, Gps, ImageContent, Metadata, PutImage, Tag
from smartsearch.core.settings import RuntimeSettings, Settings
from smartsearch.library import Library

START = datetime(2004, 1, 1)
FORMATS = (*["jpeg"] * 16, "heif", "heif", "png", "raw")
MAKES = ("Canon", "Nikon", "Fujifilm", "Sony", "Apple", "Google", "Olympus", "Panasonic")
EXIF = {"EXIF": {f"Tag{number}": f"some plausible value {number}" for number in range(50)}}
BATCH = 2000


def fill(library: Library, count: int, seed: int = 0) -> None:
    """Commit ``count`` images, as indexing would."""
    random = np.random.default_rng(seed)
    space = library.catalog.encoders(library.model).image.space
    library.store.put_setting("model", str(library.catalog.pinned(library.model)))
    library.store.add_root("/home/anna/Pictures", True)
    centres = random.standard_normal((500, space.dim)).astype(np.float32)
    spots = np.column_stack([random.uniform(-50, 65, 200), random.uniform(-180, 180, 200)])
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        vectors = centres[random.integers(0, len(centres), size)] + 0.6 * random.standard_normal((size, space.dim))
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        minutes = random.integers(0, 20 * 365 * 24 * 60, size).tolist()
        changes = []
        for place in range(size):
            number = start + place
            camera = int(random.integers(0, 40))
            gps = None
            if number % 3 == 0:
                latitude, longitude = spots[random.integers(0, len(spots))] + random.normal(0, 0.2, 2)
                gps = Gps(float(latitude), float((longitude + 180) % 360 - 180))
            moment = START + timedelta(minutes=minutes[place])
            metadata = Metadata(
                taken_at=moment if number % 10 else None,
                gps=gps,
                camera_make=MAKES[camera % 8],
                camera_model=f"{MAKES[camera % 8]} model {camera}",
                lens_model=f"{camera % 5 * 10 + 20} mm",
                rating=int(random.integers(0, 6)) if number % 5 == 0 else None,
                exif=EXIF,
            )
            folder = f"/home/anna/Pictures/{moment:%Y}/{moment:%m}-{number % 8}"
            names = {int(name) for name in random.zipf(1.3, 4) % 400}
            tags = tuple(Tag(f"tag {name}", 0.8, "auto") for name in sorted(names))
            changes.append(
                PutImage(
                    path=f"{folder}/IMG_{number:07}.jpg",
                    identity=FileIdentity(1, number, 2_000_000 + number, 10**18 + number),
                    file_hash=number.to_bytes(32),
                    created_at=None,
                    content=ImageContent(
                        FORMATS[number % 20], 4000, 3000, 1, number, int(random.integers(0, 2**24)), metadata, b""
                    ),
                    embeddings={space.key: vectors[place]},
                    auto_tags=AutoTags("benchmark", tags),
                )
            )
        library.store.apply(changes)
    library.store.settle_vectors(space)


def open_filled(folder: Path, count: int) -> Library:
    """The library in ``folder``, made unless it is there with so many images."""
    library = Library.open(
        Places(folder / "home", folder / "library"), Settings(runtime=RuntimeSettings(threads=1)), create=True
    )
    if library.store.counts().images < count:
        fill(library, count)
    return library


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100_000)
    options = parser.parse_args()
    started = time.perf_counter()
    open_filled(options.folder, options.count).close()
    print(f"{options.count:,} images in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
