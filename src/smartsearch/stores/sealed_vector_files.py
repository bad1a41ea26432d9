"""The vectors of one space in files of an encrypted library: sealed in pieces, held in memory.

Encrypted files cannot be mapped, so the vectors are decrypted when they are first needed and stay in memory: 2 bytes a
dimension, 100 MB for 100,000 images at 512 dimensions. Each append is a piece of its own: its length, then the sealed
ids and vectors. Which space, and how many pieces count, is in the sealed ``state.json``.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np

from smartsearch.core.errors import EncryptedFileError
from smartsearch.core.ports import FileCipher
from smartsearch.stores.vector_files import LAYOUT, FileState, Half, Ids, VectorFiles, parsed

_LENGTH = struct.Struct("<Q")


class SealedVectorFiles(VectorFiles):
    """`VectorFiles` under a cipher."""

    suffixes = ("rows", "codes")

    def __init__(self, folder: Path, key: str, dim: int, *, read_only: bool, cipher: FileCipher) -> None:
        super().__init__(folder, key, dim, read_only=read_only)
        self._cipher = cipher
        self._held: tuple[Ids, Half] | None = None
        """What the files hold, in memory."""

    def load(self) -> tuple[FileState, Ids, Half] | None:
        loaded = super().load()
        self._held = None if loaded is None else loaded[1:]
        return loaded

    def discard(self) -> None:
        super().discard()
        self._held = None

    def read_codes(self) -> bytes | None:
        if self._state is None:
            return None
        try:
            return self._cipher.open(self._path(self._state, "codes").read_bytes(), self._name(self._state, "codes"))
        except (OSError, EncryptedFileError):
            return None

    def write_codes(self, data: bytes) -> None:
        if self._state is not None:
            sealed = self._cipher.seal(data, self._name(self._state, "codes"))
            self._replace_file(self._path(self._state, "codes"), sealed)

    def soundness(self) -> bool | None:
        state = self._on_disk()
        if state is None:
            return None
        codes = self._path(state, "codes")
        try:
            for _ in self._pieces(state):
                pass
            if codes.exists():
                self._cipher.open(codes.read_bytes(), self._name(state, "codes"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EncryptedFileError):
            return False
        return True

    # -- pieces

    def _read_rows(self, state: FileState) -> tuple[Ids, Half]:
        """One array for all pieces, so that a large index is never in memory twice."""
        ids, vectors = np.empty((state.rows, 2), "<i8"), np.empty((state.rows, state.dim), "<f2")
        done = 0
        try:
            for piece in self._pieces(state):
                rows = len(piece) // (16 + 2 * state.dim)
                ids[done : done + rows] = np.frombuffer(piece, "<i8", 2 * rows).reshape(-1, 2)
                vectors[done : done + rows] = np.frombuffer(piece, "<f2", offset=16 * rows).reshape(rows, -1)
                done += rows
        except EncryptedFileError as error:
            raise ValueError("the files are damaged") from error
        return ids, vectors

    def _pieces(self, state: FileState) -> Iterator[bytes]:
        """The decrypted pieces, until the counted rows are there. ValueError if they are too few or too many,
        EncryptedFileError, OSError."""
        done = 0
        with self._path(state, "rows").open("rb") as file:
            while done < state.rows:
                header = file.read(_LENGTH.size)
                length = _LENGTH.unpack(header)[0] if len(header) == _LENGTH.size else 0
                left = os.fstat(file.fileno()).st_size - file.tell()
                piece = self._cipher.open(file.read(min(length, left)), self._name(state, f"rows {done}"))
                done += len(piece) // (16 + 2 * state.dim)
                yield piece
        if done != state.rows:
            raise ValueError("the files hold another number of rows")

    def _write(self, state: FileState, ids: Ids, vectors: Half, seen: int) -> None:
        path, piece = (
            self._path(state, "rows"),
            np.ascontiguousarray(ids).tobytes() + np.ascontiguousarray(vectors).tobytes(),
        )
        sealed = self._cipher.seal(piece, self._name(state, f"rows {state.rows}"))
        with path.open("r+b" if path.exists() else "w+b") as file:
            file.seek(state.length)
            file.write(_LENGTH.pack(len(sealed)) + sealed)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
            length = file.tell()
        grown = FileState(state.key, state.dim, state.stem, state.rows + len(ids), seen, LAYOUT, None, None, length)
        if self._held is None:
            self._held = np.array(ids, np.int64), np.array(vectors, np.float16)
        else:
            held_ids, held = self._held
            self._held = np.concatenate([held_ids, ids]), np.concatenate([held, vectors])
        text = json.dumps(asdict(grown)).encode()
        self._replace_file(self._folder / "state.json", self._cipher.seal(text, f"state of {self._folder.name}"))
        self._state = grown

    def _on_disk(self) -> FileState | None:
        try:
            sealed = (self._folder / "state.json").read_bytes()
            return parsed(self._cipher.open(sealed, f"state of {self._folder.name}"))
        except (OSError, ValueError, TypeError, AttributeError, EncryptedFileError):
            return None

    def _map(self, state: FileState) -> Half:
        if self._held is None or len(self._held[1]) != state.rows:
            self._held = self._read_rows(state)
        return self._held[1]

    def _name(self, state: FileState, part: str) -> str:
        return f"{state.stem} {part}"
