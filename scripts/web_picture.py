"""Take the picture of the web page for the README: docs/web.webp, of the sample photos of `make demo`.

Needs the built page (`make web`), Chromium and playwright, which the tests need too.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from demo import fetch_photos
from PIL import Image
from playwright.sync_api import sync_playwright
from web_tools import HOW_TO_CHROMIUM, chromium

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "web.webp"
PROGRAM = Path(sys.executable).with_name("smartsearch")
MOST_BYTES = 300_000


def main() -> int:
    browser_path = chromium()
    if browser_path is None:
        print(HOW_TO_CHROMIUM, file=sys.stderr)
        return 1
    made = ROOT / ".demo" / "photos"
    photos = made if made.is_dir() else ROOT / "build" / "sample-photos"
    fetch_photos(photos)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        environment = os.environ | {"SMARTSEARCH_HOME": f"{folder}/home"}
        run = [PROGRAM, "--library", f"{folder}/library"]
        subprocess.run([*run, "index", photos], env=environment, check=True, capture_output=True)
        server = subprocess.Popen([*run, "serve", "--port", "0"], env=environment, stderr=subprocess.PIPE, text=True)
        try:
            address = re.search(r"http://\S+?(?=[\s;]|$)", server.stderr.readline() if server.stderr else "")
            assert address, "the server did not start"
            rights = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=browser_path, args=rights)
            page = browser.new_page(viewport={"width": 1280, "height": 760}, reduced_motion="reduce")
            page.add_init_script("localStorage.setItem('filters', 'true')")
            page.goto(address[0])
            page.wait_for_function(
                "() => { const all = [...document.querySelectorAll('[data-place] img')];"
                " return all.length > 8 && all.every((image) => image.complete); }"
            )
            page.get_by_text("JPEG").first.wait_for(state="attached")
            picture = Image.open(io.BytesIO(page.screenshot()))
            browser.close()
        finally:
            server.terminate()
            server.communicate()
    for quality in range(90, 40, -5):
        picture.convert("RGB").save(TARGET, quality=quality, method=6)
        if TARGET.stat().st_size < MOST_BYTES:
            break
    print(f"wrote {TARGET}, {TARGET.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
