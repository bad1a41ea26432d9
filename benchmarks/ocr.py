"""What reading the text in pictures costs, and how much of it comes out.

python benchmarks/ocr.py speed 50   seconds of CPU per 1,000 pictures of 1,280 pixels, by 50 photos, against
                                    the whole look at each (no glance first), and what the glance misses
python benchmarks/ocr.py glance 110 how many of 110 photos of things and 110 of scenes the glance lets through, of those
                                    in which the whole look reads text and of those in which it reads none; and of
                                    photos with one line of 12 to 32 pixels written on
python benchmarks/ocr.py words      words read of pictures in SMARTSEARCH_DATA/ocr whose text is known, also turned
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from smartsearch.core.reading import folded, words
from smartsearch.core.settings import RuntimeSettings
from smartsearch.ocr import models
from smartsearch.ocr.reader import OnnxOcrReader

DATA = Path(os.environ.get("SMARTSEARCH_DATA", "shared/data"))
TRUTH = {
    "en.jpg": "3 MovieShots Dataset To facilitate the shot type analysis in videos, we collect MovieShots, a"
    " large-scale shot type annotation set that contains 46K shots from 7858 movies. The details of this dataset are"
    " specified as follows.",
    "en_rec.jpg": "To facilitate the shot type analysis in videos, we collect MovieShots, a large-scale",
    "latin.jpg": "Alphabetum in mundo hodie frequentissime adhibitum est alphabetum Latinum.",
    "issue_170.png": "TEST",
    "return_word_debug.jpg": "24H 3F 027-88852022 027-88859022 TM E",
    "check_return_word_len.jpeg": "440040 2018 06 29 2019 01 09 DD DIDIJIAYUAN 10 2022 03 18 2022 04 06",
    "test_letterbox_like.jpg": "A CPU CUDA execution provider CUDA EP ORT verbose",
}
"""As people read it; of pictures in several scripts the Latin part and the numbers."""


def picture(path: Path, side: int) -> Image.Image:
    opened = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    opened.thumbnail((side, side))
    return opened


def read_words(reader: OnnxOcrReader, shown: Image.Image) -> Counter[str]:
    return Counter(words(folded(reader.read(np.asarray(shown), shown.width).text)))


def word_recall(reader: OnnxOcrReader) -> None:
    for turn in (0, 90, 180, 270, 10):
        right = total = said = 0
        for name, text in TRUTH.items():
            wanted = Counter(words(folded(text)))
            shown = picture(DATA / "ocr" / name, reader.side)
            if turn:
                shown = shown.rotate(turn, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
            found = read_words(reader, shown)
            right, total, said = right + (wanted & found).total(), total + wanted.total(), said + found.total()
            if not turn:
                print(f"  {name:28} {(wanted & found).total()} of {wanted.total()}")
        print(f"turned by {turn:3} degrees: {right} of {total} words ({right / total:.2f})")
    empty = picture(DATA / "ocr" / "empty_black.jpg", reader.side)
    print(f"empty picture: {read_words(reader, empty).total()} words")


def photos(count: int) -> list[Image.Image]:
    """Photos of things, enlarged to the side the reader sees: most of them without text."""
    paths = sorted((DATA / "object-photos").rglob("*.JPEG")) or sorted((DATA / "object-photos").rglob("*.jp*g"))
    chosen = paths[:: max(1, len(paths) // count)][:count]
    shown = [Image.open(path).convert("RGB") for path in chosen]
    return [each.resize((1280, round(1280 * each.height / each.width)), Image.Resampling.BICUBIC) for each in shown]


def with_text(plain: Image.Image, number: int) -> Image.Image:
    """The photo with five lines written on it, from 18 to 50 pixels high."""
    drawn = plain.copy()
    for place, size in enumerate((18, 24, 30, 40, 50)):
        at = (60 + 7 * number % 300, 40 + place * (drawn.height - 100) // 5)
        ImageDraw.Draw(drawn).text(
            at, "The quick brown fox, 12345", "white", ImageFont.load_default(size), stroke_width=2, stroke_fill="black"
        )
    return drawn


def seconds(reader: OnnxOcrReader, pictures: list[Image.Image]) -> tuple[float, list[bool]]:
    """CPU per picture, and in which there is text."""
    start = time.process_time()
    found = [bool(reader.read(np.asarray(each), each.width).lines) for each in pictures]
    return (time.process_time() - start) / len(pictures), found


def speed(reader: OnnxOcrReader, count: int) -> None:
    plain = photos(count)
    reader.read(np.asarray(with_text(plain[0], 0)), 1280)  # loads everything
    glance, seen = seconds(reader, plain)
    whole = models.reader(RuntimeSettings())
    whole._shows_text = lambda _: True  # type: ignore[method-assign]
    whole.read(np.asarray(with_text(plain[0], 0)), 1280)
    always, there = seconds(whole, plain)
    empty = [each for each, text in zip(plain, there, strict=True) if not text]
    bare, _ = seconds(reader, empty)
    bare_always, _ = seconds(whole, empty)
    written = [with_text(each, number) for number, each in enumerate(plain[: count // 2])]
    full, read = seconds(reader, written)
    print(f"{count} photos of things: {glance * 1000:.0f} s of CPU per 1,000, {always * 1000:.0f} without the glance")
    print(f"  {len(empty)} without text: {bare * 1000:.0f} s per 1,000, {bare_always * 1000:.0f} without the glance")
    missed = sum(text and not glanced for glanced, text in zip(seen, there, strict=True))
    print(f"  {sum(there)} with text by the whole look; the glance misses {missed}")
    print(
        f"the same with five lines written on: {full * 1000:.0f} s per 1,000; text found in {sum(read)} of {len(read)}"
    )


def enlarged(path: Path) -> Image.Image:
    opened = Image.open(path).convert("RGB")
    scale = 1280 / max(opened.size)
    size = round(opened.width * scale), round(opened.height * scale)
    return opened.resize(size, Image.Resampling.BICUBIC)


def with_one_line(plain: Image.Image, number: int) -> Image.Image:
    """One short line, 12 to 32 pixels high, somewhere in the photo."""
    drawn, size = plain.copy(), (12, 14, 16, 20, 24, 32)[number % 6]
    said = ("Invoice 4711 Berlin", "Open daily 9-17", "STOP", "Happy birthday", "EXIT 12", "www.example.org")
    at = 40 + number * 97 % 600, 30 + number * 131 % (drawn.height - 90)
    ink, rim = ("white", "black") if number % 2 else ("black", "white")
    font = ImageFont.load_default(size)
    ImageDraw.Draw(drawn).text(at, said[number // 6 % 6], ink, font, stroke_width=1, stroke_fill=rim)
    return drawn


def glance(reader: OnnxOcrReader, count: int) -> None:
    """Recall and pass rate of the glance, by what the whole look reads."""
    whole = models.reader(RuntimeSettings())
    whole._shows_text = lambda _: True  # type: ignore[method-assign]
    chosen = random.Random(5)
    paths = chosen.sample(sorted((DATA / "object-photos").rglob("*.jp*g")), count)
    paths += chosen.sample(sorted((DATA / "captioned-photos").rglob("*.jpg")), count)
    passed: dict[str, list[bool]] = {"three letters or more": [], "less": [], "none": []}
    spent: dict[str, list[float]] = {"glance": [], "with the glance, no text": [], "without it, no text": []}
    for path in paths:
        shown = enlarged(path)
        times = [time.process_time()]
        sees = reader._shows_text(shown)
        times.append(time.process_time())
        lines = whole.read(np.asarray(shown), shown.width).lines
        times.append(time.process_time())
        longest = max((len(line.text) for line in lines), default=0)
        passed["three letters or more" if longest > 2 else "less" if lines else "none"].append(sees)
        first, look = times[1] - times[0], times[2] - times[1]
        spent["glance"].append(first)
        if not lines:
            spent["with the glance, no text"].append(first + look * sees)
            spent["without it, no text"].append(look)
    written = [with_one_line(enlarged(path), number) for number, path in enumerate(paths[:60])]
    passed["one line written on"] = [reader._shows_text(shown) for shown in written]
    for kind, seen in passed.items():
        print(f"  {kind:24} {sum(seen)} of {len(seen)} pass")
    for what, seconds_each in spent.items():
        print(f"  {what:24} {np.mean(seconds_each) * 1000:.0f} s of CPU per 1,000")


if __name__ == "__main__":
    chosen = models.reader(RuntimeSettings())
    if sys.argv[1:2] == ["speed"]:
        speed(chosen, int(sys.argv[2]) if len(sys.argv) > 2 else 50)
    elif sys.argv[1:2] == ["glance"]:
        glance(chosen, int(sys.argv[2]) if len(sys.argv) > 2 else 110)
    else:
        word_recall(chosen)
