"""How thresholds of automatic tags are fitted and judged; nothing here needs torch or photos."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from training.data import CaptionedPhotos

from smartsearch.tagging.vocabulary import VocabularyTag, packaged_vocabulary
from training import tag_words, tags

DOG = VocabularyTag("dog", "animal", ("a dog", "a puppy"))
FOUNTAIN = VocabularyTag("fountain", "place", ("a fountain",))
CAMERA = VocabularyTag("camera", "object", ("a camera",))


def evidence(confidence: np.ndarray, named: np.ndarray) -> tags.Evidence:
    return tags.Evidence(confidence, named, named, np.ones_like(named))


@pytest.mark.parametrize(
    ("tag", "caption", "named"),
    [
        (DOG, "Two Puppies, running", True),
        (DOG, "a greyhound with a muzzle", True),
        (DOG, "a hot dogma", False),
        (FOUNTAIN, "kids in fountains .", True),
        (CAMERA, "a boy smiles at the camera", False),
        (CAMERA, "a woman with a video camera", True),
    ],
)
def test_captions_name_tags_by_their_words(tag: VocabularyTag, caption: str, named: bool) -> None:
    split = CaptionedPhotos(("a.jpg", "b.jpg"), (caption, "nothing of it"), np.array([1, 0]))
    assert tag_words.captions_naming([tag], split).tolist() == [[0, int(named)]]


def test_object_names_show_tags() -> None:
    words = packaged_vocabulary()
    shown = tag_words.objects_shown(words, ["domestic cat", "zebra", "croquet ball"])
    names = [[word.name for word, one in zip(words, column, strict=True) if one] for column in shown.T]
    assert names == [["cat"], ["zebra"], []]


def test_words_are_of_tags_that_exist() -> None:
    names = {word.name for word in packaged_vocabulary()}
    assert set(tag_words.NAMED_BY) <= names
    assert {tag for tag in tag_words.OBJECT_TAGS.values() if tag} <= names


def test_the_lowest_threshold_that_reaches_the_target() -> None:
    """A well-seen tag is right exactly from 0.5 on, one that is right by chance never reaches the target, and one that
    is never seen goes by the others."""
    rng = np.random.default_rng(0)
    confidence = rng.random((3, 4000))
    confidence[2] *= 0.1
    named = np.array([confidence[0] >= 0.5, rng.random(4000) < 0.3, np.zeros(4000, bool)])
    default, thresholds = tags.fit([evidence(confidence, named)])
    right_share = 0.5 / (1 - thresholds[0])
    assert right_share == pytest.approx(tags.TARGET, abs=0.03)
    assert thresholds[1] > 0.9
    assert thresholds[2] == default


def test_a_tag_seen_rarely_is_pulled_towards_the_others() -> None:
    sure = np.linspace(0.2, 1.0, 1000)
    named = sure >= 0.5
    lucky_confidence, lucky_named = np.zeros(1000), np.zeros(1000, bool)
    lucky_confidence[0], lucky_named[0] = 0.25, True
    default, thresholds = tags.fit([evidence(np.array([sure, lucky_confidence]), np.array([named, lucky_named]))])
    assert thresholds[1] > 0.25, "one right photo is not enough"
    assert thresholds[1] <= default


def test_figures_count_what_the_program_would_give() -> None:
    confidence = np.array([[0.9, 0.2, 0.8], [0.6, 0.7, 0.1]])
    named = np.array([[True, True, False], [True, False, False]])
    found = tags.figures(evidence(confidence, named), np.array([0.5, 0.5]))
    assert found == {"photos": 3, "precision": 0.5, "coverage": 0.667, "tags_per_photo": 1.33, "photos_with_a_tag": 1.0}
    many = evidence(np.full((15, 1), 0.9), np.ones((15, 1), bool))
    assert many.given(np.full(15, 0.5)).sum() == 10
