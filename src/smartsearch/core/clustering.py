"""Grouping faces into people: over a graph of near neighbours, with what the user said as hard constraints.

Pairs of near faces are looked at from the most alike down. Two groups become one when all their pairs are on average
alike enough (average linkage, computed exactly from the groups' sums) and nothing forbids it. That is density based in
the sense that matters here: a chain of look-alikes cannot tie two dense groups together, as it does in DBSCAN, and no
number of groups has to be known. The result does not depend on chance, and given the neighbours it costs about
n * k steps. Measured in benchmarks/faces.py; why this one: docs/decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Cosines of one embedding model, fitted on people whom it was not trained on.

    ``link``: pairs below it are not looked at. ``join``: the average at which two groups are one person. ``review``:
    above it somebody may be a person, and the user is asked. ``quality``: faces below it (blurred, tiny, in profile)
    join groups but do not make any.
    """

    link: float
    join: float
    review: float
    quality: float = 0.0

    def confidence(self, similarity: float) -> float:
        """0-1: 0.5 at ``review``, 0.9 at ``join``; logistic between and beyond."""
        width = max(self.join - self.review, 1e-6) / np.log(9.0)
        return float(1 / (1 + np.exp(-(similarity - self.review) / width)))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """For each of n faces its k nearest, best first: places (n, k), -1 for none, and cosines (n, k)."""

    places: Ids
    cosines: Floats


@dataclass(frozen=True, slots=True)
class Constraints:
    """What is certain. All by place in the list of faces.

    ``images``: the image of each face; two faces in one image are never one person, unless both are ``persons``' by the
    user's word. ``persons``: the person of each face that is settled (confirmed by the user, or grouped before), 0
    for none. ``rejected``: pairs of a face and a person who it is not.
    ``named``: persons with a name; two of them never become one, while groups without a name may join each other and
    them. ``moments``: days since 1970, for the gap of age. ``born``: birth days of persons, in days since 1970.
    """

    images: Ids
    persons: Ids
    rejected: frozenset[tuple[int, int]] = frozenset()
    named: frozenset[int] = frozenset()
    moments: NDArray[np.float64] | None = None
    born: Mapping[int, float] = field(default_factory=dict)


class Merge(NamedTuple):
    """Two groups that may be one: places of one face of each, and their average cosine."""

    first: int
    second: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Clusters:
    """``labels`` (n,): the place of the first face of each face's group. ``persons`` (n,): the settled person of the
    group, 0 for none. ``similarity`` (n,): of each face to the rest of its group, 1 for a face alone. ``doubtful``:
    pairs of groups to ask the user about, most alike first."""

    labels: Ids
    persons: Ids
    similarity: Floats
    doubtful: tuple[Merge, ...]


def cluster(vectors: Floats, neighbours: Neighbours, constraints: Constraints, thresholds: Thresholds) -> Clusters:
    """Group n L2-normalised vectors (n, dim). Deterministic: equal cosines are taken in order of place."""
    groups = _Groups(vectors, constraints, thresholds)
    edges = list(_edges(neighbours, thresholds.link, 2.0))
    merged = True
    while merged:  # groups that were too unlike may fit once they have grown; nearly all happens in the first round
        merged, edges = groups.merge(edges)
    return groups.result([*edges, *_edges(neighbours, thresholds.review, thresholds.link)])


