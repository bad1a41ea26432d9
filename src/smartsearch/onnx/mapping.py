"""Moving a graph's weights into a file of their own, which ONNX Runtime then maps instead of reading."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path

log = logging.getLogger(__name__)

MIN_BYTES = 4096
"""Smaller tensors stay in the graph."""


def externalise_weights(graph: Path) -> Path | None:
    """Rewrite ``graph`` so that its weights lie beside it in ``<name>_data``; returns that file.

    The computation is not touched. None, and nothing changed, where there is nothing to move or ONNX Runtime cannot
    rewrite this graph. Of 16-bit graphs it would write the 32-bit form it computes with: leave those alone.
    """
    import onnxruntime as ort

    data = f"{graph.name}_data"
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.add_session_config_entry("session.optimized_model_external_initializers_file_name", data)
    options.add_session_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", str(MIN_BYTES))
    with tempfile.TemporaryDirectory(dir=graph.parent, prefix=".rewrite-") as folder:
        rewritten = Path(folder) / graph.name
        options.optimized_model_filepath = str(rewritten)
        try:
            ort.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the file stays as it was: whether it loads at all is for others to judge
            log.info("the weights of %s stay inside it: %s", graph, error)
            return None
        moved = rewritten.with_name(data)
        if not moved.is_file() or not moved.stat().st_size:
            return None
        target = moved.replace(graph.with_name(data))
        rewritten.replace(graph)
    return target
