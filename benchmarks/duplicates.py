"""How well duplicates are found, and how long a million hashes take.

Quality: photos of a folder, each with copies made by one transform (resized, recompressed, cropped, ...), are indexed
in memory; recall is the share of copies that are in a near group with their photo, precision the share of members that
are of the photo their group is led by. Photos that are duplicates of each other to begin with count against precision.

Speed: random hashes, each with 32 bits set as the perceptual hash has them, all pairs within 10 bits by multi-index
hashing; and the ceiling, comparing each with each by FAISS, measured on a thousand rows.
"""

from __future__ import annotations

import argparse
import io
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from smartsearch.catalog import ModelCatalog, ModelChoice
from smartsearch.core.assets import FileIdentity, ImageContent, Metadata, PutImage
from smartsearch.core.duplicates import NEAR_BITS
from smartsearch.core.hamming import near_pairs
from smartsearch.core.settings import RuntimeSettings
from smartsearch.duplicates.finding import find_duplicates
from smartsearch.media.phash import dct_hash
from smartsearch.media.pixels import Reduced
from smartsearch.media.resize import encoder_input, fit
from smartsearch.testing import MemoryStore


def recompressed(picture: Image.Image, quality: int, format: str = "JPEG") -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, format, quality=quality)
    return Image.open(buffer).convert("RGB")


def cropped(picture: Image.Image, part: float) -> Image.Image:
    width, height = picture.size
    left, top = round(width * part / 2), round(height * part / 2)
    return picture.crop((left, top, width - left, height - top))


def halved(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BICUBIC)


TRANSFORMS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half the size": halved,
    "JPEG quality 40": lambda picture: recompressed(picture, 40),
    "JPEG quality 15": lambda picture: recompressed(picture, 15),
    "WebP quality 60": lambda picture: recompressed(picture, 60, "WEBP"),
    "cropped by 5 %": lambda picture: cropped(picture, 0.05),
    "cropped by 10 %": lambda picture: cropped(picture, 0.1),
    "brighter by 20 %": lambda picture: ImageEnhance.Brightness(picture).enhance(1.2),
    "darker by 30 %": lambda picture: ImageEnhance.Brightness(picture).enhance(0.7),
    "in grey": lambda picture: picture.convert("L").convert("RGB"),
    "crop 3 %, brighter, half, JPEG 50": lambda picture: recompressed(
        halved(ImageEnhance.Brightness(cropped(picture, 0.03)).enhance(1.1)), 50
    ),
}


class Shelf:
    """A store in memory, filled with pictures that no file holds."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        catalog = ModelCatalog(Path("models"), RuntimeSettings())
        self.encoder = catalog.encoders(ModelChoice.parse("pocket")).image
        self.owner: dict[int, int] = {}
        self.made: dict[int, str] = {}

    def put(self, name: str, pictures: list[Image.Image], first: int) -> None:
        """``pictures`` of the photos ``first``, ``first`` + 1, ..."""
        small = [fit(Reduced(picture, picture.size), 320) for picture in pictures]
        inputs = [encoder_input(Reduced(each, each.size), self.encoder.preprocessing) for each in small]
        vectors = self.encoder.encode_images(np.stack([np.asarray(each) for each in inputs]))
        for place, (picture, thumbnail, vector) in enumerate(zip(pictures, small, vectors, strict=True)):
            path = f"/{first + place}/{name}"
            content = ImageContent("png", *picture.size, 1, dct_hash(thumbnail), 0, Metadata(), b"")
            key = path.encode().ljust(32)
            put = PutImage(path, FileIdentity(1, 1, 1, 1), key, None, content, {self.encoder.space.key: vector})
            self.store.apply([put])
            asset = self.store.asset_by_path(path)
            assert asset is not None
            self.owner[asset.id], self.made[asset.id] = first + place, name


def quality(folder: Path, count: int) -> None:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    files = files[:: max(1, len(files) // count)][:count]
    shelf = Shelf()
    for start in range(0, len(files), 16):
        originals = [Image.open(path).convert("RGB") for path in files[start : start + 16]]
        shelf.put("original", originals, start)
        for name, transform in TRANSFORMS.items():
            shelf.put(name, [transform(picture) for picture in originals], start)
    report = find_duplicates(shelf.store, shelf.encoder.space, ["near"])
    found: dict[str, int] = dict.fromkeys(TRANSFORMS, 0)
    right = wrong = 0
    for group in report.groups:
        owners = [shelf.owner[member.id] for member in group.members]
        right += sum(owner == owners[0] for owner in owners[1:])
        wrong += sum(owner != owners[0] for owner in owners[1:])
        if shelf.made[group.members[0].id] == "original":
            for member, owner in zip(group.members[1:], owners[1:], strict=True):
                if owner == owners[0]:
                    found[shelf.made[member.id]] += 1
    print(f"{len(files)} photos of {folder.name}, {len(TRANSFORMS)} copies of each")
    for name, hits in found.items():
        print(f"  {name:34} found {hits / len(files):6.1%}")
    print(f"  precision {right / (right + wrong):.4f}: {right} of {right + wrong} members are of their group's photo")


def balanced_hashes(count: int) -> np.ndarray:
    random = np.random.default_rng(1)
    parts = []
    for start in range(0, count, 50_000):
        chosen = np.argsort(random.random((min(50_000, count - start), 64)), axis=1) < 32
        parts.append(np.packbits(chosen, axis=1).view(">u8").ravel().astype(np.uint64))
    return np.unique(np.concatenate(parts))


def speed(count: int) -> None:
    hashes = balanced_hashes(count)
    wall, processor = time.perf_counter(), time.process_time()
    pairs = near_pairs(hashes, NEAR_BITS)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(hashes):,} hashes: {len(pairs):,} pairs, {wall:.1f} s ({processor:.1f} CPU-s), peak {peak:,.0f} MB")
    import faiss

    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryFlat(64)
    index.add(hashes.view(np.uint8).reshape(-1, 8))
    few = hashes[:: max(1, len(hashes) // 1000)]
    processor = time.process_time()
    index.range_search(few.view(np.uint8).reshape(-1, 8), NEAR_BITS + 1)
    processor = (time.process_time() - processor) * len(hashes) / len(few)
    print(f"  comparing each with each by FAISS: about {processor:,.0f} CPU-s, from {len(few):,} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder of different photos")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--hashes", type=int, default=1_000_000)
    options = parser.parse_args()
    if options.photos:
        quality(options.photos, options.count)
    if options.hashes:
        speed(options.hashes)


if __name__ == "__main__":
    main()
