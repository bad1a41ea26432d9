"""Answers read page by page: nothing shown twice, nothing moved, no more kept than promised."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from tests.contract.making import SPACE, put, same_direction, vector

from smartsearch.core.query import Everything, Present
from smartsearch.search import paging, ranking
from smartsearch.search.paging import Answer, Answers
from smartsearch.search.ranking import Branch, Likeness, Plan, rank
from smartsearch.search.text_cache import CachedTextEncoder
from smartsearch.testing import FakeTextEncoder, MemoryStore

QUERY = vector("query")


def similar(path: str, cosine: float) -> object:
    return put(path, embeddings={SPACE.key: same_direction(cosine, QUERY)})


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    made.apply([similar(f"/{number:02d}.jpg", 0.9 - number / 100) for number in range(30)])  # type: ignore[misc]
    return made


def answer(store: MemoryStore, cut_off: float = 0.0) -> Answer:
    return Answer(store, Plan(SPACE, (Branch(Everything(), Likeness(QUERY, None)),), cut_off))


def paths(found: Answer, offset: int, count: int) -> list[str]:
    return [hit.asset.path for hit in found.page(offset, count).hits]


def test_pages_are_the_answer_in_parts(store: MemoryStore) -> None:
    found = answer(store)
    parts = paths(found, 0, 7) + paths(found, 7, 7) + paths(found, 14, 100)
    assert parts == [f"/{number:02d}.jpg" for number in range(30)]
    assert (found.page(0, 7).total, found.page(0, 7).more) == (30, True)
    assert (found.page(28, 7).more, found.page(99, 7).hits) == (False, ())


def test_the_end_is_unknown_before_somebody_looked(store: MemoryStore) -> None:
    assert (answer(store).page(0, 5).total, answer(store).page(0, 29).total) == (None, None)
    assert (answer(store).page(0, 30).total, answer(store).page(0, 30).more) == (30, False)


@pytest.mark.parametrize("avoid", [(), (Likeness(vector("other"), None),)])
def test_an_edit_is_of_everything_that_scores_enough(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch, avoid: tuple[Likeness, ...]
) -> None:
    for module in (paging, ranking):
        monkeypatch.setattr(module, "MAX_TOP", 5)
    plan = Plan(SPACE, (Branch(Everything(), Likeness(QUERY, None), avoid),), 0.0)
    assert len(store.select(Answer(store, plan).condition())) == 5
    assert len(store.select(Answer(store, plan).condition(everything=True))) == 30
    closer = replace(plan, cut_off=0.4)
    enough = rank(store, closer, 1000).ids
    assert 5 < len(enough) <= 30
    assert set(store.select(Answer(store, closer).condition(everything=True))) == set(enough)


def test_the_cut_off_ends_the_answer(store: MemoryStore) -> None:
    found = answer(store, cut_off=0.805)
    page = found.page(0, 20)
    assert ([hit.asset.path for hit in page.hits], page.total, page.more) == (
        [f"/{n:02d}.jpg" for n in range(10)],
        10,
        False,
    )
    assert found.ranking.best_withheld == pytest.approx(0.8, abs=0.002)


def test_what_was_shown_keeps_its_place(store: MemoryStore) -> None:
    found = answer(store)
    first = paths(found, 0, 5)
    store.apply([similar("/better.jpg", 0.99), similar("/worse.jpg", 0.2)])  # type: ignore[list-item]
    store.forget([store.assets(store.select(Present()))[2].id, 20])
    rest = paths(found, 5, 100)
    assert len(set(first + rest)) == len(first) + len(rest)
    assert rest[0] == "/05.jpg" or rest[0] == "/better.jpg"
    assert "/better.jpg" in rest, "found since, it comes where reading goes on"
    assert rest[-1] == "/worse.jpg"
    assert paths(found, 0, 5) == [path for path in first if path != "/02.jpg"], "what is forgotten is left out"


def listing(store: MemoryStore) -> Answer:
    return Answer(store, Plan(SPACE, (Branch(Everything()),), 0.0))


def test_a_listing_knows_its_total_and_has_no_limit(store: MemoryStore) -> None:
    found = listing(store)
    assert (found.page(0, 5).total, found.page(0, 5).more) == (30, True)
    first = paths(found, 0, 5)
    store.apply([similar("/new.jpg", 0.5)])  # type: ignore[list-item]
    rest = paths(found, 5, 100)
    assert len(set(first + rest)) == len(first) + len(rest) == 31
    assert paths(found, 0, 5) == first
    assert found.page(40, 5).hits == ()


def test_an_answer_in_order_of_time_holds_all_that_match(store: MemoryStore) -> None:
    plan = Plan(SPACE, (Branch(Everything(), Likeness(QUERY, None)),), 0.805, "oldest")
    found = Answer(store, plan)
    best = {f"/{n:02d}.jpg" for n in range(10)}
    assert set(paths(found, 0, 100)) == best
    assert found.page(0, 3).total == 10
    moments = [hit.asset.moment for hit in found.page(0, 100).hits]
    assert moments == sorted(moments)


def test_large_answers_push_out_others(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smartsearch.search.paging.MAX_RESULTS", 40)
    kept = Answers()
    small, large, other = listing(store), listing(store), listing(store)
    small.page(0, 5)
    for whole in (large, other):
        whole.page(0, 30)
    for one in (small, large, other):
        kept.keep(one)
    assert [kept.get(one.name) is one for one in (small, large, other)] == [False, False, True]


def test_threads_read_one_answer(store: MemoryStore) -> None:
    found = answer(store)
    seen: list[list[str]] = [[] for _ in range(8)]

    def read(number: int) -> None:
        seen[number] = paths(found, 3 * number, 3)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path for part in seen for path in part] == [f"/{number:02d}.jpg" for number in range(24)]


def test_equal_requests_share_an_answer_until_it_is_dropped(store: MemoryStore) -> None:
    answers = Answers(size=2)
    first = answers.find("a", lambda: answer(store))
    assert answers.find("a", lambda: answer(store)) is first
    answers.find("b", lambda: answer(store))
    answers.find("a", lambda: answer(store))
    answers.find("c", lambda: answer(store))
    assert answers.get(first.name) is first, "used last, b went"
    answers.keep(answer(store))
    answers.keep(answer(store))
    assert answers.get(first.name) is None
    assert answers.find("a", lambda: answer(store)) is not first
    assert (answers.hits, answers.misses, len(answers)) == (2, 4, 2)


def test_texts_are_encoded_once() -> None:
    encoder = FakeTextEncoder()
    cached = CachedTextEncoder(encoder, size=2)
    twice = [cached.encode_texts(["red", "blue"]), cached.encode_texts(["blue", "red"])]
    assert encoder.texts == ["red", "blue"]
    assert np.array_equal(twice[0], twice[1][::-1])
    assert np.array_equal(twice[0], FakeTextEncoder().encode_texts(["red", "blue"]))
    assert cached.encode_texts([]).shape == (0, cached.space.dim)
    cached.encode_texts(["green"])
    cached.encode_texts(["red"])
    assert encoder.texts == ["red", "blue", "green"]
