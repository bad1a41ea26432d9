"""Small and random ONNX models for tests and benchmarks, made without a training framework. Needs the `onnx` package.

`make_tiny_model` writes a complete model folder whose vectors mean something: a picture and a text are near each other
when they speak of the same colours. `make_random_vit` writes an image tower of any size with random weights: its
vectors mean nothing, its speed and memory are those of the real one.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

OPSET = 18
_IR_VERSION = 9

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 20, 30),
    "orange": (255, 140, 0),
    "yellow": (250, 230, 20),
    "green": (30, 160, 40),
    "cyan": (0, 210, 220),
    "blue": (20, 60, 220),
    "purple": (130, 30, 160),
    "pink": (255, 130, 180),
    "brown": (120, 70, 30),
    "white": (250, 250, 250),
    "gray": (128, 128, 128),
    "black": (10, 10, 10),
}
"""The axes of the tiny model's space, sRGB."""

SYNONYMS: dict[str, str] = {
    "fire": "red",
    "rose": "red",
    "sunset": "orange",
    "sun": "yellow",
    "sand": "yellow",
    "grass": "green",
    "forest": "green",
    "sky": "blue",
    "sea": "blue",
    "ocean": "blue",
    "violet": "purple",
    "wood": "brown",
    "earth": "brown",
    "snow": "white",
    "cloud": "white",
    "grey": "gray",
    "night": "black",
    "dark": "black",
}

_SHARPNESS = 40.0
"""Softmax temperature of colour assignment on squared 0-1 RGB distances: neighbours in `COLOURS` stay apart."""


