"""One decode per file feeds everything: encoder input, thumbnail, perceptual hash, colour, metadata.

These functions work in the calling process and on one thread at a time; `pool.DecodePool` runs them in workers.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image, ImageFile

from smartsearch.core.assets import ImageContent, Metadata
from smartsearch.core.errors import (
    CorruptImageError,
    ImageTooLargeError,
    ImageTooSmallError,
    UnsupportedFormatError,
)
from smartsearch.core.settings import MediaLimits
from smartsearch.media import formats
from smartsearch.media.color import dominant_color
from smartsearch.media.failures import media_errors, quiet_pillow
from smartsearch.media.files import OpenedFile, open_regular
from smartsearch.media.phash import dct_hash
from smartsearch.media.pixels import upright_rgb
from smartsearch.media.request import Decoded, DecodeRequest, PreviewRequest
from smartsearch.media.resize import encoder_input, fit, needed_scale

__all__ = ["DecodeRequest", "Decoded", "PreviewRequest", "decode", "render_preview"]

_GAP = 1.25
"""The picture is decoded at least this much larger than the largest thing made of it, so that the last resampling, not
the scaled decode, decides the quality."""

_WEBP_METHOD = 0
"""libwebp's effort 0-6. See benchmarks/decode.py: 0 costs a third of the default's time for a fifth more bytes."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """An image whose header was read and found within the limits."""

    name: str
    image: ImageFile.ImageFile
    file: OpenedFile


def decode(path: str | os.PathLike[str], request: DecodeRequest) -> Decoded:
    """Decode the file once and make everything the request asks for. Never writes.

    Raises a MediaError subclass with a plain one-line reason: FileAccessError, UnsupportedFormatError,
    CorruptImageError, ImageTooLargeError, ImageTooSmallError, or DecodeCrashError when memory runs out.
    """
    with _open(path, request.limits) as opened, media_errors(opened.name):
        image = opened.image
        frames = _count_frames(image, opened.name)
        width, height = image.size
        scale = min(1.0, _GAP * needed_scale(width, height, request.inputs, [request.thumbnails.size]))
        orientation = _orientation(image)
        picture = upright_rgb(image, scale, orientation)
        if orientation >= 5:
            width, height = height, width
        thumbnail = fit(picture, request.thumbnails.size)
        content = ImageContent(
            format=opened.name,
            width=width,
            height=height,
            frames=frames,
            phash=dct_hash(thumbnail),
            color=dominant_color(thumbnail),
            metadata=Metadata(),
            thumbnail=_webp(thumbnail, request.thumbnails.quality),
        )
        inputs = tuple(encoder_input(picture, wanted) for wanted in request.inputs)
        opened.file.check_unchanged()
        return Decoded(content, inputs, opened.file.identity)


def render_preview(path: str | os.PathLike[str], request: PreviewRequest) -> bytes:
    """The picture, upright and in sRGB, as WebP with its longer side at most ``request.size``. Errors as `decode`."""
    with _open(path, request.limits) as opened, media_errors(opened.name):
        scale = needed_scale(*opened.image.size, (), [request.size])
        picture = upright_rgb(opened.image, scale, _orientation(opened.image))
        return _webp(fit(picture, request.size), request.quality)


@contextmanager
def _open(path: str | os.PathLike[str], limits: MediaLimits) -> Iterator[_Opened]:
    """Open, recognise by content and check against the limits, before any pixel is touched."""
    with quiet_pillow(limits.max_pixels), open_regular(path) as file:
        size = file.identity.size
        if size > limits.max_bytes:
            raise ImageTooLargeError(f"The file has {size} bytes; the limit is {limits.max_bytes}.")
        head = file.stream.read(formats.SNIFF_BYTES)
        name = formats.sniff(head)
        if name is None:
            raise CorruptImageError("The file is empty.") if not head else UnsupportedFormatError("Not an image.")
        with media_errors(name):
            image = formats.open_image(file.stream, name)
        with image:
            _check_dimensions(image.size, limits)
            yield _Opened(name, image, file)


def _check_dimensions(size: tuple[int, int], limits: MediaLimits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise ImageTooLargeError(f"The picture has {width}x{height} pixels; the limit is {limits.max_pixels} in all.")
    if min(width, height) < max(1, limits.min_side):
        raise ImageTooSmallError(f"The picture has {width}x{height} pixels; each side must have {limits.min_side}.")


def _count_frames(image: ImageFile.ImageFile, name: str) -> int:
    """Frames of an animation or pages of a document, the first frame made current again. 1 when later ones are broken.

    What Pillow counts as frames in PSD and ICO are layers and sizes of one picture.
    """
    if name in ("psd", "ico"):
        return 1
    try:
        frames = int(getattr(image, "n_frames", 1))
    except Exception:
        frames = 1
    if image.tell() != 0 and name in ("gif", "tiff"):
        image.seek(0)
    return max(1, frames)


def _orientation(image: ImageFile.ImageFile) -> int:
    """EXIF orientation still to be applied: Pillow turns TIFF itself and libheif turns HEIF."""
    if image.format in ("TIFF", "HEIF"):
        return 1
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # the EXIF block of a damaged file: the picture may be fine
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _webp(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=_WEBP_METHOD)
    return buffer.getvalue()
