"""Joins the quantised backbones and appends the image head: one graph from pixels to embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from training.graph import GraphBuilder
from training.text_graph import add_gelu, add_product, add_unit_length
from training.towers import DIM, ImageHead

Matrix = npt.NDArray[np.float32]


def add_image_head(builder: GraphBuilder, head: ImageHead, class_embeddings: Matrix, grids: Sequence[str]) -> None:
    """The head on the backbones' grids; standardisation is folded into the first layers' weights."""

    def folded(layer_weight: Matrix, layer_bias: Matrix) -> tuple[Matrix, Matrix]:
        deviation, mean = head.deviation.numpy(), head.mean.numpy()
        matrix = (layer_weight / deviation).T
        return matrix, layer_bias - mean @ matrix

    pooled = [builder.node("ReduceMean", grid, axes=[2, 3], keepdims=0) for grid in grids]
    features = builder.node("Concat", *pooled, axis=1)
    weights = {name: value.detach().numpy() for name, value in head.named_parameters()}
    straight = add_product(builder, features, *folded(weights["straight.weight"], weights["straight.bias"]))
    inner = add_product(builder, features, *folded(weights["inner.weight"], weights["inner.bias"]))
    outer = add_product(builder, add_gelu(builder, inner), weights["outer.weight"].T, weights["outer.bias"])
    seen = add_unit_length(builder, builder.node("Add", straight, outer))
    logits = add_product(builder, pooled[0], head.class_weight.numpy().T, head.class_bias.numpy())
    verdict = builder.node("Softmax", logits, axis=-1)
    named = add_product(builder, verdict, (class_embeddings + weights["meaning"]) * np.float32(head.share))
    add_unit_length(builder, builder.node("Add", seen, named), output="embedding")


def renamed(model: onnx.ModelProto, prefix: str) -> onnx.ModelProto:
    """A backbone with every name but "pixels" prefixed, so that several fit in one graph."""
    graph = model.graph
    for weight in graph.initializer:
        weight.name = prefix + weight.name
    for node in graph.node:
        node.name = prefix + node.name
        node.input[:] = [name if name in ("", "pixels") else prefix + name for name in node.input]
        node.output[:] = [prefix + name for name in node.output]
    return model


def export_image(backbones: Sequence[Path], head: ImageHead, class_embeddings: Matrix, path: Path) -> None:
    """Writes "pixels" uint8 [N, 224, 224, 3] to "embedding" float32 [N, 256]."""
    parts = [renamed(onnx.load(str(path)), f"b{place}_") for place, path in enumerate(backbones)]
    model = parts[0]
    for other in parts[1:]:
        model.graph.node.extend(other.graph.node)
        model.graph.initializer.extend(other.graph.initializer)
    builder = GraphBuilder("head_")
    add_image_head(builder, head, class_embeddings, [f"b{place}_grid" for place in range(len(parts))])
    model.graph.node.extend(builder.nodes)
    model.graph.initializer.extend(builder.weights)
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", DIM]))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
