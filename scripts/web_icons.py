"""Draw the web page's icons as PNG, the same shapes as web/public/icons/icon.svg. Run after changing the drawing."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parents[1] / "web" / "public" / "icons"
SCALE = 4
"""Drawn so many times as large and reduced: smooth edges."""
BLUE, PALE, SUN, WHITE = "#2457d6", "#8fb2ff", "#f6c453", "#ffffff"


def icon(size: int, *, maskable: bool) -> Image.Image:
    """The icon. A maskable one has no corners of its own, and keeps to the inner 80 % that every mask shows."""
    full = size * SCALE
    image = Image.new("RGBA", (full, full), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    unit = full / 64
    if maskable:
        draw.rectangle((0, 0, full, full), fill=BLUE)
    else:
        draw.rounded_rectangle((0, 0, full - 1, full - 1), radius=15 * unit, fill=BLUE)
    shrink = 0.78 if maskable else 1.0

    def at(x: float, y: float) -> tuple[float, float]:
        return (32 + (x - 32) * shrink) * unit, (32 + (y - 32) * shrink) * unit

    def disc(x: float, y: float, radius: float, fill: str) -> None:
        draw.ellipse((*at(x - radius, y - radius), *at(x + radius, y + radius)), fill=fill)

    draw.line((at(40, 40), at(51, 51)), fill=WHITE, width=round(6 * unit * shrink))
    disc(40, 40, 3, WHITE)
    disc(51, 51, 3, WHITE)
    disc(28, 28, 15, WHITE)
    lens = Image.new("L", image.size, 0)
    ImageDraw.Draw(lens).ellipse((*at(13, 13), *at(43, 43)), fill=255)
    hills = Image.new("RGBA", image.size, (0, 0, 0, 0))
    ridge = [at(x, y) for x, y in ((10, 38.1), (23, 25), (29, 31), (33, 27), (46, 36.8), (46, 46), (10, 46))]
    ImageDraw.Draw(hills).polygon(ridge, fill=PALE)
    image.paste(hills, mask=Image.composite(hills.getchannel("A"), Image.new("L", image.size, 0), lens))
    disc(33.5, 21.5, 2.8, SUN)
    return image.resize((size, size), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    for name, size, maskable in (("icon-192", 192, False), ("icon-512", 512, False), ("maskable-512", 512, True)):
        icon(size, maskable=maskable).save(FOLDER / f"{name}.png", optimize=True)
        print(f"wrote {FOLDER / name}.png")
