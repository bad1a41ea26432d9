"""Measures the shipped ONNX files the way the program runs them, without torch."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tokenizers import Tokenizer

from training.data import CaptionedPhotos, Folders, cropped, object_photos, read_rgb, read_split, squashed

Matrix = npt.NDArray[np.float32]
OBJECT_PROMPT = "a photo of a {}"


@dataclass(frozen=True)
class Shipped:
    """The two sessions and the tokenizer of a model folder."""

    image: ort.InferenceSession
    text: ort.InferenceSession
    tokenizer: Tokenizer

    @staticmethod
    def load(folder: Path, threads: int = 2) -> Shipped:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        image, text = (ort.InferenceSession(str(folder / f"{name}.onnx"), options) for name in ("image", "text"))
        return Shipped(image, text, Tokenizer.from_file(str(folder / "tokenizer.json")))

    def embed_texts(self, texts: list[str], batch: int = 1) -> Matrix:
        """float32 [N, 256] of length 1. One at a time, as the program does: int8 products depend on their batch."""
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        out = np.zeros((len(texts), 256), np.float32)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            encoded = [self.tokenizer.encode(texts[row]).ids for row in rows]
            ids = np.zeros((len(rows), max(map(len, encoded))), np.int64)
            mask = np.zeros_like(ids)
            for place, values in enumerate(encoded):
                ids[place, : len(values)] = values
                mask[place, : len(values)] = 1
            out[rows] = self.text.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        return out

    def embed_photos(self, files: list[Path], resize: str, batch: int = 32) -> Matrix:
        """float32 [N, 256] of length 1; resize is "squash" or "crop"."""
        cut = squashed if resize == "squash" else cropped
        rows = []
        for start in range(0, len(files), batch):
            pixels = np.stack([cut(read_rgb(file)) for file in files[start : start + batch]])
            rows.append(self.image.run(None, {"pixels": pixels})[0])
        return np.concatenate(rows)


def recall(texts: Matrix, photos: Matrix, split: CaptionedPhotos) -> dict[str, float]:
    """Text to image: the share of captions whose photo is among the first 1, 5, 10; and the median rank."""
    scores = texts @ photos.T
    own = scores[np.arange(len(scores)), split.owners]
    ranks = (scores > own[:, None]).sum(1)
    found = {f"recall@{k}": round(float((ranks < k).mean()), 4) for k in (1, 5, 10)}
    return {**found, "median_rank": float(np.median(ranks) + 1)}


def object_precision(texts: Matrix, photos: Matrix, names: list[str]) -> float:
    """Mean precision among the first five photos for each distinct name (five photos show it)."""
    distinct = sorted(set(names))
    numbers = np.array([distinct.index(name) for name in names])
    first = np.argsort(-texts @ photos.T, axis=1)[:, :5]
    return float((numbers[first] == np.arange(len(distinct))[:, None]).mean())


def speeds(model: Shipped) -> dict[str, float]:
    """Milliseconds for one query (median, 95th percentile) and photos a second in batches of 32."""
    taken = []
    for index in range(220):
        begin = time.perf_counter()
        model.embed_texts([f"two dogs playing with ball {index} on the beach"])
        taken.append(1000 * (time.perf_counter() - begin))
    pixels = np.random.default_rng(0).integers(0, 256, (32, 224, 224, 3), np.uint8)
    rates = []
    for _ in range(8):
        begin = time.perf_counter()
        model.image.run(None, {"pixels": pixels})
        rates.append(32 / (time.perf_counter() - begin))
    return {
        "query_ms_p50": round(float(np.median(taken[20:])), 2),
        "query_ms_p95": round(float(np.percentile(taken[20:], 95)), 2),
        "photos_per_second": round(float(np.median(rates)), 1),
    }


def measure(folders: Folders) -> dict[str, object]:
    """All figures of the shipped files."""
    model = Shipped.load(folders.model)
    dev = read_split(folders.captions, "dev")
    texts = model.embed_texts(list(dev.captions))
    photos = model.embed_photos([folders.photos / name for name in dev.names], "squash")
    files, names = object_photos(folders.objects)
    queries = model.embed_texts([OBJECT_PROMPT.format(name) for name in sorted(set(names))])
    objects = {
        f"object_precision@5_{resize}": round(object_precision(queries, model.embed_photos(files, resize), names), 4)
        for resize in ("squash", "crop")
    }
    sizes = {file.name: file.stat().st_size for file in sorted(folders.model.iterdir()) if file.is_file()}
    return {**recall(texts, photos, dev), **objects, **speeds(model), "bytes": sizes}


def report(folders: Folders) -> None:
    """Prints the figures as JSON."""
    print(json.dumps(measure(folders), indent=2))
