"""Dates as people write them: "last summer", "christmas 2020", "between 2019 and 2021", "in May", "2019-05..2020"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from smartsearch.core.query import Query, TakenBetween, TakenInSeason

Hemisphere = Literal["north", "south"]

MONTHS = "january february march april may june july august september october november december".split()  # noqa: SIM905
_SHORT = {name[:3]: number for number, name in enumerate(MONTHS, 1)} | {"sept": 9}
_MONTH = {name: number for number, name in enumerate(MONTHS, 1)} | {
    short: number for short, number in _SHORT.items() if short != "may"
}
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905
# Meteorological seasons: whole months (first month, last month).
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 2)}
_NUMBERS = dict(one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10)  # noqa: C408
_NUMBERS |= {"a": 1, "an": 1, "couple": 2}
_FIXED_FEASTS = {
    "christmas eve": ((12, 24), (12, 24)),
    "christmas day": ((12, 25), (12, 25)),
    "christmas": ((12, 24), (12, 26)),
    "xmas": ((12, 24), (12, 26)),
    "new year's eve": ((12, 31), (12, 31)),
    "new years eve": ((12, 31), (12, 31)),
    "new year's day": ((1, 1), (1, 1)),
    "new years day": ((1, 1), (1, 1)),
    "new year": ((12, 31), (1, 1)),
    "halloween": ((10, 31), (10, 31)),
    "valentine's day": ((2, 14), (2, 14)),
    "valentines day": ((2, 14), (2, 14)),
}
_MOVING_FEASTS = ("easter", "thanksgiving")
_FEASTS = sorted((*_FIXED_FEASTS, *_MOVING_FEASTS), key=lambda name: -len(name.split()))
FIRST_PHOTO = 1826
"""The year of the oldest photograph that survives: a number before it is no year."""
FIRST_BARE_YEAR = 1970
"""A number alone is a year from here on; earlier ones want a word before them ("in 1957"), as "1957 chevrolet" does not
mean when the photo was taken."""
_AFTER_SEASON = frozenset("in on at with and or near from by without no not but where while when ,".split())  # noqa: SIM905
"""What may follow "in summer" or "in May" if it is to mean the time: "in fall leaves" does not."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """The days from ``first`` to before ``end``; None is open."""

    first: date | None
    end: date | None

    @property
    def query(self) -> Query:
        return TakenBetween(_midnight(self.first), _midnight(self.end))

    @property
    def value(self) -> str:
        """As `read_date` reads it again."""
        last = None if self.end is None else self.end - _DAY
        if self.first is not None and self.end is not None:
            if self.end == _year(self.first.year).end and self.first == date(self.first.year, 1, 1):
                return f"{self.first.year:04}"
            if self.first == last:
                return self.first.isoformat()
        return f"{self.first or ''}..{last or ''}"


@dataclass(frozen=True, slots=True)
class Season:
    """The same days of every year, (month, day) to (month, day), both in it; may go over the turn of the year."""

    first: tuple[int, int]
    last: tuple[int, int]

    @property
    def query(self) -> Query:
        return TakenInSeason(self.first, self.last)

    @property
    def value(self) -> str:
        first, last = (f"{month:02}-{day:02}" for month, day in (self.first, self.last))
        return first if first == last else f"{first}..{last}"

    def of_year(self, year: int) -> Days:
        """The one that begins in the year."""
        first = _clipped(year, *self.first)
        return Days(first, _clipped(year + (self.last < self.first), *self.last) + _DAY)


When = Days | Season


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date in running words: the words from ``start`` to before ``end`` say when."""

    start: int
    end: int
    when: When


