"""Which tags a photo gets, from vectors, thresholds and a calibration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from smartsearch.core.assets import AutoTags, Tag
from smartsearch.core.ranking import Scorer
from smartsearch.core.spaces import Calibration, EmbeddingSpace
from smartsearch.core.tagging import Tagger, TagQuery
from smartsearch.testing import random_vectors

SPACE = EmbeddingSpace("m", "1", "p", dim=8)
BACKGROUND = random_vectors([f"b{i}" for i in range(64)], 8)
CALIBRATION = Calibration(z=1.0, cos=2.0, bias=-3.0, background=BACKGROUND)
DOG, CAT = random_vectors(["dog", "cat"], 8)


def tagger(*queries: TagQuery, most: int = 10) -> Tagger:
    return Tagger(SPACE, "f1", queries, BACKGROUND, CALIBRATION, most)


def near(vector: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    mixed = share * vector + (1 - share) * BACKGROUND[0]
    return np.asarray(mixed / np.linalg.norm(mixed), np.float32)


def test_confidence_is_the_score_a_search_would_give() -> None:
    images = random_vectors(["x", "y", "z"], 8)
    found = tagger(TagQuery("dog", DOG, 0.5), TagQuery("cat", CAT, 0.5)).confidences(images)
    for row, query in zip(found, (DOG, CAT), strict=True):
        expected = Scorer.for_query(query, BACKGROUND, CALIBRATION).probability(images @ query)
        assert row == pytest.approx(expected, abs=1e-6)


def test_a_tag_is_given_from_its_own_threshold_on() -> None:
    image = near(DOG, 0.8)[None]
    stored = image.astype(np.float16).astype(np.float32)
    seen = round(float(tagger(TagQuery("dog", DOG, 0.5)).confidences(stored)[0, 0]), 4)
    assert 0.0 < seen < 1.0
    given_at = tagger(TagQuery("dog", DOG, seen), TagQuery("hound", DOG, seen + 1e-4), TagQuery("cat", CAT, 1.0))
    assert given_at.tag(image) == [AutoTags("f1", (Tag("dog", seen, "auto"),))]


def test_the_surest_come_first_and_no_more_than_allowed() -> None:
    queries = [TagQuery(f"t{i}", near(DOG, share), 1e-6) for i, share in enumerate((0.2, 0.9, 0.5, 0.7))]
    [made] = tagger(*queries, most=3).tag(DOG[None])
    assert [tag.name for tag in made.tags] == ["t1", "t3", "t2"]
    assert [tag.confidence for tag in made.tags] == sorted((tag.confidence for tag in made.tags), reverse=True)


def test_no_images_and_no_tags() -> None:
    assert tagger(TagQuery("dog", DOG, 0.5)).tag(np.empty((0, 8), np.float32)) == []
    assert tagger().tag(random_vectors(["x"], 8)) == [AutoTags("f1", ())]


@given(st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=20), st.integers(1, 7))
def test_the_same_tags_whatever_the_batch_and_from_pixels_or_database(names: list[str], cut: int) -> None:
    images = random_vectors(names, 8)
    asked = tagger(TagQuery("dog", DOG, 0.05), TagQuery("cat", CAT, 0.05))
    whole = asked.tag(images)
    assert whole == asked.tag(images[:cut]) + asked.tag(images[cut:])
    assert whole == asked.tag(images.astype(np.float16).astype(np.float32))
