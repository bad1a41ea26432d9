"""Moving weights out of a graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartsearch.core.settings import RuntimeSettings
from smartsearch.onnx.mapping import externalise_weights
from smartsearch.onnx.sessions import LazySession

pytest.importorskip("onnx", reason="small graphs are made with the onnx package")
from smartsearch.testing_models import make_random_vit, make_tiny_model

PIXELS = np.random.default_rng(0).standard_normal((2, 3, 32, 32), np.float32)


@pytest.mark.parametrize("int8", [False, True])
def test_the_graph_computes_the_same_whether_mapped_or_not(tmp_path: Path, int8: bool) -> None:
    graph = make_random_vit(tmp_path / "image.onnx", size=32, patch=8, width=64, layers=2, heads=4, dim=16, int8=int8)
    runtime = RuntimeSettings(provider="cpu", threads=1, idle_seconds=0)
    before = LazySession(graph, runtime).run("image_embeds", {"pixel_values": PIXELS})
    size = graph.stat().st_size
    data = externalise_weights(graph)
    assert data == tmp_path / "image.onnx_data"
    assert graph.stat().st_size < size / 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image.onnx", "image.onnx_data"]
    for mapped in (False, True):
        session = LazySession(graph, runtime, mapped=mapped)
        np.testing.assert_allclose(session.run("image_embeds", {"pixel_values": PIXELS}), before, atol=1e-5)


def test_small_and_damaged_graphs_stay_as_they_are(tmp_path: Path) -> None:
    tiny = make_tiny_model(tmp_path / "tiny") / "image.onnx"
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(b"no graph")
    for graph in (tiny, damaged):
        content = graph.read_bytes()
        assert externalise_weights(graph) is None
        assert graph.read_bytes() == content
        assert not graph.with_name(f"{graph.name}_data").exists()
