"""Feedback and adapters: every store keeps them, whatever becomes of the images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from smartsearch.core.feedback import TextAdapter, Verdict
from smartsearch.core.ports import Store
from smartsearch.core.query import Everything
from tests.contract.conftest import Clock
from tests.contract.making import NOW, SPACE, put

A, B = b"a" * 32, b"b" * 32


def fact(query: str, file_hash: bytes = A, liked: bool = True) -> Verdict:
    return Verdict(query, file_hash, liked, SPACE.key, NOW)


class TestFacts:
    def test_they_are_given_back_in_the_order_they_were_said(self, store: Store) -> None:
        said = [fact("Rex"), fact("the lake", B, liked=False), fact("Rex", B)]
        store.feedback.keep(said)
        assert store.feedback.verdicts() == said
        assert store.feedback.verdicts("rex") == [said[0], said[2]]
        assert store.feedback.verdicts("nobody") == []

    def test_the_latest_word_counts(self, store: Store) -> None:
        store.feedback.keep([fact("Rex"), fact("Rex", B)])
        store.feedback.keep([fact(" rex ", liked=False)])
        assert store.feedback.verdicts() == [fact("Rex", B), fact("rex", liked=False)]

    def test_they_outlive_the_images(self, store: Store) -> None:
        store.apply([put("/a.jpg")])
        [asset] = store.assets(store.select(Everything()))
        store.feedback.keep([fact("Rex", asset.file_hash)])
        store.forget([asset.id])
        store.drop_space(SPACE.key)
        assert [verdict.file_hash for verdict in store.feedback.verdicts()] == [asset.file_hash]

    def test_they_are_erased_by_query_photo_or_all(self, store: Store) -> None:
        said = [fact("Rex"), fact("Rex", B), fact("lake"), fact("lake", B)]
        store.feedback.keep(said)
        assert store.feedback.erase("REX", [B]) == 1
        assert store.feedback.erase(file_hashes=[]) == 0
        assert store.feedback.verdicts() == [said[0], *said[2:]]
        assert store.feedback.erase("lake") == 2
        assert store.feedback.erase("lake") == 0
        store.feedback.keep([fact("x", B)])
        assert store.feedback.erase(file_hashes=[B]) == 1
        assert store.feedback.erase() == 1
        assert store.feedback.verdicts() == []


class TestAdapters:
    def test_the_last_one_is_in_force_until_it_is_taken_back(self, store: Store, clock: Clock) -> None:
        before = store.generation
        assert store.feedback.adapter(SPACE.key) is None
        first = store.feedback.add_adapter(SPACE.key, b"1234", {"likes": 12})
        clock.tick()
        second = store.feedback.add_adapter(SPACE.key, b"5678", {"likes": 20})
        other = store.feedback.add_adapter("other", b"9", {})
        assert (first.learned_at, first.weights, first.report) == (NOW, b"1234", {"likes": 12})
        assert store.feedback.adapters(SPACE.key) == [first, second]
        assert store.feedback.adapter(SPACE.key) == second
        middle = store.generation
        assert middle > before, "what is cached of answers is stale"
        assert store.feedback.remove_adapter(SPACE.key) == second
        assert store.generation > middle
        assert store.feedback.adapter(SPACE.key) == first
        assert store.feedback.remove_adapter(SPACE.key) == first
        assert store.feedback.remove_adapter(SPACE.key) is None
        assert store.feedback.adapters("other") == [other]

    def test_ids_are_not_used_again(self, store: Store) -> None:
        first = store.feedback.add_adapter(SPACE.key, b"", {})
        store.feedback.remove_adapter(SPACE.key)
        assert store.feedback.add_adapter(SPACE.key, b"", {}) != replace(first, learned_at=NOW)


def test_an_adapter_survives_being_written() -> None:
    chance = np.random.default_rng(1)
    made = TextAdapter(
        chance.standard_normal((8, 2)).astype(np.float32), chance.standard_normal((2, 8)).astype(np.float32)
    )
    read = TextAdapter.from_bytes(made.to_bytes(), 8)
    texts = chance.standard_normal((3, 8)).astype(np.float32)
    assert read.rank == 2
    assert np.array_equal(read.apply(texts), made.apply(texts))
    assert np.allclose(np.linalg.norm(read.apply(texts), axis=1), 1.0)
    for broken in (b"", made.to_bytes()[:-4], b"\xff" * 128):
        with pytest.raises(ValueError, match="no adapter"):
            TextAdapter.from_bytes(broken, 8)
