"""A disk that loses power: from a record of every change to files, what it may hold afterwards.

The rules are those of a journalling file system (ext4 in its default mode, XFS, APFS): what was synced is there; of
data that was not, each write may be there, be missing, or be torn between sectors; names (creating, renaming, deleting)
happen in order, and of those since the last sync a first part may be there.
"""

from __future__ import annotations

import os
import random
import shutil
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

SECTOR = 512
_HEAD = struct.Struct("<BQQQIII")


class Kind(IntEnum):
    """As in faults.c."""

    OPEN = 1
    WRITE = 2
    TRUNCATE = 3
    SYNC = 4
    DATASYNC = 5
    SYNC_ALL = 6
    RENAME = 7
    UNLINK = 8
    MKDIR = 9
    RMDIR = 10
    LINK = 11


@dataclass(frozen=True, slots=True)
class Change:
    """One recorded call. ``offset`` is the new length of a truncation and the flags of an opening."""

    kind: Kind
    handle: int
    path: str
    target: str
    offset: int
    data: bytes


def read_changes(log: Path) -> list[Change]:
    """What `faults.c` recorded."""
    return list(_parsed(log.read_bytes()))


def _parsed(data: bytes) -> Iterator[Change]:
    at = 0
    while at < len(data):
        kind, handle, offset, length, first, second, _ = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        path, target = data[at : at + first], data[at + first : at + first + second]
        at += first + second
        content = data[at : at + length] if Kind(kind) is Kind.WRITE else b""
        at += length
        yield Change(Kind(kind), handle, os.fsdecode(path), os.fsdecode(target), offset, content)


@dataclass(slots=True)
class _File:
    synced: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """(offset, data), or (length, None) for a truncation."""
    born: bool = False
    """Whether its name has reached the disk."""

    def settle(self) -> None:
        for offset, data in self.pending:
            _put(self.synced, offset, data)
        self.pending.clear()

    def after_power_cut(self, chance: random.Random) -> bytes:
        content = bytearray(self.synced)
        mode = chance.choice(("none", "all", "some", "some"))
        for offset, data in self.pending:
            if mode == "all" or data is None:
                _put(content, offset, data)
            elif mode == "some":
                for start in range(0, len(data), SECTOR):
                    if chance.random() < 0.5:
                        _put(content, offset + start, data[start : start + SECTOR])
        return bytes(content)


def _put(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


Names = dict[str, _File | None]
"""Path to file; None is a folder."""


class Disk:
    """The state after a number of changes. ``before`` is a folder as it was, and safe, when the record began."""

    def __init__(self, root: Path, before: Path | None = None) -> None:
        self._root = str(root)
        self._names: Names = {self._root: None}
        self._pending: list[Change] = []
        self._durable: Names = {}
        self._handles: dict[int, _File] = {}
        self._at_open: dict[int, _File] = {}
        if before is not None:
            for path in sorted(before.rglob("*")):
                at = os.path.join(self._root, path.relative_to(before))
                self._names[at] = None if path.is_dir() else _File(bytearray(path.read_bytes()), born=True)
        self._durable = dict(self._names)

    def apply(self, change: Change) -> None:
        """Let one change happen."""
        match change.kind:
            case Kind.OPEN:
                self._open(change)
            case Kind.WRITE | Kind.TRUNCATE:
                data = change.data if change.kind is Kind.WRITE else None
                if change.handle in self._handles:
                    self._handles[change.handle].pending.append((change.offset, data))
            case Kind.SYNC | Kind.DATASYNC:
                file = self._handles.get(change.handle)
                if file is not None:
                    file.settle()
                if file is None or change.kind is Kind.SYNC or not file.born:
                    self._commit_names()
            case Kind.SYNC_ALL:
                for found in {id(file): file for file in self._names.values() if file is not None}.values():
                    found.settle()
                self._commit_names()
            case _:
                self._pending.append(change)
                _rename(self._names, change)

    def _open(self, change: Change) -> None:
        file = self._names.get(change.path)
        if change.path not in self._names:
            if not change.offset & os.O_CREAT:
                return
            file = self._names[change.path] = _File()
            self._pending.append(change)
            self._at_open[change.handle] = file
        if file is not None:
            self._handles[change.handle] = file
            if change.offset & os.O_TRUNC and (file.synced or file.pending):
                file.pending.append((0, None))

    def _commit_names(self) -> None:
        for change in self._pending:
            self._replay(self._durable, change)
        self._pending.clear()
        for file in self._durable.values():
            if file is not None:
                file.born = True

    def _replay(self, names: Names, change: Change) -> None:
        if change.kind is Kind.OPEN:
            names[change.path] = self._at_open[change.handle]
        else:
            _rename(names, change)

    def text(self, path: Path) -> str:
        """What a reader sees in a file while the power is on."""
        file = self._names.get(str(path))
        if file is None:
            return ""
        content = bytearray(file.synced)
        for offset, data in file.pending:
            _put(content, offset, data)
        return content.decode()

    def after_power_cut(self, to: Path, chance: random.Random, without: str = "-shm") -> None:
        """Write what may be there when the power is back into the empty folder ``to``."""
        names = dict(self._durable)
        for change in self._pending[: chance.randint(0, len(self._pending))]:
            self._replay(names, change)
        written: dict[int, Path] = {}
        for path, file in sorted(names.items()):
            target = to / os.path.relpath(path, self._root)
            if file is None:
                target.mkdir(parents=True, exist_ok=True)
                continue
            if path.endswith(without):
                continue  # shared memory: not on the disk
            target.parent.mkdir(parents=True, exist_ok=True)
            if id(file) in written:
                os.link(written[id(file)], target)
            else:
                target.write_bytes(file.after_power_cut(chance))
                written[id(file)] = target


def _rename(names: Names, change: Change) -> None:
    path, target = change.path, change.target
    if change.kind is Kind.MKDIR:
        names[path] = None
    elif change.kind in (Kind.UNLINK, Kind.RMDIR):
        names.pop(path, None)
    elif path not in names:
        return
    elif change.kind is Kind.LINK:
        names[target] = names[path]
    else:
        moved = {name: file for name, file in names.items() if name == path or name.startswith(path + os.sep)}
        for name in [name for name in names if name == target or name.startswith(target + os.sep)]:
            del names[name]
        for name, file in moved.items():
            del names[name]
            names[target + name[len(path) :]] = file


def copy_tree(source: Path, target: Path) -> None:
    """A plain copy, times kept."""
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
