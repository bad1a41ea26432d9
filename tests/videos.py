"""Videos made on the spot: one plain colour after the other, or pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smartsearch.testing_models import COLOURS

CODECS = {"mp4": "libx264", "m4v": "libx264", "mov": "libx264", "mkv": "libx264", "webm": "libvpx-vp9", "avi": "mpeg4"}
RATE = 10


def frame_of(colour: str, size: tuple[int, int]) -> NDArray[np.uint8]:
    """One of the tiny model's colours with squares in it, shape (height, width, 3)."""
    rows, columns = np.indices((size[1], size[0])) // 16
    squares = (((rows + columns) % 2) * 60 - 30)[:, :, None]
    return np.clip(np.array(COLOURS[colour], np.int16) + squares, 0, 255).astype(np.uint8)


def save_video(
    path: Path,
    scenes: Sequence[str | Path],
    *,
    seconds: int = 3,
    size: tuple[int, int] = (160, 96),
    metadata: Mapping[str, str] | None = None,
    codec: str | None = None,
) -> Path:
    """Each scene, a colour or a picture file, for so many seconds; the suffix decides container and codec."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream(codec or CODECS[path.suffix[1:]], rate=RATE)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for scene in scenes:
            if isinstance(scene, Path):
                pixels = np.asarray(Image.open(scene).convert("RGB").resize(size))
            else:
                pixels = frame_of(scene, size)
            for _ in range(seconds * RATE):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def turned(path: Path) -> Path:
    """The MP4 as a telephone held upright writes it: to be turned by 90 degrees clockwise (ISO/IEC 14496-12, tkhd)."""
    one = (1 << 16).to_bytes(4, "big")
    none, minus, last = bytes(4), (-(1 << 16)).to_bytes(4, "big", signed=True), (1 << 30).to_bytes(4, "big")
    straight = one + none * 3 + one + none * 3 + last
    data = path.read_bytes()
    track = data.index(b"tkhd")
    place = data.index(straight, track)
    path.write_bytes(data[:place] + none + one + none + minus + none * 4 + last + data[place + len(straight) :])
    return path
