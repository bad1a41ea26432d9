"""The filter's decisions, by a small interpreter of its language: both architectures, on any machine."""

from __future__ import annotations

import errno
import io
import os
import pickle
import struct

import pytest

from smartsearch.media.protocol import receive, send
from smartsearch.media.sandbox import filter_program

ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NUMBERS = {  # of the kernel's unistd.h, on x86-64 and arm64
    "read": (0, 63),
    "mmap": (9, 222),
    "socket": (41, 198),
    "execve": (59, 221),
    "unlinkat": (263, 35),
    "clone": (56, 220),
    "clone3": (435, 435),
    "openat": (257, 56),
    "io_uring_setup": (425, 425),
}
ALLOW, KILL = "allow", "kill"
MACHINES = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


def decide(machine: str, call: str | int, *arguments: int, architecture: int | None = None) -> str:
    """What the kernel would do: "allow", "kill" or the name of an errno."""
    number = NUMBERS[call][machine == "aarch64"] if isinstance(call, str) else call
    known = ARCHITECTURE[machine] if architecture is None else architecture
    data = struct.pack("<IIQ6Q", number, known, 0, *(*arguments, *[0] * (6 - len(arguments))))
    program = list(struct.iter_unpack("<HBBI", filter_program(machine)))
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x06:
            if value & 0xFFFF0000 == 0x00050000:
                return errno.errorcode[value & 0xFFFF]
            return {0x7FFF0000: ALLOW, 0x80000000: KILL}[value]
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            at += if_true if holds else if_false


@MACHINES
def test_reading_goes_on(machine: str) -> None:
    assert decide(machine, "read") == decide(machine, "mmap") == ALLOW
    assert decide(machine, "openat", 0, 0, os.O_RDONLY | os.O_CLOEXEC) == ALLOW
    assert decide(machine, "clone", 0x10000 | 0x100) == ALLOW, "a thread"


@MACHINES
@pytest.mark.parametrize("call", ["socket", "execve", "unlinkat"])
def test_network_programs_and_changes_are_refused(machine: str, call: str) -> None:
    assert decide(machine, call) == "EACCES"


@MACHINES
@pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_APPEND])
def test_opening_to_write_is_refused(machine: str, flags: int) -> None:
    assert decide(machine, "openat", 0, 0, flags) == "EACCES"


@MACHINES
def test_side_doors(machine: str) -> None:
    assert decide(machine, "clone", 17) == "EACCES", "a new process"
    assert decide(machine, "clone3") == decide(machine, "io_uring_setup") == "ENOSYS"
    assert decide(machine, "read", architecture=0x40000003) == KILL, "32-bit calls"
    if machine == "x86_64":
        assert decide(machine, 0x40000000 + 41) == KILL, "x32 calls"


@MACHINES
def test_the_kernel_would_take_the_program(machine: str) -> None:
    steps = list(struct.iter_unpack("<HBBI", filter_program(machine)))
    assert len(steps) <= 4096
    for at, (code, if_true, if_false, _) in enumerate(steps):
        if code in (0x15, 0x35, 0x45):
            assert at + 1 + max(if_true, if_false) < len(steps)
    assert steps[-1][0] == 0x06


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch /tmp/taken-over",)


@pytest.mark.parametrize("value", [Evil(), [os.system], {"x": io.BytesIO}, ValueError("x")])
def test_a_taken_over_worker_cannot_make_its_pool_run_anything(value: object) -> None:
    stream = io.BytesIO()
    send(stream, value)
    stream.seek(0)
    with pytest.raises(EOFError, match="not a message"):
        receive(stream)


def test_nonsense_is_no_message() -> None:
    for payload in (b"", b"\x80\x05.", pickle.dumps(1)[:-1], b"cos\nsystem\n(S'true'\ntR."):
        with pytest.raises(EOFError):
            receive(io.BytesIO(struct.pack("<Q", len(payload)) + payload))
