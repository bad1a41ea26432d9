"""Values for the store contract: short to write, different in every field."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import numpy as np

from smartsearch.core.assets import Embedding, FileIdentity, ImageContent, Metadata, PutImage, Swatch
from smartsearch.core.faces import Box, FoundFace
from smartsearch.core.people import Person
from smartsearch.core.spaces import EmbeddingSpace
from smartsearch.testing import random_vectors

SPACE = EmbeddingSpace("contract", "1", "p", dim=16)
OTHER_SPACE = EmbeddingSpace("contract", "2", "p", dim=8)
NOW = datetime(2024, 5, 6, 7, 8, 9, 101112, tzinfo=UTC)


def vector(seed: str, space: EmbeddingSpace = SPACE) -> Embedding:
    return random_vectors([seed], space.dim)[0]


def identity(seed: int = 1) -> FileIdentity:
    return FileIdentity(device=1, inode=seed, size=1000 + seed, mtime_ns=1_700_000_000_000_000_000 + seed * 1000)


def content(metadata: Metadata | None = None, **fields: object) -> ImageContent:
    values: dict[str, object] = {
        "format": "jpeg",
        "width": 640,
        "height": 480,
        "frames": 1,
        "phash": 2**64 - 3,
        "color": 0xFFCC00,
        "palette": (Swatch(0xFFCC00, 60), Swatch(0x203040, 30)),
        "sharpness": 12.5,
    }
    return ImageContent(**values | fields, metadata=metadata or Metadata(), thumbnail=b"")  # type: ignore[arg-type]


def put(
    path: str,
    *,
    embeddings: dict[str, Embedding] | None = None,
    metadata: Metadata | None = None,
    seed: int | None = None,
    bytes_of: str | None = None,
    **fields: object,
) -> PutImage:
    number = (
        seed if seed is not None else int.from_bytes(hashlib.md5(path.encode("utf-8", "surrogateescape")).digest()[:3])
    )
    return PutImage(
        path=path,
        identity=identity(number),
        file_hash=hashlib.sha256((bytes_of or path).encode("utf-8", "surrogateescape")).digest(),
        created_at=NOW,
        content=content(metadata, **fields),
        embeddings={SPACE.key: vector(path.encode("utf-8", "replace").decode())} if embeddings is None else embeddings,
    )


def found_face(seed: str, *, left: float = 0.1, quality: float = 0.5) -> FoundFace:
    return FoundFace(
        Box(left, 0.2, 0.2, 0.25), 0.9, quality, 80.0, 0.5, 0.1, random_vectors([seed], 8)[0], seed.encode()
    )


def person(name: str | None = None, **fields: object) -> Person:
    return Person(0, name, NOW, **fields)  # type: ignore[arg-type]


def same_direction(cosine: float, towards: Embedding) -> Embedding:
    """A unit vector at the given cosine to ``towards``."""
    other = random_vectors(["other"], towards.size)[0]
    other = other - towards * float(other @ towards)
    other /= np.linalg.norm(other)
    return (cosine * towards + np.sqrt(1 - cosine**2) * other).astype(np.float32)
