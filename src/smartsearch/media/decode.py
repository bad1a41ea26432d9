"""One decode per file feeds everything: encoder input, thumbnail, perceptual hash, colour, metadata.

These functions work in the calling process and on one thread at a time; `pool.DecodePool` runs them in workers.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
from PIL import ImageFile

from smartsearch.core.assets import ImageContent
from smartsearch.core.signatures import VIDEO_FORMATS
from smartsearch.media.animation import ANIMATED, animated, seek
from smartsearch.media.color import dominant_color, palette
from smartsearch.media.files import OpenedFile
from smartsearch.media.metadata import read_blocks, read_metadata
from smartsearch.media.motion import find_motion
from smartsearch.media.phash import dct_hash
from smartsearch.media.pixels import reduced_rgb, upright
from smartsearch.media.readers import NO_READERS, MetadataReaders
from smartsearch.media.request import Decoded, DecodeRequest, MotionFound, MotionRequest, PreviewRequest
from smartsearch.media.resize import encoder_input, fit, needed_scale
from smartsearch.media.sharpness import sharpness
from smartsearch.media.source import Source, open_file, open_image, open_source
from smartsearch.media.webp import webp

__all__ = ["DecodeRequest", "Decoded", "PreviewRequest", "decode", "locate_motion", "render_preview"]

_GAP = 1.25
"""The picture is decoded at least this much larger than the largest thing made of it, so that the last resampling, not
the scaled decode, decides the quality."""


def decode(path: str | os.PathLike[str], request: DecodeRequest, readers: MetadataReaders = NO_READERS) -> Decoded:
    """Decode the file once and make everything the request asks for. Never writes. ``readers`` add metadata.

    Raises a MediaError subclass with a plain one-line reason: FileAccessError, UnsupportedFormatError,
    CorruptImageError, ImageTooLargeError, ImageTooSmallError, or DecodeCrashError when memory runs out.
    """
    with open_file(path, request.limits, request.data) as (name, file):
        if name in VIDEO_FORMATS:
            from smartsearch.media.clips import decode_video

            decoded = decode_video(name, file, request)
        else:
            decoded = _decode_image(name, file, request)
        content = decoded.content
        metadata = readers.filled(content.metadata, os.fspath(path), file.stream, content.format)
        file.check_unchanged()
        return replace(decoded, content=replace(content, metadata=metadata))


def _decode_image(name: str, file: OpenedFile, request: DecodeRequest) -> Decoded:
    with open_image(name, file, request.limits) as source:
        frames = _count_frames(source)
        width, height = source.image.size
        scale = _GAP * needed_scale(width, height, request.inputs, [request.thumbnails.size])
        scale = max(scale, needed_scale(width, height, (), request.pictures))
        picture = reduced_rgb(source.image, min(1.0, scale))
        blocks = read_blocks(source)  # after the pixels: some formats keep metadata behind them
        if blocks.orientation >= 5:
            width, height = height, width
        # Turning is left to the end: these are smaller than the picture, and resizing commutes with it.
        thumbnail = upright(fit(picture, request.thumbnails.size), blocks.orientation)
        shown = [upright(fit(picture, side), blocks.orientation) for side in request.pictures]
        inputs = [upright(encoder_input(picture, wanted), blocks.orientation) for wanted in request.inputs]
        content = ImageContent(
            format=source.name,
            width=width,
            height=height,
            frames=frames,
            phash=dct_hash(thumbnail),
            color=dominant_color(thumbnail),
            metadata=read_metadata(blocks, request.sidecar),
            thumbnail=webp(thumbnail, request.thumbnails.quality),
            palette=palette(thumbnail),
            sharpness=sharpness(thumbnail),
            motion=None if request.data is not None else find_motion(file, source.name, blocks.xmp),
        )
        decoded = Decoded(
            content,
            tuple(np.array(pixels) for pixels in inputs),
            source.file.identity,
            tuple(np.array(pixels) for pixels in shown),
        )
        if frames > 1 and source.name in ANIMATED and request.data is None:
            content, scenes = animated(source.image, decoded, request, min(1.0, scale))
            decoded = replace(decoded, content=content, scenes=scenes)
        return decoded


def render_preview(path: str | os.PathLike[str], request: PreviewRequest) -> bytes:
    """The picture, upright and in sRGB, as WebP with its longer side at most ``request.size``. Errors as `decode`."""
    with open_file(path, request.limits) as (name, file):
        if name in VIDEO_FORMATS:
            from smartsearch.media.clips import video_preview

            return video_preview(name, file, request)
        return _image_preview(name, file, request)


def locate_motion(path: str | os.PathLike[str], request: MotionRequest) -> MotionFound:
    """What `decode` would find as `ImageContent.motion`, of an image. Errors as `decode`."""
    with open_source(path, request.limits) as source:
        motion = find_motion(source.file, source.name, read_blocks(source).xmp)
        source.file.check_unchanged()
        return MotionFound(motion, source.file.identity)


def _image_preview(name: str, file: OpenedFile, request: PreviewRequest) -> bytes:
    with open_image(name, file, request.limits) as source:
        _count_frames(source)
        if request.at_ms:
            seek(source.image, request.at_ms / 1000)
        picture = reduced_rgb(source.image, needed_scale(*source.image.size, (), [request.size]))
        return webp(upright(fit(picture, request.size), read_blocks(source).orientation), request.quality)


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
