"""Joins the members into one space of 256 dimensions, and takes the hubs out of it.

**Joining.** The cosine averaged over the members is the product of their concatenated embeddings. Two maps to CORE
dimensions keep that product best in the mean square over photos and texts (an SVD between the roots of the second
moments): one vector of the old size instead of three.

**Hubs.** In such spaces some photos are near to everything (Radovanović et al., "Hubs in space", 2010) and crowd out
the right answers. A photo's nearness to a bank of texts, log sum exp (SHARPNESS cos) / SHARPNESS, is taken off its
cosine with every query (the inverted softmax of Smith et al. 2017, with a part of the correction). It fits in the
vectors: the photo carries its correction in one dimension where every text carries a constant; one more dimension,
empty in texts, gives all photos the same length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.data import SEED, Folders
from training.prototypes import imagine
from training.reduction import Reduction, reduction
from training.sentences import caption_vectors
from training.towers import DIM
from training.train import Heads, Recipe, Vocabulary, load_features, load_members, load_prototypes

CORE = DIM - 2
#: Views of the training photos that stand for photos: plain, and one that crops.
PHOTO_VIEWS = (0, 3)
#: What class names and imagined photos weigh against captions and photos in the second moments.
TERM_WEIGHT = 0.5
#: Texts of the bank: centroids of the training captions and of the vocabulary, and what the latter weigh in total.
BANK_CAPTIONS, BANK_TERMS, BANK_TERM_SHARE = 512, 512, 0.25
SHARPNESS, CORRECTION = 20.0, 0.75
#: The constant that texts carry in the correction's dimension, before they are brought to length 1.
CONSTANT = 0.5


@dataclass(frozen=True)
class Ensemble:
    """The members' common first layer, the maps [members x 256, 254] of both sides, the bank [B, 254] with its log
    weights [B], and two numbers.

    ``middle`` is the usual nearness of a photo to the bank; ``reach`` the length of all photos before they are
    brought to 1.
    """

    reduction: Reduction
    photo_map: Tensor
    text_map: Tensor
    bank: Tensor
    log_weights: Tensor
    middle: float
    reach: float

    def photos(self, parts: Tensor) -> Tensor:
        """Concatenated embeddings of photos float32 [N, members x 256] to the shipped ones [N, 256]."""
        core = functional.normalize(parts @ self.photo_map, dim=-1)
        off = -CORRECTION / CONSTANT * (self.nearness(core) - self.middle)
        rest = (self.reach**2 - 1 - off**2).clamp(min=0).sqrt()
        return functional.normalize(torch.cat([core, off[:, None], rest[:, None]], 1), dim=-1)

    def texts(self, parts: Tensor) -> Tensor:
        """Concatenated embeddings of texts float32 [N, members x 256] to the shipped ones [N, 256]."""
        core = functional.normalize(parts @ self.text_map, dim=-1)
        constant, empty = torch.full((len(core), 1), CONSTANT), torch.zeros(len(core), 1)
        return functional.normalize(torch.cat([core, constant, empty], 1), dim=-1)

    def nearness(self, core: Tensor) -> Tensor:
        """How near photos [N, 254] are to the bank: float32 [N]."""
        return nearness(core, self.bank, self.log_weights)


def nearness(core: Tensor, bank: Tensor, log_weights: Tensor) -> Tensor:
    """The soft maximum of the cosines to a weighted bank of texts: float32 [N]."""
    return torch.logsumexp(SHARPNESS * core @ bank.T + log_weights, dim=1) / SHARPNESS


def joined_photos(members: Sequence[Heads], features: Tensor, names: Tensor) -> Tensor:
    """All members' embeddings of photos side by side, float32 [N, members x 256]; names: the class names' vectors."""
    with torch.inference_mode():
        parts = [heads.image(features, heads.text(names)) for heads in members]
    return torch.cat(parts, 1) / len(members) ** 0.5


def joined_texts(members: Sequence[Heads], sentences: Tensor) -> Tensor:
    """All members' embeddings of sentence vectors side by side, float32 [N, members x 256]."""
    with torch.inference_mode():
        parts = [heads.text(sentences) for heads in members]
    return torch.cat(parts, 1) / len(members) ** 0.5


