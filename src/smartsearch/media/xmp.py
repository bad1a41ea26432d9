"""XMP packets and sidecars (ISO 16684-1): RDF in XML, of which only the flat, common part is read.

XML comes from strangers: it is parsed by defusedxml with every DTD and entity forbidden, and a size limit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from smartsearch.core.assets import Gps, Metadata
from smartsearch.media.exif import parse_moment, parse_offset, position
from smartsearch.media.tiff import clean_text

MAX_BYTES = 4 * 1024 * 1024
_MAX_DEPTH = 6
_MAX_TEXT = 4000

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://ns.microsoft.com/photo/1.0/": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
    "http://darktable.sf.net/": "darktable",
    "http://ns.google.com/photos/1.0/camera/": "GCamera",
    "http://ns.google.com/photos/1.0/container/": "Container",
    "http://ns.google.com/photos/1.0/container/item/": "Item",
}
_SKIPPED = frozenset({"crs", "darktable"})
"""Raw development settings: hundreds of numbers that describe no picture."""


def read_xmp(packet: bytes) -> dict[str, Any]:
    """The properties of a packet, JSON-ready: "prefix:name" to text, list of texts, or (structures) a dict.

    Of language alternatives the default one is taken. A packet that is damaged, too long or hostile gives {}.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if not packet or len(packet) > MAX_BYTES:
        return {}
    try:
        root = fromstring(packet.strip(b"\0 \r\n\t"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        return {}
    tags: dict[str, Any] = {}
    for description in _descriptions(root):
        for name, value in _properties(description, 0):
            tags.setdefault(name, value)
    return tags


def xmp_metadata(tags: dict[str, Any]) -> Metadata:
    """The known fields of what `read_xmp` gave."""
    moments = (_text(tags.get(name)) for name in ("exif:DateTimeOriginal", "photoshop:DateCreated", "xmp:CreateDate"))
    moment = next((text for text in moments if parse_moment(text)), None)
    return Metadata(
        taken_at=parse_moment(moment),
        taken_offset=parse_offset(moment[11:]) if moment else None,
        gps=_position(tags),
        camera_make=_text(tags.get("tiff:Make")),
        camera_model=_text(tags.get("tiff:Model")),
        lens_model=_text(tags.get("exifEX:LensModel")) or _text(tags.get("aux:Lens")),
        focal_length=_fraction(tags.get("exif:FocalLength")),
        f_number=_fraction(tags.get("exif:FNumber")),
        exposure_time=_fraction(tags.get("exif:ExposureTime")),
        iso=_whole(tags.get("exifEX:PhotographicSensitivity") or tags.get("exif:ISOSpeedRatings")),
        rating=_rating(tags),
        title=_text(tags.get("dc:title")),
        description=_text(tags.get("dc:description")),
        keywords=_keywords(tags),
    )


def _keywords(tags: dict[str, Any]) -> tuple[str, ...]:
    """Keywords with what they lie below ("animal/dog"), then flat ones. Lightroom parts the levels by "|"; digiKam and
    Windows by "/"."""
    lightroom = (text.replace("|", "/") for text in _texts(tags.get("lr:hierarchicalSubject")))
    others = [*_texts(tags.get("digiKam:TagsList")), *_texts(tags.get("MicrosoftPhoto:LastKeywordXMP"))]
    return (*lightroom, *others, *_texts(tags.get("dc:subject")))


def _descriptions(root: Element) -> Iterator[Element]:
    """The rdf:Description elements directly below rdf:RDF, wherever that is."""
    rdf = root if root.tag == f"{_RDF}RDF" else root.find(f".//{_RDF}RDF")
    if rdf is not None:
        yield from rdf.findall(f"{_RDF}Description")


def _properties(description: Element, depth: int) -> Iterator[tuple[str, Any]]:
    """Properties come as attributes (short form) or as child elements."""
    for key, text in description.attrib.items():
        name = _name(key)
        if name is not None:
            yield name, clean_text(text)[:_MAX_TEXT]
    for child in description:
        name = _name(child.tag)
        value = None if name is None else _value(child, depth + 1)
        if name is not None and value not in (None, "", [], {}):
            yield name, value


def _value(element: Element, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        return None
    container = next((child for child in element if child.tag in (f"{_RDF}Bag", f"{_RDF}Seq", f"{_RDF}Alt")), None)
    if container is not None:
        items = container.findall(f"{_RDF}li")
        if container.tag == f"{_RDF}Alt":
            items.sort(key=lambda item: item.get(_XML_LANG) != "x-default")
            return _value(items[0], depth + 1) if items else None
        values = (_value(item, depth + 1) for item in items[:1000])
        return [value for value in values if value not in (None, "", {})]
    nested = element.find(f"{_RDF}Description")
    if nested is not None or element.get(f"{_RDF}parseType") == "Resource" or len(element):
        return dict(_properties(nested if nested is not None else element, depth + 1))
    if element.text and element.text.strip():
        return clean_text(element.text)[:_MAX_TEXT]
    return dict(_properties(element, depth + 1)) or element.get(f"{_RDF}resource")


def _name(qualified: str) -> str | None:
    """ "{namespace}local" as "prefix:local"; None for what is not a property."""
    namespace, _, local = qualified.rpartition("}")
    namespace = namespace.lstrip("{")
    if not namespace or namespace == _RDF.strip("{}") or namespace.startswith("http://www.w3.org/XML/"):
        return None
    prefix = _PREFIXES.get(namespace)
    if prefix in _SKIPPED:
        return None
    return local if prefix is None else f"{prefix}:{local}"


def _position(tags: dict[str, Any]) -> Gps | None:
    altitude = _fraction(tags.get("exif:GPSAltitude"))
    if altitude is not None and tags.get("exif:GPSAltitudeRef") == "1":
        altitude = -altitude
    return position(_degrees(tags.get("exif:GPSLatitude")), _degrees(tags.get("exif:GPSLongitude")), altitude)


def _degrees(value: Any) -> float | None:
    """XMP writes "43,28.1046N" or "43,28,6N"."""
    text = _text(value) or ""
    try:
        parts = [float(part) for part in text.rstrip("NSEWnsew").split(",")]
    except ValueError:
        return None
    if not 1 <= len(parts) <= 3:
        return None
    total = math.fsum(part / 60.0**power for power, part in enumerate(parts))
    return -abs(total) if text[-1:].upper() in ("S", "W") else total


def _rating(tags: dict[str, Any]) -> int | None:
    """xmp:Rating is -1 (rejected) or 0-5; Windows' percentage maps 1, 25, 50, 75, 99 to 1-5, 0 being unrated."""
    stars = _fraction(tags.get("xmp:Rating"), least=-1)
    if stars is not None and stars <= 5:
        return int(stars)
    percent = _fraction(tags.get("MicrosoftPhoto:Rating"))
    return None if percent is None or percent > 100 else 1 + int((percent + 12) // 25)


def _fraction(value: Any, least: float = 1e-9) -> float | None:
    """A number or "1/250"; None below ``least``."""
    text = _text(value) or ""
    top, _, bottom = text.partition("/")
    try:
        number = float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return number if least <= number < 1e9 else None


def _whole(value: Any) -> int | None:
    number = _fraction(value)
    return None if number is None else int(number)


def _text(value: Any) -> str | None:
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, str) and value else None


def _texts(value: Any) -> tuple[str, ...]:
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    return tuple(text for text in values if isinstance(text, str) and text)
