"""The video inside a motion photo: found where the file says, and never beyond what is really there."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import motion_photos as photos

from smartsearch.media.decode import decode
from smartsearch.media.request import DecodeRequest


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return photos.motion_video(tmp_path_factory.mktemp("motion"))


def inside(path: Path, data: bytes) -> bytes | None:
    """The video that a decode of such a file finds."""
    path.write_bytes(data)
    content = decode(path, DecodeRequest()).content
    assert (content.width, content.height, content.duration) == (320, 240, None), "it stays a photo"
    place = content.motion
    return None if place is None else data[place.start : place.start + place.length]


def test_google_motion_photo(tmp_path: Path, video: bytes) -> None:
    xmp = photos.directory(("Primary", 0), ("MotionPhoto", len(video)))
    assert inside(tmp_path / "a.jpg", photos.picture(xmp) + video) == video
    others = photos.directory(("Primary", 0), ("GainMap", 50), ("MotionPhoto", len(video)), ("Depth", 30))
    assert inside(tmp_path / "b.jpg", photos.picture(others) + bytes(50) + video + bytes(30)) == video


def test_micro_video(tmp_path: Path, video: bytes) -> None:
    assert inside(tmp_path / "a.jpg", photos.picture(photos.micro_video(len(video))) + video) == video


def test_samsung(tmp_path: Path, video: bytes) -> None:
    assert inside(tmp_path / "a.jpg", photos.picture() + photos.sef(video)) == video
    # Newer ones have both, and the length in the XMP counts what surrounds the video.
    tail = photos.sef(video)
    both = photos.directory(("Primary", 0), ("MotionPhoto", len(tail)))
    assert inside(tmp_path / "b.jpg", photos.picture(both) + tail) == video


@pytest.mark.parametrize("told", [True, False])
def test_a_box_of_its_own(tmp_path: Path, video: bytes, told: bool) -> None:
    """HEIC and AVIF are the same container; Pillow writes the latter."""
    xmp = photos.directory(("Primary", 0), ("MotionPhoto", len(video))) if told else b""
    box = (len(video) + 8).to_bytes(4, "big") + b"mpvd" + video
    assert inside(tmp_path / "a.avif", photos.picture(xmp, "AVIF") + box) == video
    assert inside(tmp_path / "b.avif", photos.picture(xmp, "AVIF") + box[:-9]) is None


@pytest.mark.parametrize("claim", [0, -1, 1, 7, 10**9, 2**31, 2**63, 2**64, 10**40, "x", "", "1e3", "٣", " 12 "])
def test_hostile_places_are_no_video(tmp_path: Path, video: bytes, claim: object) -> None:
    for xmp in (
        photos.micro_video(claim),
        photos.directory(("Primary", 0), ("MotionPhoto", claim)),
        photos.directory(("Primary", 0), ("MotionPhoto", len(video)), ("Depth", claim or "-0")),
    ):
        assert inside(tmp_path / "a.jpg", photos.picture(xmp) + video) is None


def test_what_is_no_whole_video_is_none(tmp_path: Path, video: bytes) -> None:
    def found(held: bytes, length: int | None = None) -> bytes | None:
        return inside(tmp_path / "a.jpg", photos.picture(photos.micro_video(length or len(held))) + held)

    assert found(video[: len(video) // 2]) is None, "cut off"
    assert found(b"\0\0\0\x10ftypmp42" + bytes(4)) is None, "nothing but its head"
    assert found(bytes(len(video))) is None
    assert found(b"<script>alert(1)</script>" * 40) is None
    endless = bytearray(video)
    endless[:4] = (1).to_bytes(4, "big")  # a 64-bit length, of which the file has other bytes in its place
    assert found(bytes(endless)) is None
    assert found(video + b"\0\0\0\x08evil") == video, "what comes behind it is not sent"
    # A photo from which a program cut the video keeps its claim.
    assert inside(tmp_path / "b.jpg", photos.picture(photos.micro_video(len(video)))) is None


@pytest.mark.parametrize("place", range(4, 32, 4))
def test_damaged_samsung_directories(tmp_path: Path, video: bytes, place: int) -> None:
    tail = bytearray(photos.sef(video))
    tail[-place - 4 : -place] = b"\xff\xff\xff\xff"
    found = inside(tmp_path / "a.jpg", photos.picture() + bytes(tail))
    assert found in (None, video)


def test_an_ordinary_photo_and_other_formats(tmp_path: Path, video: bytes) -> None:
    assert inside(tmp_path / "a.jpg", photos.picture()) is None
    assert inside(tmp_path / "b.png", photos.picture(format="PNG") + video) is None
