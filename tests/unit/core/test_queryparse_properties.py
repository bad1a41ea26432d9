"""Any text can be parsed, and what is printed of a parse means the same."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from smartsearch.core.querydates import DateReader
from smartsearch.core.queryfields import BY_NAME, Names, QueryContext
from smartsearch.core.queryparse import caret, parse, printed
from smartsearch.core.querysyntax import clauses_of

CONTEXT = QueryContext(DateReader(date(2026, 11, 24)), Names(albums={"best of": 3, "anna": 4}))

WORDS = """
dog beach a the people 2019 1957 in on at near between and or not no without except but from to since before after until
last this summer May may christmas new year's eve 5 5th 3 years ago weeks yesterday today , OR AND NOT ( ) -( - -dog
-2019 -without 2019..2021 .. photos of show me tag:x in:a(b) date:summer date:05-01..05-31 size:>5MP size:5MP type:jpg
rating:4+ rating:>=9 album:Anna album:none camra:x camera:x,y before:2020 after:2020-13 is:hidden name:*.jpg in:~/x
has:gps has: :x http://x 12:30 size>5MP rating<3 smoking 2019-2021 the 90s easter anna's ’ . ! --x -(( x)y 6" b"c
"""
QUOTED = ('"last summer"', '-"in May"', '"or"', '"photos of"', "“smart”", '-tag:"a b"', '"open', '""', 'tag:""')
PIECES = st.sampled_from([*WORDS.split(), *QUOTED])
TEXTS = st.lists(PIECES, max_size=9).map(" ".join) | st.text(max_size=40)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(TEXTS)
def test_any_text_parses_and_its_spans_lie_within(text: str) -> None:
    parsed = parse(text, CONTEXT)
    assert parsed.clauses
    for part in (*parsed.chips, *parsed.problems):
        assert 0 <= part.start <= part.end <= len(text)
    for problem in parsed.problems:
        line, mark = caret(text, problem).split("\n")
        assert len(line) == len(text)
        assert mark.strip() == "^" * max(1, problem.end - problem.start)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(TEXTS)
def test_what_is_printed_parses_to_the_same(text: str) -> None:
    tree = parse(text, CONTEXT).tree
    once = printed(tree, CONTEXT)
    again = parse(once, CONTEXT)
    assert again.tree == tree, once
    assert printed(again.tree, CONTEXT) == once


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(BY_NAME)), st.text(max_size=20))
def test_a_field_takes_its_value_or_says_why_not(field: str, value: str) -> None:
    parsed = parse(f'{field}:"{value}"', CONTEXT)
    if parsed.tree is not None and not parsed.problems:
        assert parsed.clauses == clauses_of(parsed.tree)
    else:
        assert parsed.problems
