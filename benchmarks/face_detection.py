"""How well faces are found: the default detector beside YuNet and dlib's HOG, on the photos of SMARTSEARCH_DATA.

python benchmarks/face_detection.py groups      recall and precision on photos with annotated faces (group_faces.csv)
python benchmarks/face_detection.py portraits   photos whose face is in the middle: how many are found
python benchmarks/face_detection.py faceless    photos without people: faces found per 1,000, each of them wrong but for
                                                a person whom the captions leave out; a folder gets the cuts to look at
python benchmarks/face_detection.py turned      the portraits upright, on their sides and upside down

YuNet is read from SMARTSEARCH_DATA/models; HOG takes part where dlib can be imported (`pip install dlib-bin`).
"""

from __future__ import annotations

import csv
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from smartsearch.core.settings import RuntimeSettings
from smartsearch.faces.models import DEFAULT, FaceModels
from smartsearch.faces.mtcnn import MtcnnDetector
from smartsearch.faces.yunet import YunetDetector
from smartsearch.onnx.sessions import LazySession

DATA = Path(os.environ.get("SMARTSEARCH_DATA", "shared/data"))
GROUPS = Path(__file__).with_name("group_faces.csv")
"""Boxes, in fractions of the upright photo: what any of three detectors proposed at a low threshold, looked at one by
one, and the photos searched by eye for what they had left out. Those that do not count are smaller than 24 pixels, or
cut by a border; to find them is neither right nor wrong."""

PEOPLE = re.compile(
    r"\b(wo)?m[ae]n|\b(boy|girl|child|kid|baby|bab|toddler|infant|people|person|lad|guy|player|rider|someone|somebody"
    r"|he|she|his|her|him|they|their|crowd|group|team|couple|famil|biker|surfer|skier|skateboard|snowboard|climber|hiker"
    r"|owner|face|friend|adult|human|runner|jockey|cyclist|motorcycl|driver|racer|hand|arm|foot|feet|leg|swimmer|diver"
    r"|worker|soldier|audience|spectator|onlook|bicyclist|bmx|wrestl|fisher|cowboy|clown|performer|danc|pedestrian"
    r"|individual|teen|youth|youngster|mother|father|parent|son|daughter|sister|brother|catcher|pitcher|kayak|canoe|rower"
    r"|mascot|statue|doll|poster|painting|costume|two|three|four|five|several|many|one|figure|silhouette|sled|street"
    r"|parade|market|bus|car|race|train|boat)",
    re.IGNORECASE,
)
"""Words of captions that speak of people, or of what people are likely to be seen in."""

Boxes = list[tuple[float, float, float, float]]
Detect = Callable[[Image.Image], Boxes]


def detectors() -> dict[str, Detect]:
    """Each gives boxes in pixels, of one thread."""
    runtime = RuntimeSettings(threads=1)
    models = FaceModels(Path(tempfile.gettempdir()) / "smartsearch-face-models", runtime)
    models.analyzer()  # makes the default on its first use
    folder = models.folder / DEFAULT.name
    mtcnn = MtcnnDetector(*(LazySession(folder / file, runtime) for file in DEFAULT.files[:3]))
    found: dict[str, Detect] = {"MTCNN": lambda picture: [tuple(box) for box in mtcnn.detect(picture).boxes.tolist()]}
    weights = DATA / "models" / "yunet_n_dynamic.onnx"
    if weights.is_file():
        yunet = YunetDetector(LazySession(weights, runtime))
        found["YuNet"] = lambda picture: [tuple(box) for box in yunet.detect(picture).boxes.tolist()]
    try:
        dlib = import_module("dlib")
    except ImportError:
        return found
    hog = dlib.get_frontal_face_detector()

    def by_hog(picture: Image.Image) -> Boxes:
        rectangles = hog(np.asarray(picture), 1)
        return [(each.left(), each.top(), each.right(), each.bottom()) for each in rectangles]

    return found | {"dlib HOG": by_hog}


def opened(path: Path, side: int = DEFAULT.side, *, enlarged: bool = False) -> Image.Image:
    """Upright, its longer side at most ``side`` pixels, or exactly."""
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    if enlarged:
        return ImageOps.contain(image, (side, side), Image.Resampling.BICUBIC)
    image.thumbnail((side, side))
    return image


def matched(found: Boxes, counted: Boxes, ignored: Boxes) -> tuple[int, int]:
    """How many of the counted faces are found, and how many found ones are none. A face is found by a box whose centre
    lies in it and whose area is a quarter to four times its own: detectors differ in what belongs to a face."""
    left, wrong = list(counted), 0
    for box in found:
        fitting = [face for face in left if _same(box, face)]
        if fitting:
            left.remove(min(fitting, key=lambda face: _distance(box, face)))
        elif not any(_same(box, face) for face in ignored):
            wrong += 1
    return len(counted) - len(left), wrong


