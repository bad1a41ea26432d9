"""Answers without repetition."""

from __future__ import annotations

import pytest
from tests.contract.making import SPACE, put, same_direction, vector

from smartsearch.core.errors import QueryError
from smartsearch.core.query import Everything
from smartsearch.search.paging import Answer
from smartsearch.search.ranking import Branch, Likeness, Plan, rank
from smartsearch.search.service import SearchRequest
from smartsearch.search.variety import MOST_DIVERSITY, SAME_BITS, varied, without_duplicates
from smartsearch.testing import MemoryStore

DOG, CAT = vector("dog"), vector("cat")


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    for number in range(30):  # three of each picture, a little worse each time
        bits = (0x0123456789ABCDEF * (number // 3 + 1)) % 2**64 ^ (1 << number % 3)
        towards = same_direction(0.9 - number / 100, DOG)
        made.apply([put(f"/{number:02}.jpg", embeddings={SPACE.key: towards}, phash=bits)])
    return made


def plan(**options: object) -> Plan:
    return Plan(SPACE, (Branch(Everything(), Likeness(DOG, None)),), 0.0, **options)  # type: ignore[arg-type]


def names(store: MemoryStore, ids: tuple[int, ...]) -> list[int]:
    return [int(asset.path[1:3]) for asset in store.assets(ids)]


def test_the_best_of_near_duplicates_is_shown(store: MemoryStore) -> None:
    whole = rank(store, plan(collapse=True), 100)
    assert names(store, whole.ids) == list(range(0, 30, 3))
    assert whole.complete
    for top in (1, 4, 10):
        assert rank(store, plan(collapse=True), top).ids == whole.ids[:top]
    answer = Answer(store, plan(collapse=True))
    pages = [hit.asset.id for offset in range(0, 12, 4) for hit in answer.page(offset, 4).hits]
    assert pages == list(whole.ids)


def test_how_near_duplicates_are() -> None:
    hashes = {1: 0, 2: (1 << SAME_BITS) - 1, 3: (1 << SAME_BITS + 1) - 1, 5: 2**64 - 1}
    assert without_duplicates([1, 2, 3, 4, 5], hashes) == [0, 2, 3, 4], "4 has no hash, 3 differs in one bit too many"


def test_a_video_is_no_near_duplicate_of_its_poster_but_of_its_copy() -> None:
    hashes = dict.fromkeys(range(6), 7)
    durations = {1: 20.0, 2: 20.5, 4: 90.0}
    assert without_duplicates(range(6), hashes, durations) == [0, 1, 4], "a photo, a video, a longer one"
    assert without_duplicates([2, 0, 1], hashes, durations) == [0, 1], "nor the photo one of the video"


def test_collapsing_asks_which_images_move(store: MemoryStore) -> None:
    towards, bits = same_direction(0.95, DOG), 0x0123456789ABCDEF
    for name in ("clip", "copy"):
        clip = put(f"/{name}.mp4", embeddings={SPACE.key: towards}, phash=bits, format="mp4", duration=20.0)
        store.apply([clip])
    found = store.assets(rank(store, plan(collapse=True), 3).ids)
    assert [asset.path for asset in found] == ["/clip.mp4", "/00.jpg", "/03.jpg"]


def test_different_images_come_first() -> None:
    near = [same_direction(0.99 - n / 1000, DOG) for n in range(5)]
    vectors = dict(enumerate([*near, CAT]))
    scores = [0.95, 0.94, 0.93, 0.92, 0.91, 0.8]
    assert varied(range(6), scores, vectors, 0.5)[:2] == [0, 5]
    assert varied(range(6), scores, vectors, 0.0) == [0, 1, 2, 3, 4, 5]
    assert sorted(varied(range(8), [*scores, 0.1, 0.1], vectors, 0.7)) == list(range(8))


def test_variety_keeps_all_that_was_found(store: MemoryStore) -> None:
    plain, mixed = rank(store, plan(), 100), rank(store, plan(diversity=MOST_DIVERSITY), 100)
    assert set(plain.ids) == set(mixed.ids)
    assert mixed.ids[0] == plain.ids[0]
    assert rank(store, plan(diversity=MOST_DIVERSITY), 5).ids == mixed.ids[:5]


def test_diversity_ends_where_it_spoils_the_answer() -> None:
    assert SearchRequest("dog", diversity=MOST_DIVERSITY).diversity == 0.5
    for refused in (-0.1, 0.51, 0.8, float("nan")):
        with pytest.raises(QueryError, match=r"between 0 and 0\.5"):
            SearchRequest("dog", diversity=refused)
