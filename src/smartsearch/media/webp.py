"""Writing WebP, the format of thumbnails and previews."""

from __future__ import annotations

import io

from PIL import Image

_METHOD = 0
"""libwebp's effort 0-6. See benchmarks/decode.py: 0 costs a third of the default's time for a fifth more bytes."""


def webp(picture: Image.Image, quality: int) -> bytes:
    """The picture as a WebP file; quality 0-100."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=_METHOD)
    return buffer.getvalue()
