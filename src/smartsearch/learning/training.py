"""Training a `TextAdapter` by contrast: words towards the photos the user liked for them, away from all others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.feedback import TextAdapter

Floats = NDArray[np.float32]

RANK = 16
TEMPERATURE = 0.15
"""Of the contrastive loss (Oord et al. 2018, InfoNCE); chosen on the photos of benchmarks/feedback.py."""
RATE = 0.01
ANCHOR = 30.0
"""Weight of the squared distance that everyday words may move: a map learned from a dozen words must leave the rest of
the language alone."""
DISLIKED = 4.0
"""A disliked photo counts as so many others: the user has looked at it."""
MOST_STEPS = 400
LOOK_EVERY = 5
PATIENCE = 12
"""Looks at the photos kept for stopping without a better loss, before training ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What was said of one query: its vector (dim,), and the vectors (n, dim) of liked and disliked photos."""

    query: Floats
    liked: Floats
    disliked: Floats


def train(
    lessons: Sequence[Lesson],
    stopping: Sequence[Lesson],
    others: Floats,
    everyday: Floats,
    *,
    rank: int = RANK,
    step_done: Callable[[int], bool] = lambda _: True,
) -> tuple[TextAdapter, int]:
    """The adapter with the least loss on ``stopping``, and the step it was reached at (0: none was better than none).

    ``others`` are photos (n, dim) that nobody judged, the negatives; ``everyday`` are vectors (m, dim) of words that
    should go on meaning what they mean. Adam (Kingma and Ba 2015) on all lessons at once, so that the same feedback
    always gives the same adapter. ``step_done`` hears each step and stops the training by answering False.
    """
    dim = others.shape[1]
    chance = np.random.default_rng(0)
    weights = [
        (chance.standard_normal((dim, rank)) / np.sqrt(dim)).astype(np.float32),
        np.zeros((rank, dim), np.float32),  # so that it begins as no change
    ]
    means = [np.zeros_like(part) for part in weights]
    squares = [np.zeros_like(part) for part in weights]
    best, best_loss, best_step = TextAdapter(weights[0], weights[1]), np.inf, 0
    for step in range(MOST_STEPS + 1):
        if step % LOOK_EVERY == 0:
            loss = contrast(TextAdapter(weights[0], weights[1]), stopping, others)
            if loss < best_loss:
                best, best_loss, best_step = TextAdapter(weights[0].copy(), weights[1].copy()), loss, step
            elif step - best_step > PATIENCE * LOOK_EVERY:
                break
        if not step_done(step):
            break
        gradients = _gradients(weights[0], weights[1], lessons, others, everyday)
        for place, gradient in enumerate(gradients):
            means[place] = 0.9 * means[place] + 0.1 * gradient
            squares[place] = 0.999 * squares[place] + 0.001 * gradient**2
            mean = means[place] / (1 - 0.9 ** (step + 1))
            square = squares[place] / (1 - 0.999 ** (step + 1))
            weights[place] = (weights[place] - RATE * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)
    return best, best_step


def contrast(adapter: TextAdapter, lessons: Sequence[Lesson], others: Floats) -> float:
    """The mean loss of the liked photos: how unlikely each is to be the one meant among all others and the disliked."""
    losses = [_loss(adapter.apply(lesson.query[None])[0], lesson, others)[0] for lesson in lessons if len(lesson.liked)]
    return float(np.mean(losses)) if losses else 0.0


def _loss(text: Floats, lesson: Lesson, others: Floats) -> tuple[float, Floats]:
    """The loss of one lesson and its gradient by the (normalised) text vector."""
    against = np.concatenate([lesson.disliked, others])
    weight = np.ones(len(against), np.float32)
    weight[: len(lesson.disliked)] = DISLIKED
    liked, rest = lesson.liked @ text / TEMPERATURE, against @ text / TEMPERATURE
    top = float(max(liked.max(), rest.max()))
    rest_mass = weight * np.exp(rest - top)
    total = np.exp(liked - top) + rest_mass.sum()
    loss = float(np.mean(np.log(total) + top - liked))
    share = np.exp(liked - top) / total  # of each liked photo against all others
    pull = ((share - 1.0)[:, None] * lesson.liked).mean(axis=0)
    push = float((1.0 / total).mean()) * (rest_mass @ against)
    return loss, np.asarray((pull + push) / TEMPERATURE, np.float32)


def _gradients(
    down: Floats, up: Floats, lessons: Sequence[Lesson], others: Floats, everyday: Floats
) -> tuple[Floats, Floats]:
    """Of the whole loss by both matrices."""
    used = [lesson for lesson in lessons if len(lesson.liked)]
    queries = np.stack([lesson.query for lesson in used])
    inner = queries @ down
    moved = queries + inner @ up
    norms = np.linalg.norm(moved, axis=1, keepdims=True)
    texts = moved / norms
    by_text = np.stack([_loss(text, lesson, others)[1] for text, lesson in zip(texts, used, strict=True)])
    by_moved = (by_text - (by_text * texts).sum(axis=1, keepdims=True) * texts) / norms / len(used)
    anchored = everyday @ down
    by_drift = 2.0 * ANCHOR * (anchored @ up) / len(everyday)
    by_up = inner.T @ by_moved + anchored.T @ by_drift
    by_down = queries.T @ (by_moved @ up.T) + everyday.T @ (by_drift @ up.T)
    return np.asarray(by_down, np.float32), np.asarray(by_up, np.float32)
