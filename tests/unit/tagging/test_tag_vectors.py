"""The tags' vectors and the file that keeps their prompts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartsearch.core.settings import RuntimeSettings
from smartsearch.embeddings import pocket
from smartsearch.embeddings.factory import load_encoders
from smartsearch.onnx.descriptions import read_description
from smartsearch.onnx.weights import PACKAGED_MODELS, InstalledModel
from smartsearch.tagging.prompts import PROMPTS_FILE, tag_vectors, write_prompts
from smartsearch.tagging.vocabulary import VocabularyTag, packaged_vocabulary
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


def test_prompts_that_a_model_brings_are_not_encoded(tmp_path: Path) -> None:
    expected = tag_vectors([RED, BLUE], FakeTextEncoder(), None)
    write_prompts([RED, BLUE], FakeTextEncoder(), tmp_path / "prompts.npz")
    encoder = FakeTextEncoder()
    vectors = tag_vectors([BLUE, RED], encoder, tmp_path, shipped=tmp_path / "prompts.npz")
    assert vectors == pytest.approx(expected[::-1], abs=1e-3)
    assert encoder.texts == []
    assert not list(tmp_path.glob("prompts-*.npz")), "nothing to keep"
    green = VocabularyTag("green", "colour", ("green",))
    tag_vectors([RED, green], encoder, tmp_path, shipped=tmp_path / "prompts.npz")
    assert encoder.texts == ["green", "a photo of green"]
    tag_vectors([RED, green], encoder, tmp_path, shipped=tmp_path / "prompts.npz")
    assert len(encoder.texts) == 2


def test_the_packaged_model_brings_the_packaged_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m training tags` makes it anew."""
    folder = PACKAGED_MODELS / "pocket"
    encoder = load_encoders(InstalledModel(read_description(folder), folder), pocket.FAMILY, RuntimeSettings()).text
    some = packaged_vocabulary()[::100]
    expected = tag_vectors(some, encoder, None)
    monkeypatch.setattr(encoder, "encode_texts", lambda texts: pytest.fail(f"not in the file: {texts}"))
    tag_vectors(packaged_vocabulary(), encoder, None, shipped=folder / PROMPTS_FILE)
    assert tag_vectors(some, encoder, None, shipped=folder / PROMPTS_FILE) == pytest.approx(expected, abs=1e-3)
