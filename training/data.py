"""Where the training data lies, and how its files are read."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

SIZE = 224
SEED = 20260
#: Views of each training photo: plain, mirrored, and random crops.
VIEWS = 5


@dataclass(frozen=True)
class Folders:
    """The inputs (``data``), the resumable intermediate results (``cache``) and the shipped files (``model``)."""

    data: Path
    cache: Path
    model: Path

    @property
    def photos(self) -> Path:
        return self.data / "captioned-photos" / "images"

    @property
    def captions(self) -> Path:
        return self.data / "captioned-photos" / "captions.tsv"

    @property
    def objects(self) -> Path:
        return self.data / "object-photos"

    @property
    def sentences(self) -> Path:
        return self.data / "caption-text" / "captions.txt"


def default_folders() -> Folders:
    """``$SMARTSEARCH_DATA`` or ../shared/data for the inputs; build/training and the package for the outputs."""
    root = Path(__file__).resolve().parent.parent
    data = Path(os.environ.get("SMARTSEARCH_DATA", root.parent / "shared" / "data"))
    return Folders(data, root / "build" / "training", root / "src" / "smartsearch" / "models" / "pocket")


@dataclass(frozen=True)
class CaptionedPhotos:
    """One split: file names, and for every caption the index of its photo."""

    names: tuple[str, ...]
    captions: tuple[str, ...]
    owners: npt.NDArray[np.int64]


def read_split(table: Path, split: str) -> CaptionedPhotos:
    """The photos and captions of "train" or "dev", in the table's order."""
    positions: dict[str, int] = {}
    captions: list[str] = []
    owners: list[int] = []
    with table.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["split"] == split:
                owners.append(positions.setdefault(row["image"], len(positions)))
                captions.append(row["caption"])
    return CaptionedPhotos(tuple(positions), tuple(captions), np.array(owners))


def object_photos(folder: Path) -> tuple[list[Path], list[str]]:
    """The evaluation photos of single objects and the name each one shows (from WNID_NUMBER_NAME.jpg)."""
    files = sorted(folder.glob("*.jpg"))
    return files, [file.stem.split("_", 2)[2].replace("_", " ") for file in files]


def read_rgb(path: Path) -> Image.Image:
    """A decoded photo."""
    with Image.open(path) as image:
        return image.convert("RGB")


def squashed(image: Image.Image) -> npt.NDArray[np.uint8]:
    """The whole photo stretched to 224 x 224."""
    resized = image if image.size == (SIZE, SIZE) else image.resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return np.asarray(resized)


def cropped(image: Image.Image) -> npt.NDArray[np.uint8]:
    """The central square of the photo, scaled to 224 x 224."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    return np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=box))


def random_view(image: Image.Image, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A random crop of half to all of the photo, aspect stretched by up to 3:2, brightness jittered, maybe flipped."""
    area, stretch = rng.uniform(0.5, 1.0), np.exp(rng.uniform(-0.4, 0.4))
    width = min(1.0, float(np.sqrt(area * stretch))) * image.width
    height = min(1.0, float(np.sqrt(area / stretch))) * image.height
    left, top = rng.uniform(0, image.width - width), rng.uniform(0, image.height - height)
    box = (left, top, left + width, top + height)
    pixels = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BICUBIC, box=box)).astype(np.float32)
    mean = pixels.mean()
    pixels = (pixels - mean) * rng.uniform(0.8, 1.2) + mean * rng.uniform(0.85, 1.15)
    out = np.clip(pixels, 0, 255).astype(np.uint8)
    return out[:, ::-1] if rng.random() < 0.5 else out
