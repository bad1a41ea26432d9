"""EXIF, XMP, IPTC and sidecars in the field's standard terms; a broken tag costs that tag."""

from __future__ import annotations

import io
import json
import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin
from tests.unit.media.pictures import quarters, saved

from smartsearch.core.assets import Gps, Metadata
from smartsearch.core.errors import FileAccessError
from smartsearch.core.settings import MediaLimits
from smartsearch.media.decode import decode
from smartsearch.media.exif import exif_metadata, named_tags, parse_moment, parse_offset, read_exif
from smartsearch.media.iptc import iptc_metadata, read_iptc
from smartsearch.media.metadata import read_sidecar, refresh_metadata
from smartsearch.media.request import DecodeRequest
from smartsearch.media.xmp import MAX_BYTES, read_xmp, xmp_metadata

Rational = TiffImagePlugin.IFDRational


def exif_block(
    main: dict[int, Any] | None = None, detail: dict[int, Any] | None = None, gps: dict[int, Any] | None = None
) -> bytes:
    exif = Image.Exif()
    for tag, value in (main or {}).items():
        exif[tag] = value
    exif.get_ifd(0x8769).update(detail or {})
    exif.get_ifd(0x8825).update(gps or {})
    return exif.tobytes().removeprefix(b"Exif\0\0")


def from_exif(**directories: dict[int, Any]) -> Metadata:
    return exif_metadata(read_exif(io.BytesIO(exif_block(**directories))))


def packet(attributes: str = "", elements: str = "") -> bytes:
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
    <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
    <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
      xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
      xmlns:MicrosoftPhoto="http://ns.microsoft.com/photo/1.0/" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
      {attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()


def from_xmp(attributes: str = "", elements: str = "") -> Metadata:
    return xmp_metadata(read_xmp(packet(attributes, elements)))


def bag(name: str, *items: str) -> str:
    return f"<{name}><rdf:Bag>{''.join(f'<rdf:li>{item}</rdf:li>' for item in items)}</rdf:Bag></{name}>"


# -- EXIF


def test_capture_time_with_fraction_and_offset() -> None:
    found = from_exif(detail={0x9003: "2024:05:06 07:08:09", 0x9291: "25", 0x9011: "-03:30"})
    assert found.taken_at == datetime(2024, 5, 6, 7, 8, 9, 250_000)
    assert found.taken_offset == -210


def test_digitised_time_stands_in_and_edit_time_is_the_last_resort(tmp_path: Path) -> None:
    assert from_exif(detail={0x9004: "2001:02:03 04:05:06"}).taken_at == datetime(2001, 2, 3, 4, 5, 6)
    assert from_exif(main={0x0132: "2001:02:03 04:05:06"}).taken_at is None
    exif = b"Exif\0\0" + exif_block(main={0x0132: "2001:02:03 04:05:06"})
    path = saved(quarters(), tmp_path / "a.jpg", exif=exif)
    assert refresh_metadata(path, None, MediaLimits()).taken_at == datetime(2001, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024:05:06 07:08:09", datetime(2024, 5, 6, 7, 8, 9)),
        ("2024-05-06T07:08:09.5+02:00", datetime(2024, 5, 6, 7, 8, 9, 500_000)),
        ("2024/05/06 07:08", datetime(2024, 5, 6, 7, 8)),
        ("2024:05:06", datetime(2024, 5, 6)),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("2024:13:06 07:08:09", None),
        ("2024:05:06 25:08:09", None),
        ("0001:01:01 00:00:00", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_dates_as_cameras_write_them(text: str | None, expected: datetime | None) -> None:
    assert parse_moment(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("+02:00", 120), ("-0530", -330), ("Z", 0), ("2024-05-06T07:08:09+01:00", 60), ("+19:00", None), ("", None)],
)
def test_offsets(text: str, expected: int | None) -> None:
    assert parse_offset(text) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0)}, Gps(48.858333333, 2.294444444)),
        ({1: "S", 2: (33.0, 51.5, 0.0), 3: "W", 4: (70.0, 30.0, 0.0)}, Gps(-33.858333333, -70.5)),
        ({1: "s", 2: (10.0, 0.0, 0.0), 3: "w", 4: (20.0, 0.0, 0.0)}, Gps(-10, -20)),
        ({2: (10.0, 0.0, 0.0), 4: (20.0, 0.0, 0.0)}, Gps(10, 20)),
        ({1: "N", 2: (1.0, 0, 0), 3: "E", 4: (2.0, 0, 0), 5: b"\1", 6: 12.5}, Gps(1, 2, -12.5)),
        ({1: "N", 2: (1.0, 0, 0), 3: "E", 4: (2.0, 0, 0), 5: b"\0", 6: 12.5}, Gps(1, 2, 12.5)),
        ({1: "N", 2: (1.0, 0, 0), 3: "E", 4: (2.0, 0, 0), 6: Rational(0, 0)}, Gps(1, 2)),
        ({1: "N", 2: (91.0, 0, 0), 3: "E", 4: (2.0, 0, 0)}, None),
        ({1: "N", 2: (1.0, 0, 0), 3: "E", 4: (181.0, 0, 0)}, None),
        ({1: "X", 2: (1.0, 0, 0), 3: "E", 4: (2.0, 0, 0)}, None),
        ({1: "N", 2: (Rational(0, 0),) * 3, 3: "E", 4: (2.0, 0, 0)}, None),
        ({1: "N", 2: (0.0, 0, 0), 3: "E", 4: (0.0, 0, 0)}, None),
        ({1: "N", 2: (1.0, 0, 0)}, None),
        ({}, None),
    ],
)
def test_positions(tags: dict[int, Any], expected: Gps | None) -> None:
    found = from_exif(gps=tags).gps
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.latitude, found.longitude) == pytest.approx((expected.latitude, expected.longitude))
        assert found.altitude == expected.altitude


