"""Finding, checking and removing models on this machine."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest

from smartsearch.core.errors import (
    DiskFullError,
    ModelError,
    UnknownModelError,
    WeightsCorruptError,
    WeightsMissingError,
)
from smartsearch.embeddings import builtin
from smartsearch.onnx.descriptions import Registry, read_description
from smartsearch.onnx.weights import InstalledModel, Weights

pytest.importorskip("onnx", reason="tiny models are made with the onnx package")
from smartsearch.testing_models import make_tiny_model


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    make_tiny_model(tmp_path / "packaged" / "pocket", name="pocket")
    return Weights(tmp_path / "models", Registry([builtin.CLIP_B32]), packaged=tmp_path / "packaged")


def install(weights: Weights, name: str = "mine") -> InstalledModel:
    with weights.staging(name, "fp32") as stage:
        make_tiny_model(stage, name=name)
        return weights.install(stage, read_description(stage))


def test_the_packaged_model_is_always_there(weights: Weights) -> None:
    model = weights.find("pocket")
    assert model.packaged
    assert model.path("image.onnx").is_file()
    assert model.size > 5_000
    weights.verify(model)
    assert [found.description.name for found in weights.installed()] == ["pocket"]
    assert not weights.folder.exists(), "looking makes nothing"


def test_a_known_model_without_files_says_what_to_do(weights: Weights) -> None:
    with pytest.raises(WeightsMissingError) as raised:
        weights.find("clip-vit-b-32", "int8")
    assert "models pull clip-vit-b-32:int8" in raised.value.hint
    assert "models import" in raised.value.hint
    with pytest.raises(UnknownModelError, match="clip-vit-b-32"):
        weights.find("clip-vit-b-33")
    with pytest.raises(UnknownModelError):
        weights.find("clip-vit-b-32", "int9")
    assert weights.describe("clip-vit-b-32") is builtin.CLIP_B32


@pytest.mark.parametrize("name", ["..", "../packaged/pocket", ".partial", "", "a/b", "C:\\x"])
def test_names_cannot_leave_the_folder(weights: Weights, name: str) -> None:
    with pytest.raises(UnknownModelError):
        weights.find(name)
    with pytest.raises(UnknownModelError):
        weights.remove(name)


def test_an_installed_model_is_found_checked_and_removed(weights: Weights) -> None:
    model = install(weights)
    assert weights.find("mine") == model == weights.find("mine", "fp32")
    assert not model.packaged
    weights.verify(model)
    with pytest.raises(WeightsMissingError):
        weights.find("mine", "int8")
    assert [gone.folder for gone in weights.remove("mine")] == [model.folder]
    assert not model.folder.exists()
    with pytest.raises(UnknownModelError):
        weights.find("mine")
    with pytest.raises(WeightsMissingError, match="nothing to remove"):
        weights.remove("mine")


def test_installing_again_replaces_the_old_files(weights: Weights) -> None:
    before = install(weights)
    (before.folder / "stray").touch()
    after = install(weights)
    assert after.folder == before.folder
    assert not (after.folder / "stray").exists()
    leftovers = [path.name for path in (weights.folder / ".partial").iterdir() if not path.name.endswith(".lock")]
    assert leftovers == []


def test_the_packaged_model_cannot_be_replaced_or_removed(weights: Weights) -> None:
    with pytest.raises(ModelError, match="comes with smartsearch"):
        weights.remove("pocket")
    with pytest.raises(ModelError, match="comes with smartsearch"), weights.staging("pocket", "fp32"):
        pass


@pytest.mark.parametrize("damage", ["delete", "change"])
def test_damage_is_named(weights: Weights, damage: str) -> None:
    model = install(weights)
    path = model.path("text.onnx")
    if damage == "delete":
        path.unlink()
        with pytest.raises(WeightsCorruptError, match=r"text\.onnx is missing"):
            weights.find("mine")
    else:
        path.write_bytes(path.read_bytes() + b"x")
        weights.find("mine")  # looking is quick and does not read the weights
    with pytest.raises(WeightsCorruptError, match=r"text\.onnx") as raised:
        weights.verify(model)
    assert "pull mine" in raised.value.hint


def test_a_damaged_description_hides_the_model_but_can_be_removed(weights: Weights) -> None:
    model = install(weights)
    (model.folder / "model.json").write_text("{")
    assert [found.description.name for found in weights.installed()] == ["pocket"]
    with pytest.raises(UnknownModelError):
        weights.find("mine")
    weights.remove("mine")
    assert not model.folder.exists()


def test_a_models_folder_that_cannot_be_written_is_a_plain_error(weights: Weights) -> None:
    weights.folder.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="cannot be written"), weights.staging("mine", "fp32"):
        pass


def test_a_full_disk_is_said_so_and_keeps_what_came(weights: Weights) -> None:
    def fill_disk() -> None:
        with weights.staging("mine", "fp32") as stage:
            (stage / "part").touch()
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DiskFullError, match="no space left"):
        fill_disk()
    with weights.staging("mine", "fp32") as stage:
        assert (stage / "part").exists()


def test_a_failed_swap_puts_the_old_model_back(weights: Weights) -> None:
    before = install(weights)
    with weights.staging("mine", "fp32") as stage:
        make_tiny_model(stage, name="mine")
        description = read_description(stage)
        gone = stage.with_name("gone")
        stage.rename(gone)
        with pytest.raises(ModelError), weights.staging("other", "fp32"):
            weights._swap(stage, before.folder)
        shutil.rmtree(gone)
    assert weights.find(description.name) == before
    weights.verify(before)
