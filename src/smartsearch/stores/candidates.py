"""Finding the likely nearest rows of a growing matrix: exactly while that is fast, by one-bit codes beyond.

The measurements behind the constants are in docs/decisions/0001-vector-index.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Embedding


@dataclass(frozen=True, slots=True)
class Limits:
    """What each way of searching is for, in numbers (vectors times dimensions): the time of a scan goes by those."""

    numpy: int = 20_000 * 512
    """Up to here NumPy is fast enough for a few searches, and a cold one is spared the import of FAISS (0.2 s)."""
    exact: int = 100_000 * 512
    """Up to here an exact FAISS scan takes about 10 ms; beyond, one-bit codes."""


Half = NDArray[np.float16]
Positions = NDArray[np.int64]
Found = tuple[Positions, NDArray[np.float32]]
_BLOCK = 16_384


class Rows(Protocol):
    """Vectors by position."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice | Positions) -> Half: ...


def to_float32(vectors: Half) -> NDArray[np.float32]:
    """The same numbers in float32, three times as fast as ``astype``: shifts the bits and rescales the exponent.

    Exact for all finite values, subnormal ones too; 2**112 makes up for the difference of the exponent biases.
    """
    bits = np.ascontiguousarray(vectors).view(np.uint16).astype(np.uint32)
    signs = (bits & np.uint32(0x8000)) << np.uint32(16)
    bits &= np.uint32(0x7FFF)
    bits <<= np.uint32(13)
    scaled = bits.view(np.float32)
    scaled *= np.float32(2.0**112)
    bits |= signs
    return scaled


def scores(rows: Rows, vector: Embedding, positions: Positions | None = None) -> NDArray[np.float32]:
    """Inner products with all rows, or with those at ``positions``, in blocks that stay in the processor's cache."""
    count = len(rows) if positions is None else len(positions)
    result = np.empty(count, np.float32)
    for start in range(0, count, _BLOCK):
        part = slice(start, start + _BLOCK)
        result[part] = products(to_float32(rows[part if positions is None else positions[part]]), vector)
    return result


def products(matrix: NDArray[np.float32], vector: Embedding) -> NDArray[np.float32]:
    """``matrix @ vector`` on one thread: BLAS would wake a pool for it, which costs more than it gains when busy."""
    result: NDArray[np.float32] = np.einsum("ij,j->i", matrix, vector)
    return result


class Candidates(Protocol):
    """Finds candidates among the rows it was given so far."""

    exact: bool
    """Whether the candidates are the true nearest."""

    @property
    def count(self) -> int:
        """Rows taken in."""
        ...

    def add(self, vectors: Half) -> None: ...

    def search(self, vector: Embedding, count: int) -> Found:
        """Positions and estimated scores of ``count`` likely nearest rows (of all when there are fewer), in no order.

        Every other row has an estimate no higher than the lowest of these."""
        ...


class NumpyCandidates:
    """A float32 matrix."""

    exact = True

    def __init__(self, dim: int) -> None:
        self._matrix = np.empty((0, dim), np.float32)

    @property
    def count(self) -> int:
        return len(self._matrix)

    def add(self, vectors: Half) -> None:
        self._matrix = np.concatenate([self._matrix, to_float32(vectors)])

    def search(self, vector: Embedding, count: int) -> Found:
        values = products(self._matrix, vector)
        positions = best(values, count)
        return positions, values[positions]


class FlatCandidates:
    """FAISS's exact scan of float16 rows."""

    exact = True

    def __init__(self, dim: int) -> None:
        import faiss

        self._index = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)

    @property
    def count(self) -> int:
        return int(self._index.ntotal)

    def add(self, vectors: Half) -> None:
        if len(vectors):
            self._index.add_sa_codes(np.ascontiguousarray(vectors).view(np.uint8))

    def search(self, vector: Embedding, count: int) -> Found:
        return _faiss_search(self._index, vector, count)


class CodeCandidates:
    """RaBitQ (Gao and Long 2024, arXiv:2405.12497): one bit a dimension after a random rotation, compared with the
    query at full precision, scanned by FAISS's FastScan. 72 bytes for a vector of 512 dimensions."""

    exact = False

    def __init__(self, index: Any) -> None:
        import faiss

        self._index = index
        self._codes = faiss.downcast_index(index.index)
        rotation: Any = faiss.downcast_VectorTransform(index.chain.at(0))
        self._rotation: NDArray[np.float32] = faiss.vector_to_array(rotation.A).reshape(index.d, index.d)

    @classmethod
    def trained(cls, sample: NDArray[np.float32]) -> CodeCandidates:
        """An empty index around the mean of ``sample``, (n, dim)."""
        import faiss

        dim = sample.shape[1]
        codes = faiss.IndexRaBitQFastScan(dim, faiss.METRIC_INNER_PRODUCT)
        rotation = faiss.RandomRotationMatrix(dim, dim)
        rotation.init(1)
        index = faiss.IndexPreTransform(rotation, codes)
        index.train(sample)
        return cls(index)

    @classmethod
    def load(cls, data: bytes, dim: int) -> CodeCandidates | None:
        """What `saved` gave, or None if it cannot be read."""
        import faiss

        try:
            index = faiss.deserialize_index(np.frombuffer(data, np.uint8))
        except (RuntimeError, OSError, MemoryError):
            return None
        return cls(index) if index.d == dim else None

    def saved(self) -> bytes:
        """The codes as bytes for a file."""
        import faiss

        data: bytes = faiss.serialize_index(self._index).tobytes()
        return data

    @property
    def count(self) -> int:
        return int(self._index.ntotal)

    def add(self, vectors: Half) -> None:
        for start in range(0, len(vectors), _BLOCK):
            self._index.add(to_float32(vectors[start : start + _BLOCK]))

    def search(self, vector: Embedding, count: int) -> Found:
        return _faiss_search(self._codes, products(self._rotation, vector), count)  # rotated here: see `products`


def best(values: NDArray[np.float32], count: int) -> Positions:
    """Positions of the ``count`` largest values, in no order."""
    if count >= len(values):
        return np.arange(len(values))
    return np.argpartition(-values, count - 1)[:count].astype(np.int64)


def _faiss_search(index: Any, vector: Embedding, count: int) -> Found:
    import faiss

    # For this thread only. One query cannot be shared out, yet OpenMP would wake its pool, whose threads spin: on a
    # busy machine that took ten times as long as the scan itself.
    faiss.omp_set_num_threads(1)
    query = np.ascontiguousarray(vector[None], np.float32)
    estimates, positions = index.search(query, min(count, int(index.ntotal)))
    found = positions[0] >= 0
    return positions[0][found], estimates[0][found]