def test_camera_lens_and_exposure() -> None:
    found = from_exif(
        main={0x010F: "Maker\0junk", 0x0110: " Model ", 0x4746: 4},
        detail={0xA434: "50mm", 0x829A: Rational(1, 250), 0x829D: 2.8, 0x920A: 50.0, 0x8827: 400},
    )
    assert (found.camera_make, found.camera_model, found.lens_model) == ("Maker", "Model", "50mm")
    assert (found.exposure_time, found.f_number, found.focal_length, found.iso) == (0.004, 2.8, 50.0, 400)
    assert found.rating == 4


def test_values_that_mean_nothing_are_left_out() -> None:
    found = from_exif(
        main={0x010E: "OLYMPUS DIGITAL CAMERA", 0x4746: 99},
        detail={0x829A: Rational(0, 0), 0x829D: 0.0, 0x920A: Rational(5, 0), 0x8827: 0},
    )
    assert found == Metadata()


def test_windows_tags() -> None:
    wide = {0x9C9B: "Tïtle", 0x9C9E: "one; two;;three", 0x9C9C: "comment"}
    found = from_exif(main={tag: (text + "\0").encode("utf-16-le") for tag, text in wide.items()})
    assert (found.title, found.keywords, found.description) == ("Tïtle", ("one", "two", "three"), "comment")


def test_every_tag_by_name_and_ready_for_json() -> None:
    block = exif_block(
        main={0x010F: "Maker", 0xBEEF: 7},
        detail={0x927C: b"\x01" * 300, 0x9286: b"ASCII\0\0\0hello", 0x9000: b"0232", 0xA000: b"\xff"},
        gps={1: "N", 2: (1.0, 2.0, 3.0)},
    )
    tags = named_tags(read_exif(io.BytesIO(block)))
    assert tags["EXIF"]["MakerNote"] == "<300 bytes>"
    assert tags["EXIF"]["UserComment"] == "hello"
    assert tags["EXIF"]["ExifVersion"] == "0232"
    assert tags["EXIF"]["FlashPixVersion"] == "<1 bytes>"
    assert tags["EXIF"]["0xBEEF"] == 7
    assert tags["GPS"]["GPSLatitude"] == [1.0, 2.0, 3.0]
    assert json.loads(json.dumps(tags, allow_nan=False)) == tags


def _raw_directory(*entries: tuple[int, int, int, bytes]) -> bytes:
    body = b"".join(
        struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0") for tag, kind, count, value in entries
    )
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + b"\0\0\0\0"