def _edges(neighbours: Neighbours, least: float, below: float) -> Iterator[tuple[int, int]]:
    """Pairs of places with a cosine from ``least`` to ``below``, the most alike first, each once."""
    count, most = neighbours.places.shape
    first = np.repeat(np.arange(count, dtype=np.int64), most)
    second, cosines = neighbours.places.reshape(-1), neighbours.cosines.reshape(-1)
    chosen = (second >= 0) & (first != second) & (cosines >= least) & (cosines < below)
    low, high = np.minimum(first, second)[chosen], np.maximum(first, second)[chosen]
    keys, places = np.unique(low * count + high, return_index=True)
    order = np.lexsort((keys, -cosines[chosen][places]))
    return zip((keys // count)[order].tolist(), (keys % count)[order].tolist(), strict=True)


AGE_STEP, AGE_MOST = 0.1, 0.5
"""How much more alike two faces must be for each year between their pictures while the person is a child, and at most:
as fractions of the distance from ``review`` to ``join``. Networks trained on adults tell children badly apart, and a
child changes from year to year; a choice, not a measurement: the test pictures carry no dates."""

GROWN_UP = 16 * 365.25
YEAR = 365.25


class _Groups:
    """Disjoint groups of faces that look alike. A person is a label on groups, and may have several: the child and the
    grown-up, the portrait and the profile need not look alike, and do not pull each other's averages down."""

    def __init__(self, vectors: Floats, constraints: Constraints, thresholds: Thresholds) -> None:
        count = len(vectors)
        self._vectors = vectors
        self._constraints = constraints
        self._thresholds = thresholds
        self._parent = list(range(count))
        self._size = [1] * count
        self._sums = vectors.astype(np.float32, copy=True)
        self._images: list[set[int]] = [{image} for image in constraints.images.tolist()]
        self._label: list[int] = constraints.persons.tolist()
        self._same: dict[int, int] = {}
        """Persons without a name who turned out to be another: who."""
        self._seen: dict[int, set[int]] = {}
        """The images of each person, over all their groups."""
        for person, image in zip(self._label, constraints.images.tolist(), strict=True):
            if person:
                self._seen.setdefault(person, set()).add(image)
        self._rejects: list[set[int]] = [set() for _ in range(count)]
        for place, person in constraints.rejected:
            self._rejects[place].add(person)
        self._span = [(m, m) for m in constraints.moments.tolist()] if constraints.moments is not None else None

    def merge(self, edges: Iterable[tuple[int, int]]) -> tuple[bool, list[tuple[int, int]]]:
        """One round; whether any two groups became one, and the pairs that are still two groups and not forbidden."""
        merged, left = False, []
        for one, other in edges:
            a, b = self.find(one), self.find(other)
            if a == b or self._forbidden(a, b):
                continue
            if self._average(a, b) >= self._needed(a, b):
                self._union(a, b)
                merged = True
            else:
                left.append((one, other))
        return merged, left

    def find(self, place: int) -> int:
        parent = self._parent
        root = place
        while parent[root] != root:
            root = parent[root]
        while parent[place] != root:
            parent[place], place = root, parent[place]
        return root

    def _person(self, group: int) -> int:
        """The person of a group, 0 for none."""
        person = self._label[group]
        while person in self._same:
            person = self._same[person]
        return person

    def _average(self, a: int, b: int) -> float:
        """The mean cosine over all pairs of a face of one group and a face of the other."""
        return float(self._sums[a] @ self._sums[b]) / (self._size[a] * self._size[b])

    def _forbidden(self, a: int, b: int) -> bool:
        person, other = self._person(a), self._person(b)
        if person and person == other:
            return False
        named = self._constraints.named
        if person in named and other in named:
            return True
        if self._rejected(a, other) or self._rejected(b, person):
            return True
        if self._born_later(person, b) or self._born_later(other, a):
            return True
        images, others = self._seen.get(person, self._images[a]), self._seen.get(other, self._images[b])
        small, large = (images, others) if len(images) < len(others) else (others, images)
        return not small.isdisjoint(large)

    def _rejected(self, group: int, person: int) -> bool:
        """Whether the user said that a face of the group is not the person."""
        return bool(person) and any(self._same.get(each, each) == person for each in self._rejects[group])

    def _born_later(self, person: int, group: int) -> bool:
        """Whether the person was not born when a picture of the group was taken."""
        born = self._constraints.born.get(person)
        return born is not None and self._span is not None and self._span[group][0] < born

    def _needed(self, a: int, b: int) -> float:
        """The average at which the two are one: more for a child over the years."""
        thresholds = self._thresholds
        born = self._constraints.born.get(self._person(a) or self._person(b))
        if born is None or self._span is None:
            return thresholds.join
        (start, end), (other_start, other_end) = self._span[a], self._span[b]
        gap: float = max(other_start - end, start - other_end, 0.0) / YEAR
        if min(start, other_start) - born > GROWN_UP:
            return thresholds.join
        extra: float = (thresholds.join - thresholds.review) * min(AGE_STEP * gap, AGE_MOST)
        return thresholds.join + extra

    def _union(self, a: int, b: int) -> None:
        """The larger group takes the smaller in; of equal ones the earlier."""
        if (self._size[a], -a) < (self._size[b], -b):
            a, b = b, a
        self._label[a] = self._united(a, b)
        self._parent[b] = a
        self._size[a] += self._size[b]
        self._sums[a] += self._sums[b]
        if len(self._images[a]) < len(self._images[b]):
            self._images[a], self._images[b] = self._images[b], self._images[a]
        self._images[a] |= self._images[b]
        self._images[b] = set()
        self._rejects[a] |= self._rejects[b]
        if self._span is not None:
            (start, end), (other_start, other_end) = self._span[a], self._span[b]
            self._span[a] = min(start, other_start), max(end, other_end)

    def _united(self, a: int, b: int) -> int:
        """The person of two groups that become one: the named one, else the older; 0 if neither is anybody."""
        person, other = self._person(a), self._person(b)
        if person and other and person != other:
            named = self._constraints.named
            kept, gone = sorted((person, other), key=lambda each: (each not in named, each))
            self._same[gone] = kept
            self._seen[kept] |= self._seen.pop(gone)
            return kept
        if person or other:
            self._seen[person or other] |= self._images[b if person else a]
        return person or other

    def result(self, edges: Sequence[tuple[int, int]]) -> Clusters:
        count = len(self._vectors)
        roots = np.array([self.find(place) for place in range(count)], np.int64)
        persons = np.array([self._person(root) for root in roots.tolist()], np.int64)
        first = np.full(count, count, np.int64)
        np.minimum.at(first, roots, np.arange(count))
        size = np.array(self._size, np.float32)[roots]
        inside = np.einsum("nd,nd->n", self._vectors, self._sums[roots]) - 1
        similarity = np.where(size > 1, inside / np.maximum(size - 1, 1), 1.0).astype(np.float32)
        return Clusters(first[roots], persons, similarity, tuple(self._doubtful(edges, first)))

    def _doubtful(self, edges: Sequence[tuple[int, int]], first: Ids) -> list[Merge]:
        ends = ((self.find(one), self.find(other)) for one, other in edges)
        pairs = {(min(pair), max(pair)) for pair in ends if pair[0] != pair[1]}
        found = [
            Merge(int(first[a]), int(first[b]), self._average(a, b))
            for a, b in pairs
            if not (self._person(a) and self._person(a) == self._person(b)) and not self._forbidden(a, b)
        ]
        doubtful = [merge for merge in found if merge.similarity >= self._thresholds.review]
        return sorted(doubtful, key=lambda merge: (-merge.similarity, merge.first, merge.second))
