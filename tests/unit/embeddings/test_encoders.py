"""The two encoder ports on small graphs of every shape that exports come in."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from smartsearch.core.errors import WeightsCorruptError, WeightsMissingError
from smartsearch.core.ports import ImageEncoder, TextEncoder
from smartsearch.core.settings import RuntimeSettings
from smartsearch.core.spaces import EmbeddingSpace, Preprocessing
from smartsearch.embeddings import clip, mobileclip, openclip, pocket, siglip2
from smartsearch.embeddings.base import OnnxImageEncoder, OnnxTextEncoder, PixelInput, normalise, photo_of
from smartsearch.embeddings.factory import Encoders, load_encoders
from smartsearch.embeddings.tokens import TextTokenizer, TokenRules
from smartsearch.onnx.descriptions import ModelDescription, read_description
from smartsearch.onnx.sessions import LazySession, TensorInfo
from smartsearch.onnx.weights import InstalledModel, Weights
from smartsearch.plugins import Plugins

pytest.importorskip("onnx", reason="small graphs are made with the onnx package")
from smartsearch.testing_models import COLOURS, GraphBuilder, make_tiny_model

RUNTIME = RuntimeSettings(provider="cpu", threads=1, idle_seconds=0, batch_size=4)
FLOAT, FLOAT16, INT32, INT64 = 1, 10, 6, 7
DIM = 5
SPACE = EmbeddingSpace("small", "1", "p", DIM)
PRE = Preprocessing(size=8, mean=clip.MEAN, std=clip.STD)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("tiny"))


def encoders_of(folder: Path) -> Encoders:
    return load_encoders(InstalledModel(read_description(folder), folder), pocket.FAMILY, RUNTIME)


def swatch(colour: str, count: int = 1) -> NDArray[np.uint8]:
    return np.full((count, 32, 32, 3), COLOURS[colour], np.uint8)


# -- a whole model -----------------------------------------------------------------------------------------------------


def test_pictures_and_words_meet_in_one_space(tiny: Path) -> None:
    encoders = encoders_of(tiny)
    image: ImageEncoder = encoders.image
    text: TextEncoder = encoders.text
    assert image.space == text.space
    names = list(COLOURS)
    pictures = image.encode_images(np.concatenate([swatch(name) for name in names]))
    words = text.encode_texts([f"something {name.upper()} here" for name in names])
    similarity = words @ pictures.T
    assert (similarity.argmax(axis=1) == np.arange(len(names))).all()
    np.testing.assert_allclose(np.linalg.norm(pictures, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(words, axis=1), 1, atol=1e-6)
    assert pictures.dtype == words.dtype == np.float32


def test_constructing_opens_nothing_and_each_tower_loads_alone(tiny: Path, tmp_path: Path) -> None:
    encoders = encoders_of(tiny)
    nowhere = InstalledModel(read_description(tiny), tmp_path / "gone")
    load_encoders(nowhere, pocket.FAMILY, RUNTIME)
    encoders.text.encode_texts(["red"])
    assert encoders.text.session.loaded
    assert not encoders.image.session.loaded
    encoders.text.release()
    assert not encoders.text.session.loaded


def test_finding_and_running_a_model_opens_no_socket(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    plugins = Plugins(discover=False)
    weights = Weights(tiny / "none", plugins.registry(), packaged=tiny.parent)
    model = weights.find(tiny.name)
    encoders = load_encoders(model, plugins.encoder_family(model.description.family), RUNTIME)
    encoders.image.encode_images(swatch("red"))
    encoders.text.encode_texts(["red"])


@pytest.mark.parametrize("count", [0, 1, 4, 5, 9])
def test_any_number_of_pictures(tiny: Path, count: int) -> None:
    encoder = encoders_of(tiny).image
    pixels = np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), dtype=np.uint8)
    every = encoder.encode_images(pixels)
    np.testing.assert_allclose(encoder.encode_images(pixels[:count]), every[:count], atol=1e-6)
    assert encoder.encode_images(pixels[:count]).shape == (count, 12)


@pytest.mark.parametrize("shape", [(1, 31, 32, 3), (32, 32, 3), (1, 3, 32, 32)])
def test_pixels_of_the_wrong_shape_are_a_programming_error(tiny: Path, shape: tuple[int, ...]) -> None:
    encoder = encoders_of(tiny).image
    with pytest.raises(ValueError, match="expected"):
        encoder.encode_images(np.zeros(shape, np.uint8))
    with pytest.raises(ValueError, match="uint8"):
        encoder.encode_images(np.zeros((1, 32, 32, 3), np.float32))  # type: ignore[arg-type]


def test_the_calibration_comes_with_the_model(tiny: Path, tmp_path: Path) -> None:
    calibration = encoders_of(tiny).text.calibration
    assert calibration is not None
    assert (calibration.cos, calibration.bias, calibration.cut_off) == (12, -6, 0.5)
    assert calibration.background is not None
    assert calibration.background.shape == (256, 12)
    assert calibration.background.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(calibration.background, axis=1), 1, atol=1e-5)
    bare = make_tiny_model(tmp_path)
    (bare / "background.npz").unlink()
    without = encoders_of(bare).text.calibration
    assert without is not None
    assert without.background is None
    (bare / "calibration.json").unlink()
    assert encoders_of(bare).text.calibration is None
    (bare / "calibration.json").write_text('{"z": 1}')
    with pytest.raises(WeightsCorruptError, match="calibration"):
        _ = encoders_of(bare).text.calibration


# -- the cache ---------------------------------------------------------------------------------------------------------


class CountingSession(LazySession):
    def __init__(self, path: Path) -> None:
        super().__init__(path, RUNTIME)
        self.batches: list[int] = []

    def run(self, output: str, feeds: Any) -> NDArray[Any]:
        self.batches.append(len(next(iter(feeds.values()))))
        return super().run(output, feeds)


def counting_text(tiny: Path, cache_size: int = 3) -> tuple[OnnxTextEncoder, CountingSession]:
    session = CountingSession(tiny / "text.onnx")
    tokenizer = TextTokenizer(tiny / "tokenizer.json", TokenRules(32, pad_id=0, lowercase=True))
    space = EmbeddingSpace("tiny", "1", "p", 12)
    return OnnxTextEncoder(space, session, tokenizer, pocket.FAMILY, cache_size=cache_size), session


def test_a_text_is_encoded_once(tiny: Path) -> None:
    encoder, session = counting_text(tiny)
    first = encoder.encode_texts(["red", "blue", "red"])
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(encoder.encode_texts(["blue", "red"]), first[[1, 0]])
    assert session.batches == [1, 1]
    encoder.encode_texts(["Red"])
    assert session.batches == [1, 1, 1], "another spelling is another text"


def test_the_cache_forgets_what_was_used_longest_ago(tiny: Path) -> None:
    encoder, session = counting_text(tiny, cache_size=2)
    for text in ["red", "blue", "red", "green", "red"]:
        encoder.encode_texts([text])
    assert len(session.batches) == 3
    encoder.encode_texts(["blue"])
    assert len(session.batches) == 4


def test_a_cached_vector_cannot_be_changed_from_outside(tiny: Path) -> None:
    encoder, _ = counting_text(tiny)
    before = encoder.encode_texts(["red"]).copy()
    encoder.encode_texts(["red"])[:] = 7
    np.testing.assert_array_equal(encoder.encode_texts(["red"]), before)


def test_a_vector_does_not_depend_on_the_texts_beside_it(tiny: Path) -> None:
    encoder, session = counting_text(tiny, cache_size=1000)
    texts = [f"red {'sky ' * (index % 5)}{index}" for index in range(20)]
    together = encoder.encode_texts(texts)
    alone = np.concatenate([counting_text(tiny)[0].encode_texts([text]) for text in texts])
    np.testing.assert_array_equal(together, alone)
    assert session.batches == [1] * 20
    assert encoder.encode_texts([]).shape == (0, 12)


# -- graphs of all shapes ----------------------------------------------------------------------------------------------


def image_graph(path: Path, *, kind: int = FLOAT, batch: int | str = "batch", output: str = "image_embeds") -> Path:
    """Mean per channel times a fixed matrix."""
    g = GraphBuilder()
    mean = g.op("ReduceMean", g.op("Cast", "pixel_values", to=FLOAT), g.ints(2, 3), keepdims=0)
    g.op(
        "MatMul", mean, g.constant(np.random.default_rng(0).standard_normal((3, DIM)).astype(np.float32)), output=output
    )
    g.save(path, {"pixel_values": (kind, [batch, 3, 8, 8])}, {output: (FLOAT, [batch, DIM])})
    return path


def image_encoder(path: Path, space: EmbeddingSpace = SPACE) -> OnnxImageEncoder:
    return OnnxImageEncoder(space, PRE, LazySession(path, RUNTIME), clip.FAMILY, max_batch=4)


PIXELS = np.random.default_rng(2).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)


def expected_vectors() -> NDArray[np.float32]:
    matrix = np.random.default_rng(0).standard_normal((3, DIM)).astype(np.float32)
    means = ((PIXELS / 255 - clip.MEAN) / clip.STD).mean(axis=(1, 2))
    return normalise(means @ matrix)


@pytest.mark.parametrize(("kind", "tolerance"), [(FLOAT, 1e-5), (FLOAT16, 2e-2)])
@pytest.mark.parametrize("batch", ["batch", 1, 4, 8])
def test_float_graphs_get_normalised_planes(tmp_path: Path, kind: int, tolerance: float, batch: int | str) -> None:
    encoder = image_encoder(image_graph(tmp_path / "image.onnx", kind=kind, batch=batch))
    np.testing.assert_allclose(encoder.encode_images(PIXELS), expected_vectors(), atol=tolerance)


def test_normalisation_is_the_reference_formula() -> None:
    prepare = PixelInput(TensorInfo("x", np.float32, (None, 3, 8, 8)), PRE)
    reference = ((PIXELS.astype(np.float32) / 255 - np.float32(clip.MEAN)) / np.float32(clip.STD)).transpose(0, 3, 1, 2)
    tensor = prepare(PIXELS)
    assert tensor.flags.c_contiguous
    np.testing.assert_allclose(tensor, reference, atol=3e-7)


def test_the_only_fitting_output_is_taken_whatever_its_name(tmp_path: Path) -> None:
    path = image_graph(tmp_path / "image.onnx", output="strange")
    np.testing.assert_allclose(image_encoder(path).encode_images(PIXELS), expected_vectors(), atol=1e-5)


def test_a_model_of_other_width_is_refused(tmp_path: Path) -> None:
    path = image_graph(tmp_path / "image.onnx")
    with pytest.raises(WeightsCorruptError, match="embedding of 7 dimensions"):
        image_encoder(path, replace(SPACE, dim=7)).encode_images(PIXELS)


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    g = GraphBuilder()
    mean = g.op("ReduceMean", "pixel_values", g.ints(2, 3), keepdims=0)
    g.op("MatMul", mean, g.constant(np.full((3, DIM), np.nan, np.float32)), output="image_embeds")
    g.save(
        tmp_path / "image.onnx",
        {"pixel_values": (FLOAT, ["batch", 3, 8, 8])},
        {"image_embeds": (FLOAT, ["batch", DIM])},
    )
    with pytest.raises(WeightsCorruptError, match="not numbers"):
        image_encoder(tmp_path / "image.onnx").encode_images(PIXELS)


def text_graph(path: Path, *, kind: int = INT64, shape: list[int | str] | None = None, mask: bool = False) -> Path:
    """Sum over the (unmasked) tokens of a fixed table, so that padding shows unless it is masked or id 0."""
    shape = shape or ["batch", "sequence"]
    g = GraphBuilder()
    table = np.random.default_rng(0).standard_normal((40, DIM)).astype(np.float32)
    table[0] = 0
    words = g.op("Gather", g.constant(table), "input_ids", axis=0)
    inputs = {"input_ids": (kind, shape)}
    if mask:
        inputs["attention_mask"] = (kind, shape)
        words = g.op("Mul", words, g.op("Unsqueeze", g.op("Cast", "attention_mask", to=FLOAT), g.ints(-1)))
    g.op("ReduceSum", words, g.ints(1), keepdims=0, output="text_embeds")
    g.save(path, inputs, {"text_embeds": (FLOAT, [shape[0], DIM])})
    return path


@pytest.mark.parametrize("kind", [INT32, INT64])
@pytest.mark.parametrize("shape", [["batch", "sequence"], ["batch", 16], [1, 16], [2, 16]])
@pytest.mark.parametrize("mask", [False, True])
def test_text_graphs_of_fixed_or_free_shape(
    tiny: Path, tmp_path: Path, kind: int, shape: list[int | str], mask: bool
) -> None:
    session = LazySession(text_graph(tmp_path / "text.onnx", kind=kind, shape=shape, mask=mask), RUNTIME)
    tokenizer = TextTokenizer(tiny / "tokenizer.json", TokenRules(16, pad_id=0, lowercase=True))
    encoder = OnnxTextEncoder(SPACE, session, tokenizer, siglip2.FAMILY)
    table = np.random.default_rng(0).standard_normal((40, DIM)).astype(np.float32)
    table[0] = 0
    texts = ["red blue", "green", "blue blue red sky"]
    wanted = normalise(np.stack([table[tokenizer.encode([text])[0][0]].sum(axis=0) for text in texts]))
    np.testing.assert_allclose(encoder.encode_texts(texts), wanted, atol=1e-6)


def test_a_text_graph_without_ids_is_refused(tiny: Path, tmp_path: Path) -> None:
    path = image_graph(tmp_path / "text.onnx")
    tokenizer = TextTokenizer(tiny / "tokenizer.json", TokenRules(16, pad_id=0))
    with pytest.raises(WeightsCorruptError, match="token ids"):
        OnnxTextEncoder(SPACE, LazySession(path, RUNTIME), tokenizer, clip.FAMILY).encode_texts(["red"])


# -- tokens and prompts ------------------------------------------------------------------------------------------------


def test_long_texts_are_cut_and_empty_ones_are_padding(tiny: Path) -> None:
    tokenizer = TextTokenizer(tiny / "tokenizer.json", TokenRules(6, pad_id=0, lowercase=True))
    ids, mask = tokenizer.encode(["red " * 50, "", "BLUE sky"])
    assert ids.shape == mask.shape == (3, 6)
    assert mask.sum(axis=1).tolist() == [6, 0, 2]
    assert (ids[1] == 0).all()
    assert tokenizer.encode([""])[0].shape == (1, 1)
    fixed = TextTokenizer(tiny / "tokenizer.json", TokenRules(6, pad_id=9, lowercase=True, fixed_length=True))
    assert fixed.encode(["red"])[0].tolist()[0][1:] == [9] * 5


def test_a_missing_or_damaged_tokenizer_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissingError, match="not there"):
        TextTokenizer(tmp_path / "tokenizer.json", TokenRules(6, 0)).encode(["x"])
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(WeightsCorruptError, match="cannot be read"):
        TextTokenizer(tmp_path / "tokenizer.json", TokenRules(6, 0)).encode(["x"])


@pytest.mark.parametrize(
    ("text", "prompt"),
    [("dog", "a photo of dog"), (" dog ", "a photo of dog"), ("a dog", "a dog"), ("", "")],
)
def test_a_single_word_becomes_a_caption(text: str, prompt: str) -> None:
    assert photo_of(text) == prompt


def test_families_treat_words_as_they_were_trained(tiny: Path) -> None:
    description: ModelDescription = read_description(tiny)
    for family in (openclip.FAMILY, mobileclip.FAMILY, siglip2.FAMILY):
        assert family.token_rules(description.text).fixed_length, "their towers may look at the padding"
        assert family.token_rules(description.text).lowercase
    assert not clip.FAMILY.token_rules(description.text).fixed_length
    assert pocket.FAMILY.prompt("dog") == siglip2.FAMILY.prompt("dog") == "dog"
    assert clip.FAMILY.token_rules(replace(description.text, pad_id=None)).pad_id == clip.END_OF_TEXT
