"""The filter that takes system calls away from a child (Linux, x86-64 and aarch64), through ``prctl`` alone.

A list of what is denied, not of what is allowed: allow-lists break with the next release of a C library
(design/trial.md 17). Denied are the network, other programs, other processes, and every file by name: what a child
needs is open before the filter is set. Knows nothing of why.
"""

import ctypes
import errno
import platform
import struct
import sys

__all__ = ["deny"]

# name: number on x86-64, on aarch64 (asm/unistd_64.h, asm-generic/unistd.h); None where it does not exist.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "io_uring_setup": (425, 425),  # would open sockets and files without asking the filter
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "open": (2, None),
    "creat": (85, None),
    "openat": (257, 56),
    "openat2": (437, 437),
    "open_by_handle_at": (304, 265),
    "truncate": (76, 45),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "chmod": (90, None),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchownat": (260, 54),
}
_CLONE, _CLONE3 = (56, 220), (435, 435)
_CLONE_THREAD = 0x00010000
_X32_CALLS = 0x40000000  # x86-64 only: the same calls under other numbers
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH_*

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h
_ARCH, _NUMBER, _FIRST_ARGUMENT = 4, 0, 16  # places in struct seccomp_data
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _MODE_FILTER = 38, 22, 2


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def deny() -> bool:
    """Take the calls away from this thread and all that it starts, for ever; False where that is not possible.

    Call while the process has one thread.
    """
    machine = _MACHINES.get(platform.machine())
    if not sys.platform.startswith("linux") or machine is None or sys.maxsize < 2**32:
        return False
    code = _filter(*machine)
    program = _Program(len(code) // 8, code)
    kernel = ctypes.CDLL(None, use_errno=True)
    if kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(kernel.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter(column: int, arch: int) -> bytes:
    """Return the BPF program: a row of comparisons that jump to one of the verdicts at its end."""
    numbers = [row[column] for row in _DENIED.values()]
    denied = [number for number in numbers if number is not None]
    body: list[tuple[int, str | None, str | None, int]] = [
        (_LOAD, None, None, _ARCH),
        (_EQUAL, None, "kill", arch),
        (_LOAD, None, None, _NUMBER),
        (_AT_LEAST, "deny", None, _X32_CALLS),
        *((_EQUAL, "deny", None, number) for number in denied),
        # The C library falls back to clone, whose flags a filter can read: threads yes, processes no.
        (_EQUAL, "unknown", None, _CLONE3[column]),
        (_EQUAL, None, "allow", _CLONE[column]),
        (_LOAD, None, None, _FIRST_ARGUMENT),
        (_ANY_BIT, "allow", "deny", _CLONE_THREAD),
    ]
    verdicts = {"allow": _ALLOW, "deny": _ERRNO | errno.EPERM, "unknown": _ERRNO | errno.ENOSYS, "kill": _KILL}
    places = {name: len(body) + nth for nth, name in enumerate(verdicts)}
    steps = [
        (code, *(0 if target is None else places[target] - nth - 1 for target in (yes, no)), value)
        for nth, (code, yes, no, value) in enumerate(body)
    ]
    steps += [(_RETURN, 0, 0, verdict) for verdict in verdicts.values()]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