@dataclass(frozen=True, slots=True)
class DateReader:
    """Reads dates as of ``today``. Seasons are those of ``hemisphere``."""

    today: date
    hemisphere: Hemisphere = "north"

    def read(self, text: str) -> When | None:
        """The whole text as a date, as it may stand behind ``date:``. None if it is none."""
        text = text.strip().lower().replace("’", "'")
        compared = re.fullmatch(r"(>=|<=|>|<)\s*(.*)", text)
        if compared:
            when = self._part(compared[2])
            return _bounded(compared[1], when) if isinstance(when, Days) else None
        low, dots, high = text.partition("..")
        if dots:
            return self._span(low.strip(), high.strip())
        return self._part(text)

    def find(self, words: Sequence[str], at: int) -> FoundDate | None:
        """A date that begins at word ``at`` of running words, which are lower-case, commas words of their own."""
        return _Reading(self, words).found(at)

    def _span(self, low: str, high: str) -> When | None:
        first, last = (self._part(side) if side else None for side in (low, high))
        if (low and first is None) or (high and last is None) or not (low or high):
            return None
        if isinstance(first, Days | None) and isinstance(last, Days | None):
            return _ordered(first.first if first else None, last.end if last else None)
        if isinstance(first, Season) and isinstance(last, Season):
            return Season(first.first, last.last)
        return None

    def _part(self, text: str) -> When | None:
        days = re.fullmatch(r"(\d{2})-(\d{2})", text)
        if days:
            return _every_year(int(days[1]), int(days[2]))
        words = split_words(text)
        reading = _Reading(self, words)
        found = reading.unit(0) or reading.recurring(0)
        if found and found.end == len(words):
            return found.when
        whole = reading.found(0)
        return whole.when if whole and whole.end == len(words) else None


def split_words(text: str) -> list[str]:
    """Lower-case words, commas apart, other punctuation at their ends dropped."""
    return [word.strip(".;!?") or word for word in re.findall(r"[^\s,]+|,", text.lower().replace("’", "'"))]


