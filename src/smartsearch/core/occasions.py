"""What photos belong together: events, trips, this day in other years. From times and positions alone, and the same for
the same photos.

Events are cut where a pause is long for the photos around it: the adaptive rule of PhotoTOC (Platt, Czerwinski and
Field 2003), log g(n) >= K + mean of log g over a window around it, here also where the place changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.places import EARTH_KM, Degrees, distances_km

Ints = NDArray[np.int64]
OccasionKind = Literal["event", "trip", "day"]

K = float(np.log(17.0))
WINDOW = 10
"""Pauses on either side that the mean is of; both figures are PhotoTOC's."""
HOUR = 3_600_000_000
"""Microseconds, as all times here."""
SHORTEST_PAUSE, LONGEST_PAUSE = HOUR / 2, 14 * HOUR
"""A shorter one never parts events, a longer one always does: more than a night."""
OTHER_PLACE_KM = 30.0
FEWEST_OF_EVENT, FEWEST_OF_TRIP = 8, 12
AWAY_KM = 80.0
"""From home: farther than a day's errands."""
LONGEST_SILENCE = 5 * 24 * HOUR
"""Between two photos of one trip."""
HOME_CELLS = 4
"""A degree is parted into so many cells to find where most days are."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """Photos in order of time. Moments in microseconds since 1970 (see `Asset.moment`), positions in degrees and NaN
    where unknown."""

    ids: Ints
    moments: Ints
    latitudes: Degrees
    longitudes: Degrees


@dataclass(frozen=True, slots=True)
class Occasion:
    """Photos that belong together, in order of time, and the middle of their positions where any has one."""

    kind: OccasionKind
    start: datetime
    end: datetime
    ids: tuple[int, ...]
    position: tuple[float, float] | None = None

    @property
    def key(self) -> str:
        """Names it as long as its first photo stays the first."""
        return f"{self.kind}-{self.start:%Y%m%dT%H%M%S}-{self.ids[0]}"


def in_order(ids: Ints, moments: Ints, latitudes: Degrees, longitudes: Degrees) -> Taken:
    """Photos put in order of time, ties by id."""
    order = np.lexsort((ids, moments))
    return Taken(ids[order], moments[order], latitudes[order], longitudes[order])


def events(taken: Taken) -> list[Occasion]:
    """Groups of at least `FEWEST_OF_EVENT` photos between long pauses, latest first."""
    if len(taken.ids) < FEWEST_OF_EVENT:
        return []
    pauses = np.diff(taken.moments)
    logs = np.log(np.maximum(pauses, 1_000_000.0))
    sums = np.concatenate([[0.0], np.cumsum(logs)])
    at = np.arange(len(logs))
    low, high = np.maximum(at - WINDOW, 0), np.minimum(at + WINDOW + 1, len(logs))
    long = logs >= K + (sums[high] - sums[low]) / (high - low)
    cut = ((long | _elsewhere(taken)) & (pauses >= SHORTEST_PAUSE)) | (pauses >= LONGEST_PAUSE)
    bounds = [0, *(np.flatnonzero(cut) + 1).tolist(), len(taken.ids)]
    spans = [(start, end) for start, end in pairwise(bounds) if end - start >= FEWEST_OF_EVENT]
    return [_occasion("event", taken, slice(*span)) for span in reversed(spans)]


def _elsewhere(taken: Taken) -> NDArray[np.bool_]:
    """Whether the next photo with a position was taken far from the last one that has one; told at the longest pause
    between the two, which `events` asks for anyway."""
    found = np.zeros(len(taken.ids) - 1, bool)
    located = np.flatnonzero(~np.isnan(taken.latitudes))
    if len(located) < 2:
        return found
    here, there = located[:-1], located[1:]
    moved = _between(taken, here, there) > OTHER_PLACE_KM
    pauses = np.diff(taken.moments)
    for first, last in zip(here[moved].tolist(), there[moved].tolist(), strict=True):
        found[first + int(np.argmax(pauses[first:last]))] = True
    return found


def _between(taken: Taken, here: Ints, there: Ints) -> Degrees:
    """Kilometres from each photo to another: the haversine formula, as `distances_km` has it for one place."""
    phi, other = np.radians(taken.latitudes[here]), np.radians(taken.latitudes[there])
    turn = np.radians(taken.longitudes[here] - taken.longitudes[there])
    half = np.sin((phi - other) / 2) ** 2 + np.cos(phi) * np.cos(other) * np.sin(turn / 2) ** 2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))), np.float64)


def home_of(taken: Taken) -> tuple[float, float] | None:
    """Where photos were taken on most days; None without positions. Degrees."""
    located = ~np.isnan(taken.latitudes)
    if not located.any():
        return None
    latitudes, longitudes = taken.latitudes[located], taken.longitudes[located]
    rows = np.floor((latitudes + 90) * HOME_CELLS).astype(np.int64)
    cells = rows * 100_000 + np.floor((longitudes + 180) * HOME_CELLS).astype(np.int64)
    days = taken.moments[located] // (24 * HOUR)
    visits = np.unique(np.stack([cells, days]), axis=1)[0]
    names, counts = np.unique(visits, return_counts=True)
    most = cells == names[np.argmax(counts)]
    return float(np.median(latitudes[most])), float(np.median(longitudes[most]))


def trips(taken: Taken) -> list[Occasion]:
    """Stays away from home over a night, latest first. Photos without a position belong to the trip they lie in."""
    home = home_of(taken)
    if home is None:
        return []
    located = np.flatnonzero(~np.isnan(taken.latitudes))
    away = distances_km(taken.latitudes[located], taken.longitudes[located], *home) > AWAY_KM
    silent = np.diff(taken.moments[located]) > LONGEST_SILENCE
    found: list[Occasion] = []
    start: int | None = None
    for place, far in enumerate(away.tolist()):
        if start is not None and (not far or silent[place - 1]):
            found += _trip(taken, int(located[start]), int(located[place - 1]))
            start = None
        if far and start is None:
            start = place
    if start is not None:
        found += _trip(taken, int(located[start]), int(located[-1]))
    return found[::-1]


def _trip(taken: Taken, first: int, last: int) -> list[Occasion]:
    nights = taken.moments[last] // (24 * HOUR) - taken.moments[first] // (24 * HOUR)
    if nights < 1 or last + 1 - first < FEWEST_OF_TRIP:
        return []
    return [_occasion("trip", taken, slice(first, last + 1))]


def on_this_day(taken: Taken, today: date) -> list[Occasion]:
    """The photos of today's day and month in each earlier year, latest first. The 29th of February has the 28th for
    company in other years."""
    found: list[Occasion] = []
    years = range(today.year - 1, _moment(taken.moments[0]).year - 1, -1) if len(taken.ids) else ()
    for year in years:
        day = today.replace(year=year) if (today.month, today.day) != (2, 29) else date(year, 3, 1) - timedelta(days=1)
        found += on_day(taken, day)
    return found


def on_day(taken: Taken, day: date) -> list[Occasion]:
    """The photos of that day, if there are any."""
    start = (datetime(day.year, day.month, day.day) - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    low, high = np.searchsorted(taken.moments, [start, start + 24 * HOUR]).tolist()
    return [_occasion("day", taken, slice(low, high))] if high > low else []


def _occasion(kind: OccasionKind, taken: Taken, rows: slice) -> Occasion:
    located = ~np.isnan(taken.latitudes[rows])
    position = None
    if located.any():
        position = (
            float(np.median(taken.latitudes[rows][located])),
            float(np.median(taken.longitudes[rows][located])),
        )
    moments = taken.moments[rows]
    return Occasion(kind, _moment(moments[0]), _moment(moments[-1]), tuple(taken.ids[rows].tolist()), position)


def _moment(value: np.int64) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=int(value))
