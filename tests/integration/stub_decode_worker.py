"""A decode worker that does what the "path" says: hang, crash, eat memory, print, exit. Run by test_media_pool.py."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from pathlib import Path

from smartsearch.core.errors import CorruptImageError
from smartsearch.media.protocol import Request, WorkerOptions
from smartsearch.media.worker import Handler, serve


def handle(path: str, request: Request) -> object:
    command, _, argument = path.partition(" ")
    return COMMANDS[command](argument)


def touch(path: str) -> object:
    Path(path).touch()
    return path


def hang(started: str) -> object:
    if started:
        touch(started)
    while True:
        time.sleep(60)


def spin(_: str) -> object:
    while True:
        sum(range(100_000))


def crash(number: str) -> object:
    os.kill(os.getpid(), int(number))
    return hang("")


def eat(_: str) -> object:
    return len(bytearray(64 * 1024**3))


def noise(_: str) -> object:
    sys.stdout.write("a library prints\n")
    os.write(1, b"and so does C code\n")
    sys.stdout.flush()
    return "quiet"


def corrupt(text: str) -> object:
    raise CorruptImageError(text, hint="a hint")


def bug(_: str) -> object:
    raise KeyError("oops")


def limits(_: str) -> object:
    return (
        resource.getrlimit(resource.RLIMIT_AS)[0],
        resource.getrlimit(resource.RLIMIT_CORE)[0],
        os.getpriority(os.PRIO_PROCESS, 0),
        signal.getsignal(signal.SIGALRM) == signal.SIG_DFL,
    )


COMMANDS = {
    "pid": lambda _: os.getpid(),
    "echo": lambda text: text,
    "touch": touch,
    "hang": hang,
    "spin": spin,
    "crash": crash,
    "eat": eat,
    "noise": noise,
    "corrupt": corrupt,
    "bug": bug,
    "limits": limits,
    "exit": lambda code: os._exit(int(code)),
    "big": lambda size: bytes(int(size)),
}


def load(_: WorkerOptions) -> Handler:
    return handle


if __name__ == "__main__":
    serve(load)
