"""The text tower as an ONNX graph, built node by node, with weights of four bits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

from training.ensemble import CONSTANT, Ensemble
from training.graph import GraphBuilder
from training.int4 import GROUP, int4_rows, packed
from training.text import HEADS, LAYER_NORM_EPSILON, WIDTH, Layer, SentenceEncoder
from training.towers import DIM, TextHead

Matrix = npt.NDArray[np.float32]
#: Added to the attention scores of padding: large, and still finite in float16.
PADDING_SCORE = 1e4


def add_grouped(builder: GraphBuilder, packed_codes: npt.NDArray[np.uint8], zeros: npt.NDArray[np.uint8]) -> str:
    """What `int4.packed` stores, unpacked: codes less their zero points, float32 [rows, groups, 32].

    Every step is on constants, so that the session takes them once, on loading.
    """
    both = builder.node("Cast", builder.weight(packed_codes), to=TensorProto.FLOAT)
    high = builder.node("Floor", builder.node("Mul", both, builder.weight(np.float32(1 / 16))))
    low = builder.node("Sub", both, builder.node("Mul", high, builder.weight(np.float32(16))))
    joined = builder.node("Concat", low, high, axis=1)
    grouped = builder.node("Reshape", joined, builder.weight(np.array([len(packed_codes), -1, GROUP])))
    return builder.node("Sub", grouped, builder.node("Cast", builder.weight(zeros), to=TensorProto.FLOAT))


def add_codes(builder: GraphBuilder, layer: nn.Linear) -> tuple[str, str]:
    """A layer's weights for an int8 product: codes int8 [in, out] and a scale for each output, float32 [out].

    They are stored in four bits with a scale for each group.
    """
    packed_codes, group_scales, zeros = packed(layer.weight)
    row_scales = (layer.weight.detach().abs().amax(1).numpy() / 127).astype(np.float32)
    ratios = (group_scales / row_scales[:, None, None]).astype(np.float16)
    ratio = builder.node("Cast", builder.weight(ratios), to=TensorProto.FLOAT)
    values = builder.node("Round", builder.node("Mul", add_grouped(builder, packed_codes, zeros), ratio))
    codes = builder.node("Cast", values, to=TensorProto.INT8)
    matrix = builder.node("Reshape", codes, builder.weight(np.array([layer.out_features, layer.in_features])))
    return builder.node("Transpose", matrix, perm=[1, 0]), builder.weight(row_scales)


def add_linear(builder: GraphBuilder, x: str, layer: nn.Linear) -> str:
    """x @ W.T + b in int8: the weights as add_codes gives them, x rounded as it comes."""
    right, scales = add_codes(builder, layer)
    left, step, zero = builder.nodes_of("DynamicQuantizeLinear", x, outputs=3)
    product = builder.node("Cast", builder.node("MatMulInteger", left, right, zero), to=TensorProto.FLOAT)
    scaled = builder.node("Mul", product, builder.node("Mul", scales, step))
    return builder.node("Add", scaled, builder.weight(layer.bias.detach().numpy()))


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

    def heads(part: nn.Linear, order: list[int]) -> str:
        return builder.node("Transpose", builder.node("Reshape", add_linear(builder, x, part), split), perm=order)

    query, value = heads(layer.query, [0, 2, 1, 3]), heads(layer.value, [0, 2, 1, 3])
    key = heads(layer.key, [0, 2, 3, 1])
    factor = builder.weight(np.float32(1 / math.sqrt(WIDTH // HEADS)))
    product = builder.node("Mul", builder.node("MatMul", query, key), factor)
    scores = builder.node("Softmax", builder.node("Add", product, bias), axis=-1)
    mixed = builder.node("Transpose", builder.node("MatMul", scores, value), perm=[0, 2, 1, 3])
    attended = add_linear(builder, builder.node("Reshape", mixed, joined), layer.out)
    x = add_norm(builder, builder.node("Add", x, attended), layer.first_norm)
    outer = add_linear(builder, add_gelu(builder, add_linear(builder, x, layer.inner)), layer.outer)
    return add_norm(builder, builder.node("Add", x, outer), layer.second_norm)


def add_embeddings(builder: GraphBuilder, encoder: SentenceEncoder) -> str:
    """Token and position vectors, summed and normalised; see int4_rows for how the token table is kept."""
    rows, scales = int4_rows(encoder.tokens.weight.detach().numpy())
    both = builder.node("Cast", builder.node("Gather", builder.weight(rows), "input_ids"), to=TensorProto.FLOAT)
    sixteen, eight = builder.weight(np.float32(16)), builder.weight(np.float32(8))
    high = builder.node("Floor", builder.node("Div", both, sixteen))
    low = builder.node("Sub", both, builder.node("Mul", high, sixteen))
    codes = builder.node("Sub", builder.node("Concat", low, high, axis=-1), eight)
    grouped = builder.node("Reshape", codes, builder.weight(np.array([0, 0, WIDTH // GROUP, GROUP])))
    scale = builder.node("Cast", builder.node("Gather", builder.weight(scales), "input_ids"), to=TensorProto.FLOAT)
    scaled = builder.node("Mul", grouped, builder.node("Unsqueeze", scale, builder.weight(np.array([3]))))
    tokens = builder.node("Reshape", scaled, builder.weight(np.array([0, 0, WIDTH])))
    length = builder.node("Shape", "input_ids", start=1, end=2)
    start = builder.weight(np.array([0]))
    table = builder.weight(encoder.positions.weight.detach().numpy())
    positions = builder.node("Slice", table, start, length, start)
    return add_norm(builder, builder.node("Add", tokens, positions), encoder.norm)


def add_product(builder: GraphBuilder, x: str, matrix: Matrix, bias: Matrix | None = None) -> str:
    """x @ matrix (+ bias), the matrix [in, out] stored as int8 with one scale a column."""
    scale = (np.abs(matrix).max(axis=0) / 127).astype(np.float32)
    codes = np.rint(matrix / scale).astype(np.int8)
    weight = builder.node("DequantizeLinear", builder.weight(codes), builder.weight(scale), axis=1)
    out = builder.node("MatMul", x, weight)
    return out if bias is None else builder.node("Add", out, builder.weight(bias))


def add_int4_product(builder: GraphBuilder, x: str, matrix: Matrix, bias: Matrix | None = None) -> str:
    """x @ matrix (+ bias) in float32, the matrix [in, out] stored in four bits; in must be a multiple of 32."""
    packed_codes, scales, zeros = packed(torch.from_numpy(np.ascontiguousarray(matrix.T)))
    scale = builder.node("Cast", builder.weight(scales.astype(np.float16)), to=TensorProto.FLOAT)
    values = builder.node("Mul", add_grouped(builder, packed_codes, zeros), scale)
    rows = builder.node("Reshape", values, builder.weight(np.array([matrix.shape[1], matrix.shape[0]])))
    out = builder.node("MatMul", x, builder.node("Transpose", rows, perm=[1, 0]))
    return out if bias is None else builder.node("Add", out, builder.weight(bias))


def add_member(builder: GraphBuilder, head: TextHead, sentence: str) -> str:
    """One member's embedding [N, 256]: its residual network, and the length 1."""

    def layer(x: str, part: nn.Linear, scale: float = 1.0) -> str:
        return add_int4_product(builder, x, scale * part.weight.detach().numpy().T, part.bias.detach().numpy())

    inner = add_gelu(builder, layer(sentence, head.inner, head.scale))
    total = builder.node("Add", layer(sentence, head.straight, head.scale), layer(inner, head.outer))
    return add_unit_length(builder, total)


