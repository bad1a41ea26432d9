"""Between values and rows: how each field is stored. See `schema.py` for the conventions."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import (
    Asset,
    Embedding,
    FileIdentity,
    Gps,
    Metadata,
    Motion,
    Swatch,
    Tag,
)

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_MIN_MICROS = (datetime.min - _EPOCH) // _MICROSECOND
_MAX_MICROS = (datetime.max - _EPOCH) // _MICROSECOND
_INT64 = 1 << 63

# -- single fields


def to_signed(value: int) -> int:
    """The signed 64-bit integer with the same bits as the unsigned ``value``; signed values pass unchanged."""
    return value - (1 << 64) if value >= _INT64 else value


def to_unsigned(value: int) -> int:
    """The reverse of `to_signed` for values that were unsigned."""
    return value + (1 << 64) if value < 0 else value


def micros(moment: datetime) -> int:
    """Microseconds since 1970: of the UTC moment, or of the wall clock when ``moment`` is naive."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return (moment - _EPOCH) // _MICROSECOND


def wall_clock(value: int) -> datetime:
    """The naive moment at ``value`` microseconds, kept within the years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=min(max(value, _MIN_MICROS), _MAX_MICROS))


def utc(value: int) -> datetime:
    """The aware UTC moment at ``value`` microseconds."""
    return wall_clock(value).replace(tzinfo=UTC)


def path_bytes(path: str) -> bytes | None:
    """``os.fsencode``, or None for a string that no file on this system can be called."""
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:
        return None


def searchable(name: str) -> str:
    """A name as storable text: each byte that is not UTF-8 becomes one private-use character (U+10FF80 to U+10FFFF).

    One to one, so that wildcards and exact comparison mean the same in the database as on the original name.
    """
    return name.translate(_TO_PRIVATE_USE)


def displayed(name: str) -> str:
    """A name as text for people: bytes that are not UTF-8 become U+FFFD."""
    return name.translate(_TO_REPLACEMENT)


_TO_PRIVATE_USE = {0xDC00 + byte: 0x10FF00 + byte for byte in range(0x80, 0x100)}
_TO_REPLACEMENT = dict.fromkeys(_TO_PRIVATE_USE, 0xFFFD)


def clean_text(text: str | None) -> str | None:
    """Text that can be stored as UTF-8: lone surrogates become "?"."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")


def clean_float(value: float | None) -> float | None:
    """None for what is not a finite number."""
    return value if value is not None and math.isfinite(value) else None


def clean_int(value: int | None) -> int | None:
    """None for what does not fit 64 bits."""
    return value if value is not None and -_INT64 <= value < _INT64 else None


def vector_bytes(vector: Embedding) -> bytes:
    """Little-endian float16. ValueError unless ``vector`` is one-dimensional, not empty and finite."""
    if vector.ndim != 1 or not vector.size:
        raise ValueError(f"an embedding has one dimension, not shape {vector.shape}")
    with np.errstate(over="ignore"):
        stored = vector.astype("<f2")
    if not np.isfinite(stored).all():
        raise ValueError("an embedding must be finite")
    return stored.tobytes()


def is_vector(blob: object, dim: int) -> bool:
    """Whether a column holds a vector of so many dimensions, all of them finite: disks change what is stored."""
    return isinstance(blob, bytes) and len(blob) == 2 * dim and bool(np.isfinite(np.frombuffer(blob, "<f2")).all())


def vector_from(blob: bytes) -> Embedding:
    """The stored vector as float32."""
    return np.frombuffer(blob, "<f2").astype(np.float32)


def ids_json(ids: Sequence[int] | NDArray[np.int64]) -> str:
    """Ids for ``json_each``, without those that no row can have."""
    return json.dumps([int(i) for i in ids if -_INT64 <= i < _INT64])


# -- metadata and assets

METADATA_COLUMNS = (
    "taken_at",
    "taken_offset",
    "latitude",
    "longitude",
    "altitude",
    "camera_make",
    "camera_model",
    "lens_model",
    "focal_length",
    "f_number",
    "exposure_time",
    "iso",
    "rating",
    "title",
    "description",
    "keywords",
    "exif_data",
)


def metadata_values(metadata: Metadata) -> tuple[object, ...]:
    """The values of `METADATA_COLUMNS`."""
    latitude = longitude = altitude = None
    gps = metadata.gps
    if gps is not None and math.isfinite(gps.latitude) and math.isfinite(gps.longitude):
        latitude, longitude, altitude = float(gps.latitude), float(gps.longitude), clean_float(gps.altitude)
    taken_at = metadata.taken_at
    return (
        None if taken_at is None else micros(taken_at.replace(tzinfo=None)),
        clean_int(metadata.taken_offset),
        latitude,
        longitude,
        altitude,
        clean_text(metadata.camera_make),
        clean_text(metadata.camera_model),
        clean_text(metadata.lens_model),
        clean_float(metadata.focal_length),
        clean_float(metadata.f_number),
        clean_float(metadata.exposure_time),
        clean_int(metadata.iso),
        clean_int(metadata.rating),
        clean_text(metadata.title),
        clean_text(metadata.description),
        json.dumps(metadata.keywords) if metadata.keywords else None,
        json.dumps(metadata.exif, separators=(",", ":")) if metadata.exif else None,
    )


