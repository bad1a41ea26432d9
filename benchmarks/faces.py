"""What faces cost and how well people come out.

python benchmarks/faces.py grouping    20,000 and 100,000 made-up faces: seconds of CPU, memory, quality
python benchmarks/faces.py pictures    real photos of SMARTSEARCH_DATA/faces: seconds a picture, and what is found
python benchmarks/faces.py people      the same folder, by-person and lfw: pairwise and B-cubed precision and recall
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from smartsearch.core.clustering import Constraints, Thresholds, cluster
from smartsearch.core.settings import RuntimeSettings
from smartsearch.faces.analyzer import OnnxFaceAnalyzer
from smartsearch.faces.models import DEFAULT, FaceModels
from smartsearch.people.neighbours import nearest

DATA = Path(os.environ.get("SMARTSEARCH_DATA", "shared/data")) / "faces"
DIM, WITHIN = 128, 0.6


def made_up(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Faces of people who are in few or many photos (a power law); pairs of one person have a cosine of about 0.6."""
    rng = np.random.default_rng(1)
    sizes = np.minimum(rng.zipf(1.6, count), 400)
    who = np.repeat(np.arange(len(sizes)), sizes)[:count]
    who = who[rng.permutation(len(who))]
    centres = rng.normal(size=(who.max() + 1, DIM)).astype(np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    noise = rng.normal(size=(count, DIM)).astype(np.float32) * np.float32(np.sqrt((1 / WITHIN - 1) / DIM))
    vectors = centres[who] + noise
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), who


def quality(labels: np.ndarray, truth: np.ndarray) -> str:
    """Pairwise precision, recall and F1; B-cubed precision and recall (Bagga and Baldwin 1998)."""
    pair = np.unique(np.stack([labels, truth]), axis=1, return_inverse=True, return_counts=True)
    both = pair[2].astype(float)
    mine = np.unique(labels, return_counts=True)[1].astype(float)
    theirs = np.unique(truth, return_counts=True)[1].astype(float)
    together, grouped, same = ((each * (each - 1) / 2).sum() for each in (both, mine, theirs))
    precision, recall = together / max(grouped, 1), together / max(same, 1)
    of_label = dict(zip(*np.unique(labels, return_counts=True), strict=True))
    of_truth = dict(zip(*np.unique(truth, return_counts=True), strict=True))
    shared = both[pair[1].reshape(-1)]
    b_precision = np.mean(shared / np.array([of_label[each] for each in labels]))
    b_recall = np.mean(shared / np.array([of_truth[each] for each in truth]))
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return f"P {precision:.4f}  R {recall:.4f}  F1 {f1:.4f}  B-cubed P {b_precision:.4f}  R {b_recall:.4f}"


def one_grouping(count: int) -> None:
    vectors, who = made_up(count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time()
    neighbours = nearest(vectors)
    searched = time.process_time()
    found = cluster(
        vectors, neighbours, Constraints(np.arange(count), np.zeros(count, np.int64)), Thresholds(0.4, 0.4, 0.3)
    )
    done = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count:>7,} faces of {who.max() + 1:,} people: CPU {searched - start:.1f} s for neighbours,"
        f" {done - searched:.1f} s for groups, {peak - before:.0f} MB more than the faces; {quality(found.labels, who)}"
    )


def grouping() -> None:
    for count in (20_000, 100_000):
        subprocess.run([sys.executable, __file__, "one", str(count)], check=True)


def analyzer() -> OnnxFaceAnalyzer:
    return FaceModels(Path(tempfile.gettempdir()) / "smartsearch-face-models", RuntimeSettings()).analyzer()


def picture(path: Path, side: int) -> np.ndarray:
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    image.thumbnail((side, side))
    return np.asarray(image)


def pictures() -> None:
    look = analyzer()
    paths = sorted((DATA / "groups").iterdir())
    seconds = faces = 0.0
    for path in paths:
        pixels = picture(path, look.side)
        start = time.process_time()
        found = look.analyze(pixels, pixels.shape[1]).faces
        spent = time.process_time() - start
        seconds, faces = seconds + spent, faces + len(found)
        size = np.mean([len(face.thumbnail) for face in found]) / 1024 if found else 0
        print(f"{path.name:28} {len(found):3} faces  {spent:.2f} s CPU  thumbnails {size:.1f} KB")
    print(f"{faces:.0f} faces; {seconds / len(paths) * 1000:.0f} seconds of CPU per 1,000 pictures")


def people() -> None:
    look = analyzer()
    paths = sorted([*(DATA / "by-person").glob("*/*"), *(DATA / "lfw").glob("*/*")])
    vectors, who = [], []
    for path in paths:
        pixels = picture(path, look.side)
        found = look.analyze(pixels, pixels.shape[1]).faces
        if found:
            middle = min(found, key=lambda face: abs(face.box.left + face.box.width / 2 - 0.5))
            vectors.append(middle.vector)
            who.append(path.parent.name)
    matrix, truth = np.array(vectors, np.float32), np.unique(who, return_inverse=True)[1]
    constraints = Constraints(np.arange(len(truth)), np.zeros(len(truth), np.int64))
    found = cluster(matrix, nearest(matrix), constraints, DEFAULT.thresholds)
    print(f"{len(truth)} of {len(paths)} portraits, {truth.max() + 1} people: {quality(found.labels, truth)}")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["one", count]:
            one_grouping(int(count))
        case ["grouping"]:
            grouping()
        case ["pictures"]:
            pictures()
        case ["people"]:
            people()
        case _:
            print(__doc__)
