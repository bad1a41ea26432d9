"""Whether words, names and metadata find more together: nDCG@10 of a hybrid search with each part switched off in turn.

    SMARTSEARCH_DATA=... python benchmarks/hybrid.py [--library FOLDER]

The library is made of the real inputs that SMARTSEARCH_DATA names: 1,000 photos of 200 kinds of objects, of which a
fifth keep the object's name as file name, a fifth lie in a folder of that name, and three fifths are called
IMG_0001.jpg; 500 photos of everyday scenes; photos of six people, in folders of their names; photos with camera
metadata and positions. The file times are spread over eight years. The queries, over a hundred, are made below from
those names and from that metadata; an image is relevant if it is of the object (the person, the camera ...) and meets
the rest of the query.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from smartsearch.config import Places
from smartsearch.core.query import Everything, Shown
from smartsearch.core.settings import Settings
from smartsearch.library import Library
from smartsearch.search.ranking import Plan, rank
from smartsearch.search.service import SearchRequest

TOP = 10
GROUPS = {
    "musical instrument": "accordion banjo cello drum flute guitar harmonica harp oboe piano saxophone trumpet violin",
    "vehicle": "airplane bicycle bus car motorcycle train snowmobile unicycle watercraft",
    "fruit": "apple banana fig lemon orange pineapple pomegranate strawberry",
    "insect": "ant bee butterfly dragonfly ladybug",
    "furniture": "bed bench bookshelf chair sofa table",
    "wild animal": "bear elephant fox hippopotamus lion monkey otter tiger zebra antelope camel",
}


@dataclass(frozen=True)
class Photo:
    """What is known of a file of the library: ``kind`` is the object or person it shows."""

    kind: str
    taken: datetime
    camera: str = ""
    located: bool = False


@dataclass(frozen=True)
class Question:
    family: str
    text: str
    relevant: Callable[[Photo], bool]


def make_photos(data: Path, folder: Path) -> dict[str, Photo]:
    """Copy the inputs under names as people have them; what each file is, by path."""
    rng, photos = random.Random(7), dict[str, Photo]()

    def put(source: Path, target: Path, kind: str, camera: str = "", located: bool = False) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        taken = datetime(2015, 1, 1, 12, tzinfo=UTC) + timedelta(days=rng.randrange(8 * 365))
        os.utime(target, (taken.timestamp(), taken.timestamp()))
        photos[str(target)] = Photo(kind, taken, camera, located)

    counts: dict[str, int] = {}
    number = 0
    for source in sorted((data / "object-photos").glob("*.jpg")):
        kind = re.sub(r"^n\d+_\d+_", "", source.stem).replace("_", " ")
        place = counts[kind] = counts.get(kind, 0) + 1
        number += 1
        if place == 1:
            target = folder / "misc" / f"{kind}-{number}.jpg"
        elif place == 2:
            target = folder / "sorted" / kind / f"DSC_{number:04}.jpg"
        else:
            target = folder / "camera roll" / f"IMG_{number:04}.jpg"
        put(source, target, kind)
    captioned = data / "captioned-photos"
    rows = [line.split("\t") for line in (captioned / "captions.tsv").read_text("utf-8").splitlines()[1:]]
    for name in list(dict.fromkeys(row[1] for row in rows if row[0] == "dev"))[:500]:
        number += 1
        put(captioned / "images" / name, folder / "camera roll" / f"IMG_{number:04}.jpg", "scene")
    for source in sorted((data / "faces" / "by-person").glob("*/*.jp*g")):
        number += 1
        put(source, folder / "family" / source.parent.name.replace("_", " ") / f"P{number}.jpg", source.parent.name)
    for source in sorted((data / "metadata" / "exif-samples" / "jpg").glob("**/*.jpg")):
        number += 1
        maker = source.name.split("_")[0]
        put(source, folder / "old disk" / f"PICT{number}.jpg", "exif", maker, source.parent.name == "gps")
    return photos


def questions(photos: dict[str, Photo]) -> Iterator[Question]:
    """The queries. Which objects they ask for is drawn once, with a fixed seed."""
    rng = random.Random(11)
    kinds = sorted({photo.kind for photo in photos.values()} - {"scene", "exif"})
    people = sorted({Path(path).parent.name for path in photos if "/family/" in path})
    things = [kind for kind in kinds if kind not in {name.replace(" ", "_") for name in people}]
    for kind in rng.sample(things, 50):
        yield Question("object", kind, lambda photo, kind=kind: photo.kind == kind)
    for kind in rng.sample(things, 20):
        year = rng.choice([photo.taken.year for photo in photos.values() if photo.kind == kind])
        said = rng.choice(("{} {}", "a {} in {}", "photos of a {} from {}"))
        yield Question(
            "object and date",
            said.format(kind, year),
            lambda p, kind=kind, year=year: (p.kind, p.taken.year) == (kind, year),
        )
    for first, second in zip(things[5:55:5], things[8:58:5], strict=True):
        yield Question("either", f"{first} OR {second}", lambda p, both=(first, second): p.kind in both)
    for group, members in GROUPS.items():
        names = [name for name in members.split() if name in things]
        yield Question("group", group, lambda p, names=names: p.kind in names)
        for name in rng.sample(names, 2):
            rest = [other for other in names if other != name]
            said = rng.choice(("{} -{}", "{} without {}", "{}, no {}"))
            yield Question("group without", said.format(group, name), lambda p, rest=rest: p.kind in rest)
    for person in people:
        yield Question("person", person, lambda p, person=person: p.kind == person.replace(" ", "_"))
        yield Question("person", f"photos of {person}", lambda p, person=person: p.kind == person.replace(" ", "_"))
    for kind in rng.sample(things, 8):
        yield Question("folder", f"{kind} in:sorted", lambda p, kind=kind: p.kind == kind)


def ndcg(ids: Sequence[int], relevant: set[int]) -> float:
    """nDCG at ten with relevance 0 or 1 (Jarvelin and Kekalainen 2002)."""
    gains = [1.0 / np.log2(place + 2) for place, found in enumerate(ids[:TOP]) if found in relevant]
    ideal = sum(1.0 / np.log2(place + 2) for place in range(min(TOP, len(relevant))))
    return float(sum(gains) / ideal) if ideal else 0.0


Variant = Callable[[Library, str], list[int]]


def asked(library: Library, text: str, change: Callable[[Plan], Plan] = lambda plan: plan) -> list[int]:
    """The first images by the whole search, with the plan changed."""
    request = SearchRequest(clauses=library.queries.parse(text).clauses, min_score=0.0)
    plan = change(library.planned(request))
    return list(rank(library.store, plan, TOP).ids)


def measure(library: Library, photos: dict[str, Photo], variants: dict[str, Variant]) -> None:
    assets = library.store.assets(library.store.select(Everything()))
    known = {asset.id: photos[asset.path] for asset in assets if asset.path in photos}
    asking = list(questions(photos))
    results: dict[str, list[tuple[str, float]]] = {name: [] for name in variants}
    for question in asking:
        relevant = {asset_id for asset_id, photo in known.items() if question.relevant(photo)}
        if question.family == "folder":
            relevant = {i for i in relevant if "/sorted/" in next(a.path for a in assets if a.id == i)}
        for name, variant in variants.items():
            results[name].append((question.family, ndcg(variant(library, question.text), relevant)))
    families = list(dict.fromkeys(question.family for question in asking))
    print(f"{len(asking)} queries over {len(known)} images; nDCG@10")
    print("| | all | " + " | ".join(families) + " |")
    print("|---" * (len(families) + 2) + "|")
    for name, values in results.items():
        by = [np.mean([value for family, value in values if family == wanted]) for wanted in families]
        mean = np.mean([value for _, value in values])
        print(f"| {name} | {mean:.3f} | " + " | ".join(f"{value:.2f}" for value in by) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, help="keep the library here, and use it again")
    given = parser.parse_args()
    data = Path(os.environ["SMARTSEARCH_DATA"])
    with tempfile.TemporaryDirectory() as temporary:
        base = given.library or Path(temporary)
        truth = base / "photos.json"
        if truth.exists():
            photos = {
                path: Photo(kind, datetime.fromisoformat(taken), camera, located)
                for path, (kind, taken, camera, located) in json.loads(truth.read_text()).items()
            }
        else:
            photos = make_photos(data, base / "photos")
        with Library.open(Places(base / "home", base / "library"), Settings(), create=True) as library:
            if not truth.exists():
                library.index([base / "photos"])
                rows = {p: (x.kind, x.taken.isoformat(), x.camera, x.located) for p, x in photos.items()}
                truth.write_text(json.dumps(rows))
            measure(library, photos, VARIANTS)


def without(*fields: str) -> Variant:
    """The search with these parts of every branch switched off."""

    def off(plan: Plan) -> Plan:
        blank = {"words": (), "avoid": (), "where": Shown()}
        changes = {name: blank[name] for name in fields}
        return replace(plan, branches=tuple(replace(branch, **changes) for branch in plan.branches))

    return lambda library, text: asked(library, text, off)


def words_only(library: Library, text: str) -> list[int]:
    """No query language: all of the text by meaning."""
    plan = library.planned(SearchRequest(text=text, min_score=0.0))
    return list(rank(library.store, replace(plan, branches=(replace(plan.branches[0], words=()),)), TOP).ids)


def texts_only(library: Library, text: str) -> list[int]:
    """The full text alone: every word must be in it."""
    return [hit.asset_id for hit in library.store.match_text(text, Shown(), TOP)]


VARIANTS: dict[str, Variant] = {
    "everything": asked,
    "without the full text": without("words"),
    "without negatives": without("avoid"),
    "without filters": without("where"),
    "words by meaning only": words_only,
    "full text only": texts_only,
}


if __name__ == "__main__":
    main()