class GraphBuilder:
    """A few helpers around `onnx.helper`: each method adds nodes and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self._count = 0

    def constant(self, value: NDArray[Any]) -> str:
        name = self._name("w")
        self.initializers.append(numpy_helper.from_array(np.asarray(value, order="C"), name))
        return name

    def ints(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def floats(self, *values: float) -> str:
        return self.constant(np.array(values, np.float32))

    def op(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        name = output or self._name(kind)
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def normalise(self, x: str, output: str) -> str:
        """L2 over the last axis."""
        norm = self.op("ReduceL2", x, self.ints(-1), keepdims=1)
        return self.op("Div", x, self.op("Max", norm, self.floats(1e-12)), output=output)

    def save(
        self,
        path: Path,
        inputs: dict[str, tuple[int, list[int | str]]],
        outputs: dict[str, tuple[int, list[int | str]]],
        *,
        external_data: bool = False,
    ) -> None:
        """Check the graph and write it; inputs and outputs are {name: (element type, shape)}."""
        graph = helper.make_graph(
            self.nodes,
            path.stem,
            [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()],
            [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in outputs.items()],
            self.initializers,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION)
        onnx.checker.check_model(model)
        onnx.save(model, path, save_as_external_data=external_data, location=f"{path.name}_data")

    def _name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_{self._count}"


# -- the tiny model ----------------------------------------------------------------------------------------------------


def make_tiny_model(folder: Path, name: str = "tiny", size: int = 32) -> Path:
    """Write a complete model folder (about 20 KB) in smartsearch's own layout and return it. Deterministic.

    Text that names colours (or things with a colour, see `SYNONYMS`) is near pictures with these colours, in
    proportion to their area. Text with no known word is equally far from every colour.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _tiny_image_tower(folder / "image.onnx", size)
    vocabulary = _tiny_tokenizer(folder / "tokenizer.json")
    _tiny_text_tower(folder / "text.onnx", vocabulary)
    _tiny_calibration(folder)
    description = {
        "name": name,
        "revision": "1",
        "family": "pocket",
        "dim": len(COLOURS),
        "summary": "Knows twelve colours; for tests.",
        "licence": {"name": "MIT", "commercial": True},
        "image": {
            "file": "image.onnx",
            "size": size,
            "resize": "squash",
            "interpolation": "bilinear",
            "mean": None,
            "std": None,
        },
        "text": {
            "file": "text.onnx",
            "tokenizer": "tokenizer.json",
            "context_length": 32,
            "lowercase": True,
            "pad_id": 0,
        },
        "sha256": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.*"))},
        "sources": ["smartsearch.testing_models"],
    }
    (folder / "model.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    return folder


def _tiny_image_tower(path: Path, size: int) -> None:
    """Per pixel, a soft choice among the colours; averaged over the picture."""
    g = GraphBuilder()
    palette = np.array(list(COLOURS.values()), np.float32) / 255
    pixels = g.op("Mul", g.op("Cast", "pixels", to=TensorProto.FLOAT), g.floats(1 / 255))
    # |x - p|^2 up to a term common to all colours, which softmax ignores
    closeness = g.op("Sub", g.op("MatMul", pixels, g.constant(2 * palette.T)), g.constant((palette**2).sum(axis=1)))
    shares = g.op("Softmax", g.op("Mul", closeness, g.floats(_SHARPNESS)), axis=-1)
    g.normalise(g.op("ReduceMean", shares, g.ints(1, 2), keepdims=0), "embedding")
    g.save(
        path,
        {"pixels": (TensorProto.UINT8, ["batch", size, size, 3])},
        {"embedding": (TensorProto.FLOAT, ["batch", len(COLOURS)])},
    )


def _tiny_text_tower(path: Path, vocabulary: dict[str, int]) -> None:
    """The mean of the words' colour axes; words without a colour count a little for all."""
    axes = list(COLOURS)
    table = np.full((len(vocabulary), len(axes)), 0.02, np.float32)
    table[0] = 0  # padding
    for word, index in vocabulary.items():
        colour = SYNONYMS.get(word, word)
        if colour in COLOURS:
            table[index] = np.eye(len(axes), dtype=np.float32)[axes.index(colour)]
    g = GraphBuilder()
    words = g.op("Gather", g.constant(table), "input_ids", axis=0)
    mask = g.op("Unsqueeze", g.op("Cast", "attention_mask", to=TensorProto.FLOAT), g.ints(-1))
    total = g.op("ReduceSum", g.op("Mul", words, mask), g.ints(1), keepdims=0)
    g.normalise(g.op("Add", total, g.floats(1e-4)), "embedding")
    g.save(
        path,
        {
            "input_ids": (TensorProto.INT64, ["batch", "sequence"]),
            "attention_mask": (TensorProto.INT64, ["batch", "sequence"]),
        },
        {"embedding": (TensorProto.FLOAT, ["batch", len(axes)])},
    )


def _tiny_tokenizer(path: Path) -> dict[str, int]:
    words = ["[PAD]", "[UNK]", *COLOURS, *SYNONYMS]
    vocabulary = {word: index for index, word in enumerate(words)}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(path))
    return vocabulary


def _tiny_calibration(folder: Path) -> None:
    """Half probability at cosine 0.5; the background is a spread of random colour mixtures."""
    values = {"z": 0.0, "cos": 12.0, "bias": -6.0, "cut_off": 0.5}
    (folder / "calibration.json").write_text(json.dumps(values) + "\n", encoding="utf-8")
    mixtures = np.random.default_rng(0).dirichlet(np.full(len(COLOURS), 0.3), 256)
    mixtures /= np.linalg.norm(mixtures, axis=1, keepdims=True)
    np.savez(folder / "background.npz", images=mixtures.astype(np.float16))


# -- a vision transformer with random weights --------------------------------------------------------------------------


