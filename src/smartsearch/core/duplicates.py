"""Which images are the same picture: copies, near-duplicates and bursts, in groups around the best one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.hamming import Pairs, near_pairs

DuplicateKind = Literal["exact", "near", "burst"]
KINDS: tuple[DuplicateKind, ...] = ("exact", "near", "burst")
"""From the strictest: equal bytes; the same picture resized, recompressed, slightly cropped or corrected; shots of one
moment."""

NEAR_BITS = 10
"""Perceptual hashes of one picture differ in at most so many of 64 bits. See benchmarks/duplicates.py for this and what
follows."""
_LEAST_COSINE = ((2, 0.4), (6, 0.55), (8, 0.75), (10, 0.85))
"""The more bits differ, the more alike the embeddings have to be: up to so many bits, at least this cosine."""
_WITHOUT_VECTOR = 6
"""Bits, where there are no embeddings to compare."""
_SHAPE = 0.12
"""Largest difference of the logarithms of width / height of one picture, cropped a little."""
_ANY_SHAPE = 4
"""Bits: so near, a picture of another shape was squeezed."""
BURST_SECONDS = 2.0
"""From one shot of a burst to the next, by the same camera."""
_BURST_COSINE, _BURST_BITS = 0.75, 16
"""Shots of one burst are as alike as this, by one or the other."""
_LENGTH_SHARE, _LENGTH_SECONDS = 0.02, 1.0
"""Moving pictures of one thing last as long as each other, give or take this share or so many seconds, the larger."""
_WINDOW = 60
"""Shots after the best that are compared with it."""
_LEADERS = 16
"""Of many images with one hash, so many are compared with all others: screenshots must not cost their square."""
UNKNOWN = np.iinfo(np.int64).min

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What tells images apart, by column; all of one length, in order of id.

    ``contents``: equal numbers where the bytes are equal. ``hashes``: perceptual, uint64. ``moments``: `taken_at` in
    microseconds, `UNKNOWN` without. ``cameras``: equal numbers for equal make and model, -1 without. ``sharpness``: 0
    where it was not measured. ``stars``: 0 without a rating.
    ``durations``: of moving pictures in seconds, NaN for still ones.
    """

    ids: NDArray[np.int64]
    contents: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    moments: NDArray[np.int64]
    cameras: NDArray[np.int64]
    widths: NDArray[np.int64]
    heights: NDArray[np.int64]
    sharpness: NDArray[np.float64]
    sizes: NDArray[np.int64]
    stars: NDArray[np.int64]
    durations: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    def best_first(self) -> NDArray[np.int64]:
        """All places: by the user's stars, resolution, whether camera and time are known, sharpness (in steps of a
        fifth: less is noise), bytes in the file, then the one indexed first."""
        steps = np.floor(4 * np.log2(np.maximum(self.sharpness, 1e-3)))
        told = (self.moments != UNKNOWN).astype(np.int64) + (self.cameras >= 0)
        keys = (self.ids, -self.sizes, -steps, -told, -self.widths * self.heights, -self.stars)
        order: NDArray[np.int64] = np.lexsort(keys)
        return order


@dataclass(frozen=True, slots=True)
class DuplicateMember:
    """An image of a group: how it is a duplicate of the best, and in how many bits their perceptual hashes differ.
    The best itself has the kind None."""

    id: int
    kind: DuplicateKind | None
    bits: int


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """At least two images, the best first. ``kind`` is the loosest of its members; ``spare_bytes`` those of all but the
    best."""

    kind: DuplicateKind
    members: tuple[DuplicateMember, ...]
    spare_bytes: int


