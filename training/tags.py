"""At which confidence each automatic tag is given, by what captions and object names say; and how good that is.

The rule: the lowest threshold at which the share of right ones among the photos that get the tag reaches TARGET. Where
a tag is seen too rarely to say, that share is pulled towards the one of all tags at the same threshold; a tag never
seen has just that. Fitted on one half of the dev photos and of the object photos, judged on the other.

A tag is right on a dev photo when one of its five captions names it: captions leave out much that is there to see, so
the true precision is higher. Object photos judge tags that name one of the objects, and no others.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from smartsearch.core.ports import TextEncoder
from smartsearch.core.settings import RuntimeSettings, TagSettings
from smartsearch.core.tagging import Tagger, TagQuery
from smartsearch.embeddings.factory import CALIBRATION_FILE, load_encoders
from smartsearch.embeddings.pocket import FAMILY
from smartsearch.onnx.descriptions import DESCRIPTION_FILE, read_description
from smartsearch.onnx.weights import InstalledModel
from smartsearch.tagging.prompts import PROMPTS_FILE, tag_vectors, write_prompts
from smartsearch.tagging.thresholds import THRESHOLDS_FILE
from smartsearch.tagging.vocabulary import VocabularyTag, packaged_vocabulary
from training.data import Folders, object_photos, read_split
from training.measure import Shipped
from training.tag_words import captions_naming, objects_shown

TARGET = 0.75
#: How many photos' worth the share of all tags counts beside a tag's own.
PRIOR = 5.0
#: Tags named on this many photos of the fit half say what that share is.
SUPPORT = 3
#: A photo certainly shows what this many of its captions name: what coverage is counted on.
CERTAIN = 2
GRID = np.round(np.arange(0.10, 1.0, 0.01), 2)
NEVER = 1.0
Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Evidence:
    """Confidences and judgements on some photos, all [tags, photos]. ``certain``: what surely is there."""

    confidence: Array
    named: Bools
    certain: Bools
    judged: Bools

    def half(self, first: bool) -> Evidence:
        """Every other photo."""
        chosen = np.arange(self.confidence.shape[1]) % 2 == (0 if first else 1)
        return Evidence(*(part[:, chosen] for part in (self.confidence, self.named, self.certain, self.judged)))

    def given(self, thresholds: Array) -> Bools:
        """Which tags each photo gets, no more than the program gives; judged ones only."""
        passing = self.confidence >= thresholds[:, None]
        place = np.where(passing, -self.confidence, np.inf).argsort(axis=0, kind="stable").argsort(axis=0)
        return passing & (place < TagSettings().max_per_photo) & self.judged


def text_encoder(folders: Folders) -> TextEncoder:
    """That of the files in the model's folder."""
    model = InstalledModel(read_description(folders.model), folders.model, packaged=True)
    return load_encoders(model, FAMILY, RuntimeSettings(threads=2)).text


def confidences(folders: Folders, tags: tuple[VocabularyTag, ...]) -> tuple[Array, Array]:
    """Of the dev photos and of the object photos, [tags, photos], by the shipped files and the program's scoring."""
    text = text_encoder(folders)
    calibration = text.calibration
    if calibration is None or calibration.background is None:
        raise FileNotFoundError(f"no calibration in {folders.model}: run the step calibrate first")
    vectors = tag_vectors(tags, text, None, shipped=folders.model / PROMPTS_FILE)
    queries = zip(tags, vectors, strict=True)
    tagger = Tagger(
        text.space, "", tuple(TagQuery(tag.name, vector, NEVER) for tag, vector in queries),
        calibration.background, calibration, TagSettings().max_per_photo,
    )  # fmt: skip
    shipped = Shipped.load(folders.model)
    dev = [folders.photos / name for name in read_split(folders.captions, "dev").names]
    found = shipped.embed_photos(dev, "squash"), shipped.embed_photos(object_photos(folders.objects)[0], "crop")
    return tagger.confidences(found[0]), tagger.confidences(found[1])


def gather(folders: Folders, tags: tuple[VocabularyTag, ...]) -> tuple[Evidence, Evidence]:
    """What the dev photos and what the object photos say."""
    on_dev, on_objects = confidences(folders, tags)
    counts = captions_naming(tags, read_split(folders.captions, "dev"))
    shown = objects_shown(tags, object_photos(folders.objects)[1])
    judged = np.repeat(shown.any(axis=1, keepdims=True), shown.shape[1], axis=1)
    return (
        Evidence(on_dev, counts > 0, counts >= CERTAIN, np.ones_like(counts, bool)),
        Evidence(on_objects, shown, shown, judged),
    )


