"""The text tower as an ONNX graph, built node by node, its matrix products in dynamic int8."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn

from training.graph import GraphBuilder
from training.text import HEADS, LAYER_NORM_EPSILON, WIDTH, Layer, SentenceEncoder
from training.towers import DIM, TextHead

#: Added to the attention scores of padding: large, and still finite in float16.
PADDING_SCORE = 1e4


def int8_rows(matrix: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32]]:
    """Symmetric int8 with one scale a row."""
    scale = np.abs(matrix).max(axis=1, keepdims=True) / 127
    return np.rint(matrix / scale).astype(np.int8), scale.astype(np.float32)


def add_linear(builder: GraphBuilder, x: str, layer: nn.Linear, factor: float = 1.0) -> str:
    """x @ W.T + b; a constant factor on the result is folded in."""
    weight = builder.weight(layer.weight.detach().numpy().T * np.float32(factor))
    bias = builder.weight(layer.bias.detach().numpy() * np.float32(factor))
    return builder.node("Add", builder.node("MatMul", x, weight), bias)


def add_norm(builder: GraphBuilder, x: str, norm: nn.LayerNorm) -> str:
    weight, bias = (builder.weight(p.detach().numpy()) for p in (norm.weight, norm.bias))
    return builder.node("LayerNormalization", x, weight, bias, axis=-1, epsilon=LAYER_NORM_EPSILON)


def add_gelu(builder: GraphBuilder, x: str) -> str:
    """The exact form: x (1 + erf(x / sqrt 2)) / 2."""
    inside = builder.node("Erf", builder.node("Div", x, builder.weight(np.float32(math.sqrt(2)))))
    return builder.node(
        "Mul", builder.node("Mul", x, builder.node("Add", inside, builder.weight(np.float32(1)))),
        builder.weight(np.float32(0.5)),
    )  # fmt: skip


def add_unit_length(builder: GraphBuilder, x: str, output: str | None = None) -> str:
    """Divides each row by its Euclidean length."""
    length = builder.node("ReduceL2", x, axes=[-1], keepdims=1)
    return builder.node("Div", x, builder.node("Max", length, builder.weight(np.float32(1e-12))), output=output)


def add_layer(builder: GraphBuilder, layer: Layer, x: str, bias: str) -> str:
    """One transformer layer; bias [N, 1, 1, T] is added to the attention scores."""
    split = builder.weight(np.array([0, 0, HEADS, WIDTH // HEADS]))
    joined = builder.weight(np.array([0, 0, WIDTH]))

    def heads(part: nn.Linear, order: list[int], factor: float = 1.0) -> str:
        parted = builder.node("Reshape", add_linear(builder, x, part, factor), split)
        return builder.node("Transpose", parted, perm=order)

    query = heads(layer.query, [0, 2, 1, 3], 1 / math.sqrt(WIDTH // HEADS))
    key, value = heads(layer.key, [0, 2, 3, 1]), heads(layer.value, [0, 2, 1, 3])
    scores = builder.node("Softmax", builder.node("Add", builder.node("MatMul", query, key), bias), axis=-1)
    mixed = builder.node("Transpose", builder.node("MatMul", scores, value), perm=[0, 2, 1, 3])
    attended = add_linear(builder, builder.node("Reshape", mixed, joined), layer.out)
    x = add_norm(builder, builder.node("Add", x, attended), layer.first_norm)
    outer = add_linear(builder, add_gelu(builder, add_linear(builder, x, layer.inner)), layer.outer)
    return add_norm(builder, builder.node("Add", x, outer), layer.second_norm)


def add_embeddings(builder: GraphBuilder, encoder: SentenceEncoder) -> str:
    """Token and position vectors, summed and normalised; the token table is int8 with a scale a row."""
    rows, scales = int8_rows(encoder.tokens.weight.detach().numpy())
    codes = builder.node("Gather", builder.weight(rows), "input_ids")
    scale = builder.node("Gather", builder.weight(scales), "input_ids")
    tokens = builder.node("Mul", builder.node("Cast", codes, to=TensorProto.FLOAT), scale)
    length = builder.node("Shape", "input_ids", start=1, end=2)
    start = builder.weight(np.array([0]))
    table = builder.weight(encoder.positions.weight.detach().numpy())
    positions = builder.node("Slice", table, start, length, start)
    return add_norm(builder, builder.node("Add", tokens, positions), encoder.norm)


def add_head(builder: GraphBuilder, head: TextHead, sentence: str) -> None:
    """The residual network and the final normalisation."""
    x = builder.node("Mul", sentence, builder.weight(np.float32(head.scale)))
    inner = add_gelu(builder, add_linear(builder, x, head.inner))
    out = builder.node("Add", add_linear(builder, x, head.straight), add_linear(builder, inner, head.outer))
    add_unit_length(builder, out, output="embedding")


def text_model(encoder: SentenceEncoder, head: TextHead) -> onnx.ModelProto:
    """"input_ids" and "attention_mask", int64 [N, T], to "embedding" float32 [N, 256]."""
    builder = GraphBuilder("text_")
    x = add_embeddings(builder, encoder)
    mask = builder.node("Cast", "attention_mask", to=TensorProto.FLOAT)
    absent = builder.node("Sub", builder.weight(np.float32(1)), mask)
    wide = builder.node("Unsqueeze", absent, builder.weight(np.array([1, 2])))
    bias = builder.node("Mul", wide, builder.weight(np.float32(-PADDING_SCORE)))
    for layer in encoder.layers:
        assert isinstance(layer, Layer)
        x = add_layer(builder, layer, x, bias)
    column = builder.node("Unsqueeze", mask, builder.weight(np.array([2])))
    total = builder.node("ReduceSum", builder.node("Mul", x, column), builder.weight(np.array([1])), keepdims=0)
    add_head(builder, head, add_unit_length(builder, total))
    names = ("input_ids", "attention_mask")
    return builder.model(
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["N", "T"]) for name in names],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", DIM])],
    )


def export_text(encoder: SentenceEncoder, head: TextHead, path: Path) -> None:
    """Writes the tower with int8 weights; activations are rounded per tensor while it runs."""
    plain = path.with_suffix(".float.onnx")
    onnx.save(text_model(encoder, head), str(plain))
    quantize_dynamic(str(plain), str(path), op_types_to_quantize=["MatMul"], per_channel=True,
                     weight_type=QuantType.QInt8, extra_options={"MatMulConstBOnly": True})  # fmt: skip
    plain.unlink()
