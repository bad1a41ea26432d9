"""How the pool and a worker talk: pickles, each after its length, over the worker's stdin and stdout.

A worker that a hostile file has taken over must not take its pool over too: only the classes named here are ever made
from what comes through the pipe.
"""

from __future__ import annotations

import io
import pickle
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

from smartsearch.media.readers import ReaderPlace
from smartsearch.media.request import DecodeRequest, MetadataRequest, MotionRequest, PreviewRequest

_LENGTH = struct.Struct("<Q")
_LONGEST = 1 << 32

_CLASSES: dict[str, frozenset[str]] = {
    "smartsearch.core.assets": frozenset({"FileIdentity", "Gps", "ImageContent", "Metadata", "Motion", "Swatch"}),
    "smartsearch.core.settings": frozenset({"MediaLimits", "ThumbnailSettings"}),
    "smartsearch.core.spaces": frozenset({"Preprocessing"}),
    "smartsearch.media.protocol": frozenset({"Failure", "Ready", "Told", "WorkerOptions"}),
    "smartsearch.media.readers": frozenset({"ReaderPlace"}),
    "smartsearch.media.request": frozenset(
        {"Decoded", "DecodeRequest", "MetadataRequest", "MotionFound", "MotionRequest", "PreviewRequest", "Scene"}
    ),
    "datetime": frozenset({"datetime", "timedelta", "timezone"}),
    "numpy": frozenset({"dtype", "ndarray"}),
    "numpy._core.multiarray": frozenset({"_reconstruct"}),
    "numpy._core.numeric": frozenset({"_frombuffer"}),
}
"""Module to names: values without behaviour, and what NumPy makes arrays with."""

Request = DecodeRequest | PreviewRequest | MetadataRequest | MotionRequest


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """The first thing a worker is sent. ``seconds`` is after how long on one file the worker ends itself, so that it
    does not outlive a pool that was killed; ``memory_bytes`` limits its address space; ``nice`` lowers its priority."""

    seconds: float
    memory_bytes: int
    nice: int = 0
    readers: tuple[ReaderPlace, ...] = ()
    """Metadata readers of plugins."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A MediaError on its way back: class by name, so that only known classes are made."""

    kind: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, and what is to be said in the log beside it."""

    answer: object
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker has imported what it needs and waits for work."""

    pid: int


def send(stream: BinaryIO, value: object) -> None:
    """Write one value and flush."""
    payload = pickle.dumps(value, protocol=5)
    stream.write(_LENGTH.pack(len(payload)))
    stream.write(payload)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Read one value; EOFError if the other end is gone or talks nonsense."""
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    if length > _LONGEST:
        raise EOFError("what came is not a message")
    try:
        return _Values(io.BytesIO(_exactly(stream, length))).load()
    except EOFError:
        raise
    except Exception as error:
        raise EOFError("what came is not a message") from error


class _Values(pickle.Unpickler):
    """Makes values of the known classes only."""

    def find_class(self, module: str, name: str) -> Any:
        if name not in _CLASSES.get(module, ()):
            raise pickle.UnpicklingError(f"{module}.{name} is not part of a message")
        return super().find_class(module, name)


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if data is None or len(data) != count:
        raise EOFError("the other end of the pipe is gone")
    return data
