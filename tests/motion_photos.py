"""Motion photos made on the spot, in each of the ways telephones write them."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from tests.videos import save_video

GOOGLE = "http://ns.google.com/photos/1.0/"


def motion_video(folder: Path, codec: str | None = None) -> bytes:
    """An MP4 of a second."""
    return save_video(folder / "inside.mp4", ["red"], seconds=1, codec=codec).read_bytes()


def packet(attributes: str, inside: str = "") -> bytes:
    """An XMP packet with attributes of the namespace GCamera, and elements of Container and Item."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:GCamera="{GOOGLE}camera/" xmlns:Container="{GOOGLE}container/"'
        f' xmlns:Item="{GOOGLE}container/item/" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


def directory(*items: tuple[str, object]) -> bytes:
    """The packet of a motion photo whose items have these meanings and lengths."""
    rows = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic="{meaning}"'
        f' Item:Length="{length}"/></rdf:li>'
        for meaning, length in items
    )
    listed = f"<Container:Directory><rdf:Seq>{rows}</rdf:Seq></Container:Directory>"
    return packet('GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"', listed)


def micro_video(back: object) -> bytes:
    """The packet of the older kind: the video begins so many bytes before the end."""
    return packet(f'GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{back}"')


def picture(xmp: bytes = b"", format: str = "JPEG", colour: str = "navy") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(made, format, **({"xmp": xmp} if xmp else {}))
    return made.getvalue()


def sef(video: bytes) -> bytes:
    """What a Samsung telephone puts behind the picture: two entries, the second one the video, and their directory."""
    entries = [(0x0A01, b"Image_UTC_Data", b"1700000000000"), (0x0A30, b"MotionPhoto_Data", video)]
    data = [
        bytes(2) + kind.to_bytes(2, "little") + len(name).to_bytes(4, "little") + name + held
        for kind, name, held in entries
    ]
    rows, back = b"", sum(map(len, data))
    for (kind, _, _), block in zip(entries, data, strict=True):
        rows += bytes(2) + b"".join(
            number.to_bytes(size, "little") for number, size in ((kind, 2), (back, 4), (len(block), 4))
        )
        back -= len(block)
    head = b"SEFH" + (106).to_bytes(4, "little") + len(entries).to_bytes(4, "little") + rows
    return b"".join(data) + head + len(head).to_bytes(4, "little") + b"SEFT"
