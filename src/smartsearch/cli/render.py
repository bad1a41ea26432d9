"""How values look: Rich tables for people, plain rows for programs."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from smartsearch.core.assets import Asset
    from smartsearch.search.ranking import Hit

UNFOLDED_WIDTH = 4096


def console(*, stderr: bool = False) -> Console:
    """A Rich console that never highlights or interprets markup in file names."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    # In a pipe or a file there is no edge to fold at.
    width = None if stream.isatty() else UNFOLDED_WIDTH
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)


def printable(path: str) -> str:
    """A path safe to show: bytes that are no text and control characters come out as escapes."""
    text = path.encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def metadata_of(asset: Asset) -> dict[str, Any]:
    """The facts of an image as a JSON-ready mapping; unknown ones are left out."""
    meta = asset.metadata
    facts: dict[str, Any] = {
        "format": asset.format,
        "width": asset.width,
        "height": asset.height,
        "duration": asset.duration,
        "motion": None if asset.motion is None else {"start": asset.motion.start, "length": asset.motion.length},
        "file_size": asset.identity.size,
        "file_hash": asset.file_hash.hex(),
        "modified_at": asset.modified_at,
        "taken_at": meta.taken_at,
        "gps": None if meta.gps is None else {"latitude": meta.gps.latitude, "longitude": meta.gps.longitude},
        "camera_make": meta.camera_make,
        "camera_model": meta.camera_model,
        "lens_model": meta.lens_model,
        "focal_length": meta.focal_length,
        "f_number": meta.f_number,
        "exposure_time": meta.exposure_time,
        "iso": meta.iso,
        "rating": meta.rating,
        "title": meta.title,
        "description": meta.description,
        "tags": [{"name": tag.name, "source": tag.source, "confidence": tag.confidence} for tag in asset.tags],
    }
    return {key: value for key, value in facts.items() if value not in (None, [])}


def tag_line(asset: Asset, most: int = 4) -> str:
    """The tags in a few words, a person's before those given by sight, which carry their confidence."""
    chosen = dict.fromkeys(tag.name for tag in asset.tags if tag.source != "auto")
    seen = sorted((tag for tag in asset.tags if tag.source == "auto"), key=lambda tag: -tag.confidence)
    words = [*chosen, *(f"{tag.name} {tag.confidence:.2f}" for tag in seen if tag.name not in chosen)]
    return printable(", ".join(words[:most]) + (" ..." if len(words) > most else ""))


def hit_as_dict(hit: Hit) -> dict[str, Any]:
    """The JSON of one result: id, path, score, metadata."""
    return {
        "id": hit.asset.id,
        "path": hit.asset.path,
        "score": round(hit.score, 6),
        "similarity": None if hit.similarity is None else round(hit.similarity, 6),
        **({} if hit.at is None else {"at": hit.at}),
        "metadata": metadata_of(hit.asset),
    }


def clock(seconds: float) -> str:
    """A place in a video, or its length, as players show it: m:ss, from an hour on h:mm:ss."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def place_in(hit: Hit) -> str:
    """What to add to the path of a video that matches somewhere: " @ 0:14", else nothing."""
    return "" if hit.at is None else f" @ {clock(hit.at)}"


def size(count: int) -> str:
    """Bytes as people read them."""
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def duration(seconds: float) -> str:
    """Seconds as h:mm:ss, or milliseconds when short."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else str(timedelta(seconds=round(seconds)))


def shorten(path: str, width: int) -> str:
    """Keep the end of a path: the file name tells more than the disk."""
    text = printable(path)
    home = os.path.expanduser("~")
    if text.startswith(home + os.sep):
        text = "~" + text[len(home) :]
    return text if len(text) <= width else "…" + text[-(width - 1) :]
