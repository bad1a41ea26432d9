"""One decode per file feeds everything: encoder input, thumbnail, perceptual hash, colour, metadata.

These functions work in the calling process and on one thread at a time; `pool.DecodePool` runs them in workers.
"""

from __future__ import annotations

import io
import os

from PIL import Image, ImageFile

from smartsearch.core.assets import ImageContent
from smartsearch.media.color import dominant_color
from smartsearch.media.metadata import Blocks, read_blocks, read_metadata
from smartsearch.media.phash import dct_hash
from smartsearch.media.pixels import reduced_rgb, upright
from smartsearch.media.request import Decoded, DecodeRequest, PreviewRequest
from smartsearch.media.resize import encoder_input, fit, needed_scale
from smartsearch.media.source import Source, open_source

__all__ = ["DecodeRequest", "Decoded", "PreviewRequest", "decode", "render_preview"]

_GAP = 1.25
"""The picture is decoded at least this much larger than the largest thing made of it, so that the last resampling, not
the scaled decode, decides the quality."""

_WEBP_METHOD = 0
"""libwebp's effort 0-6. See benchmarks/decode.py: 0 costs a third of the default's time for a fifth more bytes."""


def decode(path: str | os.PathLike[str], request: DecodeRequest) -> Decoded:
    """Decode the file once and make everything the request asks for. Never writes.

    Raises a MediaError subclass with a plain one-line reason: FileAccessError, UnsupportedFormatError,
    CorruptImageError, ImageTooLargeError, ImageTooSmallError, or DecodeCrashError when memory runs out.
    """
    with open_source(path, request.limits) as source:
        frames = _count_frames(source)
        width, height = source.image.size
        scale = _GAP * needed_scale(width, height, request.inputs, [request.thumbnails.size])
        picture, blocks = _decode_upright(source, scale)
        if blocks.orientation >= 5:
            width, height = height, width
        thumbnail = fit(picture, request.thumbnails.size)
        content = ImageContent(
            format=source.name,
            width=width,
            height=height,
            frames=frames,
            phash=dct_hash(thumbnail),
            color=dominant_color(thumbnail),
            metadata=read_metadata(blocks, request.sidecar),
            thumbnail=_webp(thumbnail, request.thumbnails.quality),
        )
        inputs = tuple(encoder_input(picture, wanted) for wanted in request.inputs)
        source.file.check_unchanged()
        return Decoded(content, inputs, source.file.identity)


def render_preview(path: str | os.PathLike[str], request: PreviewRequest) -> bytes:
    """The picture, upright and in sRGB, as WebP with its longer side at most ``request.size``. Errors as `decode`."""
    with open_source(path, request.limits) as source:
        _count_frames(source)
        picture, _ = _decode_upright(source, needed_scale(*source.image.size, (), [request.size]))
        return _webp(fit(picture, request.size), request.quality)


def _decode_upright(source: Source, scale: float) -> tuple[Image.Image, Blocks]:
    """The pixels, and the metadata blocks, some of which stand after the pixels in the file."""
    picture = reduced_rgb(source.image, min(1.0, scale))
    blocks = read_blocks(source)
    return upright(picture, blocks.orientation), blocks


def _count_frames(source: Source) -> int:
    """Frames of an animation or pages of a document, the first frame made current again. 1 when later ones are broken.

    What Pillow counts as frames in PSD and ICO are layers and sizes of one picture.
    """
    image: ImageFile.ImageFile = source.image
    if source.name in ("psd", "ico"):
        return 1
    try:
        frames = int(getattr(image, "n_frames", 1))
    except Exception:
        frames = 1
    if source.name in ("gif", "tiff") and image.tell() != 0:
        image.seek(0)
    return max(1, frames)


def _webp(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=_WEBP_METHOD)
    return buffer.getvalue()
