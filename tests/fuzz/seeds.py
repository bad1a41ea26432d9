"""Inputs to start from, made here: one small, valid file of every kind the targets read."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path

from PIL import Image

from smartsearch.media.request import DecodeRequest
from tests.unit.media.pictures import quarters

FOUND = Path(__file__).with_name("found")
"""Inputs that once broke something, one folder a target: kept so that they never do again."""

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmp:Rating="4" exif:GPSLatitude="43,28.1046N" exif:FNumber="28/10"
 exif:DateTimeOriginal="2021-05-06T07:08:09.5+02:00"><dc:subject><rdf:Bag><rdf:li>one</rdf:li></rdf:Bag></dc:subject>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">A title</rdf:li></rdf:Alt></dc:title></rdf:Description></rdf:RDF>
</x:xmpmeta>"""

IPTC = b"".join(
    b"\x1c" + bytes([record, number]) + len(value).to_bytes(2, "big") + value
    for record, number, value in (
        (1, 90, b"\x1b%G"),
        (2, 5, b"title"),
        (2, 25, "Käse".encode()),
        (2, 55, b"20210506"),
        (2, 60, b"070809+0200"),
        (2, 120, b"A caption"),
    )
)


def exif_block() -> bytes:
    """A TIFF structure with camera, time, place and a few odd types."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112], exif[0x9C9E] = "Maker", "Model", 6, "k;w".encode("utf-16-le")
    exif.get_ifd(0x8769).update({0x9003: "2021:05:06 07:08:09", 0x9011: "+02:00", 0x829A: 0.01, 0x8827: 200})
    exif.get_ifd(0x8825).update({1: "N", 2: (43.0, 28.0, 6.0), 3: "W", 4: (11.0, 53.0, 0.0), 5: b"\1", 6: 12.5})
    return exif.tobytes().removeprefix(b"Exif\0\0")


def pictures() -> dict[str, bytes]:
    """The same picture in every format that can be written here."""
    made = {}
    picture = quarters(24, 16)
    for name in ("jpeg", "png", "gif", "webp", "tiff", "bmp", "jpeg2000", "ico", "ppm", "qoi", "avif"):
        buffer = io.BytesIO()
        options = {"exif": b"Exif\0\0" + exif_block()} if name in ("jpeg", "png", "webp") else {}
        try:
            picture.save(buffer, name, **options)
        except (KeyError, OSError):
            continue  # this Pillow cannot write it
        made[name] = buffer.getvalue()
    return made


def seeds() -> dict[str, list[bytes]]:
    """Target to its inputs."""
    exif = exif_block()
    images = pictures()
    return {
        "decode": list(images.values()),
        "exif": [exif],
        "xmp": [XMP],
        "iptc": [IPTC],
        "raw": [images["tiff"], exif + images["jpeg"]],
        "sidecar": [b"A title & <more>\nw1\nw2"],
        "words": [b'blue "sea" -sand (x OR y) NEAR/3 *'],
        "query": [b'dog on beach -people person:Anna date:2023..2024 near:"Lisbon" (a or b) rating:>=3'],
        "message": [pickle.dumps(("/a", DecodeRequest()), 5)],
        "manifest": [b'{"smartsearch_backup": 1}\n{"path": "a"}\n{"sha256_of_lines_above": ""}\n'],
        "ignore": [b"*.tmp\n!keep.tmp\n/a/**/b/\n[a-z]?\\ x\n"],
        "vocabulary": [b'# tag, kind\nred canoe, boats, a "red" canoe; b\n-gun\ngolden, light, "a, b", 0.6\n'],
        "description": [json.dumps({"name": "x", "towers": {}, "image": {"size": 8}, "sha256": {}}).encode()],
    }


def found(target: str) -> list[bytes]:
    """Inputs that once broke the target."""
    return [path.read_bytes() for path in sorted((FOUND / target).glob("*"))]
