"""Models as large as CLIP ViT-B/32 with random weights: their speed and memory are the real ones', their vectors mean
nothing. For this program in its own layout, and for rclip in the layout that it keeps its files in."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
from onnx import TensorProto
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from smartsearch.testing_models import GraphBuilder, _attention, _layer_norm, _mlp, make_random_vit

VOCABULARY, CONTEXT, TEXT_WIDTH, TEXT_LAYERS, DIM = 49_408, 77, 512, 12, 512


def make_text_tower(path: Path, *, input_name: str, output_name: str, seed: int = 1) -> None:
    """A text transformer of CLIP ViT-B/32's size (63 M parameters), token ids int64 (batch, 77) -> (batch, 512)."""
    g = GraphBuilder()
    rng = np.random.default_rng(seed)

    def weight(*shape: int) -> str:
        return g.constant(rng.standard_normal(shape, np.float32) * np.float32(0.02))

    x = g.op("Gather", weight(VOCABULARY, TEXT_WIDTH), input_name, axis=0)
    x = g.op("Add", x, weight(CONTEXT, TEXT_WIDTH))
    for _ in range(TEXT_LAYERS):
        normed = _layer_norm(g, x, TEXT_WIDTH)
        x = g.op("Add", x, _attention(g, weight, normed, width=TEXT_WIDTH, heads=8, tokens=CONTEXT))
        x = g.op("Add", x, _mlp(g, weight, _layer_norm(g, x, TEXT_WIDTH), width=TEXT_WIDTH))
    pooled = g.op("Gather", x, g.constant(np.array(0, np.int64)), axis=1)
    g.op("MatMul", _layer_norm(g, pooled, TEXT_WIDTH), weight(TEXT_WIDTH, DIM), output=output_name)
    g.save(
        path,
        {input_name: (TensorProto.INT64, ["batch", CONTEXT])},
        {output_name: (TensorProto.FLOAT, ["batch", DIM])},
    )


def make_model(models: Path, name: str, *, size: int, int8: bool) -> Path:
    """A complete model folder ``models/name/<variant>`` for smartsearch."""
    variant = "int8" if int8 else "fp32"
    folder = models / name / variant
    folder.mkdir(parents=True)
    make_random_vit(folder / "image.onnx", size=size, int8=int8)
    make_text_tower(folder / "text.onnx", input_name="input_ids", output_name="text_embeds")
    words = {"[PAD]": 0, "[UNK]": 1} | {f"w{index}": index for index in range(2, 1000)}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    description = {
        "name": name,
        "revision": "1",
        "family": "clip",
        "dim": DIM,
        "licence": "none: random weights",
        "image": {
            "file": "image.onnx",
            "size": size,
            "resize": "crop",
            "interpolation": "bicubic",
            "mean": [0.48145466, 0.4578275, 0.40821073],
            "std": [0.26862954, 0.26130258, 0.27577711],
        },
        "text": {"file": "text.onnx", "tokenizer": "tokenizer.json", "context_length": CONTEXT},
        "variant": variant,
        "sha256": {
            file: hashlib.sha256((folder / file).read_bytes()).hexdigest()
            for file in ("image.onnx", "text.onnx", "tokenizer.json")
        },
        "sources": [],
    }
    (folder / "model.json").write_text(json.dumps(description))
    return folder


def make_rclip_files(folder: Path, *, size: int = 256) -> None:
    """What rclip expects in its data folder: two towers and a list of byte-pair merges."""
    towers = folder / "ViT-B-32-256-datacomp_s34b_b86k"
    towers.mkdir(parents=True)
    make_random_vit(towers / "visual.onnx", size=size)
    _rename(towers / "visual.onnx", "pixel_values", "input")
    make_text_tower(towers / "textual.onnx", input_name="input", output_name="output")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    merges = [f"{a}{b} {c}" for a in letters for b in letters for c in letters]
    merges += [f"{a}{b}{c} {d}" for a in letters for b in letters for c in letters for d in letters]
    (folder / "tokenizer").mkdir()
    with gzip.open(folder / "tokenizer" / "bpe_simple_vocab_16e6.txt.gz", "wt", encoding="utf-8") as file:
        file.write("\n".join(["version", *merges[: 49_152 - 256 - 2]]))


def _rename(path: Path, old: str, new: str) -> None:
    import onnx

    model = onnx.load(path)
    for node in model.graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
    for value in model.graph.input:
        value.name = new if value.name == old else value.name
    onnx.save(model, path)
