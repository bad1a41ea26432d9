"""What indexing a video costs, and how often a caption finds its scene.

    SMARTSEARCH_DATA=... python video.py [--minutes 1] [--photos 120]

Cost: a video of 1920x1080 at 25 frames a second (H.264), a photo for four seconds after the other, each frame another
part of it, as a camera pans. Processor seconds of the whole `smartsearch index` (decoding, packaged model, tags,
commit; no reading of text) that finds the new video, less those of the run before, which found one new photo and had to
start the same workers and models; for a minute of video. Beside it all frames decoded by PyAV in one thread, and
nothing done with them. The photos are enlarged, so that the file is smaller than a camera's, and quicker to decode.

Scenes: captioned photos of the "dev" part, which trained neither tower, shown for four seconds each in several smaller
videos that pan, too. A caption finds its scene if the first result is the right video and begins within these four
seconds: chance is one in so many photos. Beside it the same captions among the same photos as JPEG files: the ceiling.

Cut-off: what it lets through by default, for the same captions and for as many of photos that are in none of the
videos; beside it the cut-off among as many images as there are videos, as if each were one picture, and the JPEG files.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image

from smartsearch.config import Places
from smartsearch.core.query import Everything
from smartsearch.core.settings import OcrSettings, Settings
from smartsearch.library import Library
from smartsearch.search.service import SearchRequest

SECONDS = 4
"""Of each photo."""
MARGIN = 0.1
"""How much wider than the frame the picture is over which it pans."""


def save_pans(path: Path, photos: Sequence[Path], size: tuple[int, int], rate: int) -> None:
    """One photo after the other, the frame moving over it from corner to corner."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        width, height = (round(side * (1 + MARGIN)) for side in size)
        count = SECONDS * rate
        for number, photo in enumerate(photos):
            with Image.open(photo) as image:
                whole = np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC))
            for step in range(count):
                part = step / (count - 1)
                left, top = round(part * (width - size[0])), round(part * (height - size[1]))
                if number % 2:
                    left = width - size[0] - left
                pixels = np.ascontiguousarray(whole[top : top + size[1], left : left + size[0]])
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))


