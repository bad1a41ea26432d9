"""What the user says of results, and what was learned from it: facts, the adapter, and the port that keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Verdict:
    """A fact: for this query the photo with these bytes is, or is not, what was meant.

    It names the photo by its SHA-256, so that it outlives moves, indexing anew and other models. ``space`` is the key
    of the embedding space in which the photo was shown; it only informs. Of one query (whatever its case) and one photo
    the latest word counts.
    """

    query: str
    file_hash: bytes
    liked: bool
    space: str
    at: datetime


def query_key(query: str) -> str:
    """By what two queries are the same: without case, blanks as one."""
    return " ".join(query.split()).casefold()


@dataclass(frozen=True, slots=True, eq=False)
class TextAdapter:
    """A low-rank residual map of text vectors: ``t + (t @ down) @ up``, L2-normalised.

    ``down`` is (dim, rank), ``up`` (rank, dim), both float32. The form is that of adapters on frozen models (Houlsby et
    al. 2019; low rank as in Hu et al. 2021, LoRA), without a nonlinearity. Image vectors stay as they are, so a library
    need not be embedded anew.
    """

    down: NDArray[np.float32]
    up: NDArray[np.float32]

    @property
    def rank(self) -> int:
        return int(self.down.shape[1])

    def apply(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, dim) L2-normalised text vectors -> the same, adapted."""
        moved = vectors + (vectors @ self.down) @ self.up
        norms = np.linalg.norm(moved, axis=1, keepdims=True)
        return np.asarray(moved / np.maximum(norms, 1e-12), np.float32)

    def to_bytes(self) -> bytes:
        """Little-endian float32: ``down``, then ``up``."""
        return b"".join(np.ascontiguousarray(part, "<f4").tobytes() for part in (self.down, self.up))

    @classmethod
    def from_bytes(cls, data: bytes, dim: int) -> Self:
        """ValueError for bytes that are no adapter of that dimension."""
        values = np.frombuffer(data, "<f4").astype(np.float32)
        if not values.size or values.size % (2 * dim) or not np.isfinite(values).all():
            raise ValueError(f"{len(data)} bytes are no adapter of {dim} dimensions")
        down, up = np.split(values, 2)
        return cls(down.reshape(dim, -1), up.reshape(-1, dim))


@dataclass(frozen=True, slots=True)
class StoredAdapter:
    """A revision of how words are read in one space. ``report`` are the figures it was accepted with."""

    id: int
    space: str
    learned_at: datetime
    weights: bytes
    report: Mapping[str, Any]


class FeedbackStore(Protocol):
    """Feedback and adapters of one library. Every write is one transaction; errors are those of `Store`."""

    def keep(self, verdicts: Sequence[Verdict]) -> None:
        """Remember facts; the later of two on the same query and photo replaces the earlier."""
        ...

    def verdicts(self, query: str | None = None) -> list[Verdict]:
        """All facts, or those of one query (whatever its case): oldest first."""
        ...

    def erase(self, query: str | None = None, file_hashes: Sequence[bytes] | None = None) -> int:
        """Delete facts for good: all of them, or those of one query, of these photos, or of both. Returns how many."""
        ...

    def adapters(self, space: str) -> list[StoredAdapter]:
        """Of a space, by its key; oldest first. The last one is in force."""
        ...

    def adapter(self, space: str) -> StoredAdapter | None:
        """The one in force."""
        ...

    def add_adapter(self, space: str, weights: bytes, report: Mapping[str, Any]) -> StoredAdapter:
        """A new revision, in force from now on. The store's generation grows."""
        ...

    def remove_adapter(self, space: str) -> StoredAdapter | None:
        """Go back to the revision before, or to none; returns the removed one. The store's generation grows."""
        ...
