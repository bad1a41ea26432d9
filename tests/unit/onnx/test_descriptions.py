"""Descriptions, their JSON form, and the registry."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from smartsearch.core.errors import UnknownModelError, WeightsCorruptError
from smartsearch.embeddings import builtin
from smartsearch.onnx.descriptions import (
    ModelDescription,
    Registry,
    from_json,
    read_description,
    to_json,
    with_variant,
    write_description,
)

MINIMAL = {
    "name": "pocket",
    "revision": "1",
    "family": "pocket",
    "dim": 256,
    "image": {"file": "image.onnx", "size": 224, "mean": None, "std": None},
    "text": {"file": "text.onnx", "context_length": 64},
}


@pytest.mark.parametrize("description", builtin.smartsearch_models(), ids=lambda description: description.name)
def test_known_models_are_whole(description: ModelDescription) -> None:
    assert description.repository
    assert description.licence.name
    assert description.summary
    for variant in description.variants:
        files = description.files(variant)
        assert len(files) == len(set(files)) >= 3
        assert description.towers_of(variant).size
        assert description.space(variant).variant == variant
    known = {file for variant in description.variants for file in description.files(variant)}
    assert set(description.sha256) <= known
    assert all(len(digest) == 64 for digest in description.sha256.values())


def test_known_models_are_pinned_to_commits_but_for_one_that_says_so() -> None:
    unpinned = {model.name for model in builtin.smartsearch_models() if len(model.revision) != 40}
    assert unpinned == {"clip-vit-l-14"}


@pytest.mark.parametrize("variant", ["fp32", "int8", "fp16"])
def test_json_form_gives_the_description_back(variant: str, tmp_path: Path) -> None:
    description = with_variant(builtin.SIGLIP2_B16, variant)
    again = from_json(json.loads(json.dumps(to_json(description))))
    assert dataclasses.replace(again, towers=description.towers) == description
    assert again.space() == description.space() == builtin.SIGLIP2_B16.space(variant)
    write_description(tmp_path, description)
    assert read_description(tmp_path) == again


def test_only_a_few_fields_are_needed() -> None:
    description = from_json(MINIMAL)
    assert description.preprocessing.mean == (0, 0, 0)
    assert description.preprocessing.std == (1, 1, 1)
    assert description.text.tokenizer == "tokenizer.json"
    assert description.variants == ("fp32",)
    assert description.licence.name == "unknown"
    assert from_json(MINIMAL | {"licence": "MIT"}).licence.name == "MIT"


@pytest.mark.parametrize("field", ["name", "revision", "family", "dim", "image", "text"])
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(WeightsCorruptError, match=field):
        from_json({key: value for key, value in MINIMAL.items() if key != field})


@pytest.mark.parametrize(
    "change",
    [
        {"dim": "many"},
        {"name": "../up"},
        {"variant": "int3"},
        {"image": MINIMAL["image"] | {"file": "../../etc/passwd"}},  # type: ignore[operator]
        {"image": MINIMAL["image"] | {"file": "/etc/passwd"}},  # type: ignore[operator]
        {"image": MINIMAL["image"] | {"file": "C:\\model.onnx"}},  # type: ignore[operator]
        {"image": MINIMAL["image"] | {"resize": "stretch"}},  # type: ignore[operator]
        {"image": MINIMAL["image"] | {"mean": [1, 2]}},  # type: ignore[operator]
        {"extra": ["a/../../b"]},
        {"sha256": {"/abs": "00"}},
    ],
)
def test_wrong_fields_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(WeightsCorruptError, match="description is wrong"):
        from_json(MINIMAL | change)


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"\xff\xfe"])
def test_an_unreadable_file_is_a_plain_error(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "model.json").write_bytes(content)
    with pytest.raises(WeightsCorruptError):
        read_description(tmp_path)


def test_registry_names_what_there_is() -> None:
    registry = Registry([builtin.CLIP_B32, builtin.CLIP_L14])
    assert registry.names() == ["clip-vit-b-32", "clip-vit-l-14"]
    assert "clip-vit-b-32" in registry
    with pytest.raises(UnknownModelError, match="clip-vit-b-32, clip-vit-l-14"):
        registry.get("clipp")
    with pytest.raises(UnknownModelError, match="fp32, int8, fp16"):
        builtin.CLIP_B32.towers_of("int4")
