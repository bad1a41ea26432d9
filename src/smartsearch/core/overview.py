"""A library at a glance: what its images have in common, when and where they were taken.

Counted over columns, one row per image in order of id: a hundred thousand images take a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
TimeUnit = Literal["day", "month", "year"]

UNRATED = -99
MAX_VALUES = 200
"""Values listed of a facet with many, the most frequent first."""
SIZE_STEPS = (0, 100_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000, 25_000_000, 100_000_000)
"""Where ranges of file size begin. Bytes."""
CELL_PIXELS = 64
"""Side of a cell in which positions become one cluster, on the map as it is drawn: a tile of 256 pixels is the world at
zoom 0 (Web Mercator)."""
MAX_CLUSTERS = 2_000
"""With more, cells are larger than the zoom asks for."""
MERCATOR_LATITUDE = 85.0511
"""Where Web Mercator ends. Degrees."""


@dataclass(frozen=True, slots=True)
class Coded:
    """One value per image at most: ``names[codes[row]]``, none where the code is -1."""

    codes: NDArray[np.int32]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Any number of values per image: row ``rows[i]`` has ``names[codes[i]]``, each pair once. Names may have ids."""

    rows: NDArray[np.int32]
    codes: NDArray[np.int32]
    names: tuple[str, ...]
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Columns:
    """What is counted of every image. Moments in microseconds since 1970 (see `Asset.moment`), positions in degrees and
    NaN where unknown, sizes in bytes; ``stars`` is `UNRATED` where there are none. ``shown`` and
    ``texts`` as in `query.Shown` and `query.HasText`."""

    ids: Ints
    moments: Ints
    sizes: Ints
    stars: NDArray[np.int16]
    latitudes: NDArray[np.float64]
    longitudes: NDArray[np.float64]
    shown: Mask
    texts: Mask
    formats: Coded
    cameras: Coded
    folders: Coded
    tags: Pairs
    albums: Pairs
    people: Pairs

    @cached_property
    def newest_first(self) -> Ints:
        """The rows by moment, latest first, ties by id."""
        return np.argsort(-self.moments, kind="stable")

    def mask(self, ids: Ints) -> Mask:
        """The rows of these images; ids of no row are passed over."""
        found = np.zeros(len(self.ids), bool)
        places = np.searchsorted(self.ids, ids)
        inside = places < len(self.ids)
        places = places[inside]
        found[places[self.ids[places] == ids[inside]]] = True
        return found


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How many images have a value; ``id`` where the value is a row of its own (an album)."""

    value: str
    count: int
    id: int | None = None


@dataclass(frozen=True, slots=True)
class SizeCount:
    """How many files have ``minimum`` <= size <= ``maximum`` bytes (None: no limit)."""

    minimum: int
    maximum: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """What some images have in common. Lists are most frequent first, but ``months`` ("2021-06") and ``ratings`` go by
    value. Values that no image has are left out."""

    total: int
    formats: tuple[ValueCount, ...]
    cameras: tuple[ValueCount, ...]
    folders: tuple[ValueCount, ...]
    tags: tuple[ValueCount, ...]
    albums: tuple[ValueCount, ...]
    people: tuple[ValueCount, ...]
    ratings: tuple[tuple[int, int], ...]
    months: tuple[ValueCount, ...]
    with_position: int
    with_text: int
    sizes: tuple[SizeCount, ...]


@dataclass(frozen=True, slots=True)
class TimeBucket:
    """A day, month or year that starts at ``start``; ``cover`` is the id of its latest image."""

    start: date
    count: int
    cover: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """Images taken near one another: the middle of their positions, the box around them (degrees), and the id of the
    latest."""

    latitude: float
    longitude: float
    count: int
    south: float
    west: float
    north: float
    east: float
    cover: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All names that shown images have, most used first; ``words`` are those of file names, folders, tags and
    descriptions, without case."""

    tags: tuple[ValueCount, ...]
    cameras: tuple[ValueCount, ...]
    folders: tuple[ValueCount, ...]
    albums: tuple[ValueCount, ...]
    words: tuple[ValueCount, ...]


MAX_NAMES = 20_000
"""Of each kind in a vocabulary."""


def vocabulary(columns: Columns, words: Sequence[tuple[str, int]]) -> Vocabulary:
    """``words`` with the number of images that have them; numbers and what is in hardly any image are left out."""
    total = int(columns.shown.sum())
    useful = [(-count, word) for word, count in words if _is_word(word) and (count > 1 or total < FEW)]
    return Vocabulary(
        tags=_most_frequent_pairs(columns.tags, columns.shown, MAX_NAMES),
        cameras=_most_frequent(columns.cameras, columns.shown, MAX_NAMES),
        folders=_most_frequent(columns.folders, columns.shown, MAX_NAMES),
        albums=_most_frequent_pairs(columns.albums, columns.shown, MAX_NAMES),
        words=tuple(ValueCount(word, -count) for count, word in sorted(useful)[:MAX_NAMES]),
    )


FEW = 1_000
"""Images of a library so small that a word in a single one is worth suggesting."""


def _is_word(word: str) -> bool:
    return len(word) > 2 and word.isalpha()


