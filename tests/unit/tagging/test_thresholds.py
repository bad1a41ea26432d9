"""Thresholds beside a model: which ones count."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from smartsearch.core.errors import WeightsCorruptError
from smartsearch.onnx.descriptions import read_description
from smartsearch.onnx.weights import PACKAGED_MODELS, InstalledModel
from smartsearch.tagging.thresholds import Thresholds, read_thresholds
from smartsearch.tagging.vocabulary import packaged_vocabulary

POCKET = InstalledModel(read_description(PACKAGED_MODELS / "pocket"), PACKAGED_MODELS / "pocket", packaged=True)
FITTED = {"revision": "2", "calibration": "c1", "default": 0.6, "thresholds": {"dog": 0.3}}


def model(folder: Path, content: str) -> InstalledModel:
    (folder / "tags.json").write_text(content)
    description = replace(POCKET.description, revision="2", sha256={"calibration.json": "c1"})
    return InstalledModel(description, folder)


def test_the_packaged_thresholds_belong_to_the_packaged_model() -> None:
    """`python -m training tags` makes them anew."""
    found = read_thresholds(POCKET)
    assert found.by_name, "fitted to another revision or calibration"
    names = {tag.name for tag in packaged_vocabulary()}
    assert set(found.by_name) <= names
    assert all(0.0 < value <= 1.0 for value in (found.default, *found.by_name.values()))


def test_thresholds_of_the_models_own_revision_and_calibration(tmp_path: Path) -> None:
    assert read_thresholds(model(tmp_path, json.dumps(FITTED))) == Thresholds(0.6, {"dog": 0.3})
    for stale in ({"revision": "1"}, {"calibration": "c0"}):
        assert read_thresholds(model(tmp_path, json.dumps(FITTED | stale))) == Thresholds()
    (tmp_path / "tags.json").unlink()
    assert read_thresholds(InstalledModel(POCKET.description, tmp_path)) == Thresholds()


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", json.dumps(FITTED | {"default": "high"}), json.dumps(FITTED | {"thresholds": 3})]
)
def test_a_damaged_file_is_said_so(tmp_path: Path, content: str) -> None:
    with pytest.raises(WeightsCorruptError, match="thresholds"):
        read_thresholds(model(tmp_path, content))
