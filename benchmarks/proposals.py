"""How long it takes to find events, trips and this day in other years among 100,000 photos of ten years: an event a
week and three trips a year, seven photos of ten with a position. How many of them are found, too."""

from __future__ import annotations

import time
from datetime import date

import numpy as np

from smartsearch.core.occasions import HOUR, events, in_order, on_this_day, trips

PHOTOS, YEARS = 100_000, 10
DAY = 24 * HOUR


def main() -> None:
    random = np.random.default_rng(7)
    parts, planned_events, planned_trips = [], 0, 0
    for week in range(52 * YEARS):
        start = week * 7 * DAY + int(random.integers(4 * HOUR, 40 * HOUR))
        if week % 17 == 8:  # days far away
            count, spread, place, planned_trips = 500, 5 * DAY, random.uniform(-40, 40, 2), planned_trips + 1
        else:
            count, spread, place, planned_events = 170, 3 * HOUR, np.array([52.5, 13.4]), planned_events + 1
        moments = start + np.sort(random.integers(0, int(spread), count))
        parts.append(np.column_stack([moments, *(np.full(count, side) for side in place)]))
    rows = np.concatenate(parts)[:PHOTOS]
    positions = np.where(random.random((len(rows), 1)) < 0.7, rows[:, 1:], np.nan)
    started = time.perf_counter()
    taken = in_order(np.arange(len(rows)), rows[:, 0].astype(np.int64), positions[:, 0], positions[:, 1])
    found_trips, found_events = trips(taken), events(taken)
    remembered = on_this_day(taken, date(1980, 3, 6))
    seconds = time.perf_counter() - started
    print(f"{len(rows):,} photos: {seconds * 1000:,.0f} ms")
    print(f"trips {len(found_trips)} of {planned_trips}; events {len(found_events)}, at home {planned_events}")
    print(f"this day: {len(remembered)} years")


if __name__ == "__main__":
    main()
