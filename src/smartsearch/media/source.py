"""A user's image file, opened, recognised by content and checked against the limits before any pixel is touched."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import ImageFile

from smartsearch.core.errors import (
    CorruptImageError,
    ImageTooLargeError,
    ImageTooSmallError,
    UnsupportedFormatError,
)
from smartsearch.core.settings import MediaLimits
from smartsearch.core.signatures import SNIFF_BYTES, sniff
from smartsearch.media import formats
from smartsearch.media.failures import media_errors, quiet_pillow
from smartsearch.media.files import OpenedFile, in_memory, open_regular
from smartsearch.media.raw import is_camera_raw, read_preview


@dataclass(frozen=True, slots=True)
class Source:
    """An image of format ``name`` whose header was read and found within the limits. Of a raw file, its preview."""

    name: str
    image: ImageFile.ImageFile
    file: OpenedFile


@contextmanager
def open_source(path: str | os.PathLike[str], limits: MediaLimits, data: bytes | None = None) -> Iterator[Source]:
    """Open the file for the length of the ``with`` block, in which decoder errors are mapped to MediaErrors. ``data``
    stands for it where it is not to be read.

    FileAccessError, UnsupportedFormatError, CorruptImageError, ImageTooLargeError, ImageTooSmallError. One thread of a
    process at a time (see `failures.quiet_pillow`).
    """
    with quiet_pillow(limits.max_pixels), open_regular(path) if data is None else in_memory(data) as file:
        size = file.identity.size
        if size > limits.max_bytes:
            raise ImageTooLargeError(f"The file has {size} bytes; the limit is {limits.max_bytes}.")
        head = file.stream.read(SNIFF_BYTES)
        if not head:
            raise CorruptImageError("The file is empty.")
        name = sniff(head)
        if name is None:
            raise UnsupportedFormatError("It is not an image of a supported format.")
        with media_errors(name):
            if name == "tiff" and is_camera_raw(file.stream):
                name = "raw"
            with _open_image(file, name) as image:
                _check_dimensions(image.size, limits)
                yield Source(name, image, file)


def _open_image(file: OpenedFile, name: str) -> ImageFile.ImageFile:
    if name == "raw":
        return formats.open_image(io.BytesIO(read_preview(file.stream)), "jpeg")
    return formats.open_image(file.stream, name)


def _check_dimensions(size: tuple[int, int], limits: MediaLimits) -> None:
    width, height = size
    if width * height > limits.max_pixels:
        raise ImageTooLargeError(f"The picture has {width}x{height} pixels; the limit is {limits.max_pixels} in all.")
    if min(width, height) < max(1, limits.min_side):
        raise ImageTooSmallError(f"The picture has {width}x{height} pixels; a side must have {limits.min_side}.")
