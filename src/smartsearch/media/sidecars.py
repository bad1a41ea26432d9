"""An XMP sidecar for what the user and the file say of an image (ISO 16684-1), as other photo programs read it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from smartsearch.core.assets import Asset

_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
}
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even as a reference."""


def sidecar(asset: Asset, people: Sequence[str] = ()) -> bytes:
    """The packet: own tags and keywords as dc:subject, those that lie below others ("animal/dog") by their last level
    there and whole as Lightroom and digiKam write them; the rating (the user's before the file's), title, description,
    when it was taken, who is on it. Automatic tags are guesses and are left out."""
    metadata = asset.metadata
    names = dict.fromkeys(tag.name for tag in asset.tags if tag.source != "auto")
    parts = [
        _bag("dc:subject", list(dict.fromkeys(name.rpartition("/")[2] for name in names))),
        *(_hierarchy(list(names)) if any("/" in name for name in names) else ()),
        _alternative("dc:title", metadata.title),
        _alternative("dc:description", metadata.description),
        _bag("Iptc4xmpExt:PersonInImage", people),
    ]
    attributes = []
    if asset.rating is not None:
        attributes.append(f'xmp:Rating="{asset.rating}"')
    if metadata.taken_at is not None:
        attributes.append(f"photoshop:DateCreated={quoteattr(_moment(asset))}")
    declared = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in _NAMESPACES.items())
    lines = [
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>',
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}">',
        f'<rdf:Description rdf:about="" {declared} {" ".join(attributes)}>',
        *filter(None, parts),
        "</rdf:Description></rdf:RDF></x:xmpmeta>",
        '<?xpacket end="w"?>',
    ]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _hierarchy(names: Sequence[str]) -> tuple[str, str]:
    """All names, flat ones too: they would pass for levels of others else."""
    items = "".join(f"<rdf:li>{_text(name)}</rdf:li>" for name in names)
    return (
        _bag("lr:hierarchicalSubject", [name.replace("/", "|") for name in names]),
        f"<digiKam:TagsList><rdf:Seq>{items}</rdf:Seq></digiKam:TagsList>",
    )


def beneath(folder: Path, path: str) -> Path:
    """Where the sidecar of an image at an absolute path lies below a folder: ``<folder>/home/anna/a.jpg.xmp``."""
    return folder / Path(path + ".xmp").relative_to(Path(path).anchor)


def _bag(name: str, values: Sequence[str]) -> str:
    items = "".join(f"<rdf:li>{_text(value)}</rdf:li>" for value in values)
    return f"<{name}><rdf:Bag>{items}</rdf:Bag></{name}>" if items else ""


def _alternative(name: str, value: str | None) -> str:
    item = f'<rdf:li xml:lang="x-default">{_text(value)}</rdf:li>' if value else ""
    return f"<{name}><rdf:Alt>{item}</rdf:Alt></{name}>" if item else ""


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", value))


def _moment(asset: Asset) -> str:
    taken, offset = asset.metadata.taken_at, asset.metadata.taken_offset
    assert taken is not None
    text = taken.isoformat()
    if offset is None:
        return text
    hours, minutes = divmod(abs(offset), 60)
    return f"{text}{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}"
