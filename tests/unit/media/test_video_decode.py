"""Videos and animations, decoded in this process: scenes, the frame that stands for all, and what files say."""

from __future__ import annotations

import io
import struct
from datetime import datetime
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from tests.videos import frame_of, save_video, turned

from smartsearch.core import signatures
from smartsearch.core.errors import CorruptImageError, ImageTooLargeError, MediaError, UnsupportedFormatError
from smartsearch.core.settings import MediaLimits
from smartsearch.core.spaces import Preprocessing
from smartsearch.crawler import listing
from smartsearch.media.decode import decode, render_preview
from smartsearch.media.metadata import refresh_metadata
from smartsearch.media.request import DecodeRequest, PreviewRequest
from smartsearch.testing_models import COLOURS

REQUEST = DecodeRequest((Preprocessing(32),), pictures=(120,))
SCENES = ("red", "green", "blue")


def colour_of(pixels: np.ndarray) -> str:  # type: ignore[type-arg]
    mean = pixels.reshape(-1, 3).mean(axis=0)
    return min(COLOURS, key=lambda name: float(np.abs(mean - np.array(COLOURS[name])).sum()))


@pytest.mark.parametrize("suffix", ["mp4", "m4v", "mov", "mkv", "webm", "avi"])
def test_scenes_are_where_the_picture_changes(tmp_path: Path, suffix: str) -> None:
    decoded = decode(save_video(tmp_path / f"clip.{suffix}", SCENES), REQUEST)
    content = decoded.content
    assert content.format == ("mp4" if suffix == "m4v" else suffix)
    assert (content.width, content.height) == (160, 96)
    assert content.duration == pytest.approx(9.0, abs=0.2)
    assert [colour_of(scene.inputs[0]) for scene in decoded.scenes] == list(SCENES)
    begins = [scene.at_ms / 1000 for scene in decoded.scenes]
    assert begins == sorted(begins)
    assert all(true - 0.05 <= found < true + 2.1 for true, found in zip((0, 3, 6), begins, strict=True))
    assert colour_of(decoded.inputs[0]) in SCENES
    assert decoded.pictures[0].shape == (72, 120, 3)
    assert content.metadata.exif["Video"]["FrameRate"] == pytest.approx(10)


def test_a_scene_can_be_looked_at_again(tmp_path: Path) -> None:
    path = save_video(tmp_path / "clip.webm", SCENES)
    for scene in decode(path, REQUEST).scenes:
        webp = render_preview(path, PreviewRequest(80, 80, at_ms=scene.at_ms))
        shown = Image.open(io.BytesIO(webp))
        assert shown.size == (80, 48)
        assert colour_of(np.asarray(shown)) == colour_of(scene.inputs[0])
    whole = Image.open(io.BytesIO(render_preview(path, PreviewRequest(80, 80))))
    assert colour_of(np.asarray(whole)) == colour_of(decode(path, REQUEST).inputs[0])


def test_one_scene_is_one_scene_and_a_black_start_is_none(tmp_path: Path) -> None:
    assert len(decode(save_video(tmp_path / "still.mp4", ["red"], seconds=9), REQUEST).scenes) == 1
    black = tmp_path / "black.png"
    Image.new("RGB", (160, 96)).save(black)
    decoded = decode(save_video(tmp_path / "fade.mp4", [black, "green"]), REQUEST)
    assert [colour_of(scene.inputs[0]) for scene in decoded.scenes] == ["green"]
    assert colour_of(decoded.inputs[0]) == "green"


def test_a_video_held_upright_is_shown_upright(tmp_path: Path) -> None:
    half = tmp_path / "half.png"
    pixels = np.concatenate([frame_of("red", (80, 96)), frame_of("blue", (80, 96))], axis=1)
    Image.fromarray(pixels).save(half)
    path = turned(save_video(tmp_path / "clip.mp4", [half]))
    content = decode(path, REQUEST).content
    assert (content.width, content.height) == (96, 160)
    shown = np.asarray(Image.open(io.BytesIO(content.thumbnail)).convert("RGB"))
    assert shown.shape == (160, 96, 3)
    assert (colour_of(shown[:70]), colour_of(shown[90:])) == ("red", "blue"), "left is up, turned clockwise"


