"""What the library knows: frozen values, no behaviour beyond their own fields."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.errors import SmartAlbumError
from smartsearch.core.faces import FaceScan, PutFaces
from smartsearch.core.reading import PutText, TextScan

Embedding = NDArray[np.float32]
"""One L2-normalised vector, shape (dim,), float32."""


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What ``stat`` says of a file: equal identities mean an unchanged file. Sizes in bytes, mtime in nanoseconds."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    def is_of(self, status: os.stat_result) -> bool:
        """Whether size and time are those of a file with this status. Device and inode change with a mere remount."""
        return (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)

    def agrees(self, other: FileIdentity) -> bool:
        """As `is_of`, of a file whose identity was taken already."""
        return (other.size, other.mtime_ns) == (self.size, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class Root:
    """A folder (or single file) the user asked to index. ``path`` is absolute, decoded with ``os.fsdecode``."""

    id: int
    path: str
    recursive: bool = True


@dataclass(frozen=True, slots=True)
class FileState:
    """What the store remembers of one file, enough to decide what changed.

    ``asset_id`` is None for a file that could not be read (it has a row in the errors table only).
    ``embedded`` tells whether the asset has a vector in the space that was asked about.
    """

    asset_id: int | None
    path: str
    identity: FileIdentity
    file_hash: bytes | None
    missing: bool = False
    embedded: bool = True
    sidecar_mtime_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Gps:
    """Signed decimal degrees (WGS 84; south and west negative) and altitude in metres above sea level."""

    latitude: float
    longitude: float
    altitude: float | None = None


@dataclass(frozen=True, slots=True)
class Metadata:
    """What EXIF, IPTC, XMP and a sidecar say, in the field's standard terms.

    ``taken_at`` is the wall clock where the photo was taken (naive); ``taken_offset`` its UTC offset in minutes when
    known. Focal length in millimetres, exposure time in seconds. ``rating`` is 0-5, -1 for rejected.
    ``exif`` holds every readable tag as JSON-ready values: {"EXIF": {...}, "GPS": {...}, "IPTC": {...}, "XMP": {...}}.
    """

    taken_at: datetime | None = None
    taken_offset: int | None = None
    gps: Gps | None = None
    camera_make: str | None = None
    camera_model: str | None = None
    lens_model: str | None = None
    focal_length: float | None = None
    f_number: float | None = None
    exposure_time: float | None = None
    iso: int | None = None
    rating: int | None = None
    title: str | None = None
    description: str | None = None
    keywords: tuple[str, ...] = ()
    exif: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour of a palette, sRGB 0xRRGGBB, and how much of the picture it covers, in whole per cent."""

    color: int
    percent: int


