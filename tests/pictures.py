"""Pictures made on the spot: one plain colour with a little structure, so that no two are the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from smartsearch.testing_models import COLOURS


def save_picture(path: Path, colour: str, seed: int = 0, size: tuple[int, int] = (64, 48)) -> Path:
    """A picture of one of the tiny model's colours; the suffix decides the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    plain = np.array(COLOURS[colour], dtype=np.int16)
    noise = rng.integers(-6, 7, size=(size[1], size[0], 3), dtype=np.int16)
    pixels = np.clip(plain + noise, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def save_album(folder: Path, count: int) -> list[Path]:
    """``count`` pictures in the colours in turn, named after them."""
    names = list(COLOURS)
    return [
        save_picture(folder / f"{index:04d}-{names[index % len(names)]}.jpg", names[index % len(names)], index)
        for index in range(count)
    ]
