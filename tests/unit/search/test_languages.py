"""Queries in other languages, by a dictionary."""

from __future__ import annotations

from datetime import date

import pytest

from smartsearch.core.query import RatingBetween
from smartsearch.core.queryfields import QueryContext
from smartsearch.core.queryparse import parse
from smartsearch.core.querysyntax import Clause
from smartsearch.search.languages import LANGUAGES, translated, translation_of

CONTEXT = QueryContext.on(date(2026, 11, 24))


@pytest.mark.parametrize(
    ("code", "typed", "english"),
    [
        ("de", "Zwei Hunde spielen im Schnee", "two dog playing in snow"),
        ("fr", "Un chien court sur la plage", "dog running on beach"),
        ("es", "Una niña con un sombrero rojo", "girl with hat red"),
        ("it", "Il gatto nero dorme sul divano", "cat black sleeping on sofa"),
        ("pt", "Crianças brincando na praia", "children playing in beach"),
        ("nl", "Een hond op het strand", "dog on beach"),
        ("pl", "Pies biegnie po plaży", "dog running po beach"),
        ("sv", "Ett barn leker i snön", "child playing in snow"),
        ("ru", "Собака бежит по пляжу", "dog running through beach"),
        ("tr", "Kumsalda koşan köpek", "beach running dog"),
        ("ja", "雪の中で走る犬", "snow in running dog"),
        ("zh", "红色的汽车", "red car"),
    ],
)
def test_every_language_is_read(code: str, typed: str, english: str) -> None:
    found = translation_of(typed)
    assert found is not None
    assert (found.code, found.language, found.text) == (code, LANGUAGES[code], english)


@pytest.mark.parametrize(
    "typed",
    [
        "dog on a beach",
        "hut",
        "barn",
        "chat",
        "pain",
        "the old boat",
        "a man in a red hat",
        "Paris",
        "xyzzy",
        "",
        "IMG 1",
    ],
)
def test_english_stays_as_it_is(typed: str) -> None:
    assert translation_of(typed) is None


def test_filters_negation_and_quotes() -> None:
    read = translated(parse("Hund am Strand ohne Menschen rating:5", CONTEXT), CONTEXT)
    assert read.clauses == (Clause(("dog on beach",), ("people",), RatingBetween(5, 5), said=read.clauses[0].said),)
    assert read.translation is not None
    assert {(chip.start, chip.end) for chip in read.chips if chip.kind == "words"} == {(0, 28)}
    quoted = parse('"Hund am Strand"', CONTEXT)
    assert translated(quoted, CONTEXT) is quoted


def test_what_was_typed_is_kept_for_texts() -> None:
    [clause] = translated(parse("Hund OR Katze", CONTEXT), CONTEXT).clauses[:1]
    assert (clause.text, clause.said) == ("dog", ("Hund",))
