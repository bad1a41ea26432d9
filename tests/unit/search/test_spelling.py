"""Words that may be misspelt."""

from __future__ import annotations

from datetime import date

import pytest
from tests.contract.making import put

from smartsearch.core.queryfields import QueryContext
from smartsearch.core.queryparse import parse
from smartsearch.search.spelling import Spelling
from smartsearch.testing import MemoryStore


class FewWords:
    """A tokenizer with a handful of words, the most usual first."""

    usual = ("the", "dog", "hose", "horse", "beach", "skate", "board", "running", "stuck", "retrieve", "sunglasses")

    def knows(self, word: str) -> bool:
        return word in self.usual

    def words(self) -> tuple[str, ...]:
        return self.usual


@pytest.fixture
def spelling() -> Spelling:
    store = MemoryStore()
    store.apply([put("/trips/Fehmarn-ferry.jpg")])
    return Spelling(store, FewWords, lambda: ["horse", "a red frisbee"])


def found(spelling: Spelling, query: str) -> list[tuple[str, str]]:
    parsed = spelling.checked(parse(query, QueryContext.on(date(2026, 11, 24))))
    assert all(problem.harmless for problem in parsed.problems)
    return [(query[problem.start : problem.end], problem.suggestion) for problem in parsed.problems]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("hrse at the baech", [("hrse", "horse"), ("baech", "beach")]),
        ("a Frisbe there", [("Frisbe", "frisbee")]),
        ("the frsbe outside", []),
        ("fehmran ferry", [("fehmran", "fehmarn")]),
        ("-hores in 2019", [("hores", "horse")]),
        ("the hosre's board", [("hosre", "horse")]),
        ("skateboards retriever horses", []),
        ('"hrse"', []),
        ("dgo", []),
        ("camera:hrse", []),
        ("dog on a frisb", []),
        ("frisb dog", []),
        ("xyzzy plugh", []),
        ("sunglasess there", [("sunglasess", "sunglasses")]),
    ],
)
def test_did_you_mean(spelling: Spelling, query: str, expected: list[tuple[str, str]]) -> None:
    assert found(spelling, query) == expected


def test_a_word_of_the_library_is_right_from_the_next_change_on(spelling: Spelling) -> None:
    assert found(spelling, "hrse there") == [("hrse", "horse")]
    spelling._store.apply([put("/hrse.jpg")])
    assert found(spelling, "hrse there") == []


def test_without_words_of_a_model_nothing_is_said() -> None:
    silent = Spelling(MemoryStore(), lambda: None, lambda: ["horse"])
    assert found(silent, "hrse") == []
