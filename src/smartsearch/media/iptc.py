"""IPTC-IIM (Information Interchange Model 4.2, 2014): the captions and keywords of newsroom software."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from smartsearch.core.assets import Metadata
from smartsearch.media.exif import parse_moment, parse_offset
from smartsearch.media.tiff import clean_text

_NAMES = {
    5: "ObjectName",
    10: "Urgency",
    15: "Category",
    20: "SupplementalCategories",
    25: "Keywords",
    40: "SpecialInstructions",
    55: "DateCreated",
    60: "TimeCreated",
    80: "By-line",
    85: "By-lineTitle",
    90: "City",
    92: "Sub-location",
    95: "Province-State",
    100: "Country-PrimaryLocationCode",
    101: "Country-PrimaryLocationName",
    103: "OriginalTransmissionReference",
    105: "Headline",
    110: "Credit",
    115: "Source",
    116: "CopyrightNotice",
    120: "Caption-Abstract",
    122: "Writer-Editor",
}
_REPEATABLE = frozenset({20, 25, 80})
_UTF8_ESCAPE = b"\x1b%G"


def read_iptc(data: bytes) -> dict[str, Any]:
    """The data sets of the application record (2), JSON-ready: name to text, or to a list of texts where repeatable.

    What is damaged is left out; never raises.
    """
    tags: dict[str, Any] = {}
    encoding = "latin-1"
    for record, number, value in _data_sets(data):
        if (record, number) == (1, 90) and value == _UTF8_ESCAPE:
            encoding = "utf-8"
        if record != 2 or number not in _NAMES:
            continue
        text = _decode(value, encoding)
        if number in _REPEATABLE:
            tags.setdefault(_NAMES[number], []).append(text)
        else:
            tags.setdefault(_NAMES[number], text)
    return tags


def iptc_metadata(tags: dict[str, Any]) -> Metadata:
    """The known fields of what `read_iptc` gave."""
    date, time = str(tags.get("DateCreated", "")), str(tags.get("TimeCreated", ""))
    moment = f"{date[:4]}-{date[4:6]}-{date[6:8]} {time[:2] or '00'}:{time[2:4] or '00'}:{time[4:6] or '00'}"
    taken_at = parse_moment(moment)
    return Metadata(
        taken_at=taken_at,
        taken_offset=parse_offset(time[6:]) if taken_at else None,
        title=tags.get("ObjectName") or tags.get("Headline") or None,
        description=tags.get("Caption-Abstract") or None,
        keywords=tuple(filter(None, tags.get("Keywords", ()))),
    )


def _data_sets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(record, data set, value): each starts with 0x1C, record, data set and a two-byte length."""
    at = 0
    while at + 5 <= len(data) and data[at] == 0x1C:
        record, number = data[at + 1], data[at + 2]
        length = int.from_bytes(data[at + 3 : at + 5], "big")
        at += 5
        if length & 0x8000:  # extended: the low bits say how many bytes the length itself takes
            width = length & 0x7FFF
            if width > 4:
                return
            length = int.from_bytes(data[at : at + width], "big")
            at += width
        yield record, number, data[at : at + length]
        at += length


def _decode(value: bytes, encoding: str) -> str:
    """Many programs write UTF-8 without saying so."""
    try:
        return clean_text(value.decode("utf-8"))
    except UnicodeDecodeError:
        return clean_text(value.decode(encoding, "replace"))
