"""The three networks of MTCNN as ONNX graphs, rebuilt from the weights in the PyPI package ``mtcnn`` (MIT).

Architecture: Zhang, Zhang, Li, Qiao, "Joint Face Detection and Alignment using Multitask Cascaded Convolutional
Networks", 2016. The package keeps each network's weights as a list of Keras arrays in layer order; it is only read,
neither imported nor run (it would need TensorFlow).
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.errors import WeightsMissingError
from smartsearch.onnx.building import GraphBuilder

PACKAGE = "mtcnn"

Weights = Iterator[NDArray[np.float32]]


def build(network: str) -> bytes:
    """The ONNX file of "pnet", "rnet" or "onet". WeightsMissingError if the package is not installed.

    Input ``pixels``: (n, 3, height, width) float32 RGB, (x - 127.5) / 128. Outputs: ``score`` (the probability of a
    face), ``box`` (regression x1, y1, x2, y2 as fractions of the window) and for onet ``points`` (x of left eye, right
    eye, nose, left and right corner of the mouth as seen, then y, as fractions of the window).
    """
    weights = iter(_read(network))
    graph = GraphBuilder(network)
    pixels = graph.input("pixels", ("n", 3, "height", "width") if network == "pnet" else ("n", 3, *_SIDES[network]))
    if network == "pnet":
        _proposals(graph, pixels, weights)
    else:
        _refinement(graph, pixels, weights, network)
    return graph.model()


_SIDES = {"rnet": (24, 24), "onet": (48, 48)}

# kernel and stride of the pooling after each convolution, None for none; SAME or VALID padding
_POOLS = {
    "rnet": ((3, "SAME_UPPER"), (3, "VALID"), None),
    "onet": ((3, "SAME_UPPER"), (3, "VALID"), (2, "SAME_UPPER"), None),
}


def _proposals(graph: GraphBuilder, value: str, weights: Weights) -> None:
    value = _convolution(graph, value, weights)
    value = graph.node("MaxPool", value, kernel_shape=(2, 2), strides=(2, 2), auto_pad="SAME_UPPER")
    value = _convolution(graph, value, weights)
    value = _convolution(graph, value, weights)
    box = _plain_convolution(graph, value, weights)
    classes = graph.node("Softmax", _plain_convolution(graph, value, weights), axis=1)
    graph.output(_second(graph, classes), "score", ("n", 1, "rows", "columns"))
    graph.output(box, "box", ("n", 4, "rows", "columns"))


def _refinement(graph: GraphBuilder, value: str, weights: Weights, network: str) -> None:
    for pool in _POOLS[network]:
        value = _convolution(graph, value, weights)
        if pool is not None:
            kernel, padding = pool
            value = graph.node("MaxPool", value, kernel_shape=(kernel, kernel), strides=(2, 2), auto_pad=padding)
    value = graph.node("Transpose", value, perm=(0, 3, 2, 1))  # the weights expect columns, rows, channels
    value = _dense(graph, graph.node("Flatten", value, axis=1), weights)
    value = graph.node("PRelu", value, graph.constant(next(weights)))
    box = _dense(graph, value, weights)
    if network == "onet":
        graph.output(_dense(graph, value, weights), "points", ("n", 10))
    classes = graph.node("Softmax", _dense(graph, value, weights), axis=1)
    graph.output(_second(graph, classes), "score", ("n", 1))
    graph.output(box, "box", ("n", 4))


def _second(graph: GraphBuilder, classes: str) -> str:
    return graph.node("Gather", classes, graph.constant(np.array([1], np.int64)), axis=1)


def _convolution(graph: GraphBuilder, value: str, weights: Weights) -> str:
    value = _plain_convolution(graph, value, weights)
    slope = next(weights).reshape(-1, 1, 1)
    return graph.node("PRelu", value, graph.constant(slope))


def _plain_convolution(graph: GraphBuilder, value: str, weights: Weights) -> str:
    kernel = next(weights).transpose(3, 2, 0, 1)  # height, width, in, out -> out, in, height, width
    return graph.node("Conv", value, graph.constant(kernel), graph.constant(next(weights)))


def _dense(graph: GraphBuilder, value: str, weights: Weights) -> str:
    return graph.node("Gemm", value, graph.constant(next(weights)), graph.constant(next(weights)))


def _read(network: str) -> list[NDArray[np.float32]]:
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise WeightsMissingError(
            "The package mtcnn, which brings the face detector's weights, is not installed.",
            hint="Run: pip install mtcnn",
        )
    import joblib

    path = Path(found.origin).parent / "assets" / "weights" / f"{network}.lz4"
    return [np.asarray(array, np.float32) for array in joblib.load(path)]