def _same(box: tuple[float, ...], face: tuple[float, ...]) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    ratio = (box[2] - box[0]) * (box[3] - box[1]) / ((face[2] - face[0]) * (face[3] - face[1]))
    return face[0] <= x <= face[2] and face[1] <= y <= face[3] and 0.25 <= ratio <= 4


def _distance(box: tuple[float, ...], face: tuple[float, ...]) -> float:
    return abs(box[0] + box[2] - face[0] - face[2]) + abs(box[1] + box[3] - face[1] - face[3])


def groups() -> None:
    known: dict[str, tuple[Boxes, Boxes]] = {}
    with GROUPS.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            box = (float(row["left"]), float(row["top"]), float(row["right"]), float(row["bottom"]))
            known.setdefault(row["photo"], ([], []))[row["counts"] != "yes"].append(box)
    photos = sorted((DATA / "faces" / "groups").iterdir())
    total = sum(len(counted) for counted, _ in known.values())
    for name, detect in detectors().items():
        hits = wrong = 0
        seconds = 0.0
        for path in photos:
            picture = opened(path)
            start = time.process_time()
            found = detect(picture)
            seconds += time.process_time() - start
            width, height = picture.size
            shares = [(a / width, b / height, c / width, d / height) for a, b, c, d in found]
            right, false = matched(shares, *known.get(path.name, ([], [])))
            hits, wrong = hits + right, wrong + false
        print(
            f"{name:9} recall {hits}/{total} = {hits / total:.3f}  precision {hits}/{hits + wrong} ="
            f" {hits / (hits + wrong):.3f}  {seconds / len(photos):.2f} s CPU a photo"
        )


def portraits() -> None:
    photos = sorted((DATA / "faces" / "lfw").glob("*/*"))
    for name, detect in detectors().items():
        hits = beside = 0
        for path in photos:
            picture = opened(path)
            middle = picture.width / 2, picture.height / 2
            found = detect(picture)
            inside = any(_holds(box, middle) for box in found)
            hits, beside = hits + inside, beside + len(found) - inside
        print(
            f"{name:9} the face in the middle: {hits}/{len(photos)} = {hits / len(photos):.4f}; others found {beside}"
        )


def _holds(box: tuple[float, ...], point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def turned() -> None:
    photos = sorted((DATA / "faces" / "lfw").glob("*/*"))[::4]
    for name, detect in detectors().items():
        shares = []
        for degrees in (0, 15, 30, 45, 90, 180):
            pictures = (opened(path).rotate(degrees, Image.Resampling.BILINEAR) for path in photos)
            hits = sum(any(_holds(box, (p.width / 2, p.height / 2)) for box in detect(p)) for p in pictures)
            shares.append(f"{degrees}°: {hits / len(photos):.2f}")
        print(f"{name:9} found of {len(photos)} portraits turned by {', '.join(shares)}")


def without_people() -> Iterator[Path]:
    """Photos of which no caption has a word of `PEOPLE`: mostly dogs."""
    said: dict[str, str] = {}
    with (DATA / "captioned-photos" / "captions.tsv").open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            said[row["image"]] = said.get(row["image"], "") + " " + row["caption"]
    for image in sorted(said):
        if not PEOPLE.search(said[image]):
            yield DATA / "captioned-photos" / "images" / image


def faceless(cuts: Path | None) -> None:
    dogs, objects = list(without_people()), sorted((DATA / "object-photos").iterdir())
    found = detectors()
    for title, photos, enlarged in (
        ("captioned without people", dogs, False),
        ("the same, enlarged to 1,024 pixels", dogs[::5], True),
        ("objects, people among them", objects, False),
    ):
        for name, detect in found.items():
            total = _looked_at(detect, photos, enlarged, None if cuts is None else cuts / f"{title[:9]}-{name}")
            print(f"{title}: {name:9} {total} faces in {len(photos)}, {1000 * total / len(photos):.1f} per 1,000")


def _looked_at(detect: Detect, photos: Iterable[Path], enlarged: bool, cuts: Path | None) -> int:
    total = 0
    for path in photos:
        picture = opened(path, enlarged=enlarged)
        for box in detect(picture):
            total += 1
            if cuts is not None:
                cuts.mkdir(parents=True, exist_ok=True)
                picture.crop(box).save(cuts / f"{path.stem}-{total}.png")
    return total


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["groups"]:
            groups()
        case ["portraits"]:
            portraits()
        case ["faceless", *rest]:
            faceless(Path(rest[0]) if rest else None)
        case ["turned"]:
            turned()
        case _:
            print(__doc__)
