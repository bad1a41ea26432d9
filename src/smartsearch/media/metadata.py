"""Metadata of an image file and its XMP sidecar, merged.

Each standard is read by its own module into a partly filled `Metadata`; here the first source that knows a field fills
it. What the camera measured comes from EXIF first; what a person wrote (rating, title, description) from the sidecar,
then XMP, IPTC and EXIF. A sidecar is the latest word, so its capture time and place win too. Keywords are united.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from smartsearch.core.assets import Metadata
from smartsearch.core.settings import MediaLimits
from smartsearch.core.signatures import VIDEO_FORMATS
from smartsearch.media.exif import IPTC_TAG, XMP_TAG, Exif, exif_metadata, modified_at, named_tags, read_exif
from smartsearch.media.files import OpenedFile, open_regular
from smartsearch.media.iptc import iptc_metadata, read_iptc
from smartsearch.media.readers import NO_READERS, MetadataReaders
from smartsearch.media.source import Source, open_file, open_image
from smartsearch.media.xmp import MAX_BYTES, read_xmp, xmp_metadata

_MAX_JSON_BYTES = 64 * 1024
_MAX_KEYWORDS = 500
_MAX_KEYWORD_LENGTH = 200
_PHOTOSHOP_IPTC = 0x0404

_TURNED = frozenset({"tiff", "heif", "jxl"})
"""Formats that Pillow (TIFF) or the decoder, by the container's own fields, has turned upright already."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """The metadata blocks of one file. ``orientation`` (1-8) is what is still to be done to the decoded pixels."""

    exif: Exif = field(default_factory=Exif)
    xmp: bytes = b""
    iptc: bytes = b""
    orientation: int = 1


def read_blocks(source: Source) -> Blocks:
    """Collect what the file holds, its pixels having been read. Damaged blocks are left out; never raises for them."""
    image = source.image
    exif = _exif(source)
    xmp = exif.main.get(XMP_TAG) or image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    photoshop = image.info.get("photoshop")
    iptc = exif.main.get(IPTC_TAG) or (photoshop.get(_PHOTOSHOP_IPTC) if isinstance(photoshop, dict) else None)
    turned = source.name in _TURNED
    return Blocks(exif, _as_bytes(xmp), _as_bytes(iptc), 1 if turned else exif.orientation)


def read_metadata(blocks: Blocks, sidecar: str | os.PathLike[str] | None) -> Metadata:
    """Merge the blocks and the sidecar. FileAccessError if a sidecar is named but cannot be read."""
    xmp, iptc = read_xmp(blocks.xmp), read_iptc(blocks.iptc)
    tags: dict[str, dict[str, Any]] = named_tags(blocks.exif)
    extra = read_sidecar(sidecar) if sidecar is not None else {}
    tags |= {name: found for name, found in (("IPTC", iptc), ("XMP", xmp | extra)) if found}
    from_sidecar, from_exif = xmp_metadata(extra), exif_metadata(blocks.exif)
    from_xmp, from_iptc = xmp_metadata(xmp), iptc_metadata(iptc)
    edited = modified_at(blocks.exif)
    from_edit = Metadata(taken_at=edited[0], taken_offset=edited[1]) if edited else Metadata()
    measured = [from_sidecar, from_exif, from_xmp, from_iptc, from_edit]
    written = [from_sidecar, from_xmp, from_iptc, from_exif]
    timed = next((found for found in measured if found.taken_at is not None), Metadata())
    return Metadata(
        taken_at=timed.taken_at,
        taken_offset=timed.taken_offset,
        gps=_first(measured, "gps"),
        camera_make=_first(measured[1:], "camera_make"),
        camera_model=_first(measured[1:], "camera_model"),
        lens_model=_first(measured[1:], "lens_model"),
        focal_length=_first(measured[1:], "focal_length"),
        f_number=_first(measured[1:], "f_number"),
        exposure_time=_first(measured[1:], "exposure_time"),
        iso=_first(measured[1:], "iso"),
        rating=_first(written, "rating"),
        title=_first(written, "title"),
        description=_first(written, "description"),
        keywords=_united(found.keywords for found in written),
        exif=_capped(tags),
    )


