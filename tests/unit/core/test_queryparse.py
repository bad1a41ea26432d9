"""What people type, and what is understood."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from smartsearch.core.query import (
    And,
    CameraIs,
    ColorNear,
    Everything,
    FileSizeBetween,
    FolderNamed,
    FormatIs,
    HasTag,
    InAlbum,
    Not,
    Or,
    PixelsBetween,
    RatingBetween,
    TakenBetween,
    TakenInSeason,
    WithinBox,
)
from smartsearch.core.querydates import DateReader
from smartsearch.core.queryfields import Names, QueryContext
from smartsearch.core.queryparse import ParsedQuery, caret, parse, printed
from smartsearch.core.querysyntax import MAX_CLAUSES, Clause

TODAY = date(2026, 11, 24)
CONTEXT = QueryContext(DateReader(TODAY), Names(albums={"best of": 3}))


def read(text: str) -> ParsedQuery:
    return parse(text, CONTEXT)


def only(text: str) -> Clause:
    parsed = read(text)
    assert not parsed.problems
    (clause,) = parsed.clauses
    return clause


def days(first: tuple[int, int, int] | None, end: tuple[int, int, int] | None) -> TakenBetween:
    return TakenBetween(datetime(*first) if first else None, datetime(*end) if end else None)


@pytest.mark.parametrize(
    "text",
    [
        "dog on a beach",
        "a man in winter clothes",
        "boy jumping in fall leaves",
        "no smoking sign",
        "a dog may bark",
        "red t-shirt",
        "10 people on a 1957 chevrolet",
        "at 12:30 sharp",
        "note: a horse",
        "http://example.org/x",
        "one or two dogs",
        'a 6" ruler'.replace('"', ""),
    ],
)
def test_plain_english_stays_as_it_is(text: str) -> None:
    assert only(text) == Clause((text,))


def test_every_field_of_a_long_query() -> None:
    clause = only(
        'dog on a beach -people 2019..2021 camera:X100 in:Holidays tag:x album:"Best of" type:heic size:>5MP rating:>=4'
    )
    assert clause == Clause(
        ("dog on a beach",),
        ("people",),
        And(
            (
                days((2019, 1, 1), (2022, 1, 1)),
                CameraIs("X100"),
                FolderNamed("Holidays"),
                HasTag("x"),
                InAlbum(3),
                FormatIs(("heif",)),
                PixelsBetween(5_000_001, None),
                RatingBetween(4, 5),
            )
        ),
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("last summer", days((2026, 6, 1), (2026, 9, 1))),
        ("christmas 2020", days((2020, 12, 24), (2020, 12, 27))),
        ("last christmas", days((2025, 12, 24), (2025, 12, 27))),
        ("yesterday", days((2026, 11, 23), (2026, 11, 24))),
        ("between 2019 and 2021", days((2019, 1, 1), (2022, 1, 1))),
        ("from May to July 2020", days((2020, 5, 1), (2020, 8, 1))),
        ("since March 2024", days((2024, 3, 1), None)),
        ("before 2019", days(None, (2019, 1, 1))),
        ("after 2019", days((2020, 1, 1), None)),
        ("two weeks ago", days((2026, 11, 9), (2026, 11, 16))),
        ("in the last 3 days", days((2026, 11, 21), (2026, 11, 25))),
        ("last weekend", days((2026, 11, 21), (2026, 11, 23))),
        ("last monday", days((2026, 11, 23), (2026, 11, 24))),
        ("winter 2020", days((2020, 12, 1), (2021, 3, 1))),
        ("in the 90s", days((1990, 1, 1), (2000, 1, 1))),
        ("easter 2021", days((2021, 4, 2), (2021, 4, 6))),
        ("thanksgiving 2024", days((2024, 11, 28), (2024, 11, 29))),
        ("new year's eve 2019", days((2019, 12, 31), (2020, 1, 1))),
        ("May 5th, 2020", days((2020, 5, 5), (2020, 5, 6))),
        ("2021-06", days((2021, 6, 1), (2021, 7, 1))),
        ("in May", TakenInSeason((5, 1), (5, 31))),
        ("in winter", TakenInSeason((12, 1), (2, 29))),
        ("at christmas", TakenInSeason((12, 24), (12, 26))),
        ("on the 5th of May", TakenInSeason((5, 5), (5, 5))),
        ("between christmas and new year", TakenInSeason((12, 24), (1, 1))),
    ],
)
def test_dates_in_words(said: str, expected: object) -> None:
    assert only(f"a lake {said}") == Clause(("a lake",), (), expected)  # type: ignore[arg-type]
    assert only(f'a lake date:"{said.removeprefix("in ").removeprefix("at ").removeprefix("on ")}"').where == expected


def test_summer_is_when_the_hemisphere_has_it() -> None:
    south = QueryContext(DateReader(TODAY, "south"))
    assert parse("last summer", south).clauses[0].where == days((2025, 12, 1), (2026, 3, 1))
    assert parse("last winter", south).clauses[0].where == days((2026, 6, 1), (2026, 9, 1))


@pytest.mark.parametrize(
    ("text", "words", "avoid"),
    [
        ("beach without people", ("beach",), ("people",)),
        ("beach without people or cars", ("beach",), ("people", "cars")),
        ("no people on the beach", ("on the beach",), ("people",)),
        ("no people and a dog", ("a dog",), ("people",)),
        ("a cat, not blurry", ("a cat",), ("blurry",)),
        ('dog -cat -"red car"', ("dog",), ("cat", "red car")),
        ("dog NOT cat", ("dog",), ("cat",)),
    ],
)
def test_negation_in_plain_words(text: str, words: tuple[str, ...], avoid: tuple[str, ...]) -> None:
    assert only(text) == Clause(words, avoid)


def test_filters_are_negated_by_words_too() -> None:
    assert only("dog not in 2019").where == Not(days((2019, 1, 1), (2020, 1, 1)))
    assert only("dog without tag:x") == Clause(("dog",), (), Not(HasTag("x")))


def test_alternatives() -> None:
    assert read("(cat OR dog) tag:x").clauses == (
        Clause(("cat",), (), HasTag("x")),
        Clause(("dog",), (), HasTag("x")),
    )
    assert only("tag:x OR tag:y").where == Or((HasTag("x"), HasTag("y")))
    assert only("camera:X100 or camera:X200").where == Or((CameraIs("X100"), CameraIs("X200")))
    assert read("-(cat tag:x)").clauses == (Clause((), ("cat",)), Clause(where=Not(HasTag("x"))))
    many = " ".join(f"(a{n} OR b{n})" for n in range(10))
    assert read(many).clauses == (Clause((many,)),)
    assert read(many).problems[0].message.startswith("The query has too many")
    assert len(read(" OR ".join(f"a{n}" for n in range(MAX_CLAUSES))).clauses) == MAX_CLAUSES


def test_a_box_on_the_map() -> None:
    assert only("box:36,-10,44.50,3").where == WithinBox(36, -10, 44.5, 3)
    assert only("bbox:-20,170,-10,-170").where == WithinBox(-20, 170, -10, -170), "over the antimeridian"
    assert only('dog -box:"36, -10, 44, 3"').where == Not(WithinBox(36, -10, 44, 3))
    (chip,) = read("box:36.0,-10.00,+44.50,3").chips
    assert (chip.kind, chip.text) == ("box", "36,-10,44.5,3")


def test_sizes() -> None:
    assert only("size:2MB..5MB").where == FileSizeBetween(2_000_000, 5_000_000)
    assert only("size:<500KB").where == FileSizeBetween(None, 499_999)
    assert only("size:12MP").where == PixelsBetween(11_500_000, 12_500_000)


def test_what_people_say_around_it_is_left_out() -> None:
    assert only("show me photos of a harbour from last summer") == Clause(
        ("a harbour",), (), days((2026, 6, 1), (2026, 9, 1))
    )
    assert only("photos from 2019") == Clause(where=days((2019, 1, 1), (2020, 1, 1)))
    assert only("photos") == Clause(("photos",))


def test_quotes_take_words_as_they_are() -> None:
    assert only('"in May" flowers') == Clause(("in May", "flowers"))
    assert only("“no people”").text == "no people"


def test_chips_say_where_they_come_from() -> None:
    text = "dog on a beach last summer, without people"
    shown = [(chip.kind, chip.text, text[chip.start : chip.end], chip.negated) for chip in read(text).chips]
    assert shown == [
        ("words", "dog on a beach", "dog on a beach", False),
        ("date", "2026-06-01..2026-08-31", "last summer", False),
        ("words", "people", "without people", True),
    ]


@pytest.mark.parametrize(
    ("text", "place", "suggestion", "harmless"),
    [
        ("dog camra:X100", "camra", "camera", False),
        ("dog Mission:Impossible", "Mission", "", True),
        ("dog size:big", "size:big", ">5MP, <2MB or 500KB..2MB", False),
        ("dog date:2019-13", "date:2019-13", "2021, 2021-06, 2019..2021 or last summer", False),
        ("type:jpge dog", "type:jpge", "jpg", False),
        ("album:best", "album:best", "best of", False),
        ("dog box:36,-10,44", "box:36,-10,44", "box:36,-10,44,3 (south, west, north, east)", False),
        ("box:44,-10,36,3", "box:44,-10,36,3", "box:36,-10,44,3", False),
        ("box:-150,20,-140,60", "box:-150,20,-140,60", "box:20,-150,60,-140", False),
        ("box:500,0,600,1", "box:500,0,600,1", "box:36,-10,44,3 (south, west, north, east)", False),
        ("is:hiden", "is:hiden", "hidden", False),
        ('"red car', '"red car', '"', True),
    ],
)
def test_what_is_not_understood(text: str, place: str, suggestion: str, harmless: bool) -> None:
    (problem,) = read(text).problems
    assert text[problem.start : problem.end] == place
    assert (problem.suggestion, problem.harmless) == (suggestion, harmless)
    mark = caret(text, problem).split("\n")[1]
    assert mark == " " * problem.start + "^" * len(place)


def test_a_bad_filter_leaves_the_rest() -> None:
    assert read("dog size:big").clauses == (Clause(("dog",)),)
    assert read("size:big").clauses == (Clause(where=Everything()),)


def test_printing_is_the_normal_form() -> None:
    tree = read("show me a harbour last summer without people or cars, camera:X100 or camera:X200").tree
    assert printed(tree, CONTEXT) == (
        "a harbour date:2026-06-01..2026-08-31 -people -cars (camera:X100 OR camera:X200)"
    )


def test_deep_parentheses_and_long_queries_are_read() -> None:
    assert read("(" * 500 + "dog" + ")" * 500).clauses == (Clause(("dog",)),)
    assert only("dog " * 5000).words == (" ".join(["dog"] * 5000),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("color:teal", ColorNear(0x108080)),
        ("color:#1E90ff", ColorNear(0x1E90FF)),
        ("color:blue>=40%", ColorNear(0x3060D0, 40)),
        ("color:blue>40%,red", Or((ColorNear(0x3060D0, 40), ColorNear(0xD02020)))),
        ("mostly blue", ColorNear(0x3060D0, 50)),
        ("photos that are mainly green", None),
        ("mostly blue pictures", ColorNear(0x3060D0, 50)),
        ("mostly blue and foggy", None),
    ],
)
def test_colours(text: str, expected: ColorNear | Or | None) -> None:
    where = only(text).where
    assert where == expected if expected is not None else isinstance(where, ColorNear)


@pytest.mark.parametrize("text", ["mostly blue car", "mostly cloudy", "mostly", "blue car", "the mostly blues"])
def test_a_colour_of_something_stays_words(text: str) -> None:
    assert only(text).where == Everything()


def test_mostly_a_colour_beside_words() -> None:
    clause = only("a boat, mostly blue, in 2019")
    assert clause.text == "a boat"
    assert clause.labels == ("color:mostly blue", "date:2019")
    printed_again = printed(read("a boat mostly blue").tree, CONTEXT)
    assert printed_again == "a boat color:blue>=50%"
    assert only(printed_again).where == only("mostly blue").where


def test_no_colour() -> None:
    [problem] = read("color:tael").problems
    assert problem.suggestion == "teal"
