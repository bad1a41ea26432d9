"""What the store knows of the files, packed: about a quarter of a gigabyte for a million of them."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from smartsearch.core.assets import FileIdentity, FileState

_NONE = -1
_MISSING, _EMBEDDED, _HASHED = 1, 2, 4
_HASH_BYTES = 32
_NO_HASH = bytes(_HASH_BYTES)
_NO_NAMES: Mapping[str, int] = {}

Identity = tuple[int, int, int, int]
"""device, inode, size, mtime_ns: the fields of a FileIdentity."""


class KnownFiles(Mapping[str, FileState]):
    """An immutable map from path to FileState, kept as columns with the names in one small dict per folder.

    A path may come twice, as an asset and as a file in error: the asset is what the map gives, and ``in_error`` tells
    whether the error is about an identity.
    """

    def __init__(self, states: Iterable[FileState] = ()) -> None:
        self._names: dict[str, dict[str, int]] = {}
        self._number: dict[str, int] = {}
        self._home = array("L")
        self._inverted: tuple[int, dict[int, str]] = (_NONE, {})
        self._identity = tuple(array("q") for _ in range(4))
        self._asset = array("q")
        self._sidecar = array("q")
        self._flags = bytearray()
        self._hashes = bytearray()
        self._errors: dict[int, Identity] = {}
        self._by_inode: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
        for state in states:
            self._add(state)
        self._folders = tuple(self._number)

    def _add(self, state: FileState) -> None:
        folder, name = split_path(state.path)
        names = self._names.get(folder)
        if names is None:
            names = self._names[folder] = {}
            self._number[folder] = len(self._number)
        index = names.get(name)
        if index is None:
            names[name] = len(self._flags)
            self._home.append(self._number[folder])
            self._append(state)
        elif state.asset_id is None:
            self._errors[index] = fields(state.identity)
        elif self._asset[index] == _NONE:
            self._errors[index] = self.identity(index)
            self._replace(index, state)

    def _append(self, state: FileState) -> None:
        device, inode, size, mtime_ns = self._identity
        identity = state.identity
        device.append(identity.device)
        inode.append(identity.inode)
        size.append(identity.size)
        mtime_ns.append(identity.mtime_ns)
        self._asset.append(_NONE if state.asset_id is None else state.asset_id)
        self._sidecar.append(_NONE if state.sidecar_mtime_ns is None else state.sidecar_mtime_ns)
        self._flags.append(
            _MISSING * state.missing | _EMBEDDED * state.embedded | _HASHED * (state.file_hash is not None)
        )
        self._hashes += state.file_hash or _NO_HASH

    def _replace(self, index: int, state: FileState) -> None:
        """Put the state at the end, then move it to where its path already is."""
        self._append(state)
        for column in (*self._identity, self._asset, self._sidecar, self._flags):
            column[index] = column.pop()
        self._hashes[index * _HASH_BYTES : (index + 1) * _HASH_BYTES] = self._hashes[-_HASH_BYTES:]
        del self._hashes[-_HASH_BYTES:]

    def __len__(self) -> int:
        return len(self._flags)

    def __iter__(self) -> Iterator[str]:
        for folder, names in self._names.items():
            for name in names:
                yield os.path.join(folder, name)

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and self._index(path) is not None

    def __getitem__(self, path: str) -> FileState:
        index = self._index(path)
        if index is None:
            raise KeyError(path)
        return self.state(index, path)

    def _index(self, path: str) -> int | None:
        folder, name = split_path(path)
        return self._names.get(folder, _NO_NAMES).get(name)

    def folders(self) -> Iterator[str]:
        """Every folder that holds a known file."""
        return iter(self._names)

    def names(self, folder: str) -> Mapping[str, int]:
        """The known names in a folder, each with its index: what the methods below take."""
        return self._names.get(folder, _NO_NAMES)

    def state(self, index: int, path: str) -> FileState:
        """The whole state of the file at ``index``, whose path the caller has at hand."""
        asset, sidecar = self._asset[index], self._sidecar[index]
        start = index * _HASH_BYTES
        return FileState(
            asset_id=None if asset == _NONE else asset,
            path=path,
            identity=FileIdentity(*self.identity(index)),
            file_hash=bytes(self._hashes[start : start + _HASH_BYTES]) if self._flags[index] & _HASHED else None,
            missing=self.is_missing(index),
            embedded=bool(self._flags[index] & _EMBEDDED),
            sidecar_mtime_ns=None if sidecar == _NONE else sidecar,
        )

    def identity(self, index: int) -> Identity:
        device, inode, size, mtime_ns = self._identity
        return device[index], inode[index], size[index], mtime_ns[index]

    def is_asset(self, index: int) -> bool:
        """An indexed image, rather than a file that could not be read."""
        return self._asset[index] != _NONE

    def is_missing(self, index: int) -> bool:
        return bool(self._flags[index] & _MISSING)

    def in_error(self, index: int, identity: Identity) -> bool:
        """Whether this very version of the file was tried and could not be read."""
        return identity == (self._errors.get(index) if self.is_asset(index) else self.identity(index))

    def is_settled(self, index: int, sidecar_mtime_ns: int | None) -> bool:
        """Whether an unchanged file asks for nothing: an error, or an asset present, embedded, sidecar as before."""
        if self._asset[index] == _NONE:
            return True
        unchanged_sidecar = self._sidecar[index] == (_NONE if sidecar_mtime_ns is None else sidecar_mtime_ns)
        return unchanged_sidecar and self._flags[index] & (_MISSING | _EMBEDDED) == _EMBEDDED

    def assets_with_identity(self, identity: Identity) -> list[int]:
        """Indices of the assets of that identity; several only for hard links. The index is sorted on first use."""
        inode = identity[1]
        if not inode or not self._flags:
            return []  # some file systems number no inodes
        if self._by_inode is None:
            inodes = np.array(self._identity[1], dtype=np.int64)
            order = np.argsort(inodes, kind="stable")
            self._by_inode = inodes[order], order
        inodes, order = self._by_inode
        first, last = np.searchsorted(inodes, inode), np.searchsorted(inodes, inode, side="right")
        candidates = (int(index) for index in order[first:last])
        return [index for index in candidates if self.is_asset(index) and self.identity(index) == identity]

    def path_of(self, index: int) -> str:
        """The path of the file at ``index``. Quick for one folder's files in a row, as when a folder was moved."""
        home = self._home[index]
        if self._inverted[0] != home:
            names = self._names[self._folders[home]]
            self._inverted = home, {each: name for name, each in names.items()}
        return os.path.join(self._folders[home], self._inverted[1][index])


def fields(identity: FileIdentity) -> Identity:
    return identity.device, identity.inode, identity.size, identity.mtime_ns


def split_path(path: str) -> tuple[str, str]:
    """Folder and name, as ``os.path.split`` gives them; quick for the usual path."""
    folder, _, name = path.rpartition(os.sep)
    return (folder, name) if folder and folder[-1] != ":" else os.path.split(path)