def with_sidecar(own: Metadata, sidecar: str | os.PathLike[str] | None) -> Metadata:
    """The metadata of a video, which are its container's, with those of its sidecar, which go first.

    FileAccessError if a sidecar is named but cannot be read.
    """
    if sidecar is None:
        return own
    extra = read_sidecar(sidecar)
    said = xmp_metadata(extra)
    found = {name: _first([said, own], name) for name in ("gps", "rating", "title", "description")}
    timed = own if said.taken_at is None else said
    return replace(
        own,
        **found,
        taken_at=timed.taken_at,
        taken_offset=timed.taken_offset,
        keywords=_united([said.keywords, own.keywords]),
        exif=_capped({**own.exif, "XMP": extra}),
    )


def read_sidecar(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The XMP properties of a sidecar file, as `xmp.read_xmp` gives them; {} if it is not usable XMP.

    FileAccessError if the file cannot be read.
    """
    with open_regular(path) as file:
        return read_xmp(file.stream.read(MAX_BYTES + 1))


def refresh_metadata(
    path: str | os.PathLike[str],
    sidecar: str | os.PathLike[str] | None,
    limits: MediaLimits,
    readers: MetadataReaders = NO_READERS,
) -> Metadata:
    """The metadata that a decode of the file with this sidecar would give. Errors as `decode.decode`.

    Pixels are decoded only where metadata may come after them, in PNG and JPEG XL.
    """
    with open_file(path, limits) as (name, file):
        if name in VIDEO_FORMATS:
            from smartsearch.media.video import open_video

            with open_video(name, file, limits) as video:
                found = with_sidecar(video.metadata(), sidecar)
        else:
            name, found = _image_metadata(name, file, sidecar, limits)
        return readers.filled(found, os.fspath(path), file.stream, name)


def _image_metadata(
    name: str, file: OpenedFile, sidecar: str | os.PathLike[str] | None, limits: MediaLimits
) -> tuple[str, Metadata]:
    with open_image(name, file, limits) as source:
        if source.name in ("png", "jxl"):
            source.image.load()
        return source.name, read_metadata(read_blocks(source), sidecar)


def _exif(source: Source) -> Exif:
    """The EXIF block, wherever the format keeps it; a TIFF file and most raw files are one themselves."""
    image = source.image
    if source.name in ("tiff", "raw"):
        exif = read_exif(source.file.stream)
        if exif.main:
            return exif
    data = image.info.get("exif")
    if isinstance(data, bytes) and data:
        while data.startswith(b"Exif\0\0"):
            data = data[6:]
        return read_exif(io.BytesIO(data))
    raw = image.info.get("Raw profile type exif")  # ImageMagick's way with PNG: hexadecimal text after three lines
    if isinstance(raw, str):
        try:
            data = bytes.fromhex("".join(raw.split("\n")[3:]))
        except ValueError:
            return Exif()
        return read_exif(io.BytesIO(data.removeprefix(b"Exif\0\0")))
    return Exif()


def _as_bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, tuple) and all(isinstance(part, int) for part in value):
        width = 4 if any(part > 255 for part in value) else 1
        return b"".join(part.to_bytes(width, "little") for part in value)
    return value if isinstance(value, bytes) else b""


def _first(sources: Sequence[Metadata], name: str) -> Any:
    return next((value for source in sources if (value := getattr(source, name)) is not None), None)


def _united(sources: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """Every keyword once, in order, equal when they differ in case only. Programs that know "animal/dog" write "animal"
    and "dog" beside it for those that do not: these are left out."""
    unique: dict[str, str] = {}
    for source in sources:
        for keyword in source:
            levels = (" ".join(level.split()) for level in keyword.split("/"))
            text = "/".join(level for level in levels if level)[:_MAX_KEYWORD_LENGTH]
            unique.setdefault(text.casefold(), text)
    levels_of_others = {level for key in unique if "/" in key for level in key.split("/")}
    kept = [text for key, text in unique.items() if key and ("/" in key or key not in levels_of_others)]
    return tuple(kept)[:_MAX_KEYWORDS]


def _capped(tags: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Leave out the longest values until the whole is at most 64 KiB of JSON."""
    if len(json.dumps(tags)) <= _MAX_JSON_BYTES:
        return tags
    sizes = sorted((len(json.dumps(value)), section, name) for section in tags for name, value in tags[section].items())
    kept: dict[str, dict[str, Any]] = {}
    total = 0
    for size, section, name in sizes:
        total += size + len(json.dumps(name)) + 4
        if total > _MAX_JSON_BYTES - 100:
            break
        kept.setdefault(section, {})[name] = tags[section][name]
    return kept