@dataclass(frozen=True, slots=True)
class Motion:
    """Where in its file the MP4 of a motion photo lies: ``length`` bytes from ``start`` on."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class ImageContent:
    """Everything derived from the bytes of one image, made by one decode.

    ``width`` and ``height`` are of the upright picture (EXIF orientation applied). ``format`` is lower case ("jpeg",
    "png", "heif", ...). ``phash`` is a 64-bit DCT perceptual hash as an unsigned integer. ``color`` is the dominant
    sRGB colour, 0xRRGGBB; ``palette`` a few colours with their shares, the largest first. ``sharpness`` is the variance
    of the Laplacian of the thumbnail (see `media.sharpness`). ``thumbnail`` is an encoded WebP. ``duration`` is how
    long a moving picture lasts in seconds, None for a still one; ``frames`` of a video is 1.
    ``motion`` is the video inside a motion photo, None where there is none.
    """

    format: str
    width: int
    height: int
    frames: int
    phash: int
    color: int
    metadata: Metadata
    thumbnail: bytes = field(repr=False)
    palette: tuple[Swatch, ...] = ()
    sharpness: float = 0.0
    duration: float | None = None
    motion: Motion | None = None


TagSource = Literal["user", "keywords", "auto"]


@dataclass(frozen=True, slots=True)
class Tag:
    """A label on an image. ``confidence`` in 0-1; ``source`` says who put it there."""

    name: str
    confidence: float = 1.0
    source: TagSource = "user"


@dataclass(frozen=True, slots=True)
class AutoTags:
    """The automatic tags of one image, and the fingerprint of the tagger that gave them."""

    tagger: str
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class TagCount:
    """How many present images carry a tag from one source."""

    name: str
    source: TagSource
    images: int


@dataclass(frozen=True, slots=True)
class Asset:
    """One indexed image. Times are timezone-aware UTC, except ``metadata.taken_at`` (see there).

    ``user_rating`` is what the user gave it here, ``albums`` the ids of those it is in; files are never written.
    ``people`` are the ids of the persons whose faces are in it; ``face_count`` is None where nobody looked for faces.
    ``sharpness`` is None for what was indexed before it was measured; its palette is the dominant colour alone.
    ``text`` is what was read in it, line by line: "" where there is none, None where nobody looked.
    ``duration`` is how long a moving picture lasts, in seconds; None for a still one. ``motion`` is the video inside a
    motion photo.
    """

    id: int
    path: str
    file_hash: bytes
    identity: FileIdentity
    format: str
    width: int
    height: int
    frames: int
    created_at: datetime | None
    modified_at: datetime
    indexed_at: datetime
    missing_since: datetime | None
    phash: int
    color: int
    metadata: Metadata
    tags: tuple[Tag, ...] = ()
    user_rating: int | None = None
    hidden: bool = False
    albums: tuple[int, ...] = ()
    people: tuple[int, ...] = ()
    face_count: int | None = None
    palette: tuple[Swatch, ...] = ()
    sharpness: float | None = None
    text: str | None = None
    duration: float | None = None
    motion: Motion | None = None

    @property
    def moment(self) -> datetime:
        """When it was taken, or else when the file was last written (UTC). Naive."""
        return self.metadata.taken_at or self.modified_at.replace(tzinfo=None)

    @property
    def rating(self) -> int | None:
        """The user's own rating, or else the file's."""
        return self.metadata.rating if self.user_rating is None else self.user_rating


@dataclass(frozen=True, slots=True)
class Album:
    """Images the user put together. ``images`` counts those that are shown; ``cover`` is the id of one of them.

    With a ``query`` it is a smart album: nothing was put into it, it holds whatever answers the query now (see
    `search.albums`); a store counts 0 images of it.
    """

    id: int
    name: str
    created_at: datetime
    images: int = 0
    cover: int | None = None
    query: str | None = None

    def require_kind(self, *, query: str | None = None, images: Sequence[int] = ()) -> None:
        """SmartAlbumError if this is no album to be given a query, or no album to put images into or take out."""
        if query is not None and self.query is None:
            raise SmartAlbumError(f"“{self.name}” is no smart album: images are put into it by hand.")
        if images and self.query is not None:
            raise SmartAlbumError(f"“{self.name}” is a smart album: it holds what answers its query.")


@dataclass(frozen=True, slots=True)
class FileError:
    """A file that could not be indexed: ``code`` is a MediaError code, ``message`` a plain reason."""

    path: str
    code: str
    message: str
    occurred_at: datetime
    identity: FileIdentity | None = None


JobState = Literal["running", "done", "cancelled", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Job:
    """A durable long task. ``detail`` holds its parameters and counts, JSON-ready. Times are aware UTC."""

    id: int
    kind: str
    state: JobState
    total: int | None
    done: int
    errors: int
    started_at: datetime
    updated_at: datetime
    finished_at: datetime | None = None
    pid: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


# -- changes: what the indexer hands to Store.apply, one transaction per call ------------------------------------------


@dataclass(frozen=True, slots=True)
class PutImage:
    """Insert the image at ``path``, or replace what was derived from its old bytes (the row keeps its id and the user's
    tags).

    ``embeddings`` maps a space key to a float32 vector (dim,), ``scenes`` to those of the moments of a moving picture,
    by milliseconds from its start. Clears an error recorded for the path.
    """

    path: str
    identity: FileIdentity
    file_hash: bytes
    created_at: datetime | None
    content: ImageContent
    embeddings: Mapping[str, Embedding]
    sidecar_mtime_ns: int | None = None
    auto_tags: AutoTags | None = None
    faces: FaceScan | None = None
    text: TextScan | None = None
    scenes: Mapping[str, Mapping[int, Embedding]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CopyImage:
    """Insert ``path`` as a byte-identical copy of ``source_id``: content and embeddings are copied, not recomputed."""

    source_id: int
    path: str
    identity: FileIdentity
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class MoveImage:
    """The asset's file is now at ``path``; everything else about it stays. Clears ``missing_since``."""

    asset_id: int
    path: str
    identity: FileIdentity


@dataclass(frozen=True, slots=True)
class TouchImage:
    """The file's stat changed but its bytes did not. Clears ``missing_since``."""

    asset_id: int
    identity: FileIdentity


@dataclass(frozen=True, slots=True)
class MarkMissing:
    """The file is no longer where it was; the asset is kept."""

    asset_id: int
    since: datetime


@dataclass(frozen=True, slots=True)
class PutEmbedding:
    """Add the vector of an image in one more space (a new model over an existing library), with those of its scenes."""

    asset_id: int
    space: str
    vector: Embedding
    auto_tags: AutoTags | None = None
    scenes: Mapping[int, Embedding] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PutAutoTags:
    """Replace the automatic tags of an image; those the user has rejected are left out."""

    asset_id: int
    auto_tags: AutoTags


@dataclass(frozen=True, slots=True)
class PutLooks:
    """Palette and sharpness of an image that was indexed before they were measured."""

    asset_id: int
    palette: tuple[Swatch, ...]
    sharpness: float


@dataclass(frozen=True, slots=True)
class PutMotion:
    """The video inside a motion photo that was indexed before these were known; None: it was looked for in vain."""

    asset_id: int
    motion: Motion | None


@dataclass(frozen=True, slots=True)
class UpdateMetadata:
    """New metadata (a sidecar changed) for an unchanged image."""

    asset_id: int
    metadata: Metadata
    sidecar_mtime_ns: int | None


@dataclass(frozen=True, slots=True)
class RecordError:
    """The file could not be read. An asset already indexed from that path is kept as it was."""

    error: FileError


@dataclass(frozen=True, slots=True)
class ClearError:
    """Forget the error recorded for ``path`` (the file is gone or was excluded)."""

    path: str


Change = (
    PutImage
    | CopyImage
    | MoveImage
    | TouchImage
    | MarkMissing
    | PutEmbedding
    | PutAutoTags
    | PutFaces
    | PutLooks
    | PutMotion
    | PutText
    | UpdateMetadata
    | RecordError
    | ClearError
)
