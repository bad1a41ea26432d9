"""Trains pairs of heads on frozen features: symmetric InfoNCE on captions, cross-entropy on vocabulary terms.

Several members are trained that differ in their seed only; `training.ensemble` joins them. Writes CACHE/heads-N.pt
after every epoch (weights, optimiser, epoch) and continues from it after an interruption.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.backbone import FEATURES, load_backbone
from training.data import SEED, VIEWS, Folders, read_split
from training.int4 import round_layers, rounded
from training.prototypes import Prototypes, imagine
from training.sentences import caption_vectors, term_vectors
from training.towers import ImageHead, TextHead
from training.vocabulary import CLASS_TEMPLATE, Term, class_rows, terms

#: How often a kind of term is drawn, against 1 for names and hypernyms.
CHANCE = {"gloss": 0.3, "everyday": 4.0}


@dataclass(frozen=True)
class Recipe:
    """The settings of a run."""

    variants: tuple[str, ...] = ("lite2", "lite1", "lite0")
    members: int = 3
    #: How many of the backbones' classifiers give the verdict together: each one more costs 0.8 MB.
    voters: int = 2
    epochs: int = 25
    batch: int = 500
    captions: int = 3
    rate: float = 1e-3
    weight_decay: float = 0.2
    dropout: float = 0.6
    smoothing: float = 0.05
    vocabulary_weight: float = 0.3
    terms_per_step: int = 300
    imagined_per_step: int = 500
    average: float = 0.98
    share: float = 0.7
    #: After training the verdict gets more weight: captions lose little by it, object names gain.
    shipped_share: float = 0.9
    seed: int = SEED


def load_features(folders: Folders, variants: tuple[str, ...], name: str) -> Tensor:
    """Features of one set and view, float32 [photos, width]: the 1,280 means of each backbone, what they keep of their
    earlier stages, the pixels."""
    parts = [np.load(folders.cache / "features" / kind / f"{name}.npy") for kind in (*variants, "pixels")]
    last, earlier = [part[:, :FEATURES] for part in parts[:-1]], [part[:, FEATURES:] for part in parts[:-1]]
    return torch.from_numpy(np.concatenate([*last, *earlier, parts[-1]], axis=1).astype(np.float32))


def load_classifiers(variants: Sequence[str]) -> list[nn.Linear]:
    """The 1,000-class layers of backbones."""
    return [load_backbone(variant).classifier for variant in variants]


def load_prototypes(features: Tensor, variants: tuple[str, ...]) -> list[Prototypes]:
    """What imagines the last features, one for each backbone."""
    pieces = features.split(FEATURES, dim=1)[: len(variants)]
    classifiers = [layer.weight.detach() for layer in load_classifiers(variants)]
    return [Prototypes.estimate(piece, weight) for piece, weight in zip(pieces, classifiers, strict=True)]


@dataclass(frozen=True)
class Photos:
    """Training features float32 [views][photos, width], caption vectors [C, 384] and each photo's caption rows."""

    views: list[Tensor]
    sentences: Tensor
    rows: list[npt.NDArray[np.intp]]

    @staticmethod
    def load(folders: Folders, variants: tuple[str, ...]) -> Photos:
        split = read_split(folders.captions, "train")
        views = [load_features(folders, variants, f"train-{view}") for view in range(VIEWS)]
        order = np.argsort(split.owners, kind="stable")
        rows = np.split(order, np.flatnonzero(np.diff(split.owners[order])) + 1)
        return Photos(views, torch.from_numpy(caption_vectors(folders, "train")), rows)

    def scenes(self, count: int, rng: np.random.Generator) -> Tensor:
        """Features of random photos, all in the same random view: float32 [count, width]."""
        return self.views[rng.integers(len(self.views))][rng.integers(len(self.rows), size=count)]

    def batches(self, size: int, captions: int, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch: each photo once, in a random view, with ``captions`` of its captions, [size x captions, 384]."""
        order = rng.permutation(len(self.rows))
        for start in range(0, len(order) - size + 1, size):
            chosen = order[start : start + size]
            views = rng.integers(len(self.views), size=size)
            features = torch.stack([self.views[view][photo] for view, photo in zip(views, chosen, strict=True)])
            picked = np.stack([rng.permutation(self.rows[photo])[:captions] for photo in chosen], axis=1)
            yield features, self.sentences[picked.ravel()]


@dataclass(frozen=True)
class Vocabulary:
    """Terms, their vectors float32 [terms, templates, 384], the classes they cover [terms, 1000] and their weights."""

    terms: list[Term]
    vectors: Tensor
    covers: Tensor
    chance: npt.NDArray[np.float64]
    names: Tensor

    @staticmethod
    def load(folders: Folders) -> Vocabulary:
        found = terms()
        vectors = torch.from_numpy(term_vectors(folders, found))
        covers = torch.zeros(len(found), 1000)
        for row, term in enumerate(found):
            covers[row, list(term.classes)] = 1
        chance = np.array([CHANCE.get(term.kind, 1.0) for term in found])
        names = vectors[class_rows(found), CLASS_TEMPLATE]
        return Vocabulary(found, vectors, covers, chance / chance.sum(), names)

    def sample(self, count: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Vectors [count, 384] of random terms in random templates, and the classes they cover [count, 1000]."""
        rows = rng.choice(len(self.terms), count, p=self.chance)
        return self.vectors[rows, rng.integers(self.vectors.shape[1], size=count)], self.covers[rows]


def caption_loss(image: Tensor, text: Tensor, scale: Tensor, smoothing: float) -> Tensor:
    """Symmetric InfoNCE (Radford et al., "CLIP", 2021) with label smoothing."""
    logits = scale * text @ image.T
    target = torch.arange(len(logits))
    forward = functional.cross_entropy(logits, target, label_smoothing=smoothing)
    return (forward + functional.cross_entropy(logits.T, target, label_smoothing=smoothing)) / 2


def vocabulary_loss(image: Tensor, text: Tensor, covers: Tensor, scale: Tensor) -> Tensor:
    """Each term against all imagined classes, each class that has a term against the terms; several may be right."""
    logits = scale * text @ image.T
    share = covers / covers.sum(1, keepdim=True)
    forward = -(share * logits.log_softmax(1)).sum(1).mean()
    named = covers.sum(0) > 0
    back = share.T[named]
    backward = -(back / back.sum(1, keepdim=True) * logits.T[named].log_softmax(1)).sum(1).mean()
    return (forward + backward) / 2


class Heads(nn.Module):
    """Both heads and the two temperatures, trained together."""

    def __init__(self, features: Tensor, classifiers: list[nn.Linear], recipe: Recipe) -> None:
        super().__init__()
        self.image, self.text = ImageHead(features, classifiers, recipe.dropout, recipe.share), TextHead()
        self.caption_scale = nn.Parameter(torch.tensor(math.log(14.0)))
        self.term_scale = nn.Parameter(torch.tensor(math.log(14.0)))


def imagined_classes(covers: Tensor, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Classes to imagine: for each term one that it covers, then others at random."""
    draws = np.where(covers.numpy() > 0, rng.random(tuple(covers.shape)), -1.0)
    return np.unique(np.r_[draws.argmax(1), rng.permutation(covers.shape[1])[: count - len(covers)]])


def step_loss(
    heads: Heads, photos: tuple[Tensor, Tensor], words: tuple[Tensor, Tensor], imagined: Tensor, names: Tensor,
    recipe: Recipe,
) -> Tensor:  # fmt: skip
    """The loss of one step: captioned photos, and a batch of terms against one imagined photo a class."""
    features, sentences = photos
    vectors, covers = words
    # Half the time on processors with bfloat16 products; the losses themselves are taken in float32.
    with torch.autocast("cpu", torch.bfloat16):
        embedded = heads.image(torch.cat([features, imagined]), heads.text(names)).float()
        texts = heads.text(torch.cat([sentences, vectors])).float()
    cut = len(features)
    groups = texts[: len(sentences)].split(cut)
    scale = heads.caption_scale.exp()
    captions = [caption_loss(embedded[:cut], group, scale, recipe.smoothing) for group in groups]
    terms_part = vocabulary_loss(embedded[cut:], texts[len(sentences) :], covers, heads.term_scale.exp())
    return torch.stack(captions).mean() + recipe.vocabulary_weight * terms_part


def checkpoint(folders: Folders, member: int) -> Path:
    """Where a member's weights are kept."""
    return folders.cache / f"heads-{member}.pt"


def train(folders: Folders, recipe: Recipe) -> None:
    """Runs or continues the training of every member."""
    photos, vocabulary = Photos.load(folders, recipe.variants), Vocabulary.load(folders)
    for member in range(recipe.members):
        train_member(checkpoint(folders, member), photos, vocabulary, replace(recipe, seed=recipe.seed + 1000 * member))


def train_member(path: Path, photos: Photos, vocabulary: Vocabulary, recipe: Recipe) -> None:
    """Runs or continues one training; the checkpoint ends with the averaged weights under "average"."""
    prototypes = load_prototypes(photos.views[0], recipe.variants)
    torch.manual_seed(recipe.seed)
    heads = Heads(torch.cat(photos.views[:2]), load_classifiers(recipe.variants[: recipe.voters]), recipe)
    steps = recipe.epochs * (len(photos.rows) // recipe.batch)
    optimiser = torch.optim.AdamW(heads.parameters(), recipe.rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, steps, pct_start=0.1)
    averaged = torch.optim.swa_utils.AveragedModel(
        heads, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(recipe.average), use_buffers=False
    )
    parts = {"heads": heads, "optimiser": optimiser, "schedule": schedule, "averaged": averaged}
    begin = 0
    if path.exists():
        saved = torch.load(path, weights_only=True)
        begin = int(saved["epoch"])
        for key, part in parts.items():
            part.load_state_dict(saved[key])
    for epoch in range(begin, recipe.epochs):
        started = time.monotonic()
        rng = np.random.default_rng((recipe.seed, epoch))
        generator = torch.Generator().manual_seed(recipe.seed + epoch)
        total = 0.0
        for batch in photos.batches(recipe.batch, recipe.captions, rng):
            vectors, covers = vocabulary.sample(recipe.terms_per_step, rng)
            classes = imagined_classes(covers, recipe.imagined_per_step, rng)
            imagined = imagine(prototypes, torch.from_numpy(classes), photos.scenes(len(classes), rng), generator)
            words = vectors, covers[:, classes]
            loss = step_loss(heads, batch, words, imagined, vocabulary.names, recipe)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            averaged.update_parameters(heads)
            total += float(loss.detach())
        print(f"epoch {epoch + 1}/{recipe.epochs}: loss {total:.3f}, {time.monotonic() - started:.0f} s", flush=True)
        state = {key: part.state_dict() for key, part in parts.items()}
        partial = path.with_suffix(".partial")
        torch.save({**state, "epoch": epoch + 1, "average": averaged.module.state_dict()}, partial)
        partial.rename(path)


def empty_heads(saved: dict[str, Tensor], recipe: Recipe) -> Heads:
    """Heads of the right shapes, to load weights into."""
    width = saved["image.mean"].numel()
    return Heads(torch.ones(2, width), load_classifiers(recipe.variants[: recipe.voters]), recipe)


def load_members(folders: Folders, recipe: Recipe) -> list[Heads]:
    """The averaged heads of all members in evaluation mode, rounded as they ship, with the verdict's weight."""
    members = []
    for member in range(recipe.members):
        saved = torch.load(checkpoint(folders, member), weights_only=True)["average"]
        heads = empty_heads(saved, recipe)
        heads.load_state_dict(saved)
        heads.image.share = recipe.shipped_share
        heads.image.class_weight.copy_(rounded(heads.image.class_weight))
        round_layers(nn.ModuleList([heads.text, heads.image.outer]))
        members.append(heads.eval())
    return members
