"""Graphs written without the `onnx` package are valid ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx

from smartsearch.core.settings import RuntimeSettings
from smartsearch.onnx.building import GraphBuilder
from smartsearch.onnx.sessions import LazySession


def test_a_built_graph_is_valid_and_runs(tmp_path: Path) -> None:
    graph = GraphBuilder("test")
    value = graph.input("x", ("n", 3))
    value = graph.node("Gemm", value, graph.constant(np.eye(3, dtype=np.float32) * 2), alpha=0.5)
    scaled = graph.node("Reshape", value, graph.constant(np.array([-1, 3, 1], np.int64)))
    graph.output(graph.node("Transpose", scaled, perm=(0, 2, 1)), "y", ("n", 1, 3))
    graph.output(graph.node("Softmax", value, axis=-1), "z", ("n", 3))
    (tmp_path / "built.onnx").write_bytes(graph.model())
    onnx.checker.check_model(onnx.load(tmp_path / "built.onnx"), full_check=True)
    session = LazySession(tmp_path / "built.onnx", RuntimeSettings(provider="cpu"))
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    results = session.run_all({"x": x})
    assert np.allclose(results["y"], x[:, None])
    assert np.allclose(results["z"].sum(1), 1)
    assert list(session.run_all({"x": x}, ["z"])) == ["z"]