def test_what_the_container_says(tmp_path: Path) -> None:
    said = {
        "creation_time": "2021-06-30T12:00:00Z",
        "location": "+38.7139-009.1394+012.000/",
        "title": "Harbour",
    }
    path = save_video(tmp_path / "clip.mov", ["red"], metadata=said)
    meta = decode(path, REQUEST).content.metadata
    assert (meta.taken_at, meta.taken_offset, meta.title) == (datetime(2021, 6, 30, 12), 0, "Harbour")
    assert meta.gps is not None
    assert (meta.gps.latitude, meta.gps.longitude, meta.gps.altitude) == (38.7139, -9.1394, 12.0)
    sidecar = tmp_path / "clip.xmp"
    sidecar.write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/></rdf:RDF></x:xmpmeta>'
    )
    again = refresh_metadata(path, sidecar, MediaLimits())
    assert (again.rating, again.title, again.taken_at) == (4, "Harbour", meta.taken_at)


def _damaged(tmp_path: Path) -> dict[str, Path]:
    whole = save_video(tmp_path / "whole.mp4", SCENES).read_bytes()
    webm = save_video(tmp_path / "whole.webm", SCENES).read_bytes()
    made = {
        "truncated.mp4": whole[: len(whole) // 2],
        "truncated.webm": webm[: len(webm) // 3],
        "empty.mp4": b"",
        "text.mp4": b"This is a letter, not a film.\n" * 100,
        "header.mp4": whole[:200],
    }
    lying = bytearray(webm)
    place = lying.index(b"\x44\x89\x88") + 3  # Duration, a double in milliseconds (RFC 9559)
    lying[place : place + 8] = struct.pack(">d", 900_000.0)
    made["lying.webm"] = bytes(lying)
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
    with av.open(str(tmp_path / "none.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        container.start_encoding()
    return {path.name: path for path in tmp_path.iterdir() if not path.name.startswith("whole")}


def test_damaged_videos_say_what_is_wrong(tmp_path: Path) -> None:
    said = {}
    for name, path in _damaged(tmp_path).items():
        with pytest.raises(MediaError) as caught:
            decode(path, REQUEST)
        said[name] = (type(caught.value), caught.value.message)
    assert said["truncated.mp4"][0] is CorruptImageError
    assert said["truncated.webm"][0] is CorruptImageError
    assert said["empty.mp4"] == (CorruptImageError, "The file is empty.")
    assert said["text.mp4"] == (UnsupportedFormatError, "It is not an image or video of a supported format.")
    assert said["lying.webm"] == (CorruptImageError, "The video ends after 9.0 seconds; its header promises 900.0.")
    assert said["none.mp4"][0] in (CorruptImageError, UnsupportedFormatError)
    assert len(said) == 7
    assert all("\n" not in message and len(message) < 120 for _, message in said.values()), said


def test_limits(tmp_path: Path) -> None:
    path = save_video(tmp_path / "clip.mp4", SCENES)
    for limits in (MediaLimits(max_video_seconds=5), MediaLimits(max_pixels=1000), MediaLimits(max_video_bytes=100)):
        with pytest.raises(ImageTooLargeError):
            decode(path, DecodeRequest(limits=limits))
    assert decode(path, DecodeRequest(limits=MediaLimits(max_bytes=100))).content.duration


@pytest.mark.parametrize("name", ["moving.gif", "moving.webp", "moving.png"])
def test_animations_have_scenes(tmp_path: Path, name: str) -> None:
    first, *rest = (Image.fromarray(frame_of(colour, (160, 96))) for colour in SCENES)
    first.save(tmp_path / name, save_all=True, append_images=rest, duration=2000)
    decoded = decode(tmp_path / name, REQUEST)
    assert decoded.content.duration == pytest.approx(6.0)
    assert [scene.at_ms for scene in decoded.scenes] == [0, 2000, 4000]
    assert [colour_of(scene.inputs[0]) for scene in decoded.scenes] == list(SCENES)
    webp = render_preview(tmp_path / name, PreviewRequest(80, 80, at_ms=4000))
    assert colour_of(np.asarray(Image.open(io.BytesIO(webp)))) == "blue"


def test_a_still_image_has_none(tmp_path: Path) -> None:
    Image.fromarray(frame_of("red", (160, 96))).save(tmp_path / "still.png")
    decoded = decode(tmp_path / "still.png", REQUEST)
    assert (decoded.content.duration, decoded.scenes) == (None, ())


def test_without_the_package_videos_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert listing.kind_by_name("clip.MP4") is True
    listing._kinds.cache_clear()
    monkeypatch.setattr(listing, "reads_videos", lambda: False)
    try:
        assert listing.kind_by_name("clip.MP4") is False
        assert listing.kind_by_name("photo.jpg") is True
    finally:
        listing._kinds.cache_clear()
    assert signatures.reads_videos()
