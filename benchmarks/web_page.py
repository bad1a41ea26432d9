"""What the web page costs: bytes to load, time until something is seen, frames while scrolling 100,000 photos.

    python benchmarks/web_page.py [--count 100000] [--budget 250]

The page must be built (`make web`) and Chromium installed. A server process answers from a library of photos that were
never taken, with thumbnails of 400 pictures of many shapes. The ceiling of the frames is a page of bare images in the
same browser, scrolled in the same way; a headless browser draws with the processor, so a machine with a display is
faster. What the page itself costs is the processor time of its main thread: 60 frames/s leave it 16.7 ms for each.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from smartsearch.api.app import WEB_FOLDER
from smartsearch.config import Places
from smartsearch.core.assets import FileIdentity, ImageContent, Metadata, PutImage
from smartsearch.core.settings import Settings
from smartsearch.library import Library

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from web_tools import chromium

PROGRAM = Path(sys.executable).with_name("smartsearch")
SHAPES = ((4000, 3000), (3000, 4000), (4000, 2667), (2667, 4000), (4000, 2250), (3000, 3000), (6000, 2000))
PICTURES = 400
BATCH = 5000
SCROLL_SECONDS = 6
SPEED = 3000
"""Pixels a second: three screens, as fast as one can still look."""

# Scrolls by time, not by frame, and notes when each frame came.
SCROLL = """async ([seconds, speed]) => {
  const times = [];
  const from = window.scrollY;
  await new Promise((done) => {
    const begin = performance.now();
    const step = (now) => {
      times.push(now);
      window.scrollTo(0, from + ((now - begin) / 1000) * speed);
      if (now - begin < seconds * 1000) requestAnimationFrame(step); else done();
    };
    requestAnimationFrame(step);
  });
  return times.slice(1).map((time, index) => time - times[index]);
}"""

FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
SHOWN = """() => [...document.querySelectorAll('[data-place] img')].some(
  (image) => image.complete && image.naturalWidth > 0)"""
ALL_SHOWN = """() => {
  const images = [...document.querySelectorAll('[data-place] img')].filter((image) => {
    const box = image.getBoundingClientRect();
    return box.bottom > 80 && box.top < innerHeight;
  });
  return images.length > 8 && images.every((image) => image.complete && image.naturalWidth > 0);
}"""


def make_library(folder: Path, count: int) -> None:
    """A library of ``count`` rows; its thumbnails are links to those of a few pictures."""
    random = np.random.default_rng(0)
    with Library.open(Places(folder / "home", folder / "library"), Settings(), create=True) as library:
        pictures = [thumbnail(random, SHAPES[number % len(SHAPES)]) for number in range(PICTURES)]
        for number, (webp, _) in enumerate(pictures):
            library.thumbnails.put(digest(number), webp)
        for start in range(0, count, BATCH):
            changes = []
            for number in range(start, min(count, start + BATCH)):
                picture = int(random.integers(0, PICTURES))
                width, height = SHAPES[picture % len(SHAPES)]
                taken = Metadata(taken_at=datetime(2004, 1, 1) + timedelta(hours=2 * number))
                content = ImageContent("jpeg", width, height, 1, number, pictures[picture][1], taken, b"")
                path = f"/photos/{number // 500:05}/IMG_{number:07}.jpg"
                identity = FileIdentity(1, number, 2_500_000, number)
                changes.append(PutImage(path, identity, digest(picture), datetime.now(UTC), content, {}))
            library.store.apply(changes)


def digest(picture: int) -> bytes:
    return picture.to_bytes(32, "big")


def thumbnail(random: np.random.Generator, shape: tuple[int, int]) -> tuple[bytes, int]:
    """A picture as detailed as a photo's thumbnail, as WebP, and its average colour."""
    rough = random.integers(0, 255, (9, 9, 3), dtype=np.uint8)
    size = tuple(round(side * 384 / max(shape)) for side in shape)
    smooth = np.asarray(Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC), np.int16)
    pixels = np.clip(smooth + random.normal(0, 8, smooth.shape), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=80, method=0)
    red, green, blue = (int(value) for value in pixels.mean((0, 1)))
    return buffer.getvalue(), red << 16 | green << 8 | blue


