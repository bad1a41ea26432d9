"""Broken, hostile and oversized files: each a MediaError of the right class with a plain one-line reason."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from tests.unit.media.pictures import detailed, quarters, saved

from smartsearch.core.errors import (
    CorruptImageError,
    DecodeCrashError,
    FileAccessError,
    ImageTooLargeError,
    ImageTooSmallError,
    MediaError,
    UnsupportedFormatError,
)
from smartsearch.core.settings import MediaLimits
from smartsearch.media.decode import decode
from smartsearch.media.failures import media_errors
from smartsearch.media.request import DecodeRequest


def failure(path: Path, limits: MediaLimits | None = None) -> MediaError:
    with pytest.raises(MediaError) as caught:
        decode(path, DecodeRequest(limits=limits or MediaLimits()))
    message = str(caught.value)
    assert message
    assert not re.search(r"\n|Traceback|<|\b0x", message)
    assert str(path) not in message
    return caught.value


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data", [b"hello, this is text", b"\0" * 100, b"%PDF-1.4", b"BM is how this text begins", b"x"]
)
def test_not_an_image(tmp_path: Path, data: bytes) -> None:
    assert isinstance(failure(write(tmp_path / "a.jpg", data)), UnsupportedFormatError)


def test_postscript_is_never_run(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n")
    assert isinstance(failure(path), UnsupportedFormatError)


def test_an_empty_file(tmp_path: Path) -> None:
    assert "empty" in str(failure(write(tmp_path / "a.jpg", b"")))


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "tif", "bmp"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_truncated_files(tmp_path: Path, suffix: str, kept: float) -> None:
    whole = Path(saved(detailed(300, 200), tmp_path / f"a.{suffix}")).read_bytes()
    error = failure(write(tmp_path / f"cut.{suffix}", whole[: int(len(whole) * kept)]))
    assert isinstance(error, CorruptImageError)


def test_a_truncated_jpeg_is_called_that(tmp_path: Path) -> None:
    whole = Path(saved(detailed(300, 200), tmp_path / "a.jpg")).read_bytes()
    assert str(failure(write(tmp_path / "b.jpg", whole[: len(whole) // 2]))) == "The JPEG data is truncated."


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "webp", "tif", "bmp", "avif"])
def test_every_flipped_byte_ends_well(tmp_path: Path, suffix: str) -> None:
    whole = bytearray(Path(saved(quarters(24, 16), tmp_path / f"a.{suffix}")).read_bytes())
    path = tmp_path / "broken"
    for place in range(0, min(len(whole), 400), 7):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        path.write_bytes(broken)
        with contextlib.suppress(MediaError):
            decode(path, DecodeRequest(limits=MediaLimits(max_pixels=1_000_000)))


def test_too_many_bytes(tmp_path: Path) -> None:
    error = failure(Path(saved(quarters(), tmp_path / "a.png")), MediaLimits(max_bytes=50))
    assert isinstance(error, ImageTooLargeError)


def test_too_many_pixels_are_seen_in_the_header(tmp_path: Path) -> None:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    path = write(tmp_path / "bomb.png", b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)))
    assert isinstance(failure(path), ImageTooLargeError)


def test_the_pixel_limit_is_ours_not_pillows(tmp_path: Path) -> None:
    path = Path(saved(Image.new("L", (200, 200)), tmp_path / "a.png"))
    assert isinstance(failure(path, MediaLimits(max_pixels=39_999)), ImageTooLargeError)
    decode(path, DecodeRequest(limits=MediaLimits(max_pixels=40_000)))


def test_too_small(tmp_path: Path) -> None:
    error = failure(Path(saved(quarters(40, 30), tmp_path / "a.png")), MediaLimits(min_side=31))
    assert isinstance(error, ImageTooSmallError)
    assert error.code == "too-small"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    assert isinstance(failure(tmp_path / "a.jpg"), FileAccessError)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert isinstance(failure(tmp_path / "none.jpg"), FileAccessError)
    assert isinstance(failure(tmp_path), FileAccessError)


def test_a_missing_optional_reader_is_named(tmp_path: Path) -> None:
    if importlib.util.find_spec("rawpy") is not None:
        pytest.skip("the package is installed")
    error = failure(write(tmp_path / "a.cr3", b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom" + b"\0" * 100))
    assert isinstance(error, UnsupportedFormatError)
    assert "smartsearch[raw]" in error.hint


def test_jpeg_xl_names_its_package(tmp_path: Path) -> None:
    if importlib.util.find_spec("pylibjxl") is not None:
        pytest.skip("the package is installed")
    error = failure(write(tmp_path / "a.jxl", b"\xff\x0a" + b"\0" * 100))
    assert isinstance(error, UnsupportedFormatError)
    assert "smartsearch[jxl]" in error.hint


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (MemoryError(), DecodeCrashError),
        (OSError("decoder error -9"), DecodeCrashError),
        (OSError(5, "Input/output error"), FileAccessError),
        (Image.DecompressionBombError("big"), ImageTooLargeError),
        (OSError("image file is truncated (3 bytes not processed)"), CorruptImageError),
        (EOFError(), CorruptImageError),
        (struct.error("unpack requires a buffer of 4 bytes"), CorruptImageError),
        (OSError("encoder xyz not available"), UnsupportedFormatError),
        (NotImplementedError("BLP1"), UnsupportedFormatError),
        (ZeroDivisionError("division by zero"), CorruptImageError),
        (RecursionError("maximum recursion depth exceeded"), CorruptImageError),
        (KeyError(3), CorruptImageError),
    ],
)
def test_what_decoders_raise_is_mapped(raised: Exception, expected: type[MediaError]) -> None:
    with pytest.raises(expected) as caught, media_errors("png"):
        raise raised
    assert caught.value.__cause__ is raised


def test_object_reprs_stay_out_of_the_reason() -> None:
    for text in ("cannot identify image file <_io.BytesIO object at 0x7f12>", "two\nlines"):
        with pytest.raises(CorruptImageError) as caught, media_errors("gif"):
            raise SyntaxError(text)
        assert str(caught.value) == "The GIF data is damaged."


def test_a_png_that_hides_a_huge_text_chunk(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    quarters().save(buffer, "PNG")
    data = buffer.getvalue()
    text = b"comment\0\0" + zlib.compress(b"\0" * 20_000_000)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    assert isinstance(failure(write(tmp_path / "a.png", data[:33] + chunk + data[33:])), CorruptImageError)
