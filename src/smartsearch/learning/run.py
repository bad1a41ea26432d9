"""One run of `learn`: examples, training, the decision on what was held back. A durable job."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from smartsearch.core.assets import JobState
from smartsearch.core.errors import SmartsearchError, TooLittleFeedbackError
from smartsearch.core.feedback import StoredAdapter, TextAdapter
from smartsearch.core.ports import Store, TextEncoder
from smartsearch.learning.examples import Examples, examples, other_photos
from smartsearch.learning.training import MOST_STEPS, Floats, Lesson, train

LEAST_LIKES = 15
LEAST_CHECKING = 2
"""Of the liked photos, so many must fall to stopping and to the held-back part."""
LEAST_OTHERS = 32
LEAST_EVERYDAY = 0.9
"""The mean cosine of everyday words before and after, below which a revision is refused."""
_TOP = 10
_ENCODED_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class LearnReport:
    """How a run ended, and the figures of the decision, on photos held back from training.

    ``ndcg`` is nDCG@10 of the held-back liked photos among the others; ``order`` the share of pairs, a liked photo and
    any other, in the right order. ``everyday`` is the mean cosine of everyday words to themselves before and after: 1
    is untouched. ``before`` is what was in force, an earlier revision or none.
    """

    state: Literal["done", "cancelled"]
    accepted: bool
    reason: str
    likes: int
    dislikes: int
    queries: int
    held_back: int
    ndcg_before: float
    ndcg_after: float
    order_before: float
    order_after: float
    everyday: float
    steps: int
    seconds: float
    revision: int | None = None
    """The id of the new adapter, if it was accepted."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What there is to learn from, and what is needed."""

    likes: int
    dislikes: int
    queries: int
    unusable: int
    needed: int = LEAST_LIKES


