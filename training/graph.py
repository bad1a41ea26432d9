"""The image backbone as an ONNX graph: built node by node, batch normalisation folded, quantised to int8.

Quantisation comes before training: the heads are then trained on the very features the shipped graph computes,
so that it costs them nothing. Convolutions are QDQ nodes with static ranges (dynamic int8 is several times slower
than float for convolutions); the pixels need no rounding at all, since (p - 127) / 128 *is* an affine uint8 code.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.backbone import PIXEL_MEAN, PIXEL_SCALE, EfficientNetLite, InvertedResidual, SameConv

OPSET = 17
IR_VERSION = 9


class GraphBuilder:
    """Collects nodes and weights; every method appends a node and returns its output's name."""

    def __init__(self, prefix: str = "") -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.prefix = prefix
        self.count = 0

    def weight(self, value: npt.NDArray[np.generic]) -> str:
        """Stores a constant tensor."""
        name = f"{self.prefix}w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        """Appends one operator."""
        self.count += 1
        name = output or f"{self.prefix}t{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=f"{name}_{kind}", **attributes))
        return name

    def nodes_of(self, kind: str, *inputs: str, outputs: int, **attributes: object) -> list[str]:
        """Appends one operator with several outputs."""
        self.count += 1
        names = [f"{self.prefix}t{self.count}_{place}" for place in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=f"{names[0]}_{kind}", **attributes))
        return names

    def model(self, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> onnx.ModelProto:
        """The finished model, checked."""
        graph = helper.make_graph(self.nodes, "pocket", inputs, outputs, self.weights)
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model


def add_convolution(builder: GraphBuilder, layer: SameConv, x: str, relu6: bool) -> str:
    """One convolution with its batch normalisation folded into weight and bias."""
    norm = layer.norm
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach()
    weight = (layer.conv.weight.detach() * scale[:, None, None, None]).numpy()
    bias = (norm.bias.detach() - norm.running_mean * scale).numpy()
    left, right, top, bottom = layer.padding
    out = builder.node(
        "Conv",
        x,
        builder.weight(weight),
        builder.weight(bias),
        kernel_shape=list(layer.conv.kernel_size),
        strides=list(layer.conv.stride),
        group=layer.conv.groups,
        pads=[top, left, bottom, right],
    )
    if not relu6:
        return out
    low, high = builder.weight(np.float32(0)), builder.weight(np.float32(6))
    return builder.node("Clip", out, low, high)


def add_backbone(builder: GraphBuilder, model: EfficientNetLite, x: str) -> tuple[str, list[str]]:
    """All convolutions of a backbone: the names of the grid [N, 1280, 7, 7] and of what each stage but the first gives.

    A stage ends where the next block gives another number of channels.
    """
    x = add_convolution(builder, model.stem, x, relu6=True)
    stages: dict[int, str] = {}
    for block in model.blocks:
        assert isinstance(block, InvertedResidual)
        inner = x if block.expand is None else add_convolution(builder, block.expand, x, relu6=True)
        inner = add_convolution(builder, block.depthwise, inner, relu6=True)
        inner = add_convolution(builder, block.project, inner, relu6=False)
        x = builder.node("Add", x, inner) if block.skip else inner
        stages[block.project.conv.out_channels] = x
    return add_convolution(builder, model.head, x, relu6=True), list(stages.values())[1:]


def float_backbone(model: EfficientNetLite, prefix: str) -> tuple[onnx.ModelProto, list[str]]:
    """float32 normalised pixels "x" [N, 3, 224, 224] to "grid" [N, 1280, 7, 7]; and the names of the stages' ends."""
    builder = GraphBuilder(prefix)
    grid, stages = add_backbone(builder, model, "x")
    builder.node("Identity", grid, output="grid")
    graph = builder.model(
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 224, 224])],
        [helper.make_tensor_value_info("grid", TensorProto.FLOAT, ["N", 1280, 7, 7])],
    )
    return graph, stages


