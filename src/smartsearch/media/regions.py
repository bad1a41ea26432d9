"""Named faces in XMP: the regions of the Metadata Working Group (Guidelines for Handling Image Metadata 2.0, chapter
5), which Lightroom, digiKam and others write and read. Coordinates are those of the upright picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import quoteattr

from smartsearch.core.faces import Box
from smartsearch.media.xmp import MAX_BYTES

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_REGIONS = "http://www.metadataworkinggroup.com/schemas/regions/"
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MOST_REGIONS = 1000


@dataclass(frozen=True, slots=True)
class NamedRegion:
    """Somebody's face in a picture."""

    name: str
    box: Box


def region_packet(regions: Sequence[NamedRegion], width: int, height: int) -> bytes:
    """An XMP packet with these faces in an upright picture of this size."""
    items = []
    for region in regions:
        box = region.box
        name = quoteattr(_NOT_XML.sub("\ufffd", region.name))
        x, y = box.left + box.width / 2, box.top + box.height / 2
        items.append(
            f'<rdf:li><rdf:Description mwg-rs:Name={name} mwg-rs:Type="Face"><mwg-rs:Area stArea:x="{x:.6f}"'
            f' stArea:y="{y:.6f}" stArea:w="{box.width:.6f}" stArea:h="{box.height:.6f}" stArea:unit="normalized"/>'
            "</rdf:Description></rdf:li>"
        )
    lines = [
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>',
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description rdf:about=""'
        f' xmlns:mwg-rs="{_REGIONS}" xmlns:stArea="{_AREA}" xmlns:stDim="{_DIMENSIONS}">',
        '<mwg-rs:Regions rdf:parseType="Resource">',
        f'<mwg-rs:AppliedToDimensions stDim:w="{width}" stDim:h="{height}" stDim:unit="pixel"/>',
        "<mwg-rs:RegionList><rdf:Bag>",
        *items,
        "</rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description></rdf:RDF></x:xmpmeta>",
        '<?xpacket end="w"?>',
    ]
    return ("\n".join(lines) + "\n").encode("utf-8")


def read_regions(packet: bytes) -> list[NamedRegion]:
    """The faces with a name in a packet, at most `MOST_REGIONS`. A packet that is damaged, too long or hostile has
    none."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if not packet or len(packet) > MAX_BYTES:
        return []
    try:
        root = fromstring(packet.strip(b"\0 \r\n\t"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        return []
    found = (_region(item) for items in root.iter(f"{{{_REGIONS}}}RegionList") for item in items.iter(f"{{{_RDF}}}li"))
    return [region for region in found if region is not None][:MOST_REGIONS]


def _region(item: Element) -> NamedRegion | None:
    values = dict(_values(item))
    name = " ".join(values.get("Name", "").split())
    if not name or values.get("Type", "Face") != "Face" or values.get("unit", "normalized") != "normalized":
        return None
    try:
        x, y, width, height = (float(values[key]) for key in ("x", "y", "w", "h"))
    except (KeyError, ValueError):
        return None
    if not (0 <= x <= 1 and 0 <= y <= 1 and 0 < width <= 1 and 0 < height <= 1):
        return None
    left, top = max(x - width / 2, 0.0), max(y - height / 2, 0.0)
    return NamedRegion(name, Box(left, top, min(width, 1 - left), min(height, 1 - top)))


def _values(item: Element) -> Iterator[tuple[str, str]]:
    """What a region says, as attributes or as elements, by local name."""
    for element in item.iter():
        for qualified, value in element.attrib.items():
            if qualified.startswith((f"{{{_REGIONS}}}", f"{{{_AREA}}}")):
                yield qualified.rpartition("}")[2], value
        if element.tag.startswith((f"{{{_REGIONS}}}", f"{{{_AREA}}}")) and element.text and element.text.strip():
            yield element.tag.rpartition("}")[2], element.text.strip()
