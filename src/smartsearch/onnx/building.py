"""Writing small ONNX graphs without the `onnx` package: just enough of its protobuf format for plain networks.

Field numbers are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3), the wire format is
protobuf's. Weights that come in another program's format become graphs this way on the user's machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

OPSET = 17
_IR_VERSION = 8
_FLOAT, _INT64 = 1, 7
_TYPES = {np.dtype(np.float32): _FLOAT, np.dtype(np.int64): _INT64}

Attribute = int | float | str | Sequence[int]
Dimension = int | str
"""A size, or the name of a free one."""


class GraphBuilder:
    """Collects nodes and weights; `model` gives the bytes of the file. Every method returns the name of its output."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._weights: list[bytes] = []
        self._inputs: list[bytes] = []
        self._outputs: list[bytes] = []
        self._count = 0

    def input(self, name: str, shape: Sequence[Dimension]) -> str:
        """A float32 input."""
        self._inputs.append(_value_info(name, shape))
        return name

    def output(self, value: str, name: str, shape: Sequence[Dimension]) -> None:
        """Make a value a float32 output of the graph."""
        self._nodes.append(_node("Identity", [value], [name], {}))
        self._outputs.append(_value_info(name, shape))

    def constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """Weights; float32 or int64."""
        name = self._fresh("w")
        data = np.ascontiguousarray(values)
        body = b"".join(_integer(1, size) for size in data.shape)
        body += _integer(2, _TYPES[data.dtype]) + _text(8, name)
        body += _bytes(9, data.astype(data.dtype.newbyteorder("<")).tobytes())
        self._weights.append(body)
        return name

    def node(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """One operator with one output."""
        name = self._fresh(operator.lower())
        self._nodes.append(_node(operator, inputs, [name], attributes))
        return name

    def model(self) -> bytes:
        """The serialised ModelProto."""
        graph = b"".join(_bytes(1, node) for node in self._nodes) + _text(2, self._name)
        graph += b"".join(_bytes(5, weights) for weights in self._weights)
        graph += b"".join(_bytes(11, value) for value in self._inputs)
        graph += b"".join(_bytes(12, value) for value in self._outputs)
        opset = _text(1, "") + _integer(2, OPSET)
        return _integer(1, _IR_VERSION) + _text(2, "smartsearch") + _bytes(7, graph) + _bytes(8, opset)

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}_{self._count}"


def _node(operator: str, inputs: Sequence[str], outputs: Sequence[str], attributes: Mapping[str, Attribute]) -> bytes:
    body = b"".join(_text(1, name) for name in inputs) + b"".join(_text(2, name) for name in outputs)
    body += _text(3, outputs[0]) + _text(4, operator)
    return body + b"".join(_bytes(5, _attribute(name, value)) for name, value in attributes.items())


def _attribute(name: str, value: Attribute) -> bytes:
    head = _text(1, name)
    if isinstance(value, str):
        return head + _text(4, value) + _integer(20, 3)
    if isinstance(value, float):
        return head + _key(2, 5) + np.float32(value).tobytes() + _integer(20, 1)
    if isinstance(value, int):
        return head + _integer(3, value) + _integer(20, 2)
    return head + b"".join(_integer(8, each) for each in value) + _integer(20, 7)


def _value_info(name: str, shape: Sequence[Dimension]) -> bytes:
    sizes = b"".join(_bytes(1, _integer(1, size) if isinstance(size, int) else _text(2, size)) for size in shape)
    tensor = _integer(1, _FLOAT) + _bytes(2, sizes)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _integer(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(value & (1 << 64) - 1)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _key(field, 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)