class PhotoReader(CalibrationDataReader):
    """Feeds calibration photos, uint8 [N, 224, 224, 3], in small batches."""

    def __init__(self, pixels: npt.NDArray[np.uint8], batch: int = 16) -> None:
        self.batches: Iterator[npt.NDArray[np.uint8]] = iter(
            [pixels[i : i + batch] for i in range(0, len(pixels), batch)]
        )

    def get_next(self) -> dict[str, npt.NDArray[np.float32]] | None:
        batch = next(self.batches, None)
        if batch is None:
            return None
        x = (batch.transpose(0, 3, 1, 2).astype(np.float32) - PIXEL_MEAN) / PIXEL_SCALE
        return {"x": x}


def quantised_backbone(model: EfficientNetLite, pixels: npt.NDArray[np.uint8], folder: Path, name: str) -> Path:
    """Writes NAME.int8.onnx: uint8 "pixels" [N, 224, 224, 3] to float32 "pooled" [N, 1280], "levels" [N, channels]."""
    folder.mkdir(parents=True, exist_ok=True)
    plain, prepared = folder / f"{name}.float.onnx", folder / f"{name}.prepared.onnx"
    quantised, final = folder / f"{name}.qdq.onnx", folder / f"{name}.int8.onnx"
    graph, stages = float_backbone(model, f"{name}_")
    onnx.save(graph, str(plain))
    quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
    quantize_static(
        str(prepared),
        str(quantised),
        PhotoReader(pixels),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )
    onnx.save(with_means(with_pixel_input(onnx.load(str(quantised))), stages), str(final))
    for leftover in (prepared, quantised):
        leftover.unlink()
    return final


def with_pixel_input(model: onnx.ModelProto) -> onnx.ModelProto:
    """Replaces the float input and its rounding by uint8 NHWC pixels read through an exact DequantizeLinear."""
    graph = model.graph
    (rounding,) = [n for n in graph.node if n.op_type == "QuantizeLinear" and n.input[0] == "x"]
    (reading,) = [n for n in graph.node if n.op_type == "DequantizeLinear" and n.input[0] == rounding.output[0]]
    graph.node.remove(rounding)
    scale = numpy_helper.from_array(np.float32(1 / PIXEL_SCALE), "pixel_scale")
    zero = numpy_helper.from_array(np.uint8(PIXEL_MEAN), "pixel_zero")
    graph.initializer.extend([scale, zero])
    reading.input[:] = ["pixels_nchw", "pixel_scale", "pixel_zero"]
    graph.node.insert(0, helper.make_node("Transpose", ["pixels"], ["pixels_nchw"], perm=[0, 3, 1, 2]))
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["N", 224, 224, 3]))
    onnx.checker.check_model(model)
    return model


def with_means(model: onnx.ModelProto, stages: list[str]) -> onnx.ModelProto:
    """Gives out means over the grid instead of it: "pooled" of the last one, "levels" of the stages' side by side.

    The earlier stages still know what the last one has forgotten on its way to a thousand classes, such as colours.
    """
    graph = model.graph
    # Read after their rounding, so that no convolution has to give both rounded and plain numbers.
    rounded = [f"{stage}_DequantizeLinear_Output" for stage in stages]
    means = [f"{stage}_mean" for stage in stages]
    for name, mean in zip(["grid", *rounded], ["pooled", *means], strict=True):
        graph.node.append(helper.make_node("ReduceMean", [name], [mean], f"{mean}_ReduceMean", axes=[2, 3], keepdims=0))
    graph.node.append(helper.make_node("Concat", means, ["levels"], "levels_Concat", axis=1))
    del graph.output[:]
    for name in ("pooled", "levels"):
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", None]))
    onnx.checker.check_model(model)
    return model


def session(path: Path, threads: int = 2) -> ort.InferenceSession:
    """A CPU session with a fixed number of threads."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
