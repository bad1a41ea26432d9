"""From a cosine to the probability that a photo matches, query by query; and the cut-off that leaves answers empty.

Cosines of different queries are not comparable: "people" scores high everywhere, "a rusty padlock" nowhere. So each
query is first compared with a bank of photos it was not written for (background.npz): z tells how far a photo
lies above the middle of that bank. A logistic regression on (z, cosine) then gives a probability. It is fitted
on one half of the dev photos and judged on the other; neither half trained the towers.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.data import SEED, CaptionedPhotos, Folders, read_split
from training.logistic import (
    Logistic,
    best_cut_off,
    calibration_error,
    cut_off_figures,
    cut_off_growth,
    fit_logistic,
    standardised,
)
from training.measure import Shipped
from training.sentences import caption_vectors

BANK = 256
#: Shares of queries left empty at which the trade-off is reported.
TRADE_OFF = (0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SAME_MEANING, OTHER_MEANING = 0.5, 0.4
#: Short queries to fit on beside the captions: things that captions name when they are there.
NOUNS = (
    "dog", "man", "woman", "boy", "girl", "child", "baby", "ball", "beach", "snow", "grass", "water", "pool",
    "ocean", "bike", "bicycle", "motorcycle", "car", "truck", "bus", "horse", "bird", "tree", "mountain", "rock",
    "street", "building", "sign", "bench", "field", "forest", "river", "lake", "boat", "surfboard", "wave",
    "skateboard", "ramp", "snowboard", "skier", "football", "soccer", "basketball", "baseball", "tennis", "hockey",
    "guitar", "camera", "hat", "helmet", "sunglasses", "jacket", "shirt", "dress", "swing", "slide", "trampoline",
    "playground", "fence", "bridge", "stairs", "table", "chair", "couch", "bed", "food", "cake", "crowd", "sand",
    "sun", "sunset", "rope", "cliff", "cat", "sheep", "frisbee", "stick", "toy", "umbrella", "flower", "leaf",
    "tent", "kite", "fountain", "sled", "climber", "cyclist", "skateboarder", "surfer", "swimmer", "player",
    "dancer", "bride", "city", "park", "road", "wall", "window", "microphone", "stage",
)  # fmt: skip
Array = npt.NDArray[np.float64]


def noun_matches(split: CaptionedPhotos) -> tuple[Array, Array]:
    """For each noun, which photos match (two captions name it) and which do not (none does): bool [nouns, P]."""
    counts = np.zeros((len(NOUNS), len(split.names)))
    for caption, owner in zip(split.captions, split.owners, strict=True):
        words = set(re.findall("[a-z]+", caption.lower()))
        for row, noun in enumerate(NOUNS):
            counts[row, owner] += noun in words or noun + "s" in words or noun + "es" in words
    return counts >= 2, counts == 0


def caption_matches(split: CaptionedPhotos, sentences: Array) -> tuple[Array, Array]:
    """For each caption, which photos match and which do not, judged by the captions of those photos: bool [C, P].

    A photo matches when it is the caption's own or two of its captions mean much the same (cosine of the sentence
    encoder), and does not when even the nearest two mean something else; what lies between is left out.
    """
    similar = sentences @ sentences.T
    np.fill_diagonal(similar, -1)
    order = np.argsort(split.owners, kind="stable")
    near = np.sort(similar[:, order].reshape(len(order), len(split.names), -1), axis=2)[:, :, -2:].mean(2)
    matches, others = near >= SAME_MEANING, near < OTHER_MEANING
    rows = np.arange(len(order))
    matches[rows, split.owners], others[rows, split.owners] = True, False
    return matches, others


def background(folders: Folders, model: Shipped) -> Array:
    """Embeddings of BANK training photos at random."""
    names = read_split(folders.captions, "train").names
    chosen = np.random.default_rng(SEED).permutation(len(names))[:BANK]
    vectors = model.embed_photos([folders.photos / names[i] for i in chosen], "squash").astype(np.float64)
    bank = vectors.astype(np.float16)
    np.savez_compressed(folders.model / "background.npz", images=bank)
    return bank.astype(np.float64)


@dataclass(frozen=True)
class Queries:
    """Queries of one kind on the dev photos: cosines, z and judgements, all [queries, photos]."""

    cosine: Array
    z: Array
    matches: Array
    others: Array

    def part(self, rows: Array, columns: Array) -> Queries:
        """The queries and photos chosen by two masks."""
        chosen = (part[rows][:, columns] for part in (self.cosine, self.z, self.matches, self.others))
        return Queries(*chosen)

    def judged(self) -> tuple[Array, Array, Array, Array]:
        """Flat z, cosine, match and weight of the judged pairs; each kind of queries weighs one in total."""
        inside = self.matches | self.others
        count = int(inside.sum())
        return self.z[inside], self.cosine[inside], self.matches[inside].astype(float), np.full(count, 1 / count)


def query_groups(folders: Folders, model: Shipped) -> dict[str, Queries]:
    """Captions and nouns on all dev photos, with their judgements."""
    split = read_split(folders.captions, "dev")
    photos = model.embed_photos([folders.photos / name for name in split.names], "squash").astype(np.float64)
    bank = background(folders, model)
    groups = {}
    judgements = {
        "captions": (list(split.captions), caption_matches(split, caption_vectors(folders, "dev"))),
        "nouns": ([f"a {noun}" for noun in NOUNS], noun_matches(split)),
    }
    for kind, (texts, (matches, others)) in judgements.items():
        cosine, z = standardised(model.embed_texts(texts).astype(np.float64), photos, bank)
        groups[kind] = Queries(cosine, z, matches, others)
    return groups


def trade_off(fitted: Logistic, held: Queries) -> list[list[float]]:
    """What other cut-offs would do: [cut-off, share of queries with a match shown, share empty without matches]."""
    probability = fitted.probability(held.z, held.cosine)
    rows = []
    for share in TRADE_OFF:
        cut = best_cut_off(probability, held.others, share)
        found = cut_off_figures(probability, held.matches, held.others, cut)
        rows.append([cut, round(found["some_match_shown"], 3), round(found["empty_without_matches"], 3)])
    return rows


def calibrate(folders: Folders) -> dict[str, object]:
    """Writes background.npz and calibration.json; returns the latter's content."""
    split = read_split(folders.captions, "dev")
    fit_photos = np.arange(len(split.names)) % 2 == 0
    rows = {"captions": fit_photos[split.owners], "nouns": np.arange(len(NOUNS)) % 2 == 0}
    groups = query_groups(folders, Shipped.load(folders.model))
    fit = [group.part(rows[kind], fit_photos) for kind, group in groups.items()]
    fitted = fit_logistic(*(np.concatenate(column) for column in zip(*(part.judged() for part in fit), strict=True)))
    captions = fit[0]
    on_captions = fitted.probability(captions.z, captions.cosine)
    cut = best_cut_off(on_captions, captions.others)
    held_out: dict[str, object] = {}
    for kind, group in groups.items():
        held = group.part(~rows[kind], ~fit_photos)
        z, cosine, matches, weights = held.judged()
        held_out[kind] = {
            "calibration_error": calibration_error(fitted.probability(z, cosine), matches, weights),
            "matches_among_pairs": float(matches.mean()),
            **cut_off_figures(fitted.probability(held.z, held.cosine), held.matches, held.others, cut),
            "trade_off": trade_off(fitted, held),
        }
    content: dict[str, object] = {
        "method": "logistic", "features": ["z", "cos"],
        "z": fitted.z_weight, "cos": fitted.cos_weight, "bias": fitted.bias, "cut_off": cut,
        "growth": cut_off_growth(on_captions, captions.others),
        "prior": "the share of matching photos in the dev photos, captions and nouns weighing the same; "
        "fitted on half of the dev photos and queries, judged on the other half (500 photos)",
        "held_out": held_out,
    }  # fmt: skip
    (folders.model / "calibration.json").write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    return content
