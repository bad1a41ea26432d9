"""What a decode worker gives up before it sees a stranger's bytes: network, new processes, writing, rights.

On Linux (x86-64, arm64) by a seccomp filter (seccomp(2)) and by dropping capabilities, with nothing but the standard
library. The filter names what is refused rather than what is allowed: C libraries differ in the calls they make to read
a file, and a decoder that dies on a new libc helps nobody. On other systems the limits of `worker` are all there is.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass

_REFUSED: Mapping[str, tuple[int | None, int | None]] = {
    # network, and everything else that reaches another process
    "socket": (41, 198),
    "connect": (42, 203),
    "accept": (43, 202),
    "accept4": (288, 242),
    "bind": (49, 200),
    "listen": (50, 201),
    "socketpair": (53, 199),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "kill": (62, 129),
    "tkill": (200, 130),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    # other programs
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    # changing what is on the disk
    "creat": (85, None),
    "truncate": (76, 45),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "link": (86, None),
    "linkat": (265, 37),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    # the kernel's wider doors
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "reboot": (169, 142),
}
"""Call to its numbers on x86-64 and arm64 (the kernel's unistd.h)."""

_UNKNOWN: Mapping[str, tuple[int, int]] = {
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "clone3": (435, 435),  # its flags are in memory, where no filter looks; libc then uses clone
    "openat2": (437, 437),
}
"""Calls that are answered as by a kernel that does not have them."""

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Machine to the column above and to AUDIT_ARCH (linux/audit.h)."""

_OPEN, _OPENAT, _CLONE = (2, None), (257, 56), (56, 220)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CLONE_THREAD = 0x10000
_X32 = 0x40000000

# linux/bpf_common.h and linux/seccomp.h
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16

_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP = 24, 38, 22
_CAP_DAC_READ_SEARCH = 2
"""Kept where the program runs as root, as in a container: reading photos that belong to others is its job there."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the operating system let the process give up for good."""

    calls: bool = False
    """No network, no other program, no writing: refused by the kernel."""
    rights: bool = False
    """No privilege above that of reading, and none to be gained."""


def confine() -> Confinement:
    """Give up what decoding does not need, for the rest of this process; what the system does not have is left out."""
    if sys.platform != "linux":
        return Confinement()
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        rights = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 and _drop_capabilities(libc)
        return Confinement(calls=_filter_calls(libc), rights=rights)
    except (OSError, AttributeError):  # a libc without these calls
        return Confinement()


def _drop_capabilities(libc: ctypes.CDLL) -> bool:
    """Everything but reading, from every set (capabilities(7)). True also where there was nothing to drop."""
    if os.geteuid() == 0:
        for capability in range(64):
            if capability != _CAP_DAC_READ_SEARCH:
                libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    kept = 1 << _CAP_DAC_READ_SEARCH if os.geteuid() == 0 else 0
    header = struct.pack("<Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    sets = struct.pack("<6I", kept, kept, 0, 0, 0, 0)
    return bool(libc.capset(header, sets) == 0)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _filter_calls(libc: ctypes.CDLL) -> bool:
    if platform.machine() not in _ARCHITECTURES or sys.byteorder != "little":
        return False
    code = filter_program(platform.machine())
    program = _Program(len(code) // 8, code)
    return bool(libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0) == 0)


def filter_program(machine: str) -> bytes:
    """The filter in the kernel's form (struct sock_filter, eight bytes each) for "x86_64" or "aarch64"."""
    column, architecture = _ARCHITECTURES[machine]
    steps = [
        _step(_LOAD, _ARCHITECTURE_AT),
        _step(_EQUAL, architecture, 1, 0),
        _step(_RETURN, _KILL),  # 32-bit calls have other numbers
        _step(_LOAD, _NUMBER_AT),
    ]
    if machine == "x86_64":
        steps += [_step(_AT_LEAST, _X32, 0, 1), _step(_RETURN, _KILL)]
    for refused, code in ((_REFUSED, errno.EACCES), (_UNKNOWN, errno.ENOSYS)):
        for numbers in refused.values():
            if numbers[column] is not None:
                steps += [_step(_EQUAL, numbers[column], 0, 1), _step(_RETURN, _ERROR | code)]
    for call, argument, bits, when_set in (
        (_OPEN[column], 1, _WRITING, _ERROR | errno.EACCES),
        (_OPENAT[column], 2, _WRITING, _ERROR | errno.EACCES),
        (_CLONE[column], 0, _CLONE_THREAD, None),
    ):
        if call is not None:
            allowed_if_set = when_set is None
            steps += [
                _step(_EQUAL, call, 0, 4),
                _step(_LOAD, _ARGUMENTS_AT + 8 * argument),
                _step(_ANY_BIT, bits, 0, 1),
                _step(_RETURN, _ALLOW if allowed_if_set else when_set),
                _step(_RETURN, _ERROR | errno.EACCES if allowed_if_set else _ALLOW),
            ]
    steps.append(_step(_RETURN, _ALLOW))
    return b"".join(steps)


def _step(code: int, value: int | None, if_true: int = 0, if_false: int = 0) -> bytes:
    assert value is not None
    return struct.pack("<HBBI", code, if_true, if_false, value)