def keyword_tags(metadata: Metadata) -> list[Tag]:
    """The photo's own keywords as tags."""
    names = dict.fromkeys(clean_text(keyword) or "" for keyword in metadata.keywords)
    return [Tag(name, 1.0, "keywords") for name in names if name.strip()]


IDENTITY_COLUMNS = ("device", "inode", "file_size", "mtime_ns")


def identity_values(identity: FileIdentity) -> tuple[int, int, int, int]:
    """The values of `IDENTITY_COLUMNS`."""
    return to_signed(identity.device), to_signed(identity.inode), identity.size, identity.mtime_ns


def identity_from(device: int, inode: int, size: int, mtime_ns: int) -> FileIdentity:
    """The reverse of `identity_values`."""
    return FileIdentity(to_unsigned(device), to_unsigned(inode), size, mtime_ns)


def path_values(path: str) -> tuple[bytes, str, str, str]:
    """path, file_path, folder and file_name of an image. ValueError for what no file can be called."""
    encoded = path_bytes(path)
    if encoded is None:
        raise ValueError(f"no file can have the path {path!r}")
    folder, name = os.path.split(path)
    return encoded, displayed(path), displayed(folder), searchable(name)


def modified_micros(identity: FileIdentity) -> int:
    """When the file was last written."""
    return identity.mtime_ns // 1000


ASSET_COLUMNS = (
    "id",
    "path",
    "file_hash",
    *IDENTITY_COLUMNS,
    "format",
    "width",
    "height",
    "frames",
    "created_at",
    "modified_at",
    "indexed_at",
    "missing_since",
    "phash",
    "color",
    "sharpness",
    "duration",
    "motion_start",
    "motion_length",
    "user_rating",
    *METADATA_COLUMNS,
)


def motion_values(motion: Motion | None) -> tuple[int | None, int]:
    """``motion_start`` and ``motion_length`` of an image that was looked at: a length of 0 where there is none."""
    return (None, 0) if motion is None else (motion.start, motion.length)


def asset_from(
    row: Mapping[str, Any],
    tags: tuple[Tag, ...],
    hidden: bool,
    albums: tuple[int, ...],
    people: tuple[int, ...],
    face_count: int | None,
    palette: tuple[Swatch, ...],
    text: str | None,
) -> Asset:
    """An asset from a row of `ASSET_COLUMNS`."""
    return Asset(
        id=row["id"],
        path=os.fsdecode(row["path"]),
        file_hash=row["file_hash"],
        identity=identity_from(*(row[name] for name in IDENTITY_COLUMNS)),
        format=row["format"],
        width=row["width"],
        height=row["height"],
        frames=row["frames"],
        created_at=None if row["created_at"] is None else utc(row["created_at"]),
        modified_at=utc(row["modified_at"]),
        indexed_at=utc(row["indexed_at"]),
        missing_since=None if row["missing_since"] is None else utc(row["missing_since"]),
        phash=to_unsigned(row["phash"]),
        color=row["color"],
        metadata=metadata_from(row),
        tags=tags,
        user_rating=row["user_rating"],
        hidden=hidden,
        albums=albums,
        people=people,
        face_count=face_count,
        palette=palette,
        sharpness=row["sharpness"],
        text=text,
        duration=row["duration"],
        motion=None if row["motion_start"] is None else Motion(row["motion_start"], row["motion_length"]),
    )


def metadata_from(row: Mapping[str, Any]) -> Metadata:
    """The reverse of `metadata_values`, from a row that has `METADATA_COLUMNS`."""
    gps = None
    if row["latitude"] is not None and row["longitude"] is not None:
        gps = Gps(row["latitude"], row["longitude"], row["altitude"])
    return Metadata(
        taken_at=None if row["taken_at"] is None else wall_clock(row["taken_at"]),
        taken_offset=row["taken_offset"],
        gps=gps,
        camera_make=row["camera_make"],
        camera_model=row["camera_model"],
        lens_model=row["lens_model"],
        focal_length=row["focal_length"],
        f_number=row["f_number"],
        exposure_time=row["exposure_time"],
        iso=row["iso"],
        rating=row["rating"],
        title=row["title"],
        description=row["description"],
        keywords=tuple(json.loads(row["keywords"])) if row["keywords"] else (),
        exif=json.loads(row["exif_data"]) if row["exif_data"] else {},
    )
