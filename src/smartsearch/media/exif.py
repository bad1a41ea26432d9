"""EXIF (CIPA DC-008 / JEITA CP-3451) in the field's standard terms, and every tag by name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, BinaryIO

from smartsearch.core.assets import Gps, Metadata
from smartsearch.media.tiff import TiffReader, Unread, Value, clean_text, decode_text

Tags = dict[int, Value | Unread]

XMP_TAG = 0x02BC
IPTC_TAG = 0x83BB
_EXIF_POINTER = 0x8769
_GPS_POINTER = 0x8825
_MAKER_NOTE = 0x927C

_STRUCTURAL = frozenset(
    {
        0x0111,  # StripOffsets
        0x0117,  # StripByteCounts
        0x0120,  # FreeOffsets
        0x0121,  # FreeByteCounts
        0x0140,  # ColorMap
        0x0144,  # TileOffsets
        0x0145,  # TileByteCounts
        0x015B,  # JPEGTables
        0x8649,  # Photoshop resources
        0x8773,  # ICC profile
        0xC4A5,  # PrintIM
        _MAKER_NOTE,
    }
)
"""Where pixels lie and what other standards describe: noted with their size, not read."""

_POINTERS = frozenset({_EXIF_POINTER, _GPS_POINTER, 0xA005, 0x014A, XMP_TAG, IPTC_TAG})
_CAMERA_DEFAULTS = re.compile(
    r"(olympus|minolta|konica minolta|sony|samsung|kodak|pentax|digital)?\s*(dsc|digital camera|exif_jpeg_picture)?",
    re.IGNORECASE,
)
"""What cameras write as ImageDescription when nobody described the image."""


@dataclass(frozen=True, slots=True)
class Exif:
    """The tags of an EXIF block by directory. ``main`` is IFD0."""

    main: Tags = field(default_factory=dict)
    exif: Tags = field(default_factory=dict)
    gps: Tags = field(default_factory=dict)

    @property
    def orientation(self) -> int:
        """How the picture is to be turned, 1-8; 1 (upright) when unknown."""
        value = self.main.get(0x0112)
        return value if isinstance(value, int) and 1 <= value <= 8 else 1


def read_exif(stream: BinaryIO) -> Exif:
    """The tags of a TIFF structure (an EXIF block or a TIFF file). What is damaged is left out; never raises for it."""
    try:
        reader = TiffReader(stream)
        main, _ = reader.directory(reader.first, _STRUCTURAL)
    except ValueError:
        return Exif()
    below: list[Tags] = []
    for pointer in (_EXIF_POINTER, _GPS_POINTER):
        offset = main.get(pointer)
        below.append(reader.directory(offset, _STRUCTURAL)[0] if isinstance(offset, int) else {})
    return Exif(main, *below)


def exif_metadata(exif: Exif) -> Metadata:
    """The known fields. ``taken_at`` is when the photo was taken or digitised, not when the file was last edited."""
    main, detail = exif.main, exif.exif
    taken = _moment(detail, 0x9003, 0x9291, 0x9011) or _moment(detail, 0x9004, 0x9292, 0x9012)
    taken_at, offset = taken or (None, None)
    zone = _number(detail.get(0x882A, main.get(0x882A)))  # TimeZoneOffset of TIFF/EP, hours
    if taken_at is not None and offset is None and zone is not None and -14 <= zone <= 14:
        offset = int(zone * 60)
    return Metadata(
        taken_at=taken_at,
        taken_offset=offset,
        gps=_position(exif.gps),
        camera_make=_text(main, 0x010F),
        camera_model=_text(main, 0x0110),
        lens_model=_text(detail, 0xA434),
        focal_length=_positive(detail.get(0x920A)),
        f_number=_positive(detail.get(0x829D)),
        exposure_time=_positive(detail.get(0x829A)),
        iso=_iso(detail),
        rating=_rating(main),
        title=_wide_text(main, 0x9C9B),
        description=_description(main),
        keywords=tuple(filter(None, (part.strip() for part in (_wide_text(main, 0x9C9E) or "").split(";")))),
    )


def modified_at(exif: Exif) -> tuple[datetime, int | None] | None:
    """When the file was last edited (DateTime) and its UTC offset in minutes: the last resort for the capture time."""
    return _moment(exif.main | exif.exif, 0x0132, 0x9290, 0x9010)


def named_tags(exif: Exif) -> dict[str, dict[str, Any]]:
    """{"EXIF": ..., "GPS": ...}, JSON-ready: tag name to number, text, list, or "<N bytes>"."""
    names, gps_names = _tag_names()
    sections = {"EXIF": _named(exif.main | exif.exif, names), "GPS": _named(exif.gps, gps_names)}
    return {section: tags for section, tags in sections.items() if tags}


def _named(tags: Tags, names: Mapping[int, str]) -> dict[str, Any]:
    return {names.get(tag, f"0x{tag:04X}"): _plain(tag, value) for tag, value in tags.items() if tag not in _POINTERS}


@cache
def _tag_names() -> tuple[Mapping[int, str], Mapping[int, str]]:
    from PIL import ExifTags

    return ExifTags.TAGS, ExifTags.GPSTAGS


def _plain(tag: int, value: Value | Unread) -> Any:
    """A tag's value as JSON has it."""
    if isinstance(value, Unread):
        return f"<{value.size} bytes>"
    if 0x9C9B <= tag <= 0x9C9F:
        return _utf16(value)
    if tag == 0x9286 and isinstance(value, bytes):
        return _user_comment(value)
    if isinstance(value, bytes):
        stripped = value.rstrip(b"\0 ")
        readable = len(stripped) <= 64 and stripped.isascii() and stripped.decode("ascii").isprintable()
        return stripped.decode("ascii") if readable else f"<{len(value)} bytes>"
    if isinstance(value, tuple):
        return list(value) if len(value) <= 64 else f"<{len(value)} values>"
    return value


