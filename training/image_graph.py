"""Appends the image head to the quantised backbone: one graph from pixels to embeddings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from training.graph import GraphBuilder
from training.text_graph import add_gelu, add_unit_length
from training.towers import DIM, ImageHead

Matrix = npt.NDArray[np.float32]


def add_product(builder: GraphBuilder, x: str, matrix: Matrix, bias: Matrix | None = None) -> str:
    """x @ matrix (+ bias), the matrix [in, out] stored as int8 with one scale a column."""
    scale = (np.abs(matrix).max(axis=0) / 127).astype(np.float32)
    codes = np.rint(matrix / scale).astype(np.int8)
    weight = builder.node("DequantizeLinear", builder.weight(codes), builder.weight(scale), axis=1)
    out = builder.node("MatMul", x, weight)
    return out if bias is None else builder.node("Add", out, builder.weight(bias))


def add_image_head(builder: GraphBuilder, head: ImageHead, class_embeddings: Matrix) -> None:
    """The head on "grid"; standardisation is folded into the first layers' weights."""

    def folded(layer_weight: Matrix, layer_bias: Matrix) -> tuple[Matrix, Matrix]:
        deviation, mean = head.deviation.numpy(), head.mean.numpy()
        matrix = (layer_weight / deviation).T
        return matrix, layer_bias - mean @ matrix

    weights = {name: value.detach().numpy() for name, value in head.named_parameters()}
    features = builder.node("ReduceMean", "grid", axes=[2, 3], keepdims=0)
    straight = add_product(builder, features, *folded(weights["straight.weight"], weights["straight.bias"]))
    inner = add_product(builder, features, *folded(weights["inner.weight"], weights["inner.bias"]))
    outer = add_product(builder, add_gelu(builder, inner), weights["outer.weight"].T, weights["outer.bias"])
    seen = add_unit_length(builder, builder.node("Add", straight, outer))
    logits = add_product(builder, features, head.class_weight.numpy().T, head.class_bias.numpy())
    verdict = builder.node("Softmax", logits, axis=-1)
    named = add_product(builder, verdict, class_embeddings * weights["share"])
    add_unit_length(builder, builder.node("Add", seen, named), output="embedding")


def export_image(backbone: Path, head: ImageHead, class_embeddings: Matrix, path: Path) -> None:
    """Writes "pixels" uint8 [N, 224, 224, 3] to "embedding" float32 [N, 256]."""
    model = onnx.load(str(backbone))
    builder = GraphBuilder("head_")
    add_image_head(builder, head, class_embeddings)
    model.graph.node.extend(builder.nodes)
    model.graph.initializer.extend(builder.weights)
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", DIM]))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