class Learning:
    """What a run needs. ``encoder`` reads words without an adapter; ``meaning`` as for `examples`; ``everyday`` are
    words and phrases that must go on meaning what they mean."""

    def __init__(
        self, store: Store, encoder: TextEncoder, meaning: Callable[[str], str], everyday: Callable[[], list[str]]
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._meaning = meaning
        self._everyday = everyday

    def examples(self) -> Examples:
        facts = self._store.feedback.verdicts()
        return examples(self._store, self._encoder.space, facts, self._meaning, self._encoder.encode_texts)

    def run(
        self,
        *,
        progress: Callable[[int, int], None] = lambda *_: None,
        started: Callable[[int], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> LearnReport:
        """Train, and put the adapter in force if it is better on what was held back, by one transaction at the end:
        killed at any moment, nothing has changed. TooLittleFeedbackError before the job starts. ``progress`` hears
        steps done and steps at most."""
        begun = time.perf_counter()
        found = self.examples()
        others = other_photos(self._store, self._encoder.space, self._store.feedback.verdicts())
        _require_enough(found, len(others))
        job = self._store.start_job("learn", {"likes": found.likes, "queries": len(found.texts)})
        started(job.id)
        state: JobState = "failed"
        report: LearnReport | None = None
        done = 0

        def go_on(step: int) -> bool:
            nonlocal done
            done = step
            if step % 50 == 0:
                progress(step, MOST_STEPS)
                self._store.update_job(job.id, done=step, errors=0, total=MOST_STEPS)
                return not (cancelled() or self._store.cancel_requested(job.id))
            return not cancelled()

        try:
            report = self._learn(found, others, go_on, begun)
            state = "cancelled" if report.state == "cancelled" else "done"
        except KeyboardInterrupt:
            state = "cancelled"
            raise
        finally:
            _end(self._store, job.id, done, state, None if report is None else asdict(report))
        return report

    def _learn(self, found: Examples, others: Floats, go_on: Callable[[int], bool], begun: float) -> LearnReport:
        stopped = False

        def step_done(step: int) -> bool:
            nonlocal stopped
            stopped = stopped or not go_on(step)
            return not stopped

        everyday = self._encode_everyday(step_done)
        adapter, steps = train(found.teaching, found.stopping, others, everyday, step_done=step_done)
        space = self._encoder.space
        current = self._store.feedback.adapter(space.key)
        before = None if current is None else TextAdapter.from_bytes(current.weights, space.dim)
        ndcg_before, order_before = judged(before, found.held_back, others)
        ndcg_after, order_after = judged(adapter, found.held_back, others)
        kept = float((adapter.apply(everyday) * everyday).sum(axis=1).mean())
        reason = "" if not stopped else "It was stopped; nothing has changed."
        if not stopped and kept < LEAST_EVERYDAY:
            reason = "It would change what other words mean."
        elif not stopped and (ndcg_after < ndcg_before or order_after < order_before):
            reason = "It would be worse on the photos held back."
        elif not stopped and (ndcg_after, order_after) == (ndcg_before, order_before):
            reason = "It would be no better on the photos held back."
        report = LearnReport(
            state="cancelled" if stopped else "done",
            accepted=not reason,
            reason=reason,
            likes=found.likes,
            dislikes=found.dislikes,
            queries=len(found.texts),
            held_back=sum(len(lesson.liked) for lesson in found.held_back),
            ndcg_before=round(ndcg_before, 4),
            ndcg_after=round(ndcg_after, 4),
            order_before=round(order_before, 4),
            order_after=round(order_after, 4),
            everyday=round(kept, 4),
            steps=steps,
            seconds=round(time.perf_counter() - begun, 3),
        )
        return report if reason else self._accept(report, adapter)

    def _accept(self, report: LearnReport, adapter: TextAdapter) -> LearnReport:
        figures = {name: value for name, value in asdict(report).items() if name not in ("state", "reason", "revision")}
        stored: StoredAdapter = self._store.feedback.add_adapter(
            self._encoder.space.key, adapter.to_bytes(), figures | {"rank": adapter.rank}
        )
        return LearnReport(**asdict(report) | {"revision": stored.id})

    def _encode_everyday(self, go_on: Callable[[int], bool]) -> Floats:
        """Some at a time: with a large model it takes a while, and somebody may want to stop it."""
        texts = self._everyday()
        parts = [np.zeros((0, self._encoder.space.dim), np.float32)]
        for start in range(0, len(texts), _ENCODED_AT_ONCE):
            if parts[1:] and not go_on(0):
                break
            parts.append(self._encoder.encode_texts(texts[start : start + _ENCODED_AT_ONCE]))
        return np.concatenate(parts)


def everyday_texts(phrases: Sequence[str], count: int = 300) -> list[str]:
    """Words spread over a vocabulary, and as many pairs of them: queries as people ask them."""
    places = np.linspace(0, len(phrases) - 1, min(count, len(phrases))).astype(int)
    single = [phrases[place] for place in places]
    partners = np.random.default_rng(0).permutation(len(single))
    return [*single, *(f"{first} and {single[other]}" for first, other in zip(single, partners, strict=True))]


def judged(adapter: TextAdapter | None, lessons: Sequence[Lesson], others: Floats) -> tuple[float, float]:
    """nDCG@10 (Jarvelin and Kekalainen 2002) of the liked photos among the others, and the share of pairs in order;
    both the mean over the queries that have liked photos."""
    ndcgs, orders = [], []
    for lesson in lessons:
        if not len(lesson.liked):
            continue
        text = lesson.query if adapter is None else adapter.apply(lesson.query[None])[0]
        liked = lesson.liked @ text
        rest = np.sort(np.concatenate([lesson.disliked, others]) @ text)
        orders.append(float(np.searchsorted(rest, liked).mean()) / len(rest))
        above = len(rest) - np.searchsorted(rest, np.sort(liked)[::-1], side="right")
        places = above + np.arange(len(liked))
        gains = (1.0 / np.log2(places[places < _TOP] + 2.0)).sum()
        ideal = (1.0 / np.log2(np.arange(min(_TOP, len(liked))) + 2.0)).sum()
        ndcgs.append(float(gains / ideal))
    return (float(np.mean(ndcgs)), float(np.mean(orders))) if ndcgs else (0.0, 0.0)


def _require_enough(found: Examples, others: int) -> None:
    known = f"{found.likes} photos liked for words"
    if found.unusable:
        known += f" ({found.unusable} verdicts cannot be used: their photos are gone, or the query has no words)"
    if found.likes < LEAST_LIKES:
        raise TooLittleFeedbackError(
            f"There is too little feedback to learn from: {known}; {LEAST_LIKES} are needed.",
            hint=f"Like {LEAST_LIKES - found.likes} more, best five or more for each query.",
        )
    if found.checking < LEAST_CHECKING:
        raise TooLittleFeedbackError(
            f"There is too little feedback to check what was learned: {known}, but fewer than {LEAST_CHECKING} of them "
            "are among the photos held back for that (a fifth of all).",
            hint="Like some more.",
        )
    if others < LEAST_OTHERS:
        raise TooLittleFeedbackError(
            f"The library has {others} photos that nobody judged; {LEAST_OTHERS} are needed to compare with.",
            hint="Index more photos.",
        )


def _end(store: Store, job_id: int, done: int, state: JobState, detail: Mapping[str, Any] | None) -> None:
    """Write how it ended. A library that can no longer be written keeps its row: it reads as interrupted."""
    try:
        store.update_job(job_id, done=done, errors=0, total=MOST_STEPS, state=state, detail=detail)
    except SmartsearchError:
        if state != "failed":
            raise
