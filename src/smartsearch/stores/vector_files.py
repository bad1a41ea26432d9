"""The vectors of one space in files: append-only, memory-mapped, and always safe to delete.

``state.json`` names the files and says how many rows count; it is replaced atomically, after the rows are on the disk.
Bytes beyond the counted rows are leftovers of an interrupted append and are overwritten by the next one.
"""

from __future__ import annotations

import json
import os
import secrets
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.checksums import trailer_holds, with_trailer, without_trailer
from smartsearch.stores.shredding import shred_file

LAYOUT = 1
"""Files of another layout are not read."""

Half = NDArray[np.float16]
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FileState:
    """What the files hold: the first ``rows`` vectors, all embeddings up to id ``seen``."""

    key: str
    dim: int
    stem: str
    rows: int
    seen: int
    layout: int = LAYOUT
    ids_sum: int | None = 0
    vectors_sum: int | None = 0
    """CRC-32 of the counted bytes; None in files of earlier versions, where it is not known, and in encrypted ones."""
    length: int = 0
    """Bytes that count, of an encrypted file."""


class VectorFiles:
    """Reads and appends the files of one space. Every failure means "no files": the database has it all."""

    suffixes: tuple[str, ...] = ("ids", "vectors", "codes")
    """Of the files that belong to one state."""

    def __init__(self, folder: Path, key: str, dim: int, *, read_only: bool) -> None:
        self._folder = folder
        self._key = key
        self._dim = dim
        self._read_only = read_only
        self._state: FileState | None = None

    def load(self) -> tuple[FileState, Ids, Half] | None:
        """The state, (n, 2) embedding and image ids, and the memory-mapped (n, dim) vectors."""
        state = self._on_disk()
        loaded = None if state is None else self._read(state)
        if loaded is None:
            if not self._read_only and self._on_disk() == state:
                self.discard()  # they would stay in the way of new ones
            return None
        self._state = state
        return loaded

    def _read(self, state: FileState) -> tuple[FileState, Ids, Half] | None:
        if (state.layout, state.key, state.dim) != (LAYOUT, self._key, self._dim) or state.rows < 1:
            return None
        try:
            ids, vectors = self._read_rows(state)
        except (OSError, ValueError, TypeError):
            return None
        if len(ids) != state.rows or (np.diff(ids[:, 0]) <= 0).any() or ids[-1, 0] > state.seen:
            return None
        return state, ids, vectors

    def _read_rows(self, state: FileState) -> tuple[Ids, Half]:
        return np.fromfile(self._path(state, "ids"), "<i8", count=2 * state.rows).reshape(-1, 2), self._map(state)

    def append(self, ids: Ids, vectors: Half, seen: int) -> Half | None:
        """Add rows and map all of them; None when this process may not or cannot write here now."""
        if self._read_only:
            return None
        from filelock import FileLock, Timeout  # here, because it takes 25 ms that a search need not spend

        with suppress(OSError, Timeout):
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / "lock", timeout=0):
                if self._on_disk() != self._state:
                    return None  # another process keeps these files; what we hold in memory serves us
                state = self._state or FileState(self._key, self._dim, secrets.token_hex(4), 0, 0)
                self._write(state, ids, vectors, seen)
                return self._map(self._state or state)
        return None

    def replace(self, ids: Ids, vectors: Half, seen: int) -> Half | None:
        """Start again with these rows. The old files go when nobody needs them."""
        self._state = self._on_disk()
        old = self._state
        if self._read_only:
            return None
        self.discard()
        mapped = self.append(ids, vectors, seen)
        if old is not None and mapped is not None:
            for name in self.suffixes:
                with suppress(OSError):
                    self._path(old, name).unlink(missing_ok=True)
        return mapped

    def discard(self) -> None:
        """Forget the files: the next append starts new ones."""
        self._state = None
        if not self._read_only:
            with suppress(OSError):
                (self._folder / "state.json").unlink(missing_ok=True)

    def erase(self) -> None:
        """Overwrite and delete every file, also those of earlier states. Raises OSError."""
        self.discard()
        for path in self._folder.glob("*"):
            if path.is_file() and path.name != "lock":
                shred_file(path)

    def read_codes(self) -> bytes | None:
        """The codes of these very rows, if there are any. `soundness` says whether the disk has changed them."""
        if self._state is None:
            return None
        try:
            return without_trailer(self._path(self._state, "codes").read_bytes())
        except OSError:
            return None

    def write_codes(self, data: bytes) -> None:
        """Keep the codes of these very rows, whole or not at all. Raises OSError."""
        if self._state is not None:
            self._replace_file(self._path(self._state, "codes"), with_trailer(data))

    def soundness(self) -> bool | None:
        """Whether the files hold what was written into them; None if there are none, or none with checksums. Reads all
        of them."""
        state = self._on_disk()
        if state is None or state.ids_sum is None or state.vectors_sum is None:
            return None
        try:
            for name, length, expected in (
                ("ids", 16 * state.rows, state.ids_sum),
                ("vectors", 2 * state.dim * state.rows, state.vectors_sum),
            ):
                if _sum_of(self._path(state, name), length) != expected:
                    return False
            codes = self._path(state, "codes")
            return not codes.exists() or trailer_holds(codes.read_bytes()) is not False
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            return False

    @property
    def writable(self) -> bool:
        """Whether this process may write here."""
        return not self._read_only

    def _write(self, state: FileState, ids: Ids, vectors: Half, seen: int) -> None:
        sums: list[int | None] = []
        known = (state.ids_sum, state.vectors_sum)
        for name, rows, width, known_sum in (("ids", ids, 16, known[0]), ("vectors", vectors, 2 * self._dim, known[1])):
            path = self._path(state, name)
            data = np.ascontiguousarray(rows).tobytes()
            sums.append(None if known_sum is None else zlib.crc32(data, known_sum))
            with path.open("r+b" if path.exists() else "w+b") as file:
                file.seek(state.rows * width)
                file.write(data)
                file.truncate()
                file.flush()
                os.fsync(file.fileno())
        grown = FileState(state.key, state.dim, state.stem, state.rows + len(ids), seen, LAYOUT, sums[0], sums[1])
        self._replace_file(self._folder / "state.json", json.dumps(asdict(grown)).encode())
        self._state = grown

    def _replace_file(self, path: Path, data: bytes) -> None:
        partial = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            partial.write_bytes(data)
            os.replace(partial, path)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise

    def _on_disk(self) -> FileState | None:
        try:
            return parsed((self._folder / "state.json").read_bytes())
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def _map(self, state: FileState) -> Half:
        return np.memmap(self._path(state, "vectors"), "<f2", mode="r", shape=(state.rows, self._dim))

    def _path(self, state: FileState, name: str) -> Path:
        return self._folder / f"{Path(state.stem).name}.{name}"


def parsed(data: bytes) -> FileState:
    """What state.json says. Files of earlier versions say nothing of sums: unknown, not zero."""
    return FileState(**({"ids_sum": None, "vectors_sum": None} | json.loads(data)))


def _sum_of(path: Path, length: int) -> int | None:
    """CRC-32 of the first ``length`` bytes; None if there are not so many."""
    total, left = 0, length
    with path.open("rb") as file:
        while left and (data := file.read(min(left, 1 << 22))):
            total, left = zlib.crc32(data, total), left - len(data)
    return None if left else total