class _Reading:
    """One attempt on one list of words. A method returns what it found from word ``i`` on, or None."""

    def __init__(self, reader: DateReader, words: Sequence[str]) -> None:
        self.today, self.hemisphere = reader.today, reader.hemisphere
        self.words = words

    def word(self, i: int) -> str:
        return self.words[i] if 0 <= i < len(self.words) else ""

    def found(self, i: int) -> FoundDate | None:
        """A range, or a date with or without a preposition."""
        return self.range(i) or self.prepositional(i) or self.bare(i)

    # -- ranges

    def range(self, i: int) -> FoundDate | None:
        word = self.word(i)
        if word in ("between", "from"):
            return self.two(i, i + 1, ("and",) if word == "between" else ("to", "until", "till", "through", "-", "–"))
        if word in ("since", "after", "before", "until", "till"):
            when = self.dated(i + 1)
            if when and isinstance(when.when, Days):
                operator = {"since": ">=", "after": ">", "before": "<"}.get(word, "<=")
                return FoundDate(i, when.end, _bounded(operator, when.when))
            return None
        years = re.fullmatch(r"(\d{4})[-–](\d{4})", word)
        if years and self.is_year(years[1]) and self.is_year(years[2]):
            return _found(i, i + 1, _ordered(_year(int(years[1])).first, _year(int(years[2])).end))
        low, dots, high = word.partition("..")
        if dots and (low or high):
            first, last = _iso(low), _iso(high)
            if (first or not low) and (last or not high):
                return _found(i, i + 1, _ordered(first.first if first else None, last.end if last else None))
        if self.is_year(word) and int(word) >= FIRST_BARE_YEAR and self.word(i + 1) in ("to", "-", "–", "until"):
            return self.two(i, i, ("to", "-", "–", "until"))
        return None

    def two(self, start: int, i: int, joints: tuple[str, ...]) -> FoundDate | None:
        first = self.dated(i)
        if first is None or self.word(first.end) not in joints:
            return None
        last = self.dated(first.end + 1)
        if last is None:
            return None
        low, high = first.when, last.when
        if isinstance(low, Season) and isinstance(high, Season):
            return self.bounded(FoundDate(start, last.end, Season(low.first, high.last)))
        if isinstance(low, Season) and isinstance(high, Days) and high.first:
            low = low.of_year(high.first.year)
        if isinstance(low, Days) and isinstance(high, Days):
            return _found(start, last.end, _ordered(low.first, high.end))
        return None

    def dated(self, i: int) -> FoundDate | None:
        i += self.word(i) == "the"
        return self.unit(i) or self.recurring(i)

    # -- with and without a preposition

    def prepositional(self, i: int) -> FoundDate | None:
        start = i
        i += self.word(i) == "taken"
        if self.word(i) not in ("in", "on", "at", "from", "during", "over", "of"):
            return None
        found = self.dated(i + 1)
        if found is None or (self.word(i) == "of" and isinstance(found.when, Season)):
            return None
        found = FoundDate(start, found.end, found.when)
        return found if isinstance(found.when, Days) else self.bounded(found)

    def bounded(self, found: FoundDate) -> FoundDate | None:
        """What comes back every year must not be the beginning of something else."""
        following = self.word(found.end)
        return found if not following or following in _AFTER_SEASON or following.isdigit() else None

    def bare(self, i: int) -> FoundDate | None:
        word = self.word(i)
        if self.is_year(word) and int(word) < FIRST_BARE_YEAR:
            return None
        found = self.unit(i + (word == "the"))
        if found is None:
            day = self.day_of_month(i)
            return day and self.bounded(day)
        return FoundDate(i, found.end, found.when)

    # -- one definite time

    def unit(self, i: int) -> FoundDate | None:
        readers: tuple[Callable[[int], FoundDate | None], ...] = (
            self.numeric,
            self.day_of_month_and_year,
            self.named_and_year,
            self.relative,
            self.ago,
            self.decade,
        )
        for read in readers:
            found = read(i)
            if found:
                return found
        return None

    def numeric(self, i: int) -> FoundDate | None:
        when = _iso(self.word(i))
        year = self.word(i)[:4]
        return FoundDate(i, i + 1, when) if when and self.is_year(year) else None

    def day_of_month(self, i: int) -> FoundDate | None:
        """ "5 May", "May 5th", "the 5th of May": every year."""
        i, start = i + (self.word(i) == "the"), i
        day = _day_number(self.word(i))
        if day:
            j = i + 1 + (self.word(i + 1) == "of")
            month, end = _MONTH.get(self.word(j)), j + 1
        else:
            month, day, end = _MONTH.get(self.word(i)), _day_number(self.word(i + 1)), i + 2
        if not month or not day:
            return None
        return _found(start, end, _every_year(month, day))

    def day_of_month_and_year(self, i: int) -> FoundDate | None:
        day = self.day_of_month(i)
        if day is None or not isinstance(day.when, Season):
            return None
        j = day.end + (self.word(day.end) == ",")
        if not self.is_year(self.word(j)):
            return None
        try:
            first = date(int(self.word(j)), *day.when.first)
        except ValueError:
            return None
        return FoundDate(i, j + 1, Days(first, first + _DAY))

    def named_and_year(self, i: int) -> FoundDate | None:
        """ "May 2019", "summer of 2019", "christmas 2020"."""
        name = self.name(i)
        if name is None:
            return None
        end, in_year = name
        end += self.word(end) == "of"
        if not self.is_year(self.word(end)):
            return None
        return FoundDate(i, end + 1, in_year(int(self.word(end))))

    def relative(self, i: int) -> FoundDate | None:
        word = self.word(i)
        if word in ("today", "tonight"):
            return FoundDate(i, i + 1, Days(self.today, self.today + _DAY))
        if word == "yesterday" or (word == "last" and self.word(i + 1) == "night"):
            return FoundDate(i, i + 1 + (word == "last"), Days(self.today - _DAY, self.today))
        if list(self.words[i : i + 3]) == ["day", "before", "yesterday"]:
            return FoundDate(i, i + 3, Days(self.today - 2 * _DAY, self.today - _DAY))
        if word not in ("last", "this", "past"):
            return None
        return self.last_named(i) or self.last_unit(i) or self.last_several(i)

    def last_named(self, i: int) -> FoundDate | None:
        """ "last summer" is the latest that is over; "this summer" that of this year."""
        name = self.name(i + 1)
        if name is None:
            return None
        end, in_year = name
        if self.word(i) == "this":
            return FoundDate(i, end, in_year(self.today.year))
        years = (in_year(year) for year in range(self.today.year, self.today.year - 3, -1))
        return next((FoundDate(i, end, days) for days in years if days.end and days.end <= self.today), None)

    def last_unit(self, i: int) -> FoundDate | None:
        unit, back = self.word(i + 1), int(self.word(i) != "this")
        today = self.today
        if unit in _WEEKDAYS and back:
            day = today - ((today.weekday() - _WEEKDAYS.index(unit) - 1) % 7 + 1) * _DAY
            return FoundDate(i, i + 2, Days(day, day + _DAY))
        if unit == "weekend":
            saturday = today - (today.weekday() - 5) * _DAY - 7 * back * _DAY
            return FoundDate(i, i + 2, Days(saturday, saturday + 2 * _DAY))
        if unit == "week":
            monday = today - (today.weekday() + 7 * back) * _DAY
            return FoundDate(i, i + 2, Days(monday, monday + 7 * _DAY))
        if unit == "month":
            first = _months_on(today.replace(day=1), -back)
            return FoundDate(i, i + 2, Days(first, _months_on(first, 1)))
        if unit == "year":
            return FoundDate(i, i + 2, _year(today.year - back))
        return None

    def last_several(self, i: int) -> FoundDate | None:
        """ "last 3 weeks": until today."""
        count, unit = self.number(i + 1), self.word(i + 2).rstrip("s")
        first = self.before_today(count, unit) if count and self.word(i) != "this" else None
        return FoundDate(i, i + 3, Days(first, self.today + _DAY)) if first else None

    def ago(self, i: int) -> FoundDate | None:
        """ "3 years ago" is that whole year, "two weeks ago" that whole week."""
        skip = 1 if self.word(i) == "a" and self.word(i + 1) == "couple" else 0
        count = self.number(i + skip)
        of = int(self.word(i + skip + 1) == "of")
        unit, end = self.word(i + skip + 1 + of).rstrip("s"), i + skip + 2 + of
        first = self.before_today(count, unit) if count and self.word(end) == "ago" else None
        if first is None:
            return None
        whole = {"day": Days(first, first + _DAY), "year": _year(first.year)}
        if unit == "week":
            monday = first - first.weekday() * _DAY
            whole["week"] = Days(monday, monday + 7 * _DAY)
        if unit == "month":
            whole["month"] = Days(first.replace(day=1), _months_on(first.replace(day=1), 1))
        return FoundDate(i, end + 1, whole[unit])

    def decade(self, i: int) -> FoundDate | None:
        found = re.fullmatch(r"((?:19|20)\d|[6-9])0'?s", self.word(i))
        if not found:
            return None
        start = int(found[1]) * 10 + (1900 if len(found[1]) == 1 else 0)
        return FoundDate(i, i + 1, Days(date(start, 1, 1), date(start + 10, 1, 1)))

    # -- what comes back every year

    def recurring(self, i: int) -> FoundDate | None:
        feast = self.feast(i)
        if feast and feast[1] in _FIXED_FEASTS:
            return FoundDate(i, feast[0], Season(*_FIXED_FEASTS[feast[1]]))
        day = self.day_of_month(i)
        if day:
            return day
        word = self.word(i)
        if word in _MONTH:
            month = _MONTH[word]
            return FoundDate(i, i + 1, Season((month, 1), (month, _last_day(month))))
        if word in _SEASONS:
            first, last = self.season_months(word)
            return FoundDate(i, i + 1, Season((first, 1), (last, _last_day(last))))
        return None

    def name(self, i: int) -> tuple[int, Callable[[int], Days]] | None:
        """A month, season or feast: where it ends, and when it is in a year."""
        feast = self.feast(i)
        if feast:
            return feast[0], lambda year: _feast(feast[1], year)
        found = self.recurring(i) if self.word(i) in _MONTH or self.word(i) in _SEASONS else None
        if found is None or found.end != i + 1 or not isinstance(found.when, Season):
            return None
        return found.end, found.when.of_year

    def feast(self, i: int) -> tuple[int, str] | None:
        for name in _FEASTS:
            count = len(name.split())
            if " ".join(self.words[i : i + count]) == name:
                return i + count, name
        return None

    def season_months(self, season: str) -> tuple[int, int]:
        first, last = _SEASONS[season]
        if self.hemisphere == "south":
            return (first + 5) % 12 + 1, (last + 5) % 12 + 1
        return first, last

    # -- numbers

    def number(self, i: int) -> int | None:
        word = self.word(i)
        if word.isascii() and word.isdigit() and len(word) <= 4:
            return int(word)
        return _NUMBERS.get(word)

    def before_today(self, count: int, unit: str) -> date | None:
        try:
            if unit in ("day", "week"):
                return self.today - count * (7 if unit == "week" else 1) * _DAY
            if unit in ("month", "year"):
                return _months_on(self.today, -count * (12 if unit == "year" else 1))
        except (ValueError, OverflowError):
            return None
        return None

    def is_year(self, word: str) -> bool:
        return bool(re.fullmatch(r"[0-9]{4}", word)) and FIRST_PHOTO <= int(word) <= self.today.year + 1