def test_a_broken_tag_costs_that_tag() -> None:
    block = _raw_directory(
        (0x010F, 2, 4, b"abc\0"),
        (0x0112, 3, 1, struct.pack("<H", 6)),
        (0x0131, 2, 0xFFFFFFFF, b"\xff\xff\xff\x7f"),  # four gigabytes of text
        (0x011A, 5, 1, b"\xff\xff\xff\xff"),  # far beyond the end
        (0x0100, 99, 1, b"\1\0\0\0"),  # no such type
        (0x8769, 4, 1, b"\x08\0\0\0"),  # a directory that is its own parent
        (0x0110, 2, 4, b"xyz\0"),
    )
    exif = read_exif(io.BytesIO(block))
    found = exif_metadata(exif)
    assert (found.camera_make, found.camera_model, exif.orientation) == ("abc", "xyz", 6)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 400))
def test_damage_never_raises(noise: bytes, place: int) -> None:
    block = bytearray(exif_block({0x010F: "Maker"}, {0x9003: "2024:05:06 07:08:09"}, {1: "N", 2: (1.0, 0, 0)}))
    block[place : place + len(noise)] = noise
    for data in (bytes(block), noise):
        exif = read_exif(io.BytesIO(data))
        exif_metadata(exif)
        json.dumps(named_tags(exif), allow_nan=False)
        iptc_metadata(read_iptc(b"\x1c\x02" + data))
        xmp_metadata(read_xmp(data))


# -- XMP


def test_attribute_and_element_forms() -> None:
    for found in (
        from_xmp('xmp:Rating="4" exif:FNumber="28/10" photoshop:DateCreated="2020-01-02T03:04:05+02:00"'),
        from_xmp(
            "",
            "<xmp:Rating>4</xmp:Rating><exif:FNumber>28/10</exif:FNumber>"
            "<photoshop:DateCreated>2020-01-02T03:04:05+02:00</photoshop:DateCreated>",
        ),
    ):
        assert (found.rating, found.f_number) == (4, 2.8)
        assert (found.taken_at, found.taken_offset) == (datetime(2020, 1, 2, 3, 4, 5), 120)


def test_title_in_the_default_language_and_keywords() -> None:
    title = (
        '<dc:title><rdf:Alt><rdf:li xml:lang="de">Hund</rdf:li>'
        '<rdf:li xml:lang="x-default">Dog</rdf:li></rdf:Alt></dc:title>'
    )
    found = from_xmp("", title + bag("dc:subject", "dog", "beach &amp; sea", ""))
    assert (found.title, found.keywords) == ("Dog", ("dog", "beach & sea"))


@pytest.mark.parametrize(
    ("attribute", "rating"),
    [
        ('xmp:Rating="-1"', -1),
        ('xmp:Rating="3.0"', 3),
        ('xmp:Rating="0"', 0),
        ('xmp:Rating="9"', None),
        ('xmp:Rating="much"', None),
        ('MicrosoftPhoto:Rating="99"', 5),
        ('MicrosoftPhoto:Rating="25"', 2),
        ('MicrosoftPhoto:Rating="0"', None),
    ],
)
def test_ratings(attribute: str, rating: int | None) -> None:
    assert from_xmp(attribute).rating == rating


def test_xmp_positions() -> None:
    found = from_xmp(
        'exif:GPSLatitude="43,28.0470S" exif:GPSLongitude="11,53,6W" exif:GPSAltitude="35/2" exif:GPSAltitudeRef="1"'
    )
    assert found.gps is not None
    assert (found.gps.latitude, found.gps.longitude) == pytest.approx((-43.46745, -11.885))
    assert found.gps.altitude == -17.5
    assert from_xmp('exif:GPSLatitude="95,0N" exif:GPSLongitude="1,0E"').gps is None


def test_structures_are_kept_and_development_settings_are_not() -> None:
    tags = read_xmp(
        packet('crs:Exposure="1"', '<xmp:Thing rdf:parseType="Resource"><xmp:Part>1</xmp:Part></xmp:Thing>')
    )
    assert tags == {"xmp:Thing": {"xmp:Part": "1"}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<not closed",
        b"\xff\xfe\x00",
        b"<rdf/>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
        b"<a>" * 20_000,
        b'<?xml version="1.0" encoding="no-such-code"?><x/>',
        b" " * (MAX_BYTES + 1),
    ],
)
def test_hostile_or_damaged_xmp_is_nothing(data: bytes) -> None:
    assert read_xmp(data) == {}


