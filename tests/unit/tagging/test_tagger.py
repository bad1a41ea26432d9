"""From model, vocabulary and settings to a tagger: what changes its fingerprint, and what it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smartsearch.core.assets import FileIdentity, ImageContent, Metadata, PutImage
from smartsearch.core.errors import ConfigError
from smartsearch.core.settings import TagSettings
from smartsearch.core.spaces import Calibration
from smartsearch.tagging.tagger import make_tagger
from smartsearch.tagging.thresholds import DEFAULT_THRESHOLD, Thresholds
from smartsearch.tagging.vocabulary import VocabularyTag
from smartsearch.testing import FAKE_SPACE, FakeTextEncoder, MemoryStore, random_vectors

BANK = random_vectors([f"bank {i}" for i in range(80)], FAKE_SPACE.dim)
CALIBRATION = Calibration(z=0.5, cos=12.0, bias=-6.0, background=BANK)


@pytest.fixture
def words(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "own.csv"
    path.write_text("-*\nred\nblue\n")
    return path


def fill(store: MemoryStore, count: int) -> None:
    known = store.counts().images
    content = ImageContent("png", 1, 1, 1, 0, 0, Metadata(), b"")
    for number in range(known, count):
        vector = random_vectors([f"photo {number}"], FAKE_SPACE.dim)[0]
        identity = FileIdentity(1, number, 1, 1)
        store.apply([PutImage(f"/{number}.png", identity, bytes(32), None, content, {FAKE_SPACE.key: vector})])


def fingerprint(words: Path, **changed: object) -> str:
    values = {"calibration": CALIBRATION, "thresholds": Thresholds(), "settings": TagSettings(vocabulary=str(words))}
    values |= changed
    text = FakeTextEncoder(changed.get("space", FAKE_SPACE), values["calibration"])  # type: ignore[arg-type]
    made = make_tagger(MemoryStore(), text, values["thresholds"], values["settings"], words.parent)  # type: ignore[arg-type]
    assert made is not None
    return made.fingerprint


def test_nothing_is_encoded_before_the_first_image(words: Path) -> None:
    text = FakeTextEncoder(calibration=CALIBRATION)
    tagger = make_tagger(MemoryStore(), text, Thresholds(0.5), TagSettings(vocabulary="own.csv"), words.parent)
    assert tagger is not None
    assert text.texts == []
    red, other = tagger.tag(np.stack([text.encode_texts(["red"])[0], BANK[0]]))
    assert [tag.name for tag in red.tags] == ["red"]
    assert red.tagger == tagger.fingerprint
    assert other.tags == ()


def test_the_fingerprint_changes_with_everything_that_decides_the_tags(words: Path) -> None:
    first = fingerprint(words)
    assert first == fingerprint(words)
    other_bank = replace(CALIBRATION, background=BANK[::-1].copy())
    variants = [
        fingerprint(words, calibration=replace(CALIBRATION, bias=-5.0)),
        fingerprint(words, calibration=other_bank),
        fingerprint(words, thresholds=Thresholds(0.7)),
        fingerprint(words, settings=TagSettings(vocabulary=str(words), max_per_photo=3)),
        fingerprint(words, space=replace(FAKE_SPACE, revision="2")),
    ]
    assert len({first, *variants}) == 1 + len(variants)
    assert fingerprint(words, thresholds=Thresholds(by_name={"dog": 0.7})) == first, "none of these words"
    packaged = TagSettings()
    fitted = fingerprint(words, settings=packaged, thresholds=Thresholds(by_name={"dog": 0.7}))
    assert fitted != fingerprint(words, settings=packaged)
    words.write_text("-*\nred,, something red\nblue\n")
    assert fingerprint(words) != first


def test_the_threshold_of_a_line_then_of_the_model_then_its_default() -> None:
    fitted = Thresholds(0.6, {"dog": 0.3})
    assert fitted.of(VocabularyTag("dog", "k", ("a dog",), packaged=True)) == 0.3
    assert fitted.of(VocabularyTag("cat", "k", ("a cat",), packaged=True)) == 0.6
    assert fitted.of(VocabularyTag("dog", "k", ("our dog",))) == 0.6, "the model's was fitted to other words"
    assert fitted.of(VocabularyTag("dog", "k", ("a dog",), 0.9)) == 0.9
    assert Thresholds().of(VocabularyTag("dog", "k", ("a dog",))) == DEFAULT_THRESHOLD


def test_switched_off_there_is_none(words: Path) -> None:
    text = FakeTextEncoder(calibration=CALIBRATION)
    assert make_tagger(MemoryStore(), text, Thresholds(), TagSettings(auto=False), words.parent) is None


def test_without_calibration_the_library_stands_in_once_it_is_large_enough(words: Path) -> None:
    store, settings, text = MemoryStore(), TagSettings(vocabulary=str(words)), FakeTextEncoder()
    seen = []
    for count in (63, 64, 255, 256, 300):
        fill(store, count)
        made = make_tagger(store, text, Thresholds(), settings, words.parent)
        seen.append(made and made.fingerprint)
    assert seen[0] is None
    assert seen[1] == seen[2] != seen[3] == seen[4], "tags are made anew only when the sample has grown by a step"
    made = make_tagger(store, text, Thresholds(0.9), settings, words.parent)
    assert made is not None
    [tags] = made.tag(text.encode_texts(["red"]))
    assert [tag.name for tag in tags.tags] == ["red"]


def test_a_wrong_vocabulary_is_refused_at_once(words: Path) -> None:
    words.write_text("red,,,much")
    with pytest.raises(ConfigError, match="line 1"):
        fingerprint(words)