def _iso(text: str) -> Days | None:
    """2019, 2019-05 or 2019-05-21, with - / or . between."""
    found = re.fullmatch(r"([0-9]{4})(?:([-/.])([0-9]{1,2})(?:\2([0-9]{1,2}))?)?", text)
    if not found:
        return None
    try:
        first = date(int(found[1]), int(found[3] or 1), int(found[4] or 1))
        if found[4]:
            return Days(first, first + _DAY)
        return Days(first, _months_on(first, 1)) if found[3] else _year(first.year)
    except (ValueError, OverflowError):
        return None


def _feast(name: str, year: int) -> Days:
    if name == "easter":
        sunday = _easter(year)
        return Days(sunday - 2 * _DAY, sunday + 2 * _DAY)  # Good Friday to Easter Monday
    if name == "thanksgiving":
        first = date(year, 11, 1)
        thursday = first + ((3 - first.weekday()) % 7 + 21) * _DAY  # the fourth of November
        return Days(thursday, thursday + _DAY)
    # "New year 2020" is the night that leads to it.
    return Season(*_FIXED_FEASTS[name]).of_year(year - (name == "new year"))


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, by the "anonymous" algorithm (Nature, 20 April 1876; Meeus 1991)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * weekday) // 433
    month = (h + weekday - 7 * m + 90) // 25
    return date(year, month, (h + weekday - 7 * m + 33 * month + 19) % 32)