def test_deep_nesting_is_cut_off() -> None:
    deep = '<xmp:T rdf:parseType="Resource">' * 5000 + "</xmp:T>" * 5000
    json.dumps(read_xmp(packet("", deep)))


# -- IPTC


def data_set(number: int, value: bytes, record: int = 2) -> bytes:
    return bytes([0x1C, record, number]) + struct.pack(">H", len(value)) + value


def test_iptc_fields_in_both_encodings() -> None:
    tags = read_iptc(
        data_set(90, b"\x1b%G", record=1) + data_set(5, "Übung".encode()) + data_set(25, b"a") + data_set(25, b"b")
    )
    found = iptc_metadata(tags)
    assert (found.title, found.keywords) == ("Übung", ("a", "b"))
    assert iptc_metadata(read_iptc(data_set(120, "Übung".encode("latin-1")))).description == "Übung"


def test_iptc_times() -> None:
    found = iptc_metadata(read_iptc(data_set(55, b"20050907") + data_set(60, b"150740-0700")))
    assert (found.taken_at, found.taken_offset) == (datetime(2005, 9, 7, 15, 7, 40), -420)
    assert iptc_metadata(read_iptc(data_set(55, b"00000000"))).taken_at is None


# -- files and sidecars


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_metadata_is_found_in_every_container(tmp_path: Path, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    options: dict[str, Any] = {"exif": exif}
    if suffix in ("jpg", "webp"):
        options["xmp"] = packet('xmp:Rating="4"')
    path = saved(quarters(), tmp_path / f"a.{suffix}", **options)
    found = decode(path, DecodeRequest()).content.metadata
    assert found.camera_make == "Maker"
    assert found.rating == (4 if suffix in ("jpg", "webp") else None)
    assert found == refresh_metadata(path, None, MediaLimits())


def test_the_sidecar_wins_and_keywords_are_united(tmp_path: Path) -> None:
    embedded = packet('xmp:Rating="1"', bag("dc:subject", "inside", "Both"))
    exif = b"Exif\0\0" + exif_block(main={0x010F: "Maker", 0x4746: 2}, detail={0x9003: "2024:05:06 07:08:09"})
    path = saved(quarters(), tmp_path / "a.jpg", xmp=embedded, exif=exif)
    sidecar = tmp_path / "a.xmp"
    sidecar.write_bytes(
        packet('xmp:Rating="5" photoshop:DateCreated="1999-01-01"', bag("dc:subject", "both", "outside"))
    )
    found = decode(path, DecodeRequest(sidecar=str(sidecar))).content.metadata
    assert found.rating == 5
    assert found.taken_at == datetime(1999, 1, 1)
    assert found.keywords == ("both", "outside", "inside")
    assert found.camera_make == "Maker"
    assert found.exif["XMP"]["xmp:Rating"] == "5"
    assert found == refresh_metadata(path, sidecar, MediaLimits())
    without = refresh_metadata(path, None, MediaLimits())
    assert (without.rating, without.keywords) == (1, ("inside", "Both"))


def test_a_broken_sidecar_costs_only_itself(tmp_path: Path) -> None:
    path = saved(quarters(), tmp_path / "a.jpg", xmp=packet('xmp:Rating="1"'))
    sidecar = tmp_path / "a.xmp"
    sidecar.write_bytes(b"<broken")
    assert read_sidecar(sidecar) == {}
    assert refresh_metadata(path, sidecar, MediaLimits()).rating == 1


def test_a_missing_sidecar_is_an_access_error(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError):
        read_sidecar(tmp_path / "none.xmp")


def test_the_tags_are_capped_at_64_kib(tmp_path: Path) -> None:
    long = packet("", bag("dc:subject", *(f"{number:04d}" + "x" * 150 for number in range(900))))
    path = saved(quarters(), tmp_path / "a.webp", xmp=long, exif=b"Exif\0\0" + exif_block(main={0x010F: "Maker"}))
    found = refresh_metadata(path, None, MediaLimits())
    assert len(json.dumps(found.exif)) <= 64 * 1024
    assert found.exif["EXIF"]["Make"] == "Maker"
    assert len(found.keywords) == 500
