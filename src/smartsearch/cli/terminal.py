"""Pictures in a true-colour terminal: two pixels per character cell, drawn with the upper half block."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

COLUMNS = 32


def draw(out: Console, thumbnail: bytes | None) -> None:
    """Draw a thumbnail (WebP), or nothing where the terminal has no true colour or the thumbnail is not there."""
    if thumbnail is None or not out.is_terminal or out.color_system != "truecolor":
        return
    from PIL import Image, UnidentifiedImageError
    from rich.color import Color
    from rich.style import Style
    from rich.text import Text

    try:
        with Image.open(io.BytesIO(thumbnail), formats=("WEBP",)) as opened:
            rows = max(2, round(COLUMNS * opened.height / opened.width / 2) * 2)
            picture = opened.convert("RGB").resize((COLUMNS, rows))
    except (OSError, UnidentifiedImageError):
        return
    pixels = picture.load()
    if pixels is None:
        return
    for y in range(0, rows, 2):
        line = Text()
        for x in range(COLUMNS):
            upper, lower = pixels[x, y], pixels[x, y + 1]
            assert isinstance(upper, tuple)
            assert isinstance(lower, tuple)
            style = Style(color=Color.from_rgb(*upper[:3]), bgcolor=Color.from_rgb(*lower[:3]))
            line.append("▀", style)
        out.print(line)
