"""The vectors of one space: kept in step with the database, searched with a filter, cached in files.

The database is the truth. What is here follows it by embedding ids, which grow and are never reused, and by the log of
deletions; rows are only ever appended, and a deleted row is masked until so many are that the matrix is made anew.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import Embedding
from smartsearch.stores.candidates import (
    Candidates,
    CodeCandidates,
    FlatCandidates,
    Half,
    Limits,
    NumpyCandidates,
    best,
    scores,
    to_float32,
)
from smartsearch.stores.vector_files import Ids, VectorFiles

PERSIST_ROWS = 1_000
"""New rows are written to the files when there are so many; fewer are read from the database again."""
_FETCH = 20_000
_CHECKED = 16
"""Rows of the files compared with the database when they are loaded."""
_SAVE_CODES_GROWTH = 1.1

_COLD_SEARCHES = 3
"""So few searches in a process are not worth the import of FAISS."""
_TIE = 1e-6
_NARROW_SHARE = 0.05
"""Of a condition that so few meet, all ids are read and compared faster than enough candidates are found."""

Found = tuple[Ids, NDArray[np.float32]]
"""Image ids and their similarities, in no order."""

Filter = Callable[[Ids], Ids]
"""Keeps those of the given image ids that meet the condition."""

CODING = "vector-codes"
"""The name of the thread that makes them."""


class SpaceVectors:
    """Every vector of one space. Not safe for threads by itself: hold ``lock``."""

    def __init__(self, space_id: int, dim: int, files: VectorFiles, limits: Limits) -> None:
        self.dim = dim
        self.lock = threading.RLock()
        self.space_id = space_id
        self._files = files
        self._limits = limits
        self._stopping = threading.Event()
        self._searches = 0
        self._reset()
        self._loaded = False

    # -- following the database

    def catch_up(self, connection: sqlite3.Connection) -> None:
        """Take in what was added and deleted since the last call; the first call starts from the files."""
        if not self._loaded:
            self._loaded = True
            self._load(connection)
        self._read_new(connection)
        self._read_deletions(connection)
        if self._dead > max(PERSIST_ROWS, len(self._rows) // 4):
            self._compact()
        elif len(self._rows.tail) >= PERSIST_ROWS:
            self._persist()

    def rebuild(self, connection: sqlite3.Connection) -> None:
        """Throw the files away and read everything from the database."""
        self._files.discard()
        self._reset()
        self.catch_up(connection)

    def damage(self, connection: sqlite3.Connection) -> int:
        """How many rows differ from the database. Reads all of both."""
        self.catch_up(connection)
        different = 0
        found = dict.fromkeys(self._embedding_ids[self._alive].tolist(), True)
        for embedding_id, image_id, blob in connection.execute(_ALL, (self.space_id, 0)):
            position = int(np.searchsorted(self._embedding_ids, embedding_id))
            known = found.pop(embedding_id, False) and self._image_ids[position] == image_id
            different += not (known and self._rows[position : position + 1].tobytes() == blob)
        return different + len(found)

    def ids(self) -> Ids:
        """Ids of the images that have a vector, ascending."""
        return np.sort(self._image_ids[self._alive])

    # -- searching

    def nearest(self, vector: Embedding, count: int, keep: Filter | None = None) -> tuple[Found, bool]:
        """The ``count`` or a few more nearest images that pass ``keep``, and whether they are sure to be the nearest.

        Where too few of the candidates pass to be sure, the caller had better use `nearest_among`.
        """
        candidates = self._candidates()
        wanted = max(4 * count, 400) if candidates.exact else self._coarse(count)
        while True:
            found, estimates = candidates.search(vector, wanted + min(self._dead, wanted))
            alive = self._alive[found]
            found, estimates = found[alive], estimates[alive]
            similarities = scores(self._rows, vector, found)
            bound = _bound(estimates, similarities) if len(found) and not candidates.exact else -np.inf
            if candidates.count < len(self._rows):  # codes are still being made
                rest = np.arange(candidates.count, len(self._rows))
                rest = rest[self._alive[rest]]
                found = np.concatenate([found, rest])
                similarities = np.concatenate([similarities, scores(self._rows, vector, rest)])
            complete = len(found) >= len(self._rows) - self._dead
            share = 1.0
            if keep is not None:
                passed, share = self._best_passing(found, similarities, count, keep)
                found, similarities = found[passed], similarities[passed]
            sure = complete or (len(found) >= count and bool(np.partition(similarities, -count)[-count] >= bound))
            if sure or share < _NARROW_SHARE or 8 * wanted > len(self._rows):
                return self._best(found, similarities, count), sure
            wanted *= 4

    def _best_passing(
        self, positions: Ids, similarities: NDArray[np.float32], count: int, keep: Filter
    ) -> tuple[Ids, float]:
        """Which of the candidates pass: at least the best ``count`` of those that do, and all that tie with the last.
        And the share that passed of those that were asked about.

        The filter is asked about the best first, since it costs more than the scan when asked about all.
        """
        order = np.argsort(-similarities)
        passed = order[:0]
        start, size = 0, 4 * count
        while start < len(order):
            part = order[start : start + size]
            ids = self._image_ids[positions[part]]
            passed = np.append(passed, part[np.isin(ids, keep(ids))])
            start, size = start + size, 2 * size
            enough = len(passed) >= count and start < len(order)
            if enough and similarities[order[start]] < similarities[passed[count - 1]] - _TIE:
                break
        return passed, len(passed) / max(1, min(start, len(order)))

    def nearest_among(self, vector: Embedding, count: int, ids: Ids) -> Found:
        """The ``count`` or a few more nearest of the given images. Exact up to a few per cent of a big library."""
        allowed = np.zeros(len(self._rows), bool)
        known = ids[(ids >= 0) & (ids < len(self._positions))]
        positions = self._positions[known].astype(np.int64)
        positions = positions[positions >= 0]
        if len(positions) * self.dim > max(self._limits.exact // 2, len(self._rows) * self.dim // 20):
            allowed[positions] = True
            candidates = self._candidates()
            share = len(positions) / len(self._rows)
            found, _ = candidates.search(vector, int(max(20 * count, 4000) / share))
            rest = np.flatnonzero(allowed[candidates.count :]) + candidates.count
            positions = np.concatenate([found[allowed[found]], rest])
        positions = np.sort(positions)  # reads the file forwards
        return self._best(positions, scores(self._rows, vector, positions), count)

    def _coarse(self, count: int) -> int:
        """How many candidates by code make sure of ``count``: a code has one bit a dimension, so fewer tell less."""
        return max(40 * count, 2000, len(self._rows) * 2 // self.dim)

    def _best(self, positions: Ids, similarities: NDArray[np.float32], count: int) -> Found:
        """With all that tie with the last one: which of them counts is the caller's to say."""
        top = best(similarities, count)
        if len(top):
            top = np.flatnonzero(similarities >= similarities[top].min() - _TIE)
        return self._image_ids[positions[top]], similarities[top]

    # -- state

    def _reset(self) -> None:
        self._seen = 0
        self._seen_deletions = 0
        self._dead = 0
        self._filed = 0  # rows that are in the files
        self._rows = GrowingRows(np.empty((0, self.dim), np.float16))
        self._embedding_ids = np.empty(0, np.int64)
        self._image_ids = np.empty(0, np.int64)
        self._alive = np.empty(0, bool)
        self._positions = np.empty(0, np.int32)  # of an image id; -1 for none
        self._index: Candidates | None = None
        self._codes: CodeCandidates | None = None
        self._saved_codes = 0
        self._coding: threading.Thread | None = None

    def _load(self, connection: sqlite3.Connection) -> None:
        loaded = self._files.load()
        if loaded is None:
            return
        state, ids, vectors = loaded
        if self._agrees(connection, state.seen, ids, vectors):
            self._rows = GrowingRows(vectors)
            self._filed = len(vectors)
            self._register(ids[:, 0], ids[:, 1])
            self._seen = state.seen
        else:
            self._files.discard()

    def _agrees(self, connection: sqlite3.Connection, seen: int, ids: Ids, vectors: Half) -> bool:
        """Whether rows spread over the files are those of this database: it may have been put back from a copy."""
        newest = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'embeddings'").fetchone()
        if newest is None or newest[0] < seen:
            return False
        for position in np.unique(np.linspace(0, len(ids) - 1, _CHECKED).astype(int)).tolist():
            embedding_id, image_id = ids[position].tolist()
            row = connection.execute("SELECT image_id, vector FROM embeddings WHERE id = ?", (embedding_id,)).fetchone()
            if row is None:
                query = "SELECT 1 FROM embedding_deletions WHERE space_id = ? AND embedding_id = ?"
                if connection.execute(query, (self.space_id, embedding_id)).fetchone() is None:
                    return False
            elif row != (image_id, vectors[position].tobytes()):
                return False
        return True

    def _read_new(self, connection: sqlite3.Connection) -> None:
        """In batches that are written to the files as they come, so that a million vectors need not fit in memory."""
        cursor = connection.execute(_ALL, (self.space_id, self._seen))
        width = 2 * self.dim
        while batch := cursor.fetchmany(_FETCH):
            sound = [row for row in batch if len(row[2]) == width]
            self._rows.append(np.frombuffer(b"".join(row[2] for row in sound), "<f2").reshape(-1, self.dim))
            ids = np.array([row[:2] for row in sound], np.int64).reshape(-1, 2)
            self._register(ids[:, 0], ids[:, 1])
            self._seen = batch[-1][0]
            if len(batch) == _FETCH:
                self._persist()

    def _read_deletions(self, connection: sqlite3.Connection) -> None:
        gone = np.array(connection.execute(_DELETIONS, (self.space_id, self._seen_deletions)).fetchall(), np.int64)
        if not len(gone) or not len(self._rows):
            return
        self._seen_deletions = int(gone[-1, 0])
        found = np.minimum(np.searchsorted(self._embedding_ids, gone[:, 1]), len(self._rows) - 1)
        found = found[self._embedding_ids[found] == gone[:, 1]]
        self._dead += int(self._alive[found].sum())
        self._alive[found] = False
        images = self._image_ids[found]
        self._positions[images[self._positions[images] == found]] = -1

    def _register(self, embedding_ids: Ids, image_ids: Ids) -> None:
        start = len(self._embedding_ids)
        self._embedding_ids = np.append(self._embedding_ids, embedding_ids)
        self._image_ids = np.append(self._image_ids, image_ids)
        self._alive = np.append(self._alive, np.ones(len(image_ids), bool))
        highest = int(image_ids.max(initial=-1))
        if highest >= len(self._positions):
            more = np.full(highest + 1 + highest // 8 - len(self._positions), -1, np.int32)
            self._positions = np.append(self._positions, more)
        self._positions[image_ids] = np.arange(start, start + len(image_ids))

    def _persist(self) -> None:
        tail = len(self._rows.tail)
        ids = np.stack([self._embedding_ids, self._image_ids], axis=1)[-tail:]
        mapped = self._files.append(ids, self._rows.tail, self._seen)
        if mapped is not None and len(mapped) == len(self._rows):
            self._rows = GrowingRows(mapped)
            self._filed = len(mapped)
            self._save_codes()

    def _compact(self) -> None:
        """Make the matrix anew from the rows that live."""
        alive = np.flatnonzero(self._alive)
        seen, seen_deletions = self._seen, self._seen_deletions
        vectors, ids = self._rows[alive], np.stack([self._embedding_ids, self._image_ids], axis=1)[alive]
        self._reset()
        mapped = self._files.replace(ids, vectors, seen) if len(ids) else None
        self._rows = GrowingRows(vectors if mapped is None else mapped)
        self._filed = 0 if mapped is None else len(mapped)
        self._register(ids[:, 0], ids[:, 1])
        self._seen, self._seen_deletions = seen, seen_deletions

    # -- candidates

    def _candidates(self) -> Candidates:
        count = len(self._rows)
        if count * self.dim > self._limits.exact:
            self._index = None
            return self._coded()
        self._searches += 1
        wanted = (
            NumpyCandidates
            if count * self.dim <= self._limits.numpy and self._searches <= _COLD_SEARCHES
            else FlatCandidates
        )
        if not isinstance(self._index, wanted):
            self._index = wanted(self.dim)
        self._index.add(self._rows[self._index.count :])
        return self._index

    def _coded(self) -> Candidates:
        """The codes made so far. Many missing ones are made by a thread meanwhile; a few here and now."""
        if self._codes is None and self._coding is None:
            self._codes = self._load_codes()
        if self._codes is not None and len(self._rows) - self._codes.count <= _FETCH:
            self._codes.add(self._rows[self._codes.count :])
        elif self._coding is None:
            if len(self._rows.tail) > _FETCH:  # no files to map: read-only, or another process keeps them
                self._rows = GrowingRows(self._rows[:])
            self._coding = threading.Thread(target=self._make_codes, args=(self._rows.base,), name=CODING, daemon=True)
            self._coding.start()
        return self._codes or NumpyCandidates(self.dim)

    def _load_codes(self) -> CodeCandidates | None:
        data = self._files.read_codes()
        codes = None if data is None else CodeCandidates.load(data, self.dim)
        if codes is None or codes.count > self._filed:
            return None
        self._saved_codes = codes.count
        return codes

    def _make_codes(self, vectors: Half) -> None:
        spread = np.linspace(0, len(vectors) - 1, min(len(vectors), _FETCH)).astype(np.int64)
        codes = CodeCandidates.trained(to_float32(vectors[spread]))
        for start in range(0, len(vectors), _FETCH):
            if self._stopping.is_set():
                return
            codes.add(vectors[start : start + _FETCH])
        with self.lock:
            if self._coding is threading.current_thread():
                self._coding = None
                self._codes = codes
                self._save_codes()

    def _save_codes(self) -> None:
        """Only codes of rows that are in the files: another process may have other rows after these."""
        if self._codes is None or not self._files.writable:
            return
        if self._saved_codes * _SAVE_CODES_GROWTH < self._codes.count <= self._filed:
            with suppress(OSError):
                self._files.write_codes(self._codes.saved())
                self._saved_codes = self._codes.count

    def settle(self) -> None:
        """Write what is in memory to the files and wait for the codes, so that the next process starts fast."""
        if len(self._rows.tail):
            self._persist()
        if len(self._rows) * self.dim > self._limits.exact:
            self._coded()
        coding = self._coding
        if coding is not None:
            self.lock.release()
            coding.join()
            self.lock.acquire()
        self._save_codes()

    def close(self) -> None:
        """Stop making codes."""
        self._stopping.set()
        coding = self._coding
        if coding is not None:
            coding.join()


def _bound(estimates: NDArray[np.float32], similarities: NDArray[np.float32]) -> float:
    """What the true score of a row that is no candidate hardly exceeds: the lowest estimate of a candidate plus twice
    the error of the estimates (a row needs to be both at that edge and two standard errors underestimated)."""
    return float(estimates.min() + 2 * np.std(estimates - similarities))


class GrowingRows:
    """A matrix that grows at the end: ``base`` never changes (it may be mapped from a file), ``tail`` is in memory."""

    def __init__(self, base: Half) -> None:
        self.base = base
        self._buffer = np.empty((0, base.shape[1]), np.float16)
        self._used = 0

    @property
    def tail(self) -> Half:
        """The rows after those of ``base``."""
        return self._buffer[: self._used]

    def append(self, vectors: Half) -> None:
        """Add rows at the end."""
        needed = self._used + len(vectors)
        if needed > len(self._buffer):
            grown = np.empty((max(needed, 2 * len(self._buffer)), self.base.shape[1]), np.float16)
            grown[: self._used] = self.tail
            self._buffer = grown
        self._buffer[self._used : needed] = vectors
        self._used = needed

    def __len__(self) -> int:
        return len(self.base) + self._used

    def __getitem__(self, rows: slice | Ids) -> Half:
        split = len(self.base)
        if isinstance(rows, slice):
            start, stop, _ = rows.indices(len(self))
            if stop <= split:
                return self.base[start:stop]
            tail = self.tail[max(start - split, 0) : stop - split]
            return tail if start >= split else np.concatenate([self.base[start:], tail])
        if not len(self.base):
            return self.tail[rows]
        late = rows >= split
        if not late.any():
            return self.base[rows]
        found = np.empty((len(rows), self.base.shape[1]), np.float16)
        found[~late], found[late] = self.base[rows[~late]], self.tail[rows[late] - split]
        return found


_ALL = "SELECT id, image_id, vector FROM embeddings WHERE space_id = ? AND id > ? ORDER BY id"
_DELETIONS = "SELECT id, embedding_id FROM embedding_deletions WHERE space_id = ? AND id > ? ORDER BY id"