def near_candidates(prints: Fingerprints, rank: NDArray[np.int64]) -> Pairs:
    """Pairs of places with near hashes and one shape that may be of one picture; the bytes of each are looked at once,
    in the image of the lowest rank. Pictures without detail, whose hash is 0, tell nothing and are left out. Moving
    pictures pair with such as last as long: one frame of them is like many a photo."""
    order, starts = _sorted_groups(prints.contents, rank)
    first = order[starts]
    first = first[prints.hashes[first] != 0]
    values, codes = np.unique(prints.hashes[first], return_inverse=True)
    members, starts = _sorted_groups(codes, rank[first])
    members, ends = first[members], np.append(starts, len(first))[1:]
    alone = ends - starts == 1
    pairs = near_pairs(values, NEAR_BITS)
    simple = alone[pairs[:, 0]] & alone[pairs[:, 1]]
    found = [members[starts[pairs[simple]]]]
    for one, other in pairs[~simple].tolist():
        ones, others = members[starts[one] : ends[one]], members[starts[other] : ends[other]]
        found += [_product(ones[:_LEADERS], others), _product(ones, others[:_LEADERS])]
    for code in np.flatnonzero(~alone).tolist():
        found += _led(members[starts[code] : ends[code]])
    every = np.concatenate(found)
    shapes = np.log(prints.widths / prints.heights)
    same = np.abs(shapes[every[:, 0]] - shapes[every[:, 1]]) <= _SHAPE
    same |= differing_bits(prints, every) <= _ANY_SHAPE
    lengths = prints.durations[every[:, 0]], prints.durations[every[:, 1]]
    kept: Pairs = every[same & last_as_long(*lengths) & ~_of_one_burst(prints, every)]
    return kept