@contextmanager
def served(folder: Path) -> Iterator[str]:
    command = [PROGRAM, "--library", folder / "library", "serve", "--port", "0"]
    environment = os.environ | {"SMARTSEARCH_HOME": str(folder / "home")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            found = re.search(r"http://\S+?(?=[\s;]|$)", server.stderr.readline() if server.stderr else "")
            assert found, "the server did not start"
            yield found[0]
        finally:
            server.terminate()
            server.communicate()


def first_load(budget: int) -> None:
    """The bytes that the page needs before it shows photos."""
    page = (WEB_FOLDER / "index.html").read_text("utf-8")
    names = re.findall(r'(?:src|href)="/((?:assets/|theme)[^"]+\.(?:js|css))"', page)
    sizes = {name: len(gzip.compress((WEB_FOLDER / name).read_bytes(), 6)) for name in names}
    script = sum(size for name, size in sizes.items() if name.endswith(".js"))
    style = sum(sizes.values()) - script
    every = sum(len(gzip.compress(path.read_bytes(), 6)) for path in WEB_FOLDER.rglob("*.js"))
    print(
        f"first load: {script / 1000:.0f} KB of JavaScript and {style / 1000:.0f} KB of CSS (gzip), "
        f"{script / 1000 / budget:.2f} of the budget of {budget} KB; all pages together {every / 1000:.0f} KB"
    )


def first_sight(browser: Browser, address: str, runs: int = 5) -> None:
    """From the address to the first paint and the first photo, with a cold cache."""
    paints, photos = [], []
    for _ in range(runs):
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        page.goto(address, wait_until="commit")
        page.wait_for_function(SHOWN, polling=10)
        photos.append(page.evaluate("() => performance.now()"))
        paints.append(page.evaluate(FIRST_PAINT))
        context.close()
    print(
        f"first contentful paint {statistics.median(paints):.0f} ms, first thumbnail {statistics.median(photos):.0f} ms"
        f" (median of {runs}, cold cache)"
    )


def scrolled(page: Page, from_: int) -> tuple[list[float], float]:
    """Milliseconds from frame to frame, and the seconds of processor time that the main thread took."""
    page.evaluate("(y) => window.scrollTo(0, y)", from_)
    page.wait_for_timeout(1000)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        return sum(
            metric["value"]
            for metric in session.send("Performance.getMetrics")["metrics"]
            if metric["name"] == "TaskDuration"
        )

    before = busy()
    intervals = list(page.evaluate(SCROLL, [SCROLL_SECONDS, SPEED]))
    spent = busy() - before
    session.detach()
    return intervals, spent


def told(name: str, intervals: list[float], seconds: float) -> float:
    """Frames a second, printed with how uneven they are and what they cost."""
    rate = 1000 * len(intervals) / sum(intervals)
    slow = sum(interval > 25 for interval in intervals) / len(intervals)
    print(
        f"  {name}: {rate:.1f} frames/s, p95 {np.percentile(intervals, 95):.0f} ms, longest {max(intervals):.0f} ms, "
        f"{slow:.1%} of the frames late; main thread {1000 * seconds / len(intervals):.1f} ms a frame, "
        f"{1e6 * seconds / (sum(intervals) * SPEED / 1000):.0f} ms of it for 1,000 pixels"
    )
    return rate


def scrolling(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(address)
    page.wait_for_function(ALL_SHOWN)
    height = page.evaluate("() => document.documentElement.scrollHeight")
    print(f"scrolling {SPEED} pixels/s through a list of {height:,} pixels:")
    rate = told("the grid", *scrolled(page, height // 2))

    plain = context.new_page()
    plain.goto(f"{address}/api/v1/version")
    plain.evaluate(
        """(count) => {
        document.body.innerHTML = '<div id="all" style="display:flex;flex-wrap:wrap;gap:4px"></div>';
        for (let id = 1; id <= count; id++) document.getElementById('all').insertAdjacentHTML(
            'beforeend', `<img loading="lazy" width="240" height="200" src="/api/v1/images/${id}/thumbnail">`);
        }""",
        600,
    )
    ceiling = told("ceiling, 600 bare images", *scrolled(plain, 0))
    print(f"  ratio {rate / ceiling:.2f}")

    page.bring_to_front()
    times = []
    for part in (0.9, 0.2, 0.65):
        begun = page.evaluate(
            "(y) => { window.scrollTo(0, y); return performance.now(); }",
            round(height * part),
        )
        page.wait_for_timeout(30)  # the rows that were there are gone
        page.wait_for_function(ALL_SHOWN, polling=10)
        times.append(page.evaluate("() => performance.now()") - begun)
    print(f"  after a jump, every photo on the screen is there in {statistics.median(times):.0f} ms (median of 3)")
    context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--budget", type=int, default=250, help="KB of JavaScript at the first load")
    parser.add_argument("--folder", type=Path, help="where the library is, or is made to stay")
    options = parser.parse_args()
    first_load(options.budget)
    rights = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = options.folder or Path(name)
        if not (folder / "library").exists():
            make_library(folder, options.count)
        browser = playwright.chromium.launch(executable_path=chromium(), args=rights)
        with served(folder) as address:
            print(f"{options.count:,} photos:")
            first_sight(browser, address)
            scrolling(browser, address)
        browser.close()


if __name__ == "__main__":
    main()
