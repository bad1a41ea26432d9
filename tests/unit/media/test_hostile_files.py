"""Files made to hurt: bombs, giants one pixel high, deep XML, names and links that lead elsewhere."""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image
from tests.fuzz.seeds import XMP
from tests.pictures import save_picture

from smartsearch.core.errors import CorruptImageError, FileAccessError, ImageTooLargeError, MediaError
from smartsearch.core.settings import DiscoverySettings, MediaLimits
from smartsearch.core.spaces import Preprocessing
from smartsearch.crawler.found import WalkProblem
from smartsearch.crawler.walk import walk
from smartsearch.media.decode import decode, render_preview
from smartsearch.media.files import open_regular
from smartsearch.media.metadata import read_sidecar
from smartsearch.media.request import DecodeRequest, PreviewRequest
from smartsearch.media.xmp import read_xmp

REQUEST = DecodeRequest((Preprocessing(size=32), Preprocessing(size=32, resize="pad")))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, pixels: bytes, *more: bytes) -> bytes:
    """A PNG, true or not."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(more) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_header_that_promises_a_billion_pixels(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(60_000, 60_000, zlib.compress(b"\0" * 100)))
    with pytest.raises(ImageTooLargeError, match="pixels"):
        decode(tmp_path / "a.png", REQUEST)


def test_a_stream_that_unpacks_to_far_more_than_the_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(8, 8, zlib.compress(bytes(60 << 20))))
    with contextlib.suppress(CorruptImageError):  # another Pillow may mind what is left over
        assert decode(tmp_path / "a.png", REQUEST).content.width == 8


def test_text_that_unpacks_without_end(tmp_path: Path) -> None:
    text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(80 << 20)))
    (tmp_path / "a.png").write_bytes(png(8, 8, zlib.compress(b"\0" * 72), text))
    with pytest.raises(MediaError):
        decode(tmp_path / "a.png", REQUEST)


@pytest.mark.parametrize("size", [(1_000_000, 1), (1, 1_000_000), (300_000, 3)])
def test_giants_one_pixel_high(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("L", size, 200).save(tmp_path / "a.png")
    decoded = decode(tmp_path / "a.png", REQUEST)
    assert [pixels.shape for pixels in decoded.inputs] == [(32, 32, 3)] * 2
    assert (decoded.content.width, decoded.content.height) == size
    assert len(decoded.content.thumbnail) < 10_000
    assert len(render_preview(tmp_path / "a.png", PreviewRequest(1600, 85))) < 10_000


def test_an_animation_of_many_frames_costs_its_first(tmp_path: Path) -> None:
    frames = [Image.new("L", (4, 4), number % 256) for number in range(800)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert decode(tmp_path / "a.gif", REQUEST).content.frames > 1


def test_an_icon_with_a_giant_inside(tmp_path: Path) -> None:
    inside = png(50_000, 50_000, zlib.compress(b"\0" * 10))
    icon = struct.pack("<HHH", 0, 1, 1) + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(inside), 22) + inside
    (tmp_path / "a.ico").write_bytes(icon)
    with pytest.raises(MediaError):
        decode(tmp_path / "a.ico", REQUEST)


def test_deep_and_wide_xml(tmp_path: Path) -> None:
    head, tail = XMP.split(b"<dc:subject>")[0], b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    deep = head + b"<dc:a>" * 50_000 + b"</dc:a>" * 50_000 + tail
    wide = head + b"<dc:subject><rdf:Bag>" + b"<rdf:li>x</rdf:li>" * 50_000 + b"</rdf:Bag></dc:subject>" + tail
    assert read_xmp(deep)["xmp:Rating"] == "4"
    assert len(read_xmp(wide)["dc:subject"]) == 1000
    assert read_xmp(head + b"<dc:a>" * 100_000) == {}, "never closed"
    assert read_xmp(b" " * (5 << 20) + XMP) == {}, "too long"


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">',
    ],
)
def test_entities_and_document_types_are_refused(declaration: bytes) -> None:
    assert read_xmp(declaration + XMP.replace(b"A title", b"&a;")) == {}


def test_links_that_lead_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("x" * 100)
    photos = tmp_path / "photos"
    save_picture(photos / "a.png", "red")
    (photos / "link.jpg").symlink_to(tmp_path / "secret.txt")
    (photos / "self.jpg").symlink_to(photos / "self.jpg")
    (photos / "loop").symlink_to(photos)
    (photos / "device.jpg").symlink_to("/dev/zero")
    (photos / "a.png.xmp").symlink_to("/dev/zero")
    found = [item.path for item in walk(str(photos), DiscoverySettings()) if not isinstance(item, WalkProblem)]
    assert str(photos / "a.png") in found
    assert len(found) <= 3, "no link is followed round and round"
    for name in ("link.jpg", "self.jpg", "device.jpg"):
        with pytest.raises(MediaError):
            decode(photos / name, REQUEST)
    with pytest.raises(FileAccessError):
        read_sidecar(photos / "a.png.xmp")


def test_a_file_that_is_exchanged_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    """The name may lead elsewhere by now: what was opened stays what it was, and writes to it are seen."""
    path = tmp_path / "a.png"
    save_picture(path, "red")
    whole = path.read_bytes()
    with open_regular(path) as file:
        path.unlink()
        path.symlink_to("/etc/passwd")
        assert file.stream.read() == whole
        file.check_unchanged()
    path.unlink()
    path.write_bytes(whole)
    with open_regular(path) as file:
        with path.open("ab") as other:
            other.write(b"more")
        with pytest.raises(FileAccessError, match="changed"):
            file.check_unchanged()


@pytest.mark.parametrize(
    "name",
    [
        b"a..%2f..%2fetc%2fpasswd.png",
        b"\xe2\x80\xaegnp.exe.png",  # right-to-left override
        b"a\nb\t\x1b[31mred.png",
        b"\xff\xfe\xfd.png",
        b"-rf --help;$(id)`id`.png",
        "e\u0301.png".encode(),
        b"x" * 251 + b".png",
    ],
)
def test_names_are_only_names(tmp_path: Path, name: bytes) -> None:
    save_picture(tmp_path / "plain.png", "red")
    path = os.path.join(os.fsencode(tmp_path), name)
    os.rename(tmp_path / "plain.png", path)
    [found] = [item for item in walk(str(tmp_path), DiscoverySettings()) if not isinstance(item, WalkProblem)]
    assert os.fsencode(found.path) == path
    assert decode(found.path, REQUEST).content.format == "png"


def test_a_name_with_a_nul_is_refused() -> None:
    with pytest.raises(FileAccessError, match="not valid"):
        decode("/tmp/a\0.png", DecodeRequest(limits=MediaLimits()))
