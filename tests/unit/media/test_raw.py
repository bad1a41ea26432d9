"""Camera raw files: the preview is shown, turned by the camera's orientation, with the camera's metadata."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import Image
from tests.unit.media.pictures import GREEN, RED, near, quarters

from smartsearch.core.errors import UnsupportedFormatError
from smartsearch.core.spaces import Preprocessing
from smartsearch.media.decode import decode
from smartsearch.media.request import DecodeRequest

Entry = tuple[int, int, int, int]
"""Tag, type, count, value or offset."""


def jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def directory(*entries: Entry, following: int = 0) -> bytes:
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


def raw_file(preview: bytes, *, in_strip: bool, orientation: int = 1) -> bytes:
    """IFD0 (thumbnail, orientation) with one child for the sensor data and one for the preview."""
    small = jpeg(Image.new("RGB", (16, 12)))
    sensor_at, preview_at, data_at = 200, 300, 400
    where = (0x0111, 0x0117) if in_strip else (0x0201, 0x0202)
    sensor = directory((0x0106, 3, 1, 32803), (0x0103, 3, 1, 7), (0x0111, 4, 1, data_at), (0x0117, 4, 1, 9_999_999))
    shown = directory((0x0103, 3, 1, 7), (where[0], 4, 1, data_at), (where[1], 4, 1, len(preview)))
    main = directory(
        (0x010F, 2, 4, int.from_bytes(b"Cam\0", "little")),
        (0x0112, 3, 1, orientation),
        (0x014A, 4, 2, 150),
        (0x0201, 4, 1, data_at + len(preview)),
        (0x0202, 4, 1, len(small)),
    )
    parts = {0: b"II*\0" + struct.pack("<I", 8), 8: main, 150: struct.pack("<II", sensor_at, preview_at)}
    parts |= {sensor_at: sensor, preview_at: shown, data_at: preview + small}
    data = bytearray(max(parts) + len(parts[data_at]))
    for place, part in parts.items():
        data[place : place + len(part)] = part
    return bytes(data)


@pytest.mark.parametrize("in_strip", [True, False])
def test_the_largest_preview_is_shown(tmp_path: Path, in_strip: bool) -> None:
    path = tmp_path / "a.nef"
    path.write_bytes(raw_file(jpeg(quarters(160, 120)), in_strip=in_strip))
    result = decode(path, DecodeRequest((Preprocessing(32, resize="squash"),)))
    assert (result.content.format, result.content.width, result.content.height) == ("raw", 160, 120)
    assert near(result.inputs[0][4, 4], RED, 20)
    assert result.content.metadata.camera_make == "Cam"


def test_the_cameras_orientation_turns_the_preview(tmp_path: Path) -> None:
    path = tmp_path / "a.arw"
    path.write_bytes(raw_file(jpeg(quarters(160, 120)), in_strip=True, orientation=8))
    result = decode(path, DecodeRequest((Preprocessing(32, resize="squash"),)))
    assert (result.content.width, result.content.height) == (120, 160)
    assert near(result.inputs[0][4, 4], GREEN, 20)


def test_fuji(tmp_path: Path) -> None:
    preview = jpeg(quarters(160, 120))
    head = b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">II", 200, len(preview))
    (tmp_path / "a.raf").write_bytes(head.ljust(200, b"\0") + preview)
    assert decode(tmp_path / "a.raf", DecodeRequest()).content.width == 160


def test_panasonic(tmp_path: Path) -> None:
    preview = jpeg(quarters(160, 120))
    main = directory((0x002E, 7, len(preview), 100))
    data = (b"IIU\0" + struct.pack("<I", 8) + main).ljust(100, b"\0") + preview
    (tmp_path / "a.rw2").write_bytes(data)
    assert decode(tmp_path / "a.rw2", DecodeRequest()).content.width == 160


def test_lossless_sensor_data_is_no_preview(tmp_path: Path) -> None:
    lossless = b"\xff\xd8\xff\xc3\x00\x0b\x08" + b"\0" * 50
    (tmp_path / "a.dng").write_bytes(raw_file(lossless, in_strip=True))
    assert decode(tmp_path / "a.dng", DecodeRequest()).content.width == 16


def test_without_a_preview_the_optional_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.orf").write_bytes(b"IIRO" + struct.pack("<I", 8) + directory((0x0112, 3, 1, 1)))
    with pytest.raises(UnsupportedFormatError) as caught:
        decode(tmp_path / "a.orf", DecodeRequest())
    assert "raw" in str(caught.value)


def test_an_ordinary_tiff_stays_one(tmp_path: Path) -> None:
    quarters().save(tmp_path / "a.tif")
    assert decode(tmp_path / "a.tif", DecodeRequest()).content.format == "tiff"
