"""One ranking from looks, texts and conditions: the same, however far one looks, as if every image had been scored."""

from __future__ import annotations

import numpy as np
import pytest
from tests.contract.making import OTHER_SPACE, SPACE, put, same_direction, vector

from smartsearch.core.assets import Swatch
from smartsearch.core.query import And, ColorNear, Everything, NameLike, Not
from smartsearch.core.ranking import Scorer
from smartsearch.core.spaces import Calibration
from smartsearch.search.explain import Evidence, explain
from smartsearch.search.paging import Answer
from smartsearch.search.ranking import Branch, Hit, Likeness, Plan, by_time, rank, relevant
from smartsearch.search.text import SURE, content_words, text_chances
from smartsearch.testing import MemoryStore

DOG, CAT = vector("dog"), vector("cat")
CALIBRATION = Calibration(z=4.0, cos=0.0, bias=-4.0)
"""With centre 0 and spread 0.5: a cosine of 0.5 is as likely as not."""


def likeness(of: str) -> Likeness:
    return Likeness(vector(of), Scorer(CALIBRATION, 0.0, 0.5))


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    photos = [put(f"/{n:03d}.jpg", embeddings={SPACE.key: same_direction(1 - n / 40, DOG)}) for n in range(40)]
    photos += [put(f"/cats/{n:03d}.jpg", embeddings={SPACE.key: same_direction(1 - n / 40, CAT)}) for n in range(40)]
    photos += [put("/old/my dog rex.jpg", embeddings={SPACE.key: same_direction(-0.5, DOG)})]
    photos += [put("/old/dogs/no-vector.jpg", embeddings={OTHER_SPACE.key: vector("x", OTHER_SPACE)})]
    made.apply(photos)
    return made


def plan(*branches: Branch, cut_off: float = 0.5) -> Plan:
    return Plan(SPACE, branches, cut_off)


def names(store: MemoryStore, ids: tuple[int, ...]) -> list[str]:
    return [asset.path for asset in store.assets(ids)]


def alike(store: MemoryStore, of: str) -> int:
    """How many images look like it, as likely as not."""
    vectors = store.vectors(SPACE, store.select(Everything()))
    return sum(float(likeness(of).scores(seen @ vector(of))) >= 0.5 for seen in vectors.values())


def test_texts_bring_in_what_does_not_look_like_it(store: MemoryStore) -> None:
    looks = rank(store, plan(Branch(Everything(), likeness("dog"))), 100)
    both = rank(store, plan(Branch(Everything(), likeness("dog"), words=("dog",))), 100)
    assert len(looks.ids) == alike(store, "dog")
    added = set(names(store, both.ids)) - set(names(store, looks.ids))
    assert added == {"/old/my dog rex.jpg", "/old/dogs/no-vector.jpg"}
    score = dict(zip(names(store, both.ids), both.scores, strict=True))
    assert score["/old/dogs/no-vector.jpg"] == pytest.approx(SURE)
    assert dict(zip(both.ids, both.similarities, strict=True))[both.ids[-1]] is not None
    assert both.scores == tuple(sorted(both.scores, reverse=True))


def test_texts_with_some_of_the_words_do_little(store: MemoryStore) -> None:
    rex = store.select(NameLike("*rex*"))[0]
    some = text_chances(store, ("dog", "rex", "hawaii"), Everything())
    assert set(some) == {rex}
    assert 0.1 < some[rex] < 0.3
    assert text_chances(store, ("dog", "surfing", "hawaii"), Everything()) == {}
    assert text_chances(store, ("surfing",), Everything()) == {}


def test_words_without_content_are_not_looked_for() -> None:
    assert content_words("A dog on the Beach, a dog & 猫!") == ("dog", "beach", "猫")


@pytest.mark.parametrize("top", [1, 5, 19, 20, 21, 60, 82, 90])
@pytest.mark.parametrize("cut_off", [0.0, 0.02, 0.5])
def test_looking_less_far_finds_the_same_beginning(store: MemoryStore, top: int, cut_off: float) -> None:
    branches = (
        Branch(Everything(), likeness("dog"), (likeness("cat"),), words=("dog", "rex")),
        Branch(NameLike("0*"), likeness("cat")),
        Branch(NameLike("*rex*")),
    )
    for chosen in (branches[:1], branches[1:2], branches):
        asked = plan(*chosen, cut_off=cut_off)
        whole, part = rank(store, asked, 1000), rank(store, asked, top)
        assert whole.complete
        assert part.ids == whole.ids[:top]
        assert part.scores == pytest.approx(whole.scores[:top])
        assert part.complete <= (len(whole.ids) <= top)
        answer = Answer(store, asked)
        pages = [hit.asset.id for offset in range(0, 90, 7) for hit in answer.page(offset, 7).hits]
        assert pages == list(whole.ids)


def test_what_is_avoided_lowers_the_score(store: MemoryStore) -> None:
    vectors = store.vectors(SPACE, store.select(Everything()))
    found = rank(store, plan(Branch(Everything(), likeness("dog"), (likeness("cat"),)), cut_off=0.0), 100)
    for asset_id, score in zip(found.ids, found.scores, strict=True):
        dog, cat = (likeness(of).scores(vectors[asset_id] @ vector(of)) for of in ("dog", "cat"))
        assert score == pytest.approx(float(dog * (1 - cat)), abs=1e-4)


def test_without_a_target_what_is_avoided_falls_out(store: MemoryStore) -> None:
    found = rank(store, plan(Branch(NameLike("0*"), avoid=(likeness("cat"),))), 100)
    assert len(found.ids) == 80 - alike(store, "cat")
    assert found.withheld == alike(store, "cat")
    assert found.complete


def test_relevant_images_in_order_of_time(store: MemoryStore) -> None:
    asked = Plan(SPACE, (Branch(Everything(), likeness("dog")),), 0.5, "oldest")
    ordered = by_time(store, asked, relevant(store, asked))
    moments = [asset.moment for asset in store.assets(ordered.ids)]
    assert len(moments) == alike(store, "dog")
    assert moments == sorted(moments)
    assert np.all(np.array(ordered.scores) >= 0.5)


def test_a_colour_is_explained_by_its_share() -> None:
    store = MemoryStore()
    store.apply([put("/a.jpg", palette=(Swatch(0x108080, 30), Swatch(0x208888, 12), Swatch(0xFFFFFF, 50)))])
    where = And((ColorNear(0x108080), Not(ColorNear(0xFF0000))))
    [asset] = store.assets(store.select(where))
    [parts] = explain(store, plan(Branch(where, labels=("color:teal",))), [Hit(asset, 1.0, None)])
    assert parts == (Evidence("filter", "color:teal", 1.0), Evidence("color", "teal", 0.42))