def fit(parts: list[Evidence]) -> tuple[float, Array]:
    """The threshold of a tag that nothing is known of, and that of each tag."""
    shown, right = (np.zeros((len(parts[0].named), len(GRID))) for _ in range(2))
    seen = np.zeros(len(shown))
    for part in parts:
        for column, threshold in enumerate(GRID):
            passing = (part.confidence >= threshold) & part.judged
            shown[:, column] += passing.sum(axis=1)
            right[:, column] += (passing & part.named).sum(axis=1)
        seen += (part.named & part.judged).sum(axis=1)
    known = seen >= SUPPORT
    common = right[known].sum(axis=0) / np.maximum(1, shown[known].sum(axis=0))
    precision = (right + PRIOR * common) / (shown + PRIOR)
    return float(_lowest(common[None])[0]), _lowest(precision)


def _lowest(precision: Array) -> Array:
    """The lowest threshold of each row that reaches the target."""
    enough = precision >= TARGET
    return np.where(enough.any(axis=1), GRID[enough.argmax(axis=1)], NEVER)


def figures(part: Evidence, thresholds: Array) -> dict[str, float]:
    """Micro precision and coverage (the share of what certainly is there that is tagged), and tags a photo."""
    given = part.given(thresholds)
    return {
        "photos": given.shape[1],
        "precision": round(float((given & part.named).sum() / max(1, given.sum())), 3),
        "coverage": round(float((given & part.certain).sum() / max(1, (part.certain & part.judged).sum())), 3),
        "tags_per_photo": round(float(given.sum() / given.shape[1]), 2),
        "photos_with_a_tag": round(float(given.any(axis=0).mean()), 3),
    }


def table(tags: tuple[VocabularyTag, ...], thresholds: Array, dev: Evidence, objects: Evidence) -> str:
    """One line a tag: its threshold, and on the judged photos how many it is on, was given to, and rightly so."""
    columns = [thresholds]
    for part in (dev, objects):
        given = part.given(thresholds)
        columns += [(part.certain & part.judged).sum(axis=1), given.sum(axis=1), (given & part.named).sum(axis=1)]
    head = "tag\tkind\tthreshold\tdev_on\tdev_given\tdev_right\tobjects_on\tobjects_given\tobjects_right"
    rows = ["\t".join([tag.name, tag.kind, *map(str, row)]) for tag, *row in zip(tags, *columns, strict=True)]
    return "\n".join([head, *rows]) + "\n"


def tags(folders: Folders) -> None:
    """Writes prompts.npz and tags.json, prints the figures, and leaves the table of all tags in the cache."""
    words = packaged_vocabulary()
    write_prompts(words, text_encoder(folders), folders.model / PROMPTS_FILE)
    dev, objects = gather(folders, words)
    default, thresholds = fit([dev.half(first=True), objects.half(first=True)])
    held_out = {"captions": dev.half(first=False), "objects": objects.half(first=False)}
    content = {
        "revision": read_description(folders.model).revision,
        "calibration": digest(folders.model / CALIBRATION_FILE),
        "method": f"lowest threshold with a precision of {TARGET}, judged by captions and object names; fitted on half "
        "of the dev and object photos, judged on the other half",
        "held_out": {name: figures(part, thresholds) for name, part in held_out.items()},
        "default": default,
        "thresholds": {
            word.name: float(value) for word, value in zip(words, thresholds, strict=True) if value != default
        },
    }
    write(folders.model, content)
    folders.cache.mkdir(parents=True, exist_ok=True)
    report = folders.cache / "tags.tsv"
    report.write_text(table(words, thresholds, held_out["captions"], held_out["objects"]), "utf-8")
    print(json.dumps({key: content[key] for key in ("revision", "default", "held_out")}, indent=2))
    print(f"every tag: {report}")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(folder: Path, content: dict[str, object]) -> None:
    """tags.json, and its digest and that of the prompts in the description."""
    path = folder / THRESHOLDS_FILE
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")
    description = json.loads((folder / DESCRIPTION_FILE).read_text("utf-8"))
    description["sha256"] |= {name: digest(folder / name) for name in (PROMPTS_FILE, THRESHOLDS_FILE)}
    (folder / DESCRIPTION_FILE).write_text(json.dumps(description, indent=2) + "\n", "utf-8")
