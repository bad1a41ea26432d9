"""The tags' vectors and the file that keeps their prompts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartsearch.tagging.prompts import tag_vectors
from smartsearch.tagging.vocabulary import VocabularyTag
from smartsearch.testing import FakeTextEncoder

RED = VocabularyTag("red", "colour", ("red", "red things"))
BLUE = VocabularyTag("blue", "colour", ("blue",))


def cached_file(folder: Path) -> Path:
    [path] = folder.glob("prompts-*.npz")
    return path


def test_a_tag_is_the_mean_of_its_prompts() -> None:
    encoder = FakeTextEncoder()
    vectors = tag_vectors([RED, BLUE], encoder, None)
    expected = encoder.encode_texts(["red", "a photo of red", "red things", "a photo of red things"]).mean(axis=0)
    assert vectors[0] == pytest.approx(expected / np.linalg.norm(expected))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0)
    assert tag_vectors([], encoder, None).shape == (0, encoder.space.dim)


def test_only_new_prompts_are_encoded(tmp_path: Path) -> None:
    first = tag_vectors([RED, BLUE], FakeTextEncoder(), tmp_path / "vectors")
    again = FakeTextEncoder()
    assert np.array_equal(tag_vectors([BLUE, RED], again, tmp_path / "vectors"), first[::-1])
    assert again.texts == []
    green = VocabularyTag("green", "colour", ("green",))
    tag_vectors([BLUE, green], again, tmp_path / "vectors")
    assert again.texts == ["green", "a photo of green"]
    last = FakeTextEncoder()
    tag_vectors([RED], last, tmp_path / "vectors")
    assert len(last.texts) == 4, "prompts no longer in use are dropped"


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no zip", None])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    expected = tag_vectors([RED], FakeTextEncoder(), tmp_path)
    content = cached_file(tmp_path).read_bytes()
    cached_file(tmp_path).write_bytes(content[: len(content) // 2] if damage is None else damage)
    encoder = FakeTextEncoder()
    assert np.array_equal(tag_vectors([RED], encoder, tmp_path), expected)
    assert len(encoder.texts) == 4
    assert np.array_equal(tag_vectors([RED], FakeTextEncoder(), tmp_path), expected)


def test_a_cache_of_another_space_or_with_wrong_numbers_is_not_used(tmp_path: Path) -> None:
    expected = tag_vectors([BLUE], FakeTextEncoder(), tmp_path)
    path = cached_file(tmp_path)
    with np.load(path) as arrays:
        held = dict(arrays)
    for wrong in (
        {"space": np.array("other")},
        {"vectors": held["vectors"] * np.nan},
        {"vectors": held["vectors"][:, 1:]},
    ):
        np.savez(path, **(held | wrong))
        assert np.array_equal(tag_vectors([BLUE], FakeTextEncoder(), tmp_path), expected)


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "vectors").write_text("a file where the folder should be")
    assert tag_vectors([RED], FakeTextEncoder(), tmp_path / "vectors").shape == (1, 64)
