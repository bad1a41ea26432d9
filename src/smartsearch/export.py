"""`smartsearch export`: everything a library knows, in files that need no smartsearch to read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from smartsearch.core.assets import Asset
from smartsearch.core.errors import UsageError
from smartsearch.media.sidecars import sidecar
from smartsearch.stores import folders
from smartsearch.stores.export import Snapshot, asset_values
from smartsearch.stores.folders import Entry
from smartsearch.stores.sqlite import SqliteStore

FORMAT = 1
_LONGEST_NAME = 255
"""Bytes of one file name on common file systems."""

_README = """This folder was written by smartsearch. It needs no smartsearch to be read.

images.jsonl     One JSON object a line for each image: path, SHA-256 of the file, metadata, tags with their source
                 (user, keywords in the file, auto) and confidence, your rating, hidden or not, ids of its albums.
tables/*.jsonl   The other tables, one object a line: albums and what is in them, indexed folders (roots), settings,
                 rejected tags, people and faces, feedback, errors, jobs. Column names are those of the database.
                 Vectors are base64 of little-endian 16-bit floats, L2-normalised.
sidecars/        With --sidecars: an XMP file for each image, in folders named like those of the originals.
manifest.jsonl   Length and SHA-256 of every file; the last line is the SHA-256 of the lines above it.

Text is UTF-8. Times are ISO 8601, in UTC where they name an offset; "taken_at" of an image is the clock on the spot.
Bytes of a file name that are no UTF-8 appear as lone surrogates, U+DC80 to U+DCFF (Python's surrogateescape).
"""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written."""

    path: str
    images: int
    files: int
    bytes: int
    sidecars: int


def export_library(
    store: SqliteStore, library: Path, destination: Path, *, sidecars: bool = False, vectors: bool = False
) -> ExportReport:
    """Write everything to the new folder ``destination``, as of one moment. Nothing is written beside an original.

    UsageError if there is something at ``destination`` or it is inside the library; DiskFullError.
    """
    if destination == library or library in destination.parents:
        raise UsageError(f"{destination} is inside the library.", hint="Choose a place outside.")
    with folders.new_folder(destination) as part, store.snapshot() as snapshot:
        written = [folders.add_content(part, "README.txt", [_README.encode()])]
        images = _Counted(snapshot.assets())
        rows = (asset_values(image) | {"people": snapshot.people(image.id)} for image in images)
        written.append(_lines(part, "images.jsonl", rows))
        tables = snapshot.tables(vectors=vectors)
        written += [_lines(part, f"tables/{table}.jsonl", snapshot.rows(table)) for table in tables]
        packets = list(_sidecars(part, snapshot)) if sidecars else []
        folders.add_content(part, folders.NO_MEDIA, ())
        header = {
            "smartsearch_export": FORMAT,
            "version": version("smartsearch"),
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "images": images.count,
        }
        folders.write_manifest(part, header, [*written, *packets])
        folders.settle(part)
        folders.verify(part, [*written, *packets])
    size = sum(entry.bytes for entry in (*written, *packets))
    return ExportReport(str(destination), images.count, len(written) + len(packets), size, len(packets))


class _Counted:
    """Counts the images on their way through."""

    def __init__(self, images: Iterator[Asset]) -> None:
        self._images = images
        self.count = 0

    def __iter__(self) -> Iterator[Asset]:
        for image in self._images:
            self.count += 1
            yield image


def _lines(part: Path, name: str, values: Iterable[dict[str, Any]]) -> Entry:
    return folders.add_content(part, name, (json.dumps(value).encode() + b"\n" for value in values))


def _sidecars(part: Path, snapshot: Snapshot) -> Iterator[Entry]:
    for asset in snapshot.assets():
        yield folders.add_content(part, _sidecar_name(asset), [sidecar(asset, snapshot.people(asset.id))])


def _sidecar_name(asset: Asset) -> str:
    """The original's path below ``sidecars/`` with ``.xmp`` added; by id where that is no good name."""
    relative = os.path.splitdrive(asset.path)[1].replace(os.sep, "/").lstrip("/") + ".xmp"
    fits = all(len(os.fsencode(name)) <= _LONGEST_NAME for name in relative.split("/")) and len(relative) < 2000
    safe = not set(relative.split("/")) & {"", ".", ".."}
    try:
        relative.encode()
    except UnicodeEncodeError:
        safe = False  # bytes that are no text would not survive on every disk
    return f"sidecars/{relative}" if fits and safe else f"sidecars/by-id/{asset.id}.xmp"
