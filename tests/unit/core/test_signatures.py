"""Recognising images by their first bytes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from smartsearch.core.signatures import SNIFF_BYTES, sniff
from smartsearch.crawler.suffixes import IMAGE_SUFFIXES, OTHER_SUFFIXES


@pytest.mark.parametrize(
    ("written", "expected"),
    [("JPEG", "jpeg"), ("PNG", "png"), ("GIF", "gif"), ("BMP", "bmp"), ("TIFF", "tiff"), ("WEBP", "webp")],
)
def test_what_pillow_writes(written: str, expected: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (4, 4)).save(file, written)
    assert sniff(file.getvalue()[:SNIFF_BYTES]) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "heif"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "heif"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", "avif"),
        (b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1", "avif"),
        (b"\x00\x00\x00\x18ftypcrx \x00\x00\x00\x01crx isom", "raw"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp41", "mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00qt  ", "mov"),
        (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", "mov"),
        (b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x04", "webm"),
        (b"\x1aE\xdf\xa3\xa3B\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x88matroska", "mkv"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "avi"),
        (b"\x00\x00\x00\x1cftypM4A \x00\x00\x02\x00M4A ", None),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "jxl"),
        (b"\xff\x0a\xfa\x00", "jxl"),
        (b"II*\x00\x10\x00\x00\x00CR\x02\x00", "raw"),
        (b"IIU\x00\x18", "raw"),
        (b"FUJIFILMCCD-RAW 0201", "raw"),
        (b"BM, said the bear, and sat down", None),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (b"%PDF-1.7", None),
        (b"\x00\x00\x00\x18ftyp", None),
        (b"\xff\xd8", None),
        (b"", None),
    ],
)
def test_signatures(head: bytes, expected: str | None) -> None:
    assert sniff(head) == expected


def test_no_suffix_is_both() -> None:
    assert not IMAGE_SUFFIXES & OTHER_SUFFIXES


@pytest.mark.shared_data
def test_real_files_agree_with_their_suffix(shared_data: Path) -> None:
    wanted = {".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".avif"}
    photos = [path for path in sorted((shared_data / "metadata").rglob("*")) if path.suffix.lower() in wanted]
    wrong = []
    for path in photos:
        with path.open("rb") as file:
            if sniff(file.read(SNIFF_BYTES)) is None:
                wrong.append(path.name)
    assert photos
    assert len(wrong) <= len(photos) // 20, wrong  # the set holds broken files on purpose
