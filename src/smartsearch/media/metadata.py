"""Metadata of an image file and its sidecar."""

from __future__ import annotations

import os

from smartsearch.core.assets import Metadata
from smartsearch.core.settings import MediaLimits


def refresh_metadata(
    image_path: str | os.PathLike[str], sidecar_path: str | os.PathLike[str] | None, limits: MediaLimits
) -> Metadata:
    """The metadata as `decode` would give it, without decoding pixels. Errors as `decode`."""
    return Metadata()