def _user_comment(data: bytes) -> str:
    """UserComment: eight bytes that name the character code, then the text."""
    code, text = data[:8].rstrip(b"\0 "), data[8:]
    if code == b"UNICODE":
        little = text[1::2].count(0) > text[::2].count(0)
        return clean_text(text.decode("utf-16-le" if little else "utf-16-be", "replace"))
    if code == b"JIS":
        return clean_text(text.decode("iso2022_jp", "replace"))
    return decode_text(text if code in (b"ASCII", b"") else data)


def _moment(tags: Tags, date: int, fraction: int, zone: int) -> tuple[datetime, int | None] | None:
    moment = parse_moment(_text(tags, date))
    if moment is None:
        return None
    digits = re.match(r"\d{1,6}", _text(tags, fraction) or "")
    if digits and moment.microsecond == 0:
        moment = moment.replace(microsecond=int(digits[0].ljust(6, "0")))
    return moment, parse_offset(_text(tags, zone))


def parse_moment(text: str | None) -> datetime | None:
    """A naive time from EXIF's "2008:10:22 16:28:39" or ISO 8601's forms; an offset in it is ignored. None if unset."""
    pattern = r"(\d{4})[:\-/.](\d{1,2})[:\-/.](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?)?"
    found = re.match(pattern, text or "")
    if found is None:
        return None
    *parts, fraction = found.groups("0")
    try:
        moment = datetime(*map(int, parts), microsecond=int(fraction.ljust(6, "0")))  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    return moment if moment.year >= 1800 else None


def parse_offset(text: str | None) -> int | None:
    """Minutes east of UTC from "+02:00", "-0530" or "Z" at the end of the text."""
    found = re.search(r"(?:([+-])(\d{2}):?(\d{2})|(Z))$", text or "")
    if found is None:
        return None
    if found[4]:
        return 0
    minutes = int(found[2]) * 60 + int(found[3])
    return None if minutes > 14 * 60 else -minutes if found[1] == "-" else minutes


def _position(tags: Tags) -> Gps | None:
    latitude = _degrees(tags.get(2), _text(tags, 1), "NS")
    longitude = _degrees(tags.get(4), _text(tags, 3), "EW")
    return position(latitude, longitude, _altitude(tags))


def position(latitude: float | None, longitude: float | None, altitude: float | None) -> Gps | None:
    """A place on Earth, or None for values that are none: out of range, or 0, 0 as receivers without a fix write."""
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return Gps(latitude, longitude, altitude if altitude is not None and abs(altitude) < 100_000 else None)


def _degrees(value: object, reference: str | None, letters: str) -> float | None:
    """Degrees, minutes, seconds and a hemisphere letter to signed degrees. A missing letter keeps the value's sign."""
    parts = value if isinstance(value, tuple) else (value,)
    if not 1 <= len(parts) <= 3 or not all(isinstance(part, int | float) for part in parts):
        return None
    total = math.fsum(part / 60.0**power for power, part in enumerate(parts))
    letter = (reference or "")[:1].upper()
    if not math.isfinite(total) or letter not in ("", *letters):
        return None
    return -abs(total) if letter == letters[1] else total


def _altitude(tags: Tags) -> float | None:
    value, reference = _number(tags.get(6)), tags.get(5, 0)
    if value is None:
        return None
    below = reference in (1, 3, b"\x01", b"\x03")  # 3: Exif 3.0, below the ellipsoid
    return -abs(value) if below else value


def _iso(tags: Tags) -> int | None:
    """PhotographicSensitivity; where that is at its 16-bit end, the 32-bit tags of Exif 2.3 that replace it."""
    values = [_number(tags.get(tag)) for tag in (0x8827, 0x8832, 0x8831)]
    return next((int(value) for value in values if value and 0 < value < 0xFFFFFFFF and value != 65535), None)


def _rating(tags: Tags) -> int | None:
    value = _number(tags.get(0x4746))
    return int(value) if value is not None and 0 <= value <= 5 else None


def _description(tags: Tags) -> str | None:
    text = _text(tags, 0x010E)
    if text and not _CAMERA_DEFAULTS.fullmatch(text):
        return text
    return _wide_text(tags, 0x9C9F) or _wide_text(tags, 0x9C9C)


def _number(value: object) -> float | None:
    first = value[0] if isinstance(value, tuple) and value else value
    return float(first) if isinstance(first, int | float) else None


def _positive(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and 0 < number < 1e6 else None


def _text(tags: Tags, tag: int) -> str | None:
    value = tags.get(tag)
    if isinstance(value, bytes):
        value = decode_text(value)
    return value[:4000] if isinstance(value, str) and value else None


def _wide_text(tags: Tags, tag: int) -> str | None:
    """The Windows XP tags: UTF-16 in a BYTE array."""
    return _utf16(tags.get(tag)) or None


def _utf16(value: object) -> str:
    if isinstance(value, tuple) and all(isinstance(part, int) and 0 <= part < 256 for part in value):
        value = bytes(value)
    if not isinstance(value, bytes):
        return value if isinstance(value, str) else ""
    return clean_text(value[: len(value) // 2 * 2].decode("utf-16-le", "replace").split("\0", 1)[0])
