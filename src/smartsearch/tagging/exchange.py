"""The user's tags out of a library: XMP sidecars, as Lightroom, digiKam and others read them. Originals are never
written, and no file that is there is replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from smartsearch.core.assets import Asset
from smartsearch.core.errors import DiskFullError, UsageError
from smartsearch.core.ports import Store
from smartsearch.core.query import Present
from smartsearch.media.sidecars import beneath, sidecar


@dataclass(frozen=True, slots=True)
class TagExport:
    """How many sidecars were written, and how many images have one already, which was left as it is."""

    written: int
    skipped: int


def export_tags(store: Store, people: Mapping[int, Sequence[str]], folder: Path | None) -> TagExport:
    """A sidecar for each present image with tags of the user's, below ``folder`` or, without one, beside the originals
    (``a.jpg.xmp``; an ``a.xmp`` counts as there already). ``people``: names by image id, for the sidecar.

    UsageError where a folder cannot be written to, DiskFullError.
    """
    written = skipped = 0
    for asset in _tagged(store):
        target = Path(asset.path + ".xmp") if folder is None else beneath(folder, asset.path)
        others = (target, Path(os.path.splitext(asset.path)[0] + ".xmp")) if folder is None else (target,)
        if any(os.path.lexists(other) for other in others):
            skipped += 1
            continue
        _write(target, sidecar(asset, people.get(asset.id, ())))
        written += 1
    return TagExport(written, skipped)


def _tagged(store: Store) -> Iterator[Asset]:
    ids = store.select(Present(), order="path")
    for start in range(0, len(ids), 500):
        for asset in store.assets(ids[start : start + 500]):
            if any(tag.source == "user" for tag in asset.tags):
                yield asset


def _write(target: Path, packet: bytes) -> None:
    """A new file, whole or not at all."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(packet)
            os.link(part, target)  # unlike a rename, never replaces a file that somebody made meanwhile
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        if error.errno == 28:
            raise DiskFullError(f"The disk is full: {target} was not written.") from error
        raise UsageError(f"{target} cannot be written: {error.strerror}.") from error
