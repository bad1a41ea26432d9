"""Suggestions: by beginnings, despite typos, of one kind, quoted as the query language wants."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.making import put

from smartsearch.core.assets import Metadata, Tag
from smartsearch.core.overview import ValueCount
from smartsearch.core.query import Everything
from smartsearch.search.recent import KEPT, RecentQueries
from smartsearch.search.suggestions import Suggestions, last_word, prefix_distance, quoted
from smartsearch.testing import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    made.apply(
        [put(f"/photos/Été in Lisbon/wedding-{n}.jpg", metadata=Metadata(camera_model="X100V")) for n in range(3)]
    )
    first, second, third = made.select(Everything())
    made.set_tags(first, [Tag("beach"), Tag("bear"), Tag("golden retriever")], "user")
    made.set_tags(second, [Tag("beach")], "user")
    made.change_album(made.add_album("Best of: 2021").id, add=[third])
    return made


@pytest.fixture
def suggestions(store: MemoryStore) -> Suggestions:
    return Suggestions(
        store,
        lambda: [ValueCount("Béatrice", 5, 1)],
        lambda: [ValueCount("Munich", 2)],
        lambda: [ValueCount("Bavaria, Germany", 4)],
        clock=lambda: 0.0,
    )


def inserts(found: Suggestions, typed: str, limit: int = 10) -> list[str]:
    return [one.insert for one in found.find(typed, [], limit)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("be", ["person:Béatrice", 'album:"Best of: 2021"', "tag:beach", "tag:bear"]),
        ("dog on a bea", ["person:Béatrice", "tag:beach", "tag:bear"]),
        ("tag:be", ["tag:beach", "tag:bear"]),
        ("-tag:bear", ["tag:bear"]),
        ("retr", ['tag:"golden retriever"', "retriever"]),
        ('tag:"golden re', ['tag:"golden retriever"']),
        ("beahc", ["tag:beach"]),
        ("baech", ["tag:beach"]),
        ("goldne retreiver", ['tag:"golden retriever"', "retriever"]),
        ("x1", ["camera:X100V"]),
        ("ete", ['folder:"Été in Lisbon"']),
        ("lisb", ["lisbon", 'folder:"Été in Lisbon"']),
        ("beer in Bav", ['region:"Bavaria, Germany"']),
        ("region:Bvaa", ['region:"Bavaria, Germany"']),
        ("state:bav", ['region:"Bavaria, Germany"']),
        ("near:mun", ["place:Munich"]),
        ("in:bav", ['region:"Bavaria, Germany"']),
        ("in:bes", ['album:"Best of: 2021"']),
        ("nofield:bav", []),
        ("2021", ['album:"Best of: 2021"']),
        ("wedd", ["wedding"]),
        ("zzzz", []),
        ("xy", []),
    ],
)
def test_what_is_suggested(suggestions: Suggestions, typed: str, expected: list[str]) -> None:
    assert inserts(suggestions, typed)[: len(expected)] == expected
    if not expected:
        assert inserts(suggestions, typed) == []


def test_what_begins_like_the_word_comes_before_what_has_it_inside() -> None:
    store = MemoryStore()
    store.apply([put(f"/photos/beach-{number}.jpg") for number in range(20)])
    store.set_tags(1, [Tag("polar bear")], "user")
    found = Suggestions(store, list)
    assert inserts(found, "bea")[:2] == ["beach", 'tag:"polar bear"']
    assert inserts(found, "bear")[0] == 'tag:"polar bear"'
    store.apply([put(f"/photos/{number}.jpg") for number in range(500)])
    for number in range(1, 500):
        store.set_tags(number, [Tag("polar bear")], "user")
    assert inserts(found, "bea")[0] == 'tag:"polar bear"', "a name of half the photos is likelier than a rare word"


def test_nothing_typed_yet_gives_the_latest_queries_and_the_most_used_names(suggestions: Suggestions) -> None:
    found = suggestions.find("", ["dog", "cat on a mat"], 6)
    assert [(one.kind, one.text) for one in found[:3]] == [
        ("recent", "dog"),
        ("recent", "cat on a mat"),
        ("person", "Béatrice"),
    ]
    assert "word" not in {one.kind for one in found}


def test_earlier_queries_that_begin_alike(suggestions: Suggestions) -> None:
    found = suggestions.find("Cat on", ["dog", "cat on a mat", "cat on"], 5)
    assert [one.text for one in found if one.kind == "recent"] == ["cat on a mat"]


def test_what_is_new_is_suggested(store: MemoryStore, suggestions: Suggestions) -> None:
    assert "tag:sunset" not in inserts(suggestions, "sun")
    store.set_tags(1, [Tag("sunset")], "user")
    assert "tag:sunset" in inserts(suggestions, "sun")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("dog bea", ("bea", "")),
        ("dog ", ("", "")),
        ("tag:bea", ("bea", "tag")),
        ('dog tag:"golden re', ("golden re", "tag")),
        ('"golden re', ("golden re", "")),
        ("TAG:", ("", "tag")),
        ("", ("", "")),
        (":", ("", "")),
        ('"', ("", "")),
    ],
)
def test_the_last_word(typed: str, expected: tuple[str, str]) -> None:
    assert last_word(typed) == expected


@given(st.text(max_size=40))
def test_nothing_that_is_typed_does_harm(typed: str) -> None:
    store = MemoryStore()
    store.apply([put("/a/dog.jpg")])
    assert isinstance(Suggestions(store, list).find(typed, [typed], 5), list)


@pytest.mark.parametrize(("text", "expected"), [("beach", "beach"), ("a b", '"a b"'), ('a"b', "ab"), ("a,b", '"a,b"')])
def test_quoting(text: str, expected: str) -> None:
    assert quoted(text) == expected


@pytest.mark.parametrize(
    ("word", "key", "distance"),
    [("bea", "beach", 0), ("baech", "beach", 1), ("beahc", "beach", 1), ("bech", "beach", 1), ("dog", "cat", 3)],
)
def test_distance_to_a_beginning(word: str, key: str, distance: int) -> None:
    assert prefix_distance(word, key, 2) == distance


class TestRecent:
    def test_each_once_newest_first_and_no_more_than_kept(self) -> None:
        now = [0.0]
        recent = RecentQueries(MemoryStore(), lambda: now[0])
        for number in range(60):
            now[0] += 60
            recent.add(f"query  {number}")
        recent.add("query 58 ")
        assert (recent.all()[:3], len(recent.all())) == (["query 58", "query 59", "query 57"], KEPT)

    def test_typing_on_is_one_query(self) -> None:
        now = [0.0]
        recent = RecentQueries(MemoryStore(), lambda: now[0])
        for typed in ("d", "do", "dog", "dog on", "dog", "cat", " "):
            now[0] += 1
            recent.add(typed)
        assert recent.all() == ["cat", "dog"]
        now[0] += 60
        recent.add("cat and mouse")
        assert recent.all() == ["cat and mouse", "cat", "dog"]

    def test_they_outlive_the_program_until_they_are_cleared(self) -> None:
        store = MemoryStore()
        recent = RecentQueries(store)
        recent.add("dog")
        recent.save()
        assert RecentQueries(store).all() == ["dog"]
        recent.add("cat")
        recent.save()
        assert RecentQueries(store).all() == ["dog"], "not written at every search"
        recent.save(at_once=True)
        assert RecentQueries(store).all() == ["cat", "dog"]
        recent.clear()
        assert (recent.all(), RecentQueries(store).all()) == ([], [])

    @pytest.mark.parametrize("damaged", ["{", "3", '{"a": 1}', "[1, null]"])
    def test_damaged_ones_are_forgotten(self, damaged: str) -> None:
        store = MemoryStore()
        store.put_setting("recent_queries", damaged)
        assert RecentQueries(store).all() == []
