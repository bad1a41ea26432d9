"""Joins the quantised backbones and appends the members' heads: one graph from pixels to embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

from training.backbone import FEATURES
from training.data import SIZE
from training.ensemble import CONSTANT, CORRECTION, SHARPNESS, Ensemble
from training.features import THUMBNAIL
from training.graph import GraphBuilder
from training.int4 import GROUP
from training.reduction import Reduction
from training.text_graph import add_gelu, add_int4_product, add_product, add_unit_length
from training.towers import DIM, ImageHead

Matrix = npt.NDArray[np.float32]
#: Each member's image head with its text head's embeddings of the class names, float32 [1000, 256].
Members = Sequence[tuple[ImageHead, Matrix]]


def add_thumbnails(builder: GraphBuilder, pixels: str) -> str:
    """What `training.features.thumbnails` gives for uint8 [N, 3, 224, 224]: float32 [N, 195]."""
    x = builder.node("Cast", pixels, to=TensorProto.FLOAT)
    side = SIZE // THUMBNAIL
    pooling = {"kernel_shape": [side, side], "strides": [side, side]}
    means = builder.node("AveragePool", x, **pooling)
    squares = builder.node("AveragePool", builder.node("Mul", x, x), **pooling)
    variance = builder.node("Sub", squares, builder.node("Mul", means, means))
    deviations = builder.node("Sqrt", builder.node("Max", variance, builder.weight(np.float32(0))))
    spread = builder.node("ReduceMean", deviations, axes=[2, 3], keepdims=0)
    return builder.node("Concat", builder.node("Flatten", means), spread, axis=1)


def add_verdict(builder: GraphBuilder, pooled: Sequence[str], head: ImageHead) -> str:
    """The classifiers' probabilities, with classes of no weight up to a multiple of the group size."""
    extra = -len(head.class_weight) % GROUP
    matrix = np.pad(head.class_weight.numpy().T, ((0, 0), (0, extra)))
    bias = np.pad(head.class_bias.numpy(), (0, extra), constant_values=-1e4)
    voters = builder.node("Concat", *pooled[: len(matrix) // FEATURES], axis=1)
    return builder.node("Softmax", add_int4_product(builder, voters, matrix, bias), axis=-1)


def add_first_layers(builder: GraphBuilder, features: str, heads: Sequence[ImageHead], common: Reduction) -> list[str]:
    """What the members' first layers give, by way of the narrow one: for each its "straight" and its "inner"."""
    deviation, mean = heads[0].deviation.numpy(), heads[0].mean.numpy()
    x = builder.node("Mul", builder.node("Sub", features, builder.weight(mean)), builder.weight(1 / deviation))
    x = builder.node("Pad", x, builder.weight(np.array([0, 0, 0, -len(mean) % GROUP])))
    layers = [layer for head in heads for layer in (head.straight, head.inner)]
    bias = np.concatenate([layer.bias.detach().numpy() for layer in layers])
    narrow = add_int4_product(builder, x, common.narrow.numpy())
    wide = add_int4_product(builder, narrow, common.widen.numpy(), bias)
    sizes = builder.weight(np.array([layer.out_features for layer in layers]))
    return builder.nodes_of("Split", wide, sizes, outputs=len(layers), axis=1)


def add_member(builder: GraphBuilder, head: ImageHead, classes: Matrix, first: Sequence[str], verdict: str) -> str:
    """One member's embedding [N, 256]; classes: its text head's embeddings of the class names."""
    straight, inner = first
    outer = head.outer.weight.detach().numpy().T, head.outer.bias.detach().numpy()
    seen = builder.node("Add", straight, add_int4_product(builder, add_gelu(builder, inner), *outer))
    meanings = (classes + head.meaning.detach().numpy()) * np.float32(head.share)
    named = add_int4_product(builder, verdict, np.pad(meanings, ((0, -len(meanings) % GROUP), (0, 0))))
    return add_unit_length(builder, builder.node("Add", add_unit_length(builder, seen), named))


def add_without_hubs(builder: GraphBuilder, core: str, ensemble: Ensemble) -> None:
    """The joined embedding with its correction and its filling: see training.ensemble."""
    bank = np.float32(SHARPNESS) * ensemble.bank.numpy().T
    logits = add_product(builder, core, bank, ensemble.log_weights.numpy())
    near = builder.node("ReduceLogSumExp", logits, axes=[1], keepdims=1)
    factor = -CORRECTION / CONSTANT
    scaled = builder.node("Mul", near, builder.weight(np.float32(factor / SHARPNESS)))
    off = builder.node("Sub", scaled, builder.weight(np.float32(factor * ensemble.middle)))
    square = builder.node("Mul", off, off)
    room = builder.node("Sub", builder.weight(np.float32(ensemble.reach**2 - 1)), square)
    rest = builder.node("Sqrt", builder.node("Max", room, builder.weight(np.float32(0))))
    add_unit_length(builder, builder.node("Concat", core, off, rest, axis=1), output="embedding")


def add_image_ensemble(builder: GraphBuilder, members: Members, ensemble: Ensemble, backbones: int) -> None:
    """From the backbones' means and the pixels to the embedding."""
    prefixes = [f"b{place}_" for place in range(backbones)]
    pooled, levels = ([f"{prefix}{name}" for prefix in prefixes] for name in ("pooled", "levels"))
    pixels = add_thumbnails(builder, f"{prefixes[0]}pixels_nchw")
    features = builder.node("Concat", *pooled, *levels, pixels, axis=1)
    heads = [head for head, _ in members]
    verdict = add_verdict(builder, pooled, heads[0])
    first = add_first_layers(builder, features, heads, ensemble.reduction)
    each = [
        add_member(builder, head, classes, first[2 * place : 2 * place + 2], verdict)
        for place, (head, classes) in enumerate(members)
    ]
    joined = add_product(builder, builder.node("Concat", *each, axis=1), ensemble.photo_map.numpy())
    add_without_hubs(builder, add_unit_length(builder, joined), ensemble)


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


def export_image(backbones: Sequence[Path], members: Members, ensemble: Ensemble, path: Path) -> None:
    """Writes "pixels" uint8 [N, 224, 224, 3] to "embedding" float32 [N, 256]."""
    parts = [renamed(onnx.load(str(path)), f"b{place}_") for place, path in enumerate(backbones)]
    model = parts[0]
    for other in parts[1:]:
        model.graph.node.extend(other.graph.node)
        model.graph.initializer.extend(other.graph.initializer)
    builder = GraphBuilder("head_")
    add_image_ensemble(builder, members, ensemble, len(parts))
    model.graph.node.extend(builder.nodes)
    model.graph.initializer.extend(builder.weights)
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", DIM]))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
