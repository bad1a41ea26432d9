"""How well duplicates are found, and how long a million hashes take.

Quality: photos of a folder, each with copies made by one transform (resized, recompressed, cropped, ...), are indexed
in memory; recall is the share of copies that are in a near group with their photo, precision the share of members that
are of the photo their group is led by. Photos that are duplicates of each other to begin with count against precision.

`--copies` indexes a folder of real copies; `--bursts` makes bursts of photos.

Speed: random hashes, each with 32 bits set as the perceptual hash has them, all pairs within 10 bits by multi-index
hashing; and the ceiling, comparing each with each by FAISS, measured on a thousand rows.
"""

from __future__ import annotations

import argparse
import io
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from smartsearch.catalog import ModelCatalog, ModelChoice
from smartsearch.config import Places
from smartsearch.core.assets import FileIdentity, ImageContent, Metadata, PutImage
from smartsearch.core.duplicates import NEAR_BITS
from smartsearch.core.hamming import near_pairs
from smartsearch.core.query import Everything
from smartsearch.core.settings import OcrSettings, RuntimeSettings, Settings
from smartsearch.duplicates.finding import find_duplicates
from smartsearch.library import Library
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
        encoders = catalog.encoders(ModelChoice.parse("pocket"))
        self.encoder, self.text = encoders.image, encoders.text
        self.owner: dict[int, int] = {}
        self.made: dict[int, str] = {}

    def put(self, name: str, pictures: list[Image.Image], first: int, shots: Sequence[Metadata] = ()) -> None:
        """``pictures`` of the photos ``first``, ``first`` + 1, ..., with what their files say in ``shots``."""
        small = [fit(Reduced(picture, picture.size), 320) for picture in pictures]
        inputs = [encoder_input(Reduced(each, each.size), self.encoder.preprocessing) for each in small]
        vectors = self.encoder.encode_images(np.stack([np.asarray(each) for each in inputs]))
        for place, (picture, thumbnail, vector) in enumerate(zip(pictures, small, vectors, strict=True)):
            path = f"/{first + place}/{name}"
            content = ImageContent(
                "png", *picture.size, 1, dct_hash(thumbnail), 0, shots[place] if shots else Metadata(), b""
            )
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


def of_folder(folder: Path) -> None:
    """A folder in which copies are called after their picture ("ukbench00120_resize.jpg"), indexed for real. A pair of
    files of one picture is right; recall is over all such pairs, precision over the pairs that are grouped together."""
    with tempfile.TemporaryDirectory() as home:
        places = Places(Path(home), Path(home) / "library")
        settings = Settings(ocr=OcrSettings(when="later"))
        with Library.open(places, settings, create=True) as library:
            library.index([folder])
            assets = library.store.assets(library.store.select(Everything()))
            space = library.catalog.encoders(library.model).image.space
            report = find_duplicates(library.store, space, ["exact", "near"])
            print(f"{folder.name}: {len(assets)} files; unreadable: {[Path(e.path).name for e in library.errors()]}")
    names = {asset.id: Path(asset.path) for asset in assets}
    right = {pair for pair in combinations(sorted(names), 2) if len({picture_of(names[one]) for one in pair}) == 1}
    found = {pair for group in report.groups for pair in combinations(sorted(member.id for member in group.members), 2)}
    turned = {pair for pair in right if any(_turned(names[one]) for one in pair) and not _alike(pair, names)}
    for name, wanted in (("all pairs", right), ("neither turned nor mirrored", right - turned)):
        print(f"  {name:28} recall {len(found & wanted) / len(wanted):.3f}: {len(found & wanted)} of {len(wanted)}")
    print(f"  {'':28} precision {len(found & right) / max(1, len(found)):.3f}: {len(found & right)} of {len(found)}")
    for one, other in sorted(right - turned - found):
        print(f"  missed: {names[one].name} and {names[other].name}")
    for one, other in sorted(found - right):
        print(f"  wrong: {names[one].name} and {names[other].name}")


def picture_of(path: Path) -> str:
    """By the file's name; one of imagededup's files shows the picture of another without saying so."""
    return "ukbench00120" if path.stem == "alpha_channel_image" else path.stem.split("_")[0]


def _turned(path: Path) -> bool:
    return path.stem.endswith(("_rotation", "_hflip"))


def _alike(pair: tuple[int, int], names: dict[int, Path]) -> bool:
    """Two copies turned in the same way are as alike as any."""
    return len({names[one].stem for one in pair}) == 1