def add_text_ensemble(builder: GraphBuilder, members: Sequence[TextHead], ensemble: Ensemble, sentence: str) -> None:
    """All members' heads, joined, with the constant that meets the photos' correction (see training.ensemble)."""
    joined = builder.node("Concat", *(add_member(builder, head, sentence) for head in members), axis=1)
    core = add_unit_length(builder, add_product(builder, joined, ensemble.text_map.numpy()))
    for value in (CONSTANT, 0.0):
        core = builder.node("Pad", core, builder.weight(np.array([0, 0, 0, 1])), builder.weight(np.float32(value)))
    factor = np.float32((1 + CONSTANT**2) ** -0.5)
    builder.node("Mul", core, builder.weight(factor), output="embedding")


def text_model(encoder: SentenceEncoder, members: Sequence[TextHead], ensemble: Ensemble) -> onnx.ModelProto:
    """ "input_ids" and "attention_mask", int64 [N, T], to "embedding" float32 [N, 256]."""
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
    add_text_ensemble(builder, members, ensemble, add_unit_length(builder, total))
    names = ("input_ids", "attention_mask")
    return builder.model(
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["N", "T"]) for name in names],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", DIM])],
    )


def export_text(encoder: SentenceEncoder, members: Sequence[TextHead], ensemble: Ensemble, path: Path) -> None:
    """Writes the tower."""
    onnx.save(text_model(encoder, members, ensemble), str(path))
