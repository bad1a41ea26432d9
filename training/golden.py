"""Golden vectors: fixed inputs and the first components the shipped files give for them."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt

from training.data import SIZE, Folders
from training.measure import Shipped

TEXTS = ("a dog", "two children playing football on the beach", "a photo of a red fire engine", "Kaffeetasse, 42!")
FORMULA = "pixel[y, x] = (y + x) % 256, (2 * y) % 256, (255 - x) % 256 for y, x in 0..223, RGB, uint8"
COMPONENTS = 8


def golden_photo() -> npt.NDArray[np.uint8]:
    """The synthetic photo of FORMULA, uint8 [1, 224, 224, 3]."""
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.stack([(y + x) % 256, (2 * y) % 256, (255 - x) % 256], axis=-1).astype(np.uint8)[None]


def write_golden(folders: Folders) -> None:
    """golden.json; a test recomputes it and allows 1e-3."""
    model = Shipped.load(folders.model)
    rows = [model.embed_texts([text])[0, :COMPONENTS] for text in TEXTS]
    texts = {text: [round(float(value), 5) for value in row] for text, row in zip(TEXTS, rows, strict=True)}
    photo = model.image.run(None, {"pixels": golden_photo()})[0][0, :COMPONENTS]
    content = {
        "components": COMPONENTS, "tolerance": 1e-3, "texts": texts, "photo": {
            "formula": FORMULA, "embedding": [round(float(value), 5) for value in photo],
        },
    }  # fmt: skip
    (folders.model / "golden.json").write_text(json.dumps(content, indent=2) + "\n", "utf-8")
