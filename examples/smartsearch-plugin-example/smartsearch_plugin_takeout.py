"""A metadata reader: what Google Takeout writes beside a photo, "beach.jpg.json". Runs in the guarded decode workers.

A module of its own, since each worker imports it: it should bring little along.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import BinaryIO

from smartsearch.core.assets import Gps, Metadata

MOST_BYTES = 1_000_000


def read(path: str, _file: BinaryIO, _format: str) -> Metadata | None:
    """None for a photo without such a file. Whatever is raised is said in the log, and the photo goes on without."""
    beside = f"{path}.json"
    if not os.path.isfile(beside):
        return None
    with open(beside, "rb") as source:
        said = json.loads(source.read(MOST_BYTES))
    place = said.get("geoData", {})
    latitude, longitude = place.get("latitude", 0.0), place.get("longitude", 0.0)
    seconds = said.get("photoTakenTime", {}).get("timestamp")
    return Metadata(
        # Takeout knows the moment, not the clock that hung where the photo was taken.
        taken_at=datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None) if seconds else None,
        taken_offset=0 if seconds else None,
        gps=Gps(latitude, longitude) if (latitude, longitude) != (0.0, 0.0) else None,  # how it says "unknown"
        description=said.get("description") or None,
        keywords=tuple(person["name"] for person in said.get("people", ())),
        exif={"url": said.get("url", "")},
    )
