"""The decode worker: one process, one thread, one file at a time. Started by `pool.DecodePool`, not by users.

Run as ``python -m smartsearch.media.worker``. It reads requests from stdin and writes answers to what was stdout;
file descriptor 1 itself is pointed elsewhere first, because C libraries print there when a file is damaged.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import warnings
from collections.abc import Callable
from typing import BinaryIO

from smartsearch.core.errors import DecodeCrashError, MediaError, SmartsearchError
from smartsearch.media.protocol import Failure, Ready, Request, Told, WorkerOptions, receive, send

Handler = Callable[[str, Request], object]
"""Answers one request about one path; raises MediaError."""

_GRACE_SECONDS = 2
"""The pool stops a slow worker first; the worker's own alarm only matters when there is no pool any more."""


def main() -> None:
    """Serve decode requests until stdin ends."""
    serve(load_handler)


def serve(load: Callable[[WorkerOptions], Handler]) -> None:
    """Protect stdout, apply the limits, load the handler, then answer requests until stdin ends."""
    source = sys.stdin.buffer
    with _protected_stdout() as sink:
        options = receive(source)
        _apply(options)
        handler = load(options)
        send(sink, Ready(os.getpid()))
        while True:
            try:
                path, request = receive(source)
            except EOFError:
                return
            _set_alarm(options.seconds + _GRACE_SECONDS)
            answer = _answer(handler, path, request)
            _set_alarm(0)
            send(sink, answer)


def load_handler(options: WorkerOptions) -> Handler:
    """Import the decoders, then give up all that decoding does not need. Done after the limits are in force, so that
    they cover the imports too. Readers of plugins come last: what they bring is confined from its first line on."""
    from smartsearch.media.decode import decode, locate_motion, render_preview
    from smartsearch.media.metadata import refresh_metadata
    from smartsearch.media.readers import MetadataReaders
    from smartsearch.media.request import DecodeRequest, MotionRequest, PreviewRequest
    from smartsearch.media.sandbox import confine

    sys.dont_write_bytecode = True  # what is still to be imported could not be cached
    confine()
    readers = MetadataReaders(options.readers)

    def answer(path: str, request: Request) -> object:
        if isinstance(request, DecodeRequest):
            return decode(path, request, readers)
        if isinstance(request, PreviewRequest):
            return render_preview(path, request)
        if isinstance(request, MotionRequest):
            return locate_motion(path, request)
        return refresh_metadata(path, request.sidecar, request.limits, readers)

    def handle(path: str, request: Request) -> object:
        given = answer(path, request)
        lines = readers.told()
        return Told(given, lines) if lines else given

    return handle


def _answer(handler: Handler, path: str, request: Request) -> object:
    try:
        return handler(path, request)
    except SmartsearchError as error:
        return Failure(type(error).__name__, error.message, error.hint)
    except MemoryError:
        return Failure(DecodeCrashError.__name__, "Decoding needs more memory than the limit allows.")
    except Exception as error:  # a bug of ours: costs this file, and says where to look
        return Failure(MediaError.__name__, f"Unexpected {type(error).__name__} while decoding; please report it.")


def _protected_stdout() -> BinaryIO:
    """A private copy of stdout; descriptor 1 becomes stderr's."""
    sys.stdout.flush()
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb")


def _apply(options: WorkerOptions) -> None:
    warnings.simplefilter("ignore")
    if hasattr(os, "nice"):
        os.nice(options.nice)
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = options.memory_bytes
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # a decoder writes to no file; pipes are none
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process even inside C code


def _set_alarm(seconds: float) -> None:
    if hasattr(signal, "alarm"):
        signal.alarm(math.ceil(seconds))


if __name__ == "__main__":
    main()