def moments(first: Tensor, second: Tensor) -> Tensor:
    """The second moments of two samples, the second one weighing TERM_WEIGHT: float64 [width, width]."""
    a, b = first.double(), second.double()
    return a.T @ a / len(a) + TERM_WEIGHT * b.T @ b / len(b)


def root(matrix: Tensor, power: float) -> Tensor:
    """A symmetric positive matrix to a power."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp(min=1e-8) ** power) @ vectors.T


def maps(photo_moments: Tensor, text_moments: Tensor) -> tuple[Tensor, Tensor]:
    """The two maps to CORE dimensions that lose least of the product of photos and texts."""
    left, values, right = torch.linalg.svd(root(text_moments, 0.5) @ root(photo_moments, 0.5))
    scale = values[:CORE].sqrt()
    text = root(text_moments, -0.5) @ left[:, :CORE] * scale
    photo = root(photo_moments, -0.5) @ right[:CORE].T * scale
    return photo.float(), text.float()


def centroids(rows: Tensor, count: int, rounds: int = 12) -> tuple[Tensor, Tensor]:
    """Spherical k-means: centroids [count, width], not of length 1, and the share of rows near each [count]."""
    start = np.random.default_rng(SEED).choice(len(rows), count, replace=False)
    centres = rows[torch.from_numpy(start)].clone()
    for _ in range(rounds):
        nearest = (rows @ centres.T).argmax(1)
        sizes = torch.bincount(nearest, minlength=count)
        sums = torch.zeros_like(centres).index_add_(0, nearest, rows)
        centres = torch.where(sizes[:, None] > 0, sums / sizes.clamp(min=1)[:, None], centres)
    sizes = torch.bincount((rows @ centres.T).argmax(1), minlength=count).clamp(min=1)
    return centres, sizes / sizes.sum()


def fit(folders: Folders, recipe: Recipe) -> Path:
    """Writes CACHE/ensemble.pt from the finished members, the training photos and the vocabulary."""
    members, vocabulary = load_members(folders, recipe), Vocabulary.load(folders)
    views = [load_features(folders, recipe.variants, f"train-{view}") for view in PHOTO_VIEWS]
    classes = torch.arange(vocabulary.covers.shape[1])
    generator = torch.Generator().manual_seed(recipe.seed)
    prototypes = load_prototypes(views[0], recipe.variants)
    imagined = imagine(prototypes, classes, views[0][: len(classes)], generator)
    features = torch.cat([*views, imagined])
    narrow = reduction(members, features)
    narrow.apply(members)
    photos = joined_photos(members, features, vocabulary.names)
    captions = joined_texts(members, torch.from_numpy(caption_vectors(folders, "train")))
    terms = joined_texts(members, vocabulary.vectors.flatten(0, 1))
    seen = len(photos) - len(classes)
    photo_map, text_map = maps(moments(photos[:seen], photos[seen:]), moments(captions, terms))
    parts = [
        (centroids(functional.normalize(rows @ text_map, dim=-1), count), share)
        for rows, count, share in (
            (captions, BANK_CAPTIONS, 1 - BANK_TERM_SHARE), (terms, BANK_TERMS, BANK_TERM_SHARE),
        )
    ]  # fmt: skip
    bank = torch.cat([centres for (centres, _), _ in parts])
    log_weights = torch.cat([sizes * share for (_, sizes), share in parts]).log()
    near = nearness(functional.normalize(photos[:seen] @ photo_map, dim=-1), bank, log_weights)
    middle = float(near.median())
    farthest = float((near - middle).abs().max()) * CORRECTION / CONSTANT
    path = folders.cache / "ensemble.pt"
    torch.save(
        {
            "narrow": narrow.narrow, "widen": narrow.widen,
            "photo_map": photo_map, "text_map": text_map, "bank": bank, "log_weights": log_weights, "middle": middle,
            "reach": (1 + (1.2 * farthest) ** 2) ** 0.5,
        },
        path,
    )  # fmt: skip
    return path


def load_ensemble(folders: Folders) -> Ensemble:
    """What `fit` wrote."""
    saved = torch.load(folders.cache / "ensemble.pt", weights_only=True)
    return Ensemble(Reduction(saved.pop("narrow"), saved.pop("widen")), **saved)