def index_seconds(home: Path, folder: Path) -> float:
    """Processor seconds of one `smartsearch index`, its workers included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [Path(sys.executable).with_name("smartsearch"), "index", folder, "--json"],
        env=os.environ | {"SMARTSEARCH_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["errors"] == 0, done.stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def decode_seconds(path: Path) -> tuple[float, int]:
    """Processor seconds and number of frames of a bare decode of everything."""
    started = time.process_time()
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        frames = sum(1 for _ in container.decode(video=0))
    return time.process_time() - started, frames


def cost(work: Path, photos: Sequence[Path], minutes: float) -> None:
    count = round(minutes * 60 / SECONDS)
    (work / "cost").mkdir()
    folder, video = work / "cost", work / "video.mp4"
    save_pans(video, [photos[place % len(photos)] for place in range(count)], (1920, 1080), 25)
    home = work / "cost-home"
    home.mkdir()
    (home / "config.toml").write_text('[ocr]\nwhen = "later"\n')
    minutes = count * SECONDS / 60
    before, frames = decode_seconds(video)
    runs = []
    for number, new in enumerate((photos[0], photos[1], video)):
        shutil.copy(new, folder / f"{number}{new.suffix}")
        runs.append(index_seconds(home, folder))
    first, photo, whole = runs
    bare = (before + decode_seconds(video)[0]) / 2
    print(f"1080p, {frames} frames in {minutes:.1f} minutes, {video.stat().st_size / 1e6:.1f} MB")
    print(
        f"processor seconds of index: {first:.1f} in a new library, {photo:.1f} for a photo, {whole:.1f} for the video"
    )
    print(f"a minute of video: {(whole - photo) / minutes:.2f} s; bare decode of all frames {bare / minutes:.2f} s")
    print(f"ratio to the bare decode: {(whole - photo) / bare:.2f}")


def found(library: Library, captions: Sequence[tuple[int, str]], truth: Sequence[tuple[str, float | None]]) -> float:
    """The share of captions, with the number of their photo, whose first result is the right file and time."""
    right = 0
    for number, caption in captions:
        hit = library.search(SearchRequest(text=caption, top=1, min_score=0)).hits[0]
        name, begins = truth[number]
        there = begins is None or (hit.at is not None and begins - 0.1 <= hit.at < begins + SECONDS - 0.1)
        right += Path(hit.asset.path).name == name and there
    return right / len(captions)


def let_through(
    library: Library,
    captions: Sequence[tuple[int, str]],
    truth: Sequence[tuple[str, float | None]],
    strangers: Sequence[str],
    cut_off: float | None,
) -> str:
    """What the default cut-off, or another one, lets through."""

    def names(caption: str) -> set[str]:
        hits = library.search(SearchRequest(text=caption, top=1000, min_score=cut_off)).hits
        return {Path(hit.asset.path).name for hit in hits}

    shown = [(truth[number][0], names(caption)) for number, caption in captions]
    right = sum(own in found for own, found in shown)
    wrong = sum(len(found - {own}) for own, found in shown)
    empty = sum(not names(caption) for caption in strangers)
    return (
        f"own shown {right / len(shown):.0%}, others a query {wrong / len(shown):.2f}, "
        f"nothing for strangers {empty / len(strangers):.0%}"
    )


def scenes(
    work: Path, photos: Sequence[Path], captions: Sequence[tuple[int, str]], each: int, strangers: Sequence[str]
) -> None:
    folders = work / "stills", work / "videos"
    for folder in folders:
        folder.mkdir()
    stills: list[tuple[str, float | None]] = []
    for number, photo in enumerate(photos):
        (folders[0] / f"{number}.jpg").write_bytes(photo.read_bytes())
        stills.append((f"{number}.jpg", None))
    places: list[tuple[str, float | None]] = []
    for start in range(0, len(photos), each):
        part = photos[start : start + each]
        save_pans(folders[1] / f"{start}.mp4", part, (640, 360), 10)
        places += [(f"{start}.mp4", SECONDS * place) for place in range(len(part))]
    shares = []
    for folder, truth in zip(folders, (stills, places), strict=True):
        settings = Settings(ocr=OcrSettings("later"))
        with Library.open(Places(work / "home", work / f"{folder.name}-library"), settings, create=True) as library:
            library.index([folder])
            assert not library.errors()
            shares.append(found(library, captions, truth))
            kept = sum(len(library.store.scenes(asset_id)) for asset_id in library.store.select(Everything()))
            default = library.search(SearchRequest(text="a photo")).cut_off
            print(
                f"cut-off of the {folder.name} {default:.2f}:", let_through(library, captions, truth, strangers, None)
            )
            if kept:
                calibration = library.catalog.encoders(library.model).text.calibration
                assert calibration is not None
                other = calibration.cut_off_among(library.store.counts().images)
                print(f"videos as one {other:.2f}:", let_through(library, captions, truth, strangers, other))
    print(f"{len(photos)} scenes in {len({name for name, _ in places})} videos, {kept} found when indexing")
    print(f"of {len(captions)} captions {shares[1]:.1%} find their scene first, {shares[0]:.1%} their photo as a file")
    print(f"ratio to the photos: {shares[1] / shares[0]:.2f}; chance: {1 / len(photos):.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0, help="of 1080p video; 0 leaves that part out")
    parser.add_argument("--photos", type=int, default=120, help="scenes to find; 0 leaves that part out")
    parser.add_argument("--each", type=int, default=24, help="scenes of a video (32 at most are kept)")
    arguments = parser.parse_args()
    folder = Path(os.environ["SMARTSEARCH_DATA"]) / "captioned-photos"
    rows = [line.split("\t") for line in (folder / "captions.tsv").read_text("utf-8").splitlines()[1:]]
    captions: dict[str, list[str]] = {}
    for split, name, caption in rows:
        if split == "dev":
            captions.setdefault(name, []).append(caption)
    names = random.Random(1).sample(sorted(captions), min(len(captions), max(arguments.photos, 15)))
    photos = [folder / "images" / name for name in names]
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores at the start")
    with tempfile.TemporaryDirectory() as work:
        if arguments.minutes:
            cost(Path(work), photos, arguments.minutes)
        if arguments.photos:
            shown = names[: arguments.photos]
            asked = [(number, caption) for number, name in enumerate(shown) for caption in captions[name]]
            strangers = [caption for name in sorted(set(captions) - set(names)) for caption in captions[name]]
            strangers = random.Random(2).sample(strangers, min(len(strangers), len(asked)))
            scenes(Path(work), photos[: arguments.photos], asked, arguments.each, strangers)
    print(f"load average {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
