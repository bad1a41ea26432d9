"""`models import`: the standard layouts, and everything that can be wrong with a folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartsearch.core.errors import ModelError, PathNotFoundError, WeightsCorruptError
from smartsearch.core.settings import RuntimeSettings
from smartsearch.embeddings import clip
from smartsearch.embeddings.base import OnnxImageEncoder
from smartsearch.embeddings.factory import load_encoders
from smartsearch.embeddings.installing import Installer
from smartsearch.embeddings.layouts import recognise
from smartsearch.onnx.descriptions import Registry
from smartsearch.onnx.sessions import LazySession
from smartsearch.onnx.weights import Weights, sha256_of
from smartsearch.plugins import Plugins

pytest.importorskip("onnx", reason="small graphs are made with the onnx package")
from smartsearch.testing_models import GraphBuilder, make_random_vit, make_tiny_model

INT64, FLOAT = 7, 1
DIM = 24


def text_graph(path: Path, dim: int = DIM, words: int = 64) -> None:
    g = GraphBuilder()
    table = np.random.default_rng(0).standard_normal((words, dim)).astype(np.float32)
    found = g.op("Gather", g.constant(table), "input_ids", axis=0)
    g.op("ReduceSum", found, g.ints(1), keepdims=0, output="text_embeds")
    g.save(path, {"input_ids": (INT64, ["batch", "sequence"])}, {"text_embeds": (FLOAT, ["batch", dim])})


def towers(image: Path, text: Path, *, external_data: bool = False) -> None:
    image.parent.mkdir(parents=True, exist_ok=True)
    text.parent.mkdir(parents=True, exist_ok=True)
    make_random_vit(image, size=32, patch=16, width=32, layers=1, heads=2, dim=DIM, external_data=external_data)
    text_graph(text)


def tokenizer(path: Path) -> None:
    made = make_tiny_model(path.parent / "scratch")
    (made / "tokenizer.json").rename(path)
    for file in made.iterdir():
        file.unlink()
    made.rmdir()


CLIP_PREPROCESSOR: dict[str, Any] = {
    "crop_size": {"height": 32, "width": 32},
    "do_center_crop": True,
    "do_normalize": True,
    "do_resize": True,
    "image_mean": list(clip.MEAN),
    "image_std": list(clip.STD),
    "resample": 3,
    "size": {"shortest_edge": 32},
}


def transformers_layout(
    folder: Path,
    *,
    config: dict[str, Any] | None = None,
    preprocessor: dict[str, Any] | None = None,
    suffix: str = "",
    place: str = "onnx/",
    external_data: bool = False,
) -> Path:
    towers(
        folder / f"{place}vision_model{suffix}.onnx",
        folder / f"{place}text_model{suffix}.onnx",
        external_data=external_data,
    )
    tokenizer(folder / "tokenizer.json")
    (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": {"content": "[PAD]"}}))
    (folder / "config.json").write_text(json.dumps(config or {"model_type": "clip"}))
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor or CLIP_PREPROCESSOR))
    return folder


def openclip_layout(folder: Path, *, timm: str | None = None) -> Path:
    towers(folder / "visual" / "model.onnx", folder / "textual" / "model.onnx")
    tokenizer(folder / "textual" / "tokenizer.json")
    settings = {"size": [32, 32], "mode": "RGB", "mean": [0, 0, 0], "std": [1, 1, 1], "interpolation": "bilinear"}
    (folder / "visual" / "preprocess_cfg.json").write_text(json.dumps(settings | {"resize_mode": "shortest"}))
    if timm:
        config = {"embed_dim": DIM, "vision_cfg": {"timm_model_name": timm}, "text_cfg": {"context_length": 40}}
        (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    return Weights(tmp_path / "models", Registry(), packaged=tmp_path / "none")


@pytest.fixture
def installer(weights: Weights) -> Installer:
    return Installer(weights, Plugins(discover=False).encoder_family)


Layout = Callable[[Path], Path]


@pytest.mark.parametrize(
    ("layout", "family", "resize", "interpolation", "context"),
    [
        (transformers_layout, "clip", "crop", "bicubic", 77),
        (lambda folder: transformers_layout(folder, place=""), "clip", "crop", "bicubic", 77),
        (lambda folder: transformers_layout(folder, external_data=True), "clip", "crop", "bicubic", 77),
        (
            lambda folder: transformers_layout(
                folder,
                config={"model_type": "siglip", "text_config": {"max_position_embeddings": 50}},
                preprocessor={
                    "size": {"height": 32, "width": 32},
                    "resample": 2,
                    "image_mean": [0.5] * 3,
                    "image_std": [0.5] * 3,
                },
            ),
            "siglip2",
            "squash",
            "bilinear",
            50,
        ),
        (
            lambda folder: transformers_layout(
                folder,
                preprocessor=CLIP_PREPROCESSOR | {"do_normalize": False, "resample": 2, "size": 32, "crop_size": 32},
            ),
            "mobileclip",
            "crop",
            "bilinear",
            77,
        ),
        (openclip_layout, "openclip", "crop", "bilinear", 77),
        (lambda folder: openclip_layout(folder, timm="fastvit_mci0"), "mobileclip", "crop", "bilinear", 40),
        (make_tiny_model, "pocket", "squash", "bilinear", 32),
    ],
    ids=["transformers", "flat", "external-data", "siglip", "mobileclip", "openclip", "openclip-mci", "own"],
)
def test_standard_layouts(
    installer: Installer,
    weights: Weights,
    tmp_path: Path,
    layout: Layout,
    family: str,
    resize: str,
    interpolation: str,
    context: int,
) -> None:
    source = layout(tmp_path / "My Model (v2)")
    before = {path: sha256_of(path) for path in source.rglob("*") if path.is_file()}
    name = installer.import_folder(source, name="imported").description.name

    model = weights.find(name)
    description = model.description
    assert (description.family, description.text.context_length) == (family, context)
    assert (description.preprocessing.resize, description.preprocessing.interpolation) == (resize, interpolation)
    assert {path: sha256_of(path) for path in source.rglob("*") if path.is_file()} == before, "the source is only read"
    for path in source.rglob("*"):
        if path.is_file():
            path.unlink()  # what was imported stands alone
    weights.verify(model)
    runtime = RuntimeSettings(provider="cpu", idle_seconds=0)
    encoders = load_encoders(model, Plugins(discover=False).encoder_family(family), runtime)
    size = description.preprocessing.size
    assert encoders.image.encode_images(np.zeros((1, size, size, 3), np.uint8)).shape == (1, description.dim)
    assert encoders.text.encode_texts(["red"]).shape == (1, description.dim)


def test_name_and_revision_come_from_the_folder_and_its_bytes(installer: Installer, tmp_path: Path) -> None:
    source = transformers_layout(tmp_path / "My Model (v2)")
    (source / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    first = installer.import_folder(source).description
    assert first.name == "my-model-v2"
    assert first.licence.name == "apache-2.0"
    assert first.revision == installer.import_folder(source).description.revision
    text_graph(source / "onnx" / "text_model.onnx")
    tokenizer(source / "tokenizer.json")
    make_random_vit(
        source / "onnx" / "vision_model.onnx", size=32, patch=16, width=32, layers=1, heads=2, dim=DIM, seed=1
    )
    assert installer.import_folder(source).description.revision != first.revision


def test_variants_live_side_by_side(installer: Installer, weights: Weights, tmp_path: Path) -> None:
    source = transformers_layout(tmp_path / "model")
    transformers_layout(source, suffix="_quantized")
    transformers_layout(source, suffix="_fp16")
    full, small = installer.import_folder(source), installer.import_folder(source, variant="int8")
    assert (full.variant, small.variant) == ("fp32", "int8")
    assert weights.find("model").variant == "fp32"
    assert weights.find("model", "int8").description.space().variant == "int8"
    assert [model.variant for model in weights.remove("model", "fp32")] == ["fp32"]
    assert weights.find("model").variant == "int8"
    description, files = recognise(source, variant="fp16")
    assert description.variants == ("fp16",)
    assert "onnx/text_model_fp16.onnx" in files


def test_weights_move_into_files_that_can_be_mapped(installer: Installer, weights: Weights, tmp_path: Path) -> None:
    source = transformers_layout(tmp_path / "model")
    original = sha256_of(source / "onnx" / "vision_model.onnx")
    model = installer.import_folder(source)
    assert model.description.towers_of().extra == ("onnx/vision_model.onnx_data", "onnx/text_model.onnx_data")
    assert any(original in line for line in model.description.sources)
    graph, data = model.path("onnx/vision_model.onnx"), model.path("onnx/vision_model.onnx_data")
    assert graph.stat().st_size < data.stat().st_size
    weights.verify(model)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    runtime = RuntimeSettings(provider="cpu", idle_seconds=0)
    encoder = load_encoders(model, clip.FAMILY, runtime).image
    mapped = encoder.encode_images(pixels)
    session = LazySession(source / "onnx" / "vision_model.onnx", runtime)
    unchanged = OnnxImageEncoder(encoder.space, encoder.preprocessing, session, clip.FAMILY)
    np.testing.assert_allclose(mapped, unchanged.encode_images(pixels), atol=1e-6)
    data.unlink()
    with pytest.raises(WeightsCorruptError, match=r"vision_model\.onnx_data is missing"):
        weights.find("model")


# -- folders that are no model -----------------------------------------------------------------------------------------


def drop(file: str) -> Callable[[Path], None]:
    return lambda folder: (folder / file).unlink()


def write(file: str, content: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / file).write_text(content)

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (drop("tokenizer.json"), r"missing: .*tokenizer\.json"),
        (drop("config.json"), r"missing: .*config\.json"),
        (drop("preprocessor_config.json"), r"missing: .*preprocessor_config\.json"),
        (drop("onnx/text_model.onnx"), r"no model of a known layout"),
        (write("config.json", "{"), r"config\.json cannot be read"),
        (write("config.json", "[]"), r"not a JSON object"),
        (write("config.json", '{"model_type": "bert"}'), r"'bert' in config\.json is not supported"),
        (write("preprocessor_config.json", "{}"), r"cannot be understood"),
        (write("preprocessor_config.json", json.dumps(CLIP_PREPROCESSOR | {"resample": 0})), r"cannot be understood"),
        (
            write("preprocessor_config.json", json.dumps(CLIP_PREPROCESSOR | {"size": 40})),
            r"cutting 32 is not",
        ),
        (
            write(
                "preprocessor_config.json", json.dumps(CLIP_PREPROCESSOR | {"crop_size": {"height": 32, "width": 16}})
            ),
            "not square",
        ),
    ],
)
def test_incomplete_or_odd_folders_are_refused(
    installer: Installer, weights: Weights, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    source = transformers_layout(tmp_path / "model")
    damage(source)
    with pytest.raises(ModelError, match=message):
        installer.import_folder(source)
    assert weights.installed() == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (write("onnx/vision_model.onnx", "no graph"), r"vision_model\.onnx cannot be loaded"),
        (write("onnx/text_model.onnx", "no graph"), r"text_model\.onnx cannot be loaded"),
        (write("tokenizer.json", "{}"), r"tokenizer .* cannot be read"),
        (lambda folder: text_graph(folder / "onnx" / "text_model.onnx", dim=7), r"embedding of 24 dimensions"),
        (
            lambda folder: text_graph(folder / "onnx" / "text_model.onnx", words=1),  # fewer than the tokenizer has
            r"does not run: .*text_model\.onnx failed",
        ),
        (
            write(
                "preprocessor_config.json",
                json.dumps(CLIP_PREPROCESSOR | {"size": {"shortest_edge": 48}, "crop_size": 48}),
            ),
            r"the configuration says 48",
        ),
    ],
)
def test_models_that_do_not_work_are_refused(
    installer: Installer, weights: Weights, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    source = transformers_layout(tmp_path / "model")
    damage(source)
    with pytest.raises(WeightsCorruptError, match=message):
        installer.import_folder(source)
    assert weights.installed() == []


def test_a_model_that_works_survives_a_bad_import_of_its_name(
    installer: Installer, weights: Weights, tmp_path: Path
) -> None:
    good = installer.import_folder(transformers_layout(tmp_path / "model"))
    bad = transformers_layout(tmp_path / "bad")
    (bad / "onnx" / "text_model.onnx").write_text("no graph")
    with pytest.raises(WeightsCorruptError):
        installer.import_folder(bad, name="model")
    weights.verify(weights.find("model"))
    assert weights.find("model") == good


def test_recorded_checksums_are_checked(installer: Installer, weights: Weights, tmp_path: Path) -> None:
    source = make_tiny_model(tmp_path / "tiny")
    (source / "calibration.json").write_text('{"z": 0, "cos": 1, "bias": 0}')
    with pytest.raises(WeightsCorruptError, match=r"calibration\.json does not match"):
        installer.import_folder(source)
    (source / "text.onnx").unlink()
    with pytest.raises(ModelError, match=r"missing: .*text\.onnx"):
        installer.import_folder(source)
    assert weights.installed() == []


def test_wrong_arguments(installer: Installer, tmp_path: Path) -> None:
    with pytest.raises(PathNotFoundError):
        installer.import_folder(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="no model of a known layout"):
        installer.import_folder(tmp_path / "empty")
    source = make_tiny_model(tmp_path / "tiny")
    with pytest.raises(ModelError, match="'int3'"):
        installer.import_folder(source, variant="int3")
    with pytest.raises(ModelError, match="is fp32, not int8"):
        installer.import_folder(source, variant="int8")
    with pytest.raises(ModelError, match="no model name"):
        installer.import_folder(source, name="Über/model")
