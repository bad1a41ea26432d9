"""Answers read page by page: what was shown once keeps its place while indexing goes on. See decision 0006."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace

from smartsearch.core.ports import Store
from smartsearch.core.query import Everything, IdIn, Or, Query
from smartsearch.search.ranking import MAX_TOP, Hit, Plan, Ranking, by_time, load_hits, rank

FIRST_STEP = 1_000
"""Whoever asks for a second page looks on: the search is run again for at least so many."""

MAX_OPEN = 64
"""Answers kept. One of 100,000 images takes about 10 MB, a usual one a few kilobytes."""

MAX_RESULTS = 4_000_000
"""Results kept in all of them together: some 250 MB."""


@dataclass(frozen=True, slots=True)
class Page:
    """A part of an answer. ``total`` is None while it is unknown, ``more`` says whether to go on.

    It is known at once where the filters alone decide, otherwise once somebody has looked to the end.
    """

    hits: tuple[Hit, ...]
    total: int | None
    more: bool


class Answer:
    """The images that answer one request, found as far as somebody read. Safe to use from several threads."""

    def __init__(self, store: Store, plan: Plan) -> None:
        self.plan = plan
        self.name = secrets.token_urlsafe(12)
        """Not to be guessed; what cursors carry."""
        self._store = store
        self._lock = threading.Lock()
        self._looked = 0
        self._total: int | None = None
        self.ranking = Ranking()

    def page(self, offset: int, count: int) -> Page:
        """``count`` results from ``offset``; fewer at the end, or where images were forgotten since."""
        with self._lock:
            self._reach(offset + count + 1)
            known = self.ranking
            total = len(known.ids) if known.complete else self._total
        part = known.part(offset, count)
        return Page(load_hits(self._store, self.plan, part), total, offset + count < len(known.ids))

    @property
    def known(self) -> int:
        """How many results are known so far."""
        return len(self.ranking.ids)

    def condition(self, everything: bool = False) -> Query:
        """What the images of the answer meet, and no others; of a comparison, those of its first `MAX_TOP` results, or
        ``everything`` that scores enough: for those who have the time."""
        branches = self.plan.branches
        if not any(branch.target or branch.avoid for branch in branches):
            return branches[0].where if len(branches) == 1 else Or(tuple(branch.where for branch in branches))
        if everything:
            return IdIn(rank(self._store, self.plan, self._store.count(Everything()) + 1).ids)
        with self._lock:
            self._reach(MAX_TOP)
            return IdIn(self.ranking.ids[:MAX_TOP])

    def all(self, limit: int, step: int = 500) -> Iterator[Hit]:
        """The first ``limit`` results, loaded a few at a time."""
        for offset in range(0, limit, step):
            page = self.page(offset, min(step, limit - offset))
            yield from page.hits
            if not page.more:
                return

    def _reach(self, count: int) -> None:
        """Look on until ``count`` results are known or there are no more. What is known keeps its place."""
        if len(self.ranking.ids) >= count or self.ranking.complete:
            return
        if self.plan.listed is not None:
            self._list(count, self.plan.listed)
        elif self.plan.sort != "relevance":
            self._compare(MAX_TOP, FIRST_STEP)
            self.ranking = by_time(self._store, self.plan, self.ranking)
        else:
            self._compare(count, count)

    def _list(self, count: int, listed: Query) -> None:
        """The first page, and how many there are; then, at the second, everything."""
        if self._total is None:
            self.ranking = rank(self._store, self.plan, count)
            self._total = len(self.ranking.ids) if self.ranking.complete else self._store.count(listed)
        else:
            self.ranking = self.ranking.followed_by(rank(self._store, self.plan, None))

    def _compare(self, count: int, least: int) -> None:
        """At least ``least`` at a time, more at each."""
        while len(self.ranking.ids) < count and not self.ranking.complete and self._looked < MAX_TOP:
            self._looked = min(MAX_TOP, max(least, 4 * self._looked, FIRST_STEP) if self._looked else least)
            further = rank(self._store, self.plan, self._looked)
            self.ranking = self.ranking.followed_by(further) if self.ranking.ids else further
            if self._looked == MAX_TOP:
                self.ranking = replace(self.ranking, complete=True)


class Answers:
    """The answers that may still be read on, the least recently used ones dropped; also the cache of equal requests."""

    def __init__(self, size: int = MAX_OPEN) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._by_name: OrderedDict[str, Answer] = OrderedDict()
        self._by_request: dict[Hashable, str] = {}
        self.hits = 0
        self.misses = 0

    def get(self, name: str) -> Answer | None:
        """The answer of that name, None if it is no longer kept."""
        with self._lock:
            if name in self._by_name:
                self._by_name.move_to_end(name)
            return self._by_name.get(name)

    def find(self, request: Hashable, make: Callable[[], Answer]) -> Answer:
        """The answer to an equal request, or a new one. ``request`` holds all it depends on, the generation too."""
        with self._lock:
            name = self._by_request.get(request)
            if name is not None:
                self.hits += 1
                self._by_name.move_to_end(name)
                return self._by_name[name]
            self.misses += 1
        answer = make()  # not under the lock: it may take a while
        self.keep(answer, request)
        return answer

    def keep(self, answer: Answer, request: Hashable = None) -> None:
        """Make an answer known by its name, and by its request if there is one."""
        with self._lock:
            self._by_name[answer.name] = answer
            if request is not None:
                self._by_request[request] = answer.name
            results = sum(answer.known for answer in self._by_name.values())
            while len(self._by_name) > self._size or (results > MAX_RESULTS and len(self._by_name) > 1):
                gone, dropped = self._by_name.popitem(last=False)
                results -= dropped.known
                self._by_request = {key: name for key, name in self._by_request.items() if name != gone}

    def __len__(self) -> int:
        return len(self._by_name)
