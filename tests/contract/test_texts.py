"""What every store does with the text that was read in pictures."""

from __future__ import annotations

from dataclasses import replace

from smartsearch.core.assets import CopyImage, MarkMissing
from smartsearch.core.ports import Store
from smartsearch.core.query import Everything, IdIn, Not, Present, TextContains
from smartsearch.core.reading import MISREAD, PART, WHOLE, PutText, TextLine, TextScan
from tests.contract.making import NOW, identity, put

QUAD = ((10, 20), (110, 22), (109, 42), (9, 40))


def scan(*lines: str, reader: str = "r1") -> TextScan:
    return TextScan(reader, tuple(TextLine(line, 0.875, QUAD) for line in lines))


def three(store: Store) -> list[int]:
    """A card, a sign, and a photo without text."""
    store.apply(
        [replace(put("/p/card.jpg"), text=scan("Happy", "Birthday 2021")), put("/p/sign.jpg"), put("/p/dog.jpg")]
    )
    card, sign, dog = store.select(Everything())
    store.apply([PutText(sign, scan("HAPPYBIRTHDAY Straße")), PutText(dog, scan()), PutText(99, scan("nobody"))])
    return [card, sign, dog]


def test_what_was_read_comes_back(store: Store) -> None:
    card, _, dog = three(store)
    store.apply([put("/p/new.jpg")])
    assert store.texts.of(card) == scan("Happy", "Birthday 2021")
    assert store.texts.of(dog) == scan()
    assert store.texts.of(99) is None
    assert [asset.text for asset in store.assets([card, dog, dog + 1])] == ["Happy\nBirthday 2021", "", None]
    assert store.texts.counts() == (3, 2)


def test_who_has_not_read_what(store: Store) -> None:
    card, sign, dog = three(store)
    store.apply([put("/p/new.jpg"), put("/p/gone.jpg")])
    store.apply([MarkMissing(dog + 2, NOW), PutText(sign, scan("again", reader="r2"))])
    assert store.texts.unread("r1") == [sign, dog + 1]
    assert store.texts.unread("r2") == [card, dog, dog + 1]


def test_words_are_found_whole_within_others_and_misread(store: Store) -> None:
    card, sign, dog = three(store)
    store.apply([PutText(dog, scan("Happy Birthdoy"))])
    wanted = ["birthday", "BIRTHDAYS", "birth", "strasse", "2021", "ha", "", "20"]
    found = store.texts.with_words(wanted, Everything(), 10)
    assert found[0] == {card: WHOLE, sign: PART, dog: MISREAD}
    assert found[1] == {card: WHOLE, dog: MISREAD}
    assert found[2:] == [{card: PART, sign: PART, dog: PART}, {sign: WHOLE}, {card: WHOLE}, {}, {}, {}]
    assert store.texts.with_words(["birthday"], Not(IdIn((card,))), 1) == [{sign: PART}]


def test_text_without_spaces_between_words(store: Store) -> None:
    card, _, _ = three(store)
    store.apply([PutText(card, scan("祝你生日快乐"))])
    assert store.texts.with_words(["生日", "快"], Everything(), 10) == [{card: WHOLE}, {card: WHOLE}]
    assert store.select(TextContains("日快")) == [card]
    assert store.select(TextContains("生日快乐")) == [card]


def test_text_follows_the_bytes(store: Store) -> None:
    card, sign, _ = three(store)
    store.apply([CopyImage(card, "/p/copy.jpg", identity(7), NOW)])
    copy = store.select(Everything())[-1]
    assert store.texts.of(copy) == store.texts.of(card)
    store.apply([put("/p/card.jpg", bytes_of="others")])
    assert store.texts.of(card) is None
    assert store.select(TextContains("birthday")) == [sign, copy]
    store.forget([copy])
    assert store.select(TextContains("birthday")) == [sign]
    assert store.texts.with_words(["birthday"], Everything(), 10) == [{sign: PART}]


def test_what_was_read_can_be_forgotten(store: Store) -> None:
    ids = three(store)
    before = store.generation
    assert store.texts.forget() == 2
    assert store.texts.unread("r1") == ids
    assert store.generation > before
    assert store.select(TextContains("happy")) == []
    assert store.count(Present()) == 3


def test_odd_texts(store: Store) -> None:
    card, _, _ = three(store)
    odd = 'a "quoted" \x00\ud800 * OR (NEAR text_fts:'
    store.apply([PutText(card, scan(odd))])
    assert store.select(TextContains('"QUOTED" ')) == [card]
    assert store.select(TextContains("* OR (near")) == [card]
    assert store.texts.with_words(['"quoted"', "text_fts", "\ud800"], Everything(), 10)[0] == {}
