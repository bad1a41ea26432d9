"""Events, trips and this day in other years, in a year that was made up."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np

from smartsearch.core.occasions import Taken, events, home_of, in_order, on_this_day, trips

HOME, LISBON, NEARBY = (52.5, 13.4), (38.7, -9.1), (52.7, 13.9)
NOWHERE = (np.nan, np.nan)


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def shots(start: datetime, count: int, minutes: float, place: tuple[float, float]) -> list[tuple[int, float, float]]:
    return [(micros(start + timedelta(minutes=minutes * n)), *place) for n in range(count)]


def made(*parts: list[tuple[int, float, float]]) -> Taken:
    """Ids count on in the order given, which is not that of time."""
    rows = [row for part in parts for row in part]
    table = np.array(rows, np.float64).reshape(-1, 3)
    moments = np.array([row[0] for row in rows], np.int64)
    return in_order(np.arange(1, len(rows) + 1), moments, table[:, 1], table[:, 2])


EVERYDAY = [shot for day in range(0, 360, 9) for shot in shots(datetime(2021, 1, 1, 18) + timedelta(day), 1, 1, HOME)]
PARTY = shots(datetime(2021, 3, 6, 19), 40, 3, HOME)
WALK = shots(datetime(2021, 3, 6, 13), 12, 4, NOWHERE)
LISBON_TRIP = [
    shot
    for day in range(6)
    for shot in shots(datetime(2021, 6, 5, 10) + timedelta(day), 10, 20, LISBON if day % 2 == 0 else NOWHERE)
]
ERRAND = shots(datetime(2021, 9, 1, 9), 20, 2, NEARBY)


def test_events_are_parted_by_pauses_that_are_long_for_their_photos() -> None:
    found = events(made(EVERYDAY, PARTY, WALK))
    assert [(each.start, len(each.ids)) for each in found] == [
        (datetime(2021, 3, 6, 19), 40),
        (datetime(2021, 3, 6, 13), 12),
    ]
    assert (found[0].position, found[1].position) == (HOME, None)


def test_a_change_of_place_parts_them_too() -> None:
    there = shots(datetime(2021, 3, 6, 21, 35), 12, 3, NEARBY)
    assert [len(each.ids) for each in events(made(PARTY, there))] == [12, 40]
    assert [len(each.ids) for each in events(made(PARTY, [(moment, *HOME) for moment, _, _ in there]))] == [52]


def test_a_trip_is_a_stay_far_from_home() -> None:
    taken = made(EVERYDAY, PARTY, LISBON_TRIP, ERRAND)
    assert home_of(taken) == HOME
    [trip] = trips(taken)
    assert (trip.start, trip.position) == (datetime(2021, 6, 5, 10), LISBON)
    assert len(trip.ids) == 5 * 10, "to the last photo with a position, those without one between taken in"


def test_photos_without_positions_make_no_trip() -> None:
    assert trips(made([(moment, *NOWHERE) for moment, _, _ in LISBON_TRIP])) == []


def test_this_day_in_other_years() -> None:
    taken = made(PARTY, shots(datetime(2019, 3, 6, 8), 2, 1, NOWHERE), shots(datetime(2019, 2, 28), 1, 1, NOWHERE))
    assert [(each.start.year, len(each.ids)) for each in on_this_day(taken, date(2022, 3, 6))] == [
        (2021, 52 - 12),
        (2019, 2),
    ]
    assert [each.start.year for each in on_this_day(taken, date(2024, 2, 29))] == [2019]
    assert on_this_day(taken, date(2021, 3, 7)) == []


def test_nothing_to_propose() -> None:
    nothing = made()
    assert (events(nothing), trips(nothing), on_this_day(nothing, date(2022, 1, 1))) == ([], [], [])


def test_equal_photos_give_equal_answers() -> None:
    taken = made(EVERYDAY, PARTY, LISBON_TRIP)
    turned = Taken(taken.ids[::-1], taken.moments[::-1], taken.latitudes[::-1], taken.longitudes[::-1])
    again = in_order(turned.ids, turned.moments, turned.latitudes, turned.longitudes)
    assert [each.key for each in events(taken) + trips(taken)] == [each.key for each in events(again) + trips(again)]