def _bounded(operator: str, days: Days) -> Days:
    """ "After 2019" begins when 2019 is over; "since 2019" with it."""
    return {
        ">=": Days(days.first, None),
        ">": Days(days.end, None),
        "<": Days(None, days.first),
        "<=": Days(None, days.end),
    }[operator]


def _ordered(first: date | None, end: date | None) -> Days | None:
    return None if first and end and first >= end else Days(first, end)


def _found(start: int, end: int, when: When | None) -> FoundDate | None:
    return None if when is None else FoundDate(start, end, when)


def _every_year(month: int, day: int) -> Season | None:
    return Season((month, day), (month, day)) if 1 <= month <= 12 and 1 <= day <= _last_day(month) else None


def _day_number(word: str) -> int | None:
    found = re.fullmatch(r"([0-9]{1,2})(?:st|nd|rd|th)?", word)
    return int(found[1]) if found and 1 <= int(found[1]) <= 31 else None


def _last_day(month: int) -> int:
    return (_months_on(date(2000, month, 1), 1) - _DAY).day  # a leap year: 29 February is a day


def _clipped(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, (_months_on(date(year, month, 1), 1) - _DAY).day))


def _year(year: int) -> Days:
    return Days(date(year, 1, 1), date(year + 1, 1, 1))


def _months_on(day: date, months: int) -> date:
    """So many months later, the day cut to what the month has."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - _DAY).day))


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day)