def facets(columns: Columns, mask: Mask) -> Facets:
    """Count the images of ``mask``."""
    stars = columns.stars[mask]
    months = columns.moments[mask].astype("datetime64[us]").astype("datetime64[M]")
    return Facets(
        total=int(mask.sum()),
        formats=_most_frequent(columns.formats, mask),
        cameras=_most_frequent(columns.cameras, mask),
        folders=_most_frequent(columns.folders, mask),
        tags=_most_frequent_pairs(columns.tags, mask),
        albums=_most_frequent_pairs(columns.albums, mask),
        people=_most_frequent_pairs(columns.people, mask),
        ratings=tuple((int(value), int(count)) for value, count in _counted(stars[stars != UNRATED])),
        months=tuple(ValueCount(str(value), int(count)) for value, count in _counted(months)),
        with_position=int((~np.isnan(columns.latitudes[mask])).sum()),
        with_text=int(columns.texts[mask].sum()),
        sizes=_sizes(columns.sizes[mask]),
    )


def _counted(values: NDArray[np.generic]) -> list[tuple[np.generic, np.int64]]:
    return list(zip(*np.unique(values, return_counts=True), strict=True))


def _most_frequent(column: Coded, mask: Mask, most: int = MAX_VALUES) -> tuple[ValueCount, ...]:
    codes = column.codes[mask]
    return _named(np.bincount(codes[codes >= 0], minlength=len(column.names)), column.names, most=most)


def _most_frequent_pairs(pairs: Pairs, mask: Mask, most: int = MAX_VALUES) -> tuple[ValueCount, ...]:
    return _named(np.bincount(pairs.codes[mask[pairs.rows]], minlength=len(pairs.names)), pairs.names, pairs.ids, most)


def _named(
    counts: Ints, names: Sequence[str], ids: Sequence[int] = (), most: int = MAX_VALUES
) -> tuple[ValueCount, ...]:
    counted = sorted(
        (-int(counts[code]), names[code], ids[code] if ids else None) for code in np.flatnonzero(counts).tolist()
    )
    return tuple(ValueCount(name, -count, own) for count, name, own in counted[:most])


def _sizes(sizes: Ints) -> tuple[SizeCount, ...]:
    counts = np.bincount(np.searchsorted(SIZE_STEPS, sizes, side="right"), minlength=len(SIZE_STEPS) + 1)[1:]
    ends = [start - 1 for start in SIZE_STEPS[1:]] + [None]
    ranges = zip(SIZE_STEPS, ends, counts.tolist(), strict=True)
    return tuple(SizeCount(start, end, count) for start, end, count in ranges if count)


def timeline(columns: Columns, mask: Mask, unit: TimeUnit) -> list[TimeBucket]:
    """The images of ``mask`` by time, latest first, without empty stretches."""
    rows = columns.newest_first[mask[columns.newest_first]]
    if not len(rows):
        return []
    starts = columns.moments[rows].astype("datetime64[us]").astype(f"datetime64[{unit[0].upper()}]")
    firsts = np.flatnonzero(np.concatenate([[True], starts[1:] != starts[:-1]]))
    counts = np.diff(np.append(firsts, len(rows)))
    days = starts[firsts].astype("datetime64[D]").tolist()
    covers = columns.ids[rows[firsts]].tolist()
    return [TimeBucket(*bucket) for bucket in zip(days, counts.tolist(), covers, strict=True)]


def clusters(columns: Columns, mask: Mask, zoom: int) -> list[Cluster]:
    """The images of ``mask`` that have a position, put together by the cells of a map at ``zoom``; largest first.

    The cells lie fast on the map, so that clusters do not change as it is moved.
    """
    ordered = columns.newest_first
    rows = ordered[mask[ordered] & ~np.isnan(columns.latitudes[ordered])]
    if not len(rows):
        return []
    latitudes, longitudes = columns.latitudes[rows], columns.longitudes[rows]
    _, firsts, groups, counts = _cells(latitudes, longitudes, zoom)
    sums = [np.bincount(groups, values) / counts for values in (latitudes, longitudes)]
    low = [_extremes(np.minimum, groups, values, len(counts), np.inf) for values in (latitudes, longitudes)]
    high = [_extremes(np.maximum, groups, values, len(counts), -np.inf) for values in (latitudes, longitudes)]
    covers = columns.ids[rows[firsts]]
    fields = [*sums, counts, *low, *high, covers]
    found = [Cluster(*values) for values in zip(*(field.tolist() for field in fields), strict=True)]
    return sorted(found, key=lambda cluster: (-cluster.count, cluster.cover))


def _cells(latitudes: NDArray[np.float64], longitudes: NDArray[np.float64], zoom: int) -> tuple[Ints, Ints, Ints, Ints]:
    """`np.unique` of the cells with the first place of each (rows come newest first), each row's group, and counts."""
    x = (longitudes + 180) / 360
    radians = np.radians(np.clip(latitudes, -MERCATOR_LATITUDE, MERCATOR_LATITUDE))
    y = (1 - np.arcsinh(np.tan(radians)) / np.pi) / 2
    while True:
        across = 256 / CELL_PIXELS * 2**zoom
        keys = np.floor(y * across).astype(np.int64) << 32 | np.floor(x * across).astype(np.int64)
        cells, firsts, groups, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
        if len(cells) <= MAX_CLUSTERS or zoom == 0:
            return cells, firsts, groups, counts
        zoom -= 1


def _extremes(
    which: np.ufunc, groups: Ints, values: NDArray[np.float64], count: int, start: float
) -> NDArray[np.float64]:
    found = np.full(count, start)
    which.at(found, groups, values)
    return found