def bursts(folder: Path, count: int) -> None:
    """Each photo becomes a burst of five, 0.4 s apart: the view moves, turns, brightens and trembles by a little
    (``steady``), by much (``lively``) or by most of what a hand can do (``wild``). Between the bursts of one camera are
    things that are none: two other scenes within a second of each other, the first view again 10 s later, and the same
    moment by another camera. Recall is the share of shots that are grouped with the first of their burst, precision
    that of members which belong there."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    files = files[:: max(1, len(files) // (3 * count))][: 3 * count]
    random = np.random.default_rng(3)
    for kind, much in (("steady", 0.015), ("lively", 0.05), ("wild", 0.12)):
        shelf, start = Shelf(), datetime(2021, 6, 1, 10)
        for number in range(len(files) // 3):
            scene, *others = (Image.open(path).convert("RGB") for path in files[3 * number : 3 * number + 3])
            begin = start + timedelta(minutes=number)
            shots = [moved(scene, much, random) for _ in range(5)]
            times = [begin + timedelta(seconds=0.4 * step) for step in range(5)]
            for step, (shot, taken) in enumerate(zip(shots, times, strict=True)):
                shelf.put(f"shot {step}", [shot], number, [Metadata(taken_at=taken, camera_model="A")])
            strangers = [(*others, *others)[:2], (begin + timedelta(seconds=2.5), begin + timedelta(seconds=3.3))]
            for step, (other, taken) in enumerate(zip(*strangers, strict=True)):
                shelf.put(
                    f"other {step}", [other], -1 - 2 * number - step, [Metadata(taken_at=taken, camera_model="A")]
                )
            later = Metadata(taken_at=begin + timedelta(seconds=13), camera_model="A")
            shelf.put("later", [moved(scene, much, random)], 10_000 + number, [later])
            shelf.put(
                "camera B", [moved(scene, much, random)], 20_000 + number, [Metadata(taken_at=begin, camera_model="B")]
            )
        report = find_duplicates(shelf.store, shelf.encoder.space, ["burst"])
        right = wrong = 0
        for group in report.groups:
            owners = [shelf.owner[member.id] for member in group.members]
            right += sum(owner == owners[0] for owner in owners[1:])
            wrong += sum(owner != owners[0] for owner in owners[1:])
        wanted = 4 * (len(files) // 3)
        print(f"{len(files) // 3} {kind} bursts: recall {right / wanted:.3f} ({right} of {wanted}), ", end="")
        print(f"precision {right / max(1, right + wrong):.3f} ({wrong} of {right + wrong} wrong)")


def moved(scene: Image.Image, much: float, random: np.random.Generator) -> Image.Image:
    """The scene by a hand that is not quite still: moved and zoomed by up to ``much`` of its size, turned by up to 100
    degrees times that, as much brighter or darker as twice that, with noise."""
    width, height = scene.size
    turned = scene.rotate(float(random.uniform(-100, 100)) * much, Image.Resampling.BICUBIC)
    edge = 2 * much + float(random.uniform(0, much))
    left, top = (edge + float(random.uniform(-much, much)) for _ in range(2))
    box = [
        round(value)
        for value in (left * width, top * height, (1 - 2 * edge + left) * width, (1 - 2 * edge + top) * height)
    ]
    view = turned.crop((box[0], box[1], min(width, box[2]), min(height, box[3])))
    view = ImageEnhance.Brightness(view).enhance(1 + float(random.uniform(-2, 2)) * much)
    pixels = np.asarray(view, np.float32)
    noisy = pixels + random.normal(0, 3, pixels.shape)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


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
    few = np.ascontiguousarray(hashes[:: max(1, len(hashes) // 1000)])
    processor = time.process_time()
    index.range_search(few.view(np.uint8).reshape(-1, 8), NEAR_BITS + 1)
    processor = (time.process_time() - processor) * len(hashes) / len(few)
    print(f"  comparing each with each by FAISS: about {processor:,.0f} CPU-s, from {len(few):,} rows")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder of different photos")
    parser.add_argument("--copies", type=Path, help="a folder with copies called after their picture")
    parser.add_argument("--bursts", type=Path, help="a folder of different photos to make bursts of")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--hashes", type=int, default=1_000_000)
    options = parser.parse_args()
    if options.photos:
        quality(options.photos, options.count)
    if options.copies:
        of_folder(options.copies)
    if options.bursts:
        bursts(options.bursts, options.count)
    if options.hashes:
        speed(options.hashes)


if __name__ == "__main__":
    main()
