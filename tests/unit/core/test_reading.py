"""How words agree with text that was read."""

from __future__ import annotations

import pytest

from smartsearch.core.reading import MISREAD, PART, WHOLE, agreement, folded, trigrams, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Happy\nBIRTHDAY", "happy birthday"),
        ("  Été \t naïve\x00 ", "ete naive"),
        ("Straße", "strasse"),
        ("ＦＵＬＬ　ｗｉｄｔｈ", "full width"),
        ("がぎ", "がぎ"),
        ("\ud800a\x07", "a"),
        ("", ""),
    ],
)
def test_folded(text: str, expected: str) -> None:
    assert folded(text) == expected
    assert folded(expected) == expected


@pytest.mark.parametrize(
    ("word", "text", "expected"),
    [
        ("birthday", "happy birthday!", WHOLE),
        ("birthdays", "happy birthday", WHOLE),
        ("birthday", "happybirthday", PART),
        ("art", "party", 0.0),
        ("birthday", "happy birthdoy", MISREAD),
        ("birthday", "happy dirthday", 0.0),
        ("birthday", "happy birdhdoy", 0.0),
        ("photograph", "fotograph photogroqh", MISREAD),
        ("cake", "coke", 0.0),
        ("生日", "祝你生日快乐", WHOLE),
        ("cpu", "回落到cpu操作", WHOLE),
        ("мир", "мирный", 0.0),
        ("", "text", 0.0),
        ("word", "", 0.0),
    ],
)
def test_agreement(word: str, text: str, expected: float) -> None:
    assert agreement(word, text) == expected


def test_words_and_trigrams() -> None:
    assert list(words("a-b 12, été’s")) == ["a", "b", "12", "été", "s"]
    assert list(words("回落到cpu操作 がぎ5")) == ["回落到", "cpu", "操作", "がぎ", "5"]
    assert trigrams("banana") == ["ban", "ana", "nan"]
    assert trigrams("ab") == []
