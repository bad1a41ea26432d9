"""dlib's face recognition network as an ONNX graph, from the file in the PyPI package ``face-recognition-models``.

The network is Davis King's ``dlib_face_recognition_resnet_model_v1`` (https://github.com/davisking/dlib-models, public
domain, CC0): a ResNet of 29 convolutions that turns an aligned face of 150 by 150 pixels into 128 numbers. The file is
dlib's own serialisation; the layers stand in it in the order in which they run, and each that has weights says so by a
name. The other files of the package are not read; one of them, the 68 point predictor, may not be used commercially.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.errors import WeightsCorruptError, WeightsMissingError
from smartsearch.onnx.building import GraphBuilder

PACKAGE = "face_recognition_models"
FILE = "dlib_face_recognition_resnet_model_v1.dat"

SIDE = 150
_MEAN = np.array([122.782, 117.001, 104.298], np.float32).reshape(1, 3, 1, 1)
"""dlib's input_rgb_image: the mean of its training pictures; then everything is divided by 256."""

_LEVELS = ((32, 3, False), (64, 4, True), (128, 3, True), (256, 3, True), (256, 1, True))
"""Filters, blocks, and whether the first block halves the picture: dlib's dnn_face_recognition_ex.cpp."""

Tensors = Iterator[tuple[str, NDArray[np.float32]]]


def build() -> bytes:
    """The ONNX file. Input ``pixels``: (n, 3, 150, 150) float32 RGB 0-255. Output ``vector``: (n, 128).

    WeightsMissingError if the package is not installed, WeightsCorruptError if its file is another one.
    """
    tensors = _read()
    graph = GraphBuilder("dlib-face-resnet")
    value = graph.input("pixels", ("n", 3, SIDE, SIDE))
    value = graph.node("Sub", value, graph.constant(_MEAN))
    value = graph.node("Mul", value, graph.constant(np.array(1 / 256, np.float32)))
    value = graph.node("Relu", _scaled_convolution(graph, value, tensors, 3, 32, 7, 2))
    value = graph.node("MaxPool", value, kernel_shape=(3, 3), strides=(2, 2))
    channels, side = 32, 35  # 150 -> 72 -> 35
    for filters, blocks, halves in _LEVELS:
        for block in range(blocks):
            down = halves and block == 0
            value, side = _residual(graph, value, tensors, channels, filters, side, down)
            channels = filters
    value = graph.node("Flatten", graph.node("GlobalAveragePool", value), axis=1)
    value = graph.node("MatMul", value, graph.constant(_take(tensors, "fc_", (256, 128))))
    graph.output(value, "vector", ("n", 128))
    return graph.model()


def _residual(
    graph: GraphBuilder, value: str, tensors: Tensors, channels: int, filters: int, side: int, down: bool
) -> tuple[str, int]:
    """Two convolutions beside a shortcut. dlib adds tensors of unequal size by filling the smaller with zeros."""
    stride = 2 if down else 1
    inner = graph.node("Relu", _scaled_convolution(graph, value, tensors, channels, filters, 3, stride))
    inner = _scaled_convolution(graph, inner, tensors, filters, filters, 3, 1)
    if not down:
        return graph.node("Relu", graph.node("Add", inner, value)), side
    shortcut = graph.node("AveragePool", value, kernel_shape=(2, 2), strides=(2, 2))
    convolved, pooled = (side - 3) // 2 + 1, (side - 2) // 2 + 1
    inner = _padded(graph, inner, 0, pooled - convolved)
    shortcut = _padded(graph, shortcut, filters - channels, 0)
    return graph.node("Relu", graph.node("Add", inner, shortcut)), pooled


def _padded(graph: GraphBuilder, value: str, channels: int, side: int) -> str:
    """Zeros behind the last channel, row and column."""
    if not channels and not side:
        return value
    return graph.node("Pad", value, graph.constant(np.array([0, 0, 0, 0, 0, channels, side, side], np.int64)))


def _scaled_convolution(
    graph: GraphBuilder, value: str, tensors: Tensors, channels: int, filters: int, kernel: int, stride: int
) -> str:
    """A convolution with the affine layer that follows it folded in; unpadded where it strides, as dlib's are."""
    weights = filters * channels * kernel * kernel
    parameters = _take(tensors, "con_", (weights + filters,))
    scale, shift = _take(tensors, "affine_", (2, filters))
    matrix = parameters[:weights].reshape(filters, channels, kernel, kernel) * scale.reshape(-1, 1, 1, 1)
    bias = parameters[weights:] * scale + shift
    pad = 0 if stride > 1 else kernel // 2
    constants = graph.constant(matrix), graph.constant(bias.astype(np.float32))
    return graph.node("Conv", value, *constants, strides=(stride, stride), pads=(pad,) * 4)


# -- dlib's serialisation ----------------------------------------------------------------------------------------------


def _take(tensors: Tensors, kind: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The next layer's weights, which must be of this kind and size."""
    found, values = next(tensors, ("nothing", np.empty(0, np.float32)))
    if not found.startswith(kind) or values.size != int(np.prod(shape)):
        raise WeightsCorruptError(f"{FILE} is not the expected network: {found} of {values.size} instead of {kind}.")
    return values.reshape(shape)


def _read() -> Tensors:
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise WeightsMissingError(
            "The package face-recognition-models, which brings the weights that tell faces apart, is not installed.",
            hint="Run: pip install face-recognition-models",
        )
    return _tensors((Path(found.origin).parent / "models" / FILE).read_bytes())


def _tensors(data: bytes) -> Tensors:
    """(layer, weights) of every layer that has any. A layer starts with its name, as length and text; its weights
    follow as a tensor: version 2, samples, channels, rows, columns, then float32. A dense layer has its two sizes
    before."""
    place = 0
    while True:
        starts = [at for at in (data.find(name, place) for name in (b"con_", b"affine_", b"fc_")) if at >= 0]
        if not starts:
            return
        start = min(starts)
        if data[start - 2] != 1:  # one byte of length comes before the name
            place = start + 1
            continue
        place = start + data[start - 1]
        name = data[start:place].decode("ascii", "replace")
        header = []
        for _ in range(7 if name.startswith("fc_") else 5):
            number, place = _integer(data, place)
            header.append(number)
        count = int(np.prod(header[-4:]))
        if count < 0 or place + 4 * count > len(data):
            raise WeightsCorruptError(f"{FILE} is damaged at byte {place}.")
        yield name, np.frombuffer(data, "<f4", count, place).astype(np.float32)
        place += 4 * count


def _integer(data: bytes, place: int) -> tuple[int, int]:
    """An integer as dlib writes it: how many bytes (the high bit is the sign), then these, lowest first."""
    size = data[place] & 0x0F
    value = int.from_bytes(data[place + 1 : place + 1 + size], "little")
    return (-value if data[place] & 0x80 else value), place + 1 + size