def make_random_vit(
    path: Path,
    *,
    size: int = 224,
    patch: int = 32,
    width: int = 768,
    layers: int = 12,
    heads: int = 12,
    dim: int = 512,
    int8: bool = False,
    external_data: bool = False,
    seed: int = 0,
) -> Path:
    """Write a ViT image tower (Dosovitskiy et al. 2021, pre-norm, as in CLIP); the defaults are ViT-B/32's 87 M.

    Input ``pixel_values`` float32 (batch, 3, size, size), output ``image_embeds`` (batch, dim). ``int8`` quantises the
    matrix products dynamically (weights per channel). Returns ``path``.
    """
    g = GraphBuilder()
    rng = np.random.default_rng(seed)
    tokens = (size // patch) ** 2 + 1

    def weight(*shape: int) -> str:
        return g.constant(rng.standard_normal(shape, np.float32) * np.float32(0.02))

    x = _vit_embedding(g, weight, patch=patch, width=width, tokens=tokens)
    x = _layer_norm(g, x, width)
    for _ in range(layers):
        x = g.op("Add", x, _attention(g, weight, _layer_norm(g, x, width), width=width, heads=heads, tokens=tokens))
        x = g.op("Add", x, _mlp(g, weight, _layer_norm(g, x, width), width=width))
    pooled = g.op("Gather", x, g.constant(np.array(0, np.int64)), axis=1)
    g.op("MatMul", _layer_norm(g, pooled, width), weight(width, dim), output="image_embeds")
    g.save(
        path,
        {"pixel_values": (TensorProto.FLOAT, ["batch", 3, size, size])},
        {"image_embeds": (TensorProto.FLOAT, ["batch", dim])},
        external_data=external_data and not int8,
    )
    if int8:
        from smartsearch.onnx.quantize import quantize_int8

        quantize_int8(path, path)
    return path


def _vit_embedding(g: GraphBuilder, weight: Any, *, patch: int, width: int, tokens: int) -> str:
    grid = g.op("Conv", "pixel_values", weight(width, 3, patch, patch), kernel_shape=[patch] * 2, strides=[patch] * 2)
    patches = g.op("Transpose", g.op("Reshape", grid, g.ints(0, width, -1)), perm=[0, 2, 1])
    batch = g.op("Slice", g.op("Shape", "pixel_values"), g.ints(0), g.ints(1))
    shape = g.op("Concat", batch, g.ints(1, width), axis=0)
    tokens_in = g.op("Concat", g.op("Expand", weight(1, 1, width), shape), patches, axis=1)
    return g.op("Add", tokens_in, weight(tokens, width))


def _layer_norm(g: GraphBuilder, x: str, width: int) -> str:
    ones, zeros = g.constant(np.ones(width, np.float32)), g.constant(np.zeros(width, np.float32))
    return g.op("LayerNormalization", x, ones, zeros, axis=-1, epsilon=1e-5)


def _linear(g: GraphBuilder, weight: Any, x: str, fan_in: int, fan_out: int) -> str:
    return g.op("Add", g.op("MatMul", x, weight(fan_in, fan_out)), weight(fan_out))


def _attention(g: GraphBuilder, weight: Any, x: str, *, width: int, heads: int, tokens: int) -> str:
    head = width // heads

    def split(perm: list[int]) -> str:
        shape = g.ints(0, tokens, heads, head)
        return g.op("Transpose", g.op("Reshape", _linear(g, weight, x, width, width), shape), perm=perm)

    query, key, value = split([0, 2, 1, 3]), split([0, 2, 3, 1]), split([0, 2, 1, 3])
    scores = g.op("Mul", g.op("MatMul", query, key), g.floats(head**-0.5))
    mixed = g.op("MatMul", g.op("Softmax", scores, axis=-1), value)
    joined = g.op("Reshape", g.op("Transpose", mixed, perm=[0, 2, 1, 3]), g.ints(0, tokens, width))
    return _linear(g, weight, joined, width, width)


def _mlp(g: GraphBuilder, weight: Any, x: str, *, width: int) -> str:
    """With CLIP's QuickGELU, x * sigmoid(1.702 x)."""
    hidden = _linear(g, weight, x, width, 4 * width)
    gate = g.op("Sigmoid", g.op("Mul", hidden, g.floats(1.702)))
    return _linear(g, weight, g.op("Mul", hidden, gate), 4 * width, width)
