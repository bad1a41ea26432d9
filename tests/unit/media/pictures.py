"""Small pictures that the media tests make for themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(width: int = 80, height: int = 60) -> Image.Image:
    """Red, green / blue, white: tells every orientation apart."""
    picture = Image.new("RGB", (width, height))
    half = width // 2, height // 2
    for color, corner in ((RED, (0, 0)), (GREEN, (half[0], 0)), (BLUE, (0, half[1])), (WHITE, half)):
        picture.paste(color, (*corner, corner[0] + width - half[0], corner[1] + height - half[1]))
    return picture


def detailed(width: int, height: int, seed: int = 1) -> Image.Image:
    """Smooth random colours, as photos have them."""
    noise = np.random.default_rng(seed).integers(0, 256, (height // 40 + 2, width // 40 + 2, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def saved(picture: Image.Image, path: Path, **options: object) -> str:
    """Save by suffix; returns the path as text."""
    picture.save(path, **options)  # type: ignore[arg-type]
    return str(path)


def near(actual: object, expected: tuple[int, ...], tolerance: int = 6) -> bool:
    return bool(np.abs(np.asarray(actual, int) - np.asarray(expected)).max() <= tolerance)
