"""The promises about files, held against real ones: odd formats, hostile files, orientations, places."""

from __future__ import annotations

import io
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smartsearch.core.errors import CorruptImageError, MediaError, UnsupportedFormatError
from smartsearch.core.settings import MediaLimits
from smartsearch.core.spaces import Preprocessing
from smartsearch.media.decode import decode
from smartsearch.media.metadata import refresh_metadata
from smartsearch.media.pool import DecodePool
from smartsearch.media.request import Decoded, DecodeRequest

pytestmark = [pytest.mark.slow, pytest.mark.shared_data]

LIMITS = MediaLimits(seconds=30, memory_bytes=1024**3)
"""That no decode below counts as a crash shows that each stays within this address space."""


def _files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def test_every_file_is_decoded_or_refused_with_a_plain_reason(shared_data: Path) -> None:
    paths = _files(shared_data / "formats", shared_data / "metadata")
    assert len(paths) > 1000
    request = DecodeRequest((Preprocessing(64),), LIMITS)
    counts: Counter[str] = Counter()
    with DecodePool(2, LIMITS) as pool:
        futures = [(path, pool.submit(str(path), request)) for path in paths]
        for path, future in futures:
            error = future.exception(timeout=120)
            if error is None:
                _check(future.result())
                counts["decoded"] += 1
                continue
            assert isinstance(error, MediaError), path
            reason = str(error)
            assert reason, path
            assert reason.endswith("."), reason
            assert not any(mark in reason for mark in ("\n", "<", "Traceback", "Unexpected", str(path))), reason
            counts[error.code] += 1
    assert counts["decoded"] > 850
    assert counts["crash"] == counts["timeout"] == counts["unreadable"] == counts["access"] == 0


def _check(result: Decoded) -> None:
    content = result.content
    assert result.inputs[0].shape == (64, 64, 3)
    assert min(content.width, content.height, content.frames) >= 1
    with Image.open(io.BytesIO(content.thumbnail)) as thumbnail:
        assert max(thumbnail.size) <= 320
        assert (thumbnail.width - thumbnail.height) * (content.width - content.height) >= 0
    text = json.dumps(content.metadata.exif, allow_nan=False)
    assert len(text) <= 64 * 1024


@pytest.mark.parametrize("shape", ["Landscape", "Portrait"])
def test_all_eight_orientations_come_out_upright(shared_data: Path, shape: str) -> None:
    request = DecodeRequest((Preprocessing(96, resize="squash"),))
    folder = shared_data / "metadata" / "orientation"
    upright = decode(folder / f"{shape}_1.jpg", request)
    expected = upright.inputs[0].astype(float)
    for orientation in range(2, 9):
        turned = decode(folder / f"{shape}_{orientation}.jpg", request)
        sizes = [(result.content.width, result.content.height) for result in (turned, upright)]
        assert sizes[0] == sizes[1]
        # The pictures carry their number as text, so they are near, not equal.
        difference = np.abs(turned.inputs[0].astype(float) - expected).mean()
        others = [np.abs(np.rot90(turned.inputs[0], turns).astype(float) - expected).mean() for turns in (1, 2, 3)]
        assert difference < 12, orientation
        assert difference < min(others) / 3, orientation
        thumbnails = [Image.open(io.BytesIO(result.content.thumbnail)).size for result in (turned, upright)]
        assert thumbnails[0] == thumbnails[1]


PLACES = {  # read from the same files with ExifTool 12.57
    "DSCN0010.jpg": (43.46744833, 11.88512667, "2008-10-22T16:28:39"),
    "DSCN0012.jpg": (43.46715667, 11.88539500, "2008-10-22T16:29:49"),
    "DSCN0021.jpg": (43.46708167, 11.88453833, "2008-10-22T16:38:20"),
    "DSCN0025.jpg": (43.46836500, 11.88163500, "2008-10-22T16:43:21"),
    "DSCN0027.jpg": (43.46844167, 11.88151500, "2008-10-22T16:44:01"),
    "DSCN0029.jpg": (43.46824333, 11.88017167, "2008-10-22T16:46:53"),
    "DSCN0038.jpg": (43.46725500, 11.87921333, "2008-10-22T16:52:15"),
    "DSCN0040.jpg": (43.46601167, 11.87911167, "2008-10-22T16:55:37"),
    "DSCN0042.jpg": (43.46445500, 11.88147833, "2008-10-22T17:00:07"),
}


@pytest.mark.parametrize("name", PLACES)
def test_places_and_times_of_the_gps_set(shared_data: Path, name: str) -> None:
    latitude, longitude, taken_at = PLACES[name]
    found = refresh_metadata(shared_data / "metadata/exif-samples/jpg/gps" / name, None, LIMITS)
    assert found.gps is not None
    assert found.gps.latitude == pytest.approx(latitude, abs=1e-7)
    assert found.gps.longitude == pytest.approx(longitude, abs=1e-7)
    assert found.taken_at is not None
    assert found.taken_at.isoformat() == taken_at
    assert found.camera_model == "COOLPIX P6000"


def test_a_phone_photo_in_heic(shared_data: Path) -> None:
    found = decode(shared_data / "metadata/exif-samples/heic/IMG_5195.HEIC", DecodeRequest()).content
    assert (found.format, found.width, found.height) == ("heif", 2566, 3313)
    metadata = found.metadata
    assert metadata.gps is not None
    assert metadata.gps.latitude == pytest.approx(39.05134444, abs=1e-7)
    assert metadata.gps.longitude == pytest.approx(-94.28877222, abs=1e-7)
    assert metadata.gps.altitude == pytest.approx(260.5606, abs=1e-3)
    assert metadata.taken_at is not None
    assert metadata.taken_at.isoformat() == "2021-04-11T15:47:53.054000"
    assert metadata.taken_offset == -300
    assert (metadata.camera_make, metadata.camera_model) == ("Apple", "iPhone 11 Pro Max")
    assert (metadata.iso, metadata.f_number, metadata.focal_length) == (32, 1.8, 4.25)
    assert metadata.exposure_time == pytest.approx(1 / 391)


def test_keywords_and_captions_of_a_newsroom_file(shared_data: Path) -> None:
    found = refresh_metadata(shared_data / "metadata/exif-samples/jpg/xmp/BlueSquare.jpg", None, LIMITS)
    assert found.title == "Blue Square Test File - .jpg"
    assert found.keywords == ("XMP", "Blue Square", "test file", "Photoshop", ".jpg")
    assert (found.description or "").startswith("XMPFiles BlueSquare test file")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("truncated_jpeg.jpg", CorruptImageError),
        ("broken.png", CorruptImageError),
        ("zero_bb.eps", UnsupportedFormatError),
    ],
)
def test_known_bad_files(shared_data: Path, name: str, kind: type[MediaError]) -> None:
    found = next((path for path in _files(shared_data / "formats" / "torture") if path.name == name), None)
    if found is None:
        pytest.skip(f"no {name}")
    with pytest.raises(kind):
        decode(os.fspath(found), DecodeRequest())
