"""Filter options become one query tree, or a clear complaint."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from smartsearch.cli.filters import combine
from smartsearch.core.errors import QueryError
from smartsearch.core.query import And, Everything, FormatIs, InFolder, Or, TakenBetween
from smartsearch.search.filters import parse_date, parse_size


def test_no_option_means_everything() -> None:
    assert combine() == Everything()


def test_every_option_must_hold_and_repeated_ones_are_alternatives() -> None:
    tree = combine(formats=["JPG", ".heic"], folders=[Path("/a"), Path("/b")])
    assert tree == And((FormatIs(("jpeg", "heif")), Or((InFolder("/a"), InFolder("/b")))))


def test_before_a_year_means_until_its_end() -> None:
    tree = combine(after="2019-06", before="2021")
    assert tree == And((TakenBetween(datetime(2019, 6, 1), datetime(2022, 1, 1)),))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2021", datetime(2021, 1, 1), datetime(2022, 1, 1)),
        ("2021-12", datetime(2021, 12, 1), datetime(2022, 1, 1)),
        ("2020-02-29", datetime(2020, 2, 29), datetime(2020, 3, 1)),
    ],
)
def test_dates_cover_their_whole_span(text: str, start: datetime, end: datetime) -> None:
    assert parse_date(text) == (start, end)


@pytest.mark.parametrize("text", ["yesterday", "2021-13", "2021-02-30", "21", "9999", ""])
def test_a_wrong_date_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="not a date"):
        parse_date(text)


def test_dates_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(QueryError, match="later than"):
        combine(after="2022", before="2021")


@pytest.mark.parametrize(
    ("text", "count"), [("500KB", 500_000), ("2 mb", 2_000_000), ("1.5GiB", 1_500_000_000), ("7", 7)]
)
def test_sizes(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["big", "-1MB", "1XB", "MB"])
def test_a_wrong_size_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="not a file size"):
        parse_size(text)
