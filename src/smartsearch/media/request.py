"""What a decode worker is asked and what it answers: values that travel between processes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import FileIdentity, ImageContent, Motion
from smartsearch.core.settings import MediaLimits, ThumbnailSettings
from smartsearch.core.spaces import Preprocessing


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    """What to make of one file: an encoder input per entry of ``inputs``, and everything in `ImageContent`.

    ``sidecar`` is the path of the XMP file that belongs to the image, if there is one.
    """

    inputs: tuple[Preprocessing, ...] = ()
    limits: MediaLimits = field(default_factory=MediaLimits)
    thumbnails: ThumbnailSettings = field(default_factory=ThumbnailSettings)
    sidecar: str | None = None
    pictures: tuple[int, ...] = ()
    """Longer sides in pixels of pictures that come with the answer: for looking for faces, for reading text."""
    data: bytes | None = None
    """The bytes to decode in place of the file's: a thumbnail, which need not lie on a disk in clear."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A moment of a moving picture, milliseconds from its start; ``inputs`` as in `Decoded`."""

    at_ms: int
    inputs: tuple[NDArray[np.uint8], ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """The result of one decode. ``inputs[i]`` belongs to ``request.inputs[i]``: uint8, (size, size, 3), RGB, no mean or
    std applied. ``identity`` is the file's at the moment it was opened for decoding."""

    content: ImageContent
    inputs: tuple[NDArray[np.uint8], ...]
    identity: FileIdentity
    pictures: tuple[NDArray[np.uint8], ...] = ()
    """``pictures[i]`` belongs to ``request.pictures[i]``: uint8, (height, width, 3), RGB, upright."""
    scenes: tuple[Scene, ...] = ()
    """Of a moving picture, in order; its ``inputs`` and ``pictures`` are of the frame that stands for all."""


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """A larger upright sRGB picture as WebP bytes: longer side in pixels, quality 0-100. ``at_ms``: of that moment of
    a moving picture, milliseconds from its start."""

    size: int
    quality: int
    limits: MediaLimits = field(default_factory=MediaLimits)
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class MetadataRequest:
    """The metadata of an image and its sidecar, without decoding pixels."""

    sidecar: str | None = None
    limits: MediaLimits = field(default_factory=MediaLimits)


@dataclass(frozen=True, slots=True)
class MotionRequest:
    """Where the video of a motion photo lies, without decoding pixels."""

    limits: MediaLimits = field(default_factory=MediaLimits)


@dataclass(frozen=True, slots=True)
class MotionFound:
    """The answer, None for no motion photo; ``identity`` as in `Decoded`."""

    motion: Motion | None
    identity: FileIdentity
