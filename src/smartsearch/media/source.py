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
from smartsearch.core.signatures import SNIFF_BYTES, VIDEO_FORMATS, sniff
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
    with open_file(path, limits, data) as (name, file), open_image(name, file, limits) as source:
        yield source


@contextmanager
def open_file(
    path: str | os.PathLike[str], limits: MediaLimits, data: bytes | None = None
) -> Iterator[tuple[str, OpenedFile]]:
    """The file and its format, which may be that of a video. Errors as `open_source`."""
    with open_regular(path) if data is None else in_memory(data) as file:
        head = file.stream.read(SNIFF_BYTES)
        name = sniff(head)
        size, most = file.identity.size, limits.max_video_bytes if name in VIDEO_FORMATS else limits.max_bytes
        if size > most:
            raise ImageTooLargeError(f"The file has {size} bytes; the limit is {most}.")
        if not head:
            raise CorruptImageError("The file is empty.")
        if name is None:
            raise UnsupportedFormatError("It is not an image or video of a supported format.")
        with media_errors(name):
            yield name, file


@contextmanager
def open_image(name: str, file: OpenedFile, limits: MediaLimits) -> Iterator[Source]:
    """An image of format ``name``. Errors as `open_source`."""
    with quiet_pillow(limits.max_pixels), media_errors(name):
        if name == "tiff" and is_camera_raw(file.stream):
            name = "raw"
        if name in VIDEO_FORMATS:
            raise UnsupportedFormatError("It is a video, not an image.")
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
