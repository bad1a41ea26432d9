"""Dynamic int8 quantisation. Needs the `onnx` package."""

from __future__ import annotations

import tempfile
from pathlib import Path


def quantize_int8(source: Path, target: Path) -> None:
    """Quantise the matrix products of a graph to int8, weights per channel, activations at run time.

    Only MatMul and Gemm: convolutions run several times slower when quantised dynamically on a CPU, and embedding
    tables lose accuracy for nothing. ``target`` may be ``source``; it is replaced only when complete.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load(source)
    # Says "already optimised", or the quantiser logs advice about that through the root logger.
    model.metadata_props.add(key="onnx.quant.pre_process", value="onnxruntime.quant")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        out = Path(folder) / target.name
        quantize_dynamic(
            model,
            out,
            op_types_to_quantize=["MatMul", "Gemm"],
            weight_type=QuantType.QInt8,
            per_channel=True,
            extra_options={"MatMulConstBOnly": True},
        )
        out.replace(target)