def near_enough(bits: NDArray[np.uint8], cosines: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the pairs are one picture, by the bits in which their hashes differ and the cosine of their embeddings
    (NaN where one has none)."""
    least = np.full(len(bits), np.inf)
    for most, cosine in reversed(_LEAST_COSINE):
        least[bits <= most] = cosine
    return np.where(np.isnan(cosines), bits <= _WITHOUT_VECTOR, cosines >= least)


def burst_candidates(prints: Fingerprints) -> Pairs:
    """Pairs of places of shots by one camera that follow each other within `BURST_SECONDS`, step by step. Moving
    pictures are no shots."""
    known = np.flatnonzero((prints.moments != UNKNOWN) & (prints.cameras >= 0) & np.isnan(prints.durations))
    order = known[np.lexsort((prints.moments[known], prints.cameras[known]))]
    cameras, moments = prints.cameras[order], prints.moments[order]
    ends = (np.diff(cameras) != 0) | (np.diff(moments) > BURST_SECONDS * 1e6)
    runs = np.concatenate([[0], np.cumsum(ends)]) if len(order) else np.empty(0, np.int64)
    found = [np.empty((0, 2), np.int64)]
    for step in range(1, _WINDOW + 1):
        together = np.flatnonzero(runs[:-step] == runs[step:])
        if not len(together):
            break
        found.append(np.stack([order[together], order[together + step]], axis=1))
    return np.concatenate(found)


def burst_enough(bits: NDArray[np.uint8], cosines: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the pairs show one moment. See `near_enough`."""
    return (bits <= _BURST_BITS) | (np.nan_to_num(cosines, nan=-1.0) >= _BURST_COSINE)


class Grouping:
    """Groups in the making. In every step the images that lead a group are gone through, the best first, and each takes
    in those that are linked to itself: nobody is in a group for looking like one who looks like the best (star
    clustering, Aslam, Pelekhov and Rus 2004). A later, looser step brings groups together by their leaders."""

    def __init__(self, prints: Fingerprints, rank: NDArray[np.int64], distinct: Mapping[int, Set[int]]) -> None:
        """``rank[place]`` is the smaller the better; ``distinct`` has the ids that the user said are no duplicates of
        an id."""
        self._prints = prints
        self._rank = rank
        self._distinct = distinct
        self._groups: dict[int, list[tuple[int, DuplicateKind]]] = {}
        self._led: set[int] = set()

    def link(self, pairs: Pairs, kind: DuplicateKind) -> None:
        """Bring together what these pairs of places link."""
        neighbours: dict[int, list[int]] = {}
        for one, other in pairs.tolist():
            neighbours.setdefault(one, []).append(other)
            neighbours.setdefault(other, []).append(one)
        for leader in sorted(neighbours, key=lambda place: int(self._rank[place])):
            if leader in self._led:
                continue
            for other in neighbours[leader]:
                if other not in self._led and self._rank[other] > self._rank[leader] and self._may_join(other, leader):
                    self._led.add(other)
                    joining = [(other, kind), *((place, kind) for place, _ in self._groups.pop(other, []))]
                    self._groups.setdefault(leader, []).extend(joining)

    def _may_join(self, other: int, leader: int) -> bool:
        """Whether the user has said of nobody who would come together that they are no duplicates."""
        if not self._distinct:
            return True
        joining, there = (
            [int(self._prints.ids[place]) for place in (head, *(led for led, _ in self._groups.get(head, ())))]
            for head in (other, leader)
        )
        return all(self._distinct.get(one, frozenset()).isdisjoint(there) for one in joining)

    def groups(self) -> list[DuplicateGroup]:
        """What saves most comes first."""
        made = [self._group(leader, others) for leader, others in self._groups.items()]
        return sorted(made, key=lambda group: (-group.spare_bytes, group.members[0].id))

    def _group(self, leader: int, others: Sequence[tuple[int, DuplicateKind]]) -> DuplicateGroup:
        prints = self._prints
        others = sorted(others, key=lambda pair: int(self._rank[pair[0]]))
        members = [DuplicateMember(int(prints.ids[leader]), None, 0)]
        for place, kind in others:
            differing = int(prints.hashes[place] ^ prints.hashes[leader]).bit_count()
            same = prints.contents[place] == prints.contents[leader]
            members.append(DuplicateMember(int(prints.ids[place]), "exact" if same else kind, differing))
        loosest = max((member.kind for member in members[1:] if member.kind), key=KINDS.index)
        spare = int(prints.sizes[[place for place, _ in others]].sum())
        return DuplicateGroup(loosest, tuple(members), spare)


def exact_pairs(prints: Fingerprints, rank: NDArray[np.int64]) -> Pairs:
    """Each image with the best of those of the same bytes; all pairs where these are few, so that one the user keeps
    apart does not part the rest."""
    order, starts = _sorted_groups(prints.contents, rank)
    ends = np.append(starts, len(order))[1:]
    found = [np.empty((0, 2), np.int64)]
    for group in np.flatnonzero(ends - starts > 1).tolist():
        found += _led(order[starts[group] : ends[group]])
    return np.concatenate(found)


def differing_bits(prints: Fingerprints, pairs: Pairs) -> NDArray[np.uint8]:
    """In how many bits the perceptual hashes of each pair differ."""
    bits: NDArray[np.uint8] = np.bitwise_count(prints.hashes[pairs[:, 0]] ^ prints.hashes[pairs[:, 1]])
    return bits


def last_as_long(one: NDArray[np.float64], other: NDArray[np.float64] | np.float64) -> NDArray[np.bool_]:
    """Both still (NaN), or both moving for about as long, by their seconds."""
    alike: NDArray[np.bool_] = np.abs(one - other) <= np.maximum(
        _LENGTH_SECONDS, _LENGTH_SHARE * np.maximum(one, other)
    )
    return alike | (np.isnan(one) & np.isnan(other))


def _of_one_burst(prints: Fingerprints, pairs: Pairs) -> NDArray[np.bool_]:
    """Different shots that follow each other, however alike, are no copies."""
    one, other = pairs[:, 0], pairs[:, 1]
    known = (prints.moments[one] != UNKNOWN) & (prints.moments[other] != UNKNOWN) & (prints.cameras[one] >= 0)
    apart = np.abs(prints.moments[one].astype(np.float64) - prints.moments[other].astype(np.float64))
    shots: NDArray[np.bool_] = known & (prints.cameras[one] == prints.cameras[other])
    return shots & (apart > 0) & (apart <= BURST_SECONDS * 1e6)


def _sorted_groups(codes: NDArray[np.int64], rank: NDArray[np.int64]) -> tuple[Places, Places]:
    """All places, those of one code together and the best of them first; and where in that each code begins."""
    order = np.lexsort((rank, codes))
    return order, np.flatnonzero(np.diff(codes[order], prepend=-1))


def _led(places: Places) -> list[Pairs]:
    """Each of the first few places with all after it."""
    return [_product(places[at : at + 1], places[at + 1 :]) for at in range(min(len(places) - 1, _LEADERS))]


def _product(ones: Iterable[int], others: Iterable[int]) -> Pairs:
    one, other = np.meshgrid(np.asarray(ones, np.int64), np.asarray(others, np.int64), indexing="ij")
    return np.stack([one.ravel(), other.ravel()], axis=1)
