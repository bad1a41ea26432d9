"""Grouping faces: known people come out, what is certain holds, and chance plays no part."""

from __future__ import annotations

import numpy as np
import pytest

from smartsearch.core.clustering import Clusters, Constraints, Floats, Neighbours, Thresholds, cluster
from smartsearch.core.faces import Box, FoundFace, KnownFace, matched
from smartsearch.people.neighbours import nearest

THRESHOLDS = Thresholds(link=0.5, join=0.5, review=0.3)


def people(*sizes: int, noise: float = 0.5, seed: int = 1) -> Floats:
    """So many faces of each person: unit vectors whose cosine within a person is about 1 / (1 + noise ** 2)."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(len(sizes), 64)) / 8
    vectors = np.repeat(centres, sizes, axis=0) + rng.normal(size=(sum(sizes), 64)) * noise / 8
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def grouped(vectors: Floats, thresholds: Thresholds = THRESHOLDS, **certain: object) -> Clusters:
    count = len(vectors)
    values: dict[str, object] = {"images": np.arange(count), "persons": np.zeros(count, np.int64)}
    return cluster(vectors, nearest(vectors), Constraints(**values | certain), thresholds)  # type: ignore[arg-type]


def test_people_come_out() -> None:
    found = grouped(people(5, 3, 1, 8))
    assert found.labels.tolist() == [0] * 5 + [5] * 3 + [8] + [9] * 8
    assert found.similarity[:5].min() > 0.6
    assert found.similarity[8] == 1, "a face alone"


def test_nothing_to_group() -> None:
    assert grouped(np.empty((0, 64), np.float32)).labels.tolist() == []
    assert grouped(people(1)).labels.tolist() == [0]


def test_two_faces_of_one_photo_are_never_one_person() -> None:
    vectors = people(4)
    found = grouped(vectors, images=np.array([0, 0, 1, 2]))
    assert found.labels[0] != found.labels[1]
    assert set(found.labels.tolist()) == {0, 1}


def test_named_persons_never_become_one() -> None:
    found = grouped(people(6), persons=np.array([7, 0, 0, 9, 0, 0]), named=frozenset({7, 9}))
    assert found.persons[0] == 7
    assert found.persons[3] == 9
    assert set(found.persons.tolist()) == {7, 9}


def test_groups_without_a_name_join_and_the_named_survives() -> None:
    vectors = people(6)
    assert set(grouped(vectors, persons=np.array([7, 0, 0, 4, 0, 0])).persons.tolist()) == {4}
    settled = np.array([7, 0, 0, 4, 0, 0])
    assert set(grouped(vectors, persons=settled, named=frozenset({7})).persons.tolist()) == {7}


def test_faces_of_one_person_stay_together_however_they_look() -> None:
    vectors = people(2, 2)
    found = grouped(vectors, persons=np.array([3, 0, 3, 0]), named=frozenset({3}))
    assert found.persons[0] == found.persons[2] == 3


def test_the_users_no_holds() -> None:
    vectors = people(5)
    found = grouped(
        vectors, persons=np.array([7, 7, 0, 0, 0]), named=frozenset({7}), rejected=frozenset({(2, 7), (3, 7)})
    )
    assert found.persons.tolist()[2:4] == [0, 0]


def test_nobody_is_in_a_picture_from_before_their_birth() -> None:
    certain = {"persons": np.array([7, 0, 0]), "named": frozenset({7}), "born": {7: 1000.0}}
    assert grouped(people(3), **certain, moments=np.array([2000.0, 999.0, 2001.0])).persons[1] == 0
    assert grouped(people(3), **certain, moments=np.array([2000.0, 1001.0, 2001.0])).persons.tolist() == [7, 7, 7]


def test_a_child_must_look_more_alike_over_the_years() -> None:
    vectors = people(2, noise=0.95)
    likeness = float(vectors[0] @ vectors[1])
    thresholds = Thresholds(link=0.0, join=likeness - 0.01, review=likeness - 0.4)
    certain = {"persons": np.array([7, 0]), "named": frozenset({7})}
    years = np.array([4000.0, 6000.0])
    assert grouped(vectors, thresholds, **certain, moments=years).persons.tolist() == [7, 7]
    child = grouped(vectors, thresholds, **certain, moments=years, born={7: 3000.0})
    assert child.persons.tolist() == [7, 0]
    assert [merge.first for merge in child.doubtful] == [0], "asked, not guessed"
    assert grouped(vectors, thresholds, **certain, moments=years + 9000, born={7: 3000.0}).persons.tolist() == [7, 7]


def test_doubtful_pairs_are_asked_about() -> None:
    vectors = people(3, 3)
    between = float(vectors[:3].sum(0) @ vectors[3:].sum(0)) / 9
    found = grouped(vectors, Thresholds(link=-1.0, join=0.5, review=between - 0.01))
    [doubt] = found.doubtful
    assert (doubt.first, doubt.second) == (0, 3)
    assert doubt.similarity == pytest.approx(between, abs=1e-5)


def test_a_chain_of_lookalikes_ties_nobody_together() -> None:
    """Single linkage and DBSCAN would: each face of the chain is near the next."""
    angles = np.linspace(0, np.pi, 40)
    chain = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    found = grouped(chain, Thresholds(link=0.9, join=0.8, review=0.7))
    assert found.labels[0] != found.labels[-1]


def test_it_does_not_depend_on_chance_or_on_the_index() -> None:
    vectors = people(*[7] * 60, noise=0.4)
    exact = grouped(vectors)
    assert grouped(vectors).labels.tolist() == exact.labels.tolist()
    constraints = Constraints(np.arange(420), np.zeros(420, np.int64))
    inexact = [cluster(vectors, nearest(vectors, exact_up_to=1), constraints, THRESHOLDS) for _ in range(2)]
    assert inexact[0].labels.tolist() == inexact[1].labels.tolist()
    assert np.mean(inexact[0].labels == exact.labels) > 0.95


def test_missing_neighbours_are_none() -> None:
    vectors = people(2)
    places = np.array([[0, -1], [1, 0]])
    found = cluster(
        vectors,
        Neighbours(places, np.array([[1, 0], [1, 0.8]], np.float32)),
        Constraints(np.arange(2), np.zeros(2, np.int64)),
        THRESHOLDS,
    )
    assert found.labels.tolist() == [0, 0]


def test_confidence() -> None:
    assert THRESHOLDS.confidence(0.3) == pytest.approx(0.5)
    assert THRESHOLDS.confidence(0.5) == pytest.approx(0.9)
    assert THRESHOLDS.confidence(1.0) < 1


class TestMatching:
    @staticmethod
    def found(left: float, vector: Floats | None = None) -> FoundFace:
        return FoundFace(
            Box(left, 0, 0.2, 0.2), 1, 1, 1, 1, 0, np.ones(2, np.float32) if vector is None else vector, b""
        )

    def test_by_place_the_better_overlap_first(self) -> None:
        known = [KnownFace(1, Box(0.0, 0, 0.2, 0.2), None, False), KnownFace(2, Box(0.05, 0, 0.2, 0.2), None, False)]
        assert matched(known, [self.found(0.05), self.found(0.01)]) == {0: 2, 1: 1}
        assert matched(known, [self.found(0.7)]) == {}

    def test_by_vector_only_what_the_user_spoke_about(self) -> None:
        near = np.array([1.0, 0.01], np.float32) / np.float32(np.hypot(1, 0.01))
        for kept, expected in ((True, {0: 1}), (False, {})):
            known = [KnownFace(1, Box(0, 0, 0.1, 0.1), np.array([1, 0], np.float32), kept)]
            assert matched(known, [self.found(0.7, near)]) == expected

    def test_a_box_without_extent_overlaps_nothing(self) -> None:
        assert Box(0, 0, 0, 0).overlap(Box(0, 0, 0, 0)) == 0
