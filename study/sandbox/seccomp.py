"""The system calls that a submission may not make, as a program for Linux's seccomp filter. Used on both sides.

The namespaces hide the machine; this filter makes the limits hold for root too, which the limit on processes does not:
no process can be started (threads can), so the memory limit of the one process is the limit of all. A denied call fails
with EPERM, which Python raises as PermissionError. On a machine other than x86-64 and aarch64 there is no filter
(`program` gives None): there a fork bomb is confined by its process namespace and ended by the watchdog outside.

Sources: seccomp(2); linux/filter.h, linux/audit.h; the call numbers are those of asm/unistd_64.h and
asm-generic/unistd.h (tests compare them with the headers where these are installed).
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_CLONE_THREAD = 0x00010000
_X32_CALLS = 0x40000000

# fmt: off
X86_64 = {
    "fork": 57, "vfork": 58, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
    "socket": 41, "socketpair": 53, "bpf": 321, "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425,
    "io_uring_enter": 426, "io_uring_register": 427, "keyctl": 250, "add_key": 248, "request_key": 249, "mount": 165,
    "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308, "swapon": 167, "swapoff": 168,
    "reboot": 169, "sethostname": 170, "setdomainname": 171, "init_module": 175, "finit_module": 313,
    "delete_module": 176, "kexec_load": 246, "kexec_file_load": 320, "quotactl": 179, "acct": 163, "syslog": 103,
    "clock_settime": 227, "clock_adjtime": 305, "settimeofday": 164, "adjtimex": 159, "name_to_handle_at": 303,
    "open_by_handle_at": 304, "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432,
    "fspick": 433, "mount_setattr": 442, "memfd_create": 319, "memfd_secret": 447, "shmget": 29, "shmat": 30,
    "semget": 64, "msgget": 68, "mq_open": 240, "pidfd_open": 434, "pidfd_getfd": 438, "pidfd_send_signal": 424,
    "personality": 135, "fanotify_init": 300, "vmsplice": 278, "mknod": 133, "mknodat": 259, "move_pages": 279,
    "migrate_pages": 256, "iopl": 172, "ioperm": 173, "modify_ldt": 154,
}
AARCH64 = {
    "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "socket": 198, "socketpair": 199,
    "bpf": 280, "perf_event_open": 241, "userfaultfd": 282, "io_uring_setup": 425, "io_uring_enter": 426,
    "io_uring_register": 427, "keyctl": 219, "add_key": 217, "request_key": 218, "mount": 40, "umount2": 39,
    "pivot_root": 41, "chroot": 51, "unshare": 97, "setns": 268, "swapon": 224, "swapoff": 225, "reboot": 142,
    "sethostname": 161, "setdomainname": 162, "init_module": 105, "finit_module": 273, "delete_module": 106,
    "kexec_load": 104, "kexec_file_load": 294, "quotactl": 60, "acct": 89, "syslog": 116, "clock_settime": 112,
    "clock_adjtime": 266, "settimeofday": 170, "adjtimex": 171, "name_to_handle_at": 264, "open_by_handle_at": 265,
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "mount_setattr": 442, "memfd_create": 279, "memfd_secret": 447, "shmget": 194, "shmat": 196, "semget": 190,
    "msgget": 186, "mq_open": 180, "pidfd_open": 434, "pidfd_getfd": 438, "pidfd_send_signal": 424, "personality": 92,
    "fanotify_init": 262, "vmsplice": 75, "mknodat": 33, "move_pages": 239, "migrate_pages": 238,
}
# fmt: on


@dataclass(frozen=True)
class Machine:
    """What the filter has to know of a processor: its audit number and its call numbers."""

    audit: int
    denied: dict[str, int]
    execute: tuple[int, int]
    """execve and execveat."""
    clone: int
    clone3: int
    seccomp: int


MACHINES = {
    "x86_64": Machine(0xC000003E, X86_64, (59, 322), 56, 435, 317),
    "aarch64": Machine(0xC00000B7, AARCH64, (221, 281), 220, 435, 277),
}


def program(machine: str, *, may_execute: bool) -> bytes | None:
    """The filter as an array of `struct sock_filter`, or None for a machine that it is not written for.

    `may_execute` leaves out execve, which the sandbox itself needs once to start Python.
    """
    known = MACHINES.get(machine)
    if known is None:
        return None
    denied = sorted(known.denied.values()) + ([] if may_execute else list(known.execute))
    allow = 7 + len(denied)
    fail, unknown, clone = allow + 1, allow + 2, allow + 3

    def test(kind: int, value: int, at: int, if_so: int) -> bytes:
        return struct.pack("<HBBI", kind, if_so - at - 1, 0, value)

    lines = [
        struct.pack("<HBBI", _LOAD, 0, 0, _MACHINE_AT),
        test(_EQUAL, known.audit, 1, 3),
        struct.pack("<HBBI", _RETURN, 0, 0, _KILL),
        struct.pack("<HBBI", _LOAD, 0, 0, _NUMBER_AT),
        test(_AT_LEAST, _X32_CALLS, 4, fail),
        test(_EQUAL, known.clone3, 5, unknown),
        test(_EQUAL, known.clone, 6, clone),
        *(test(_EQUAL, number, 7 + place, fail) for place, number in enumerate(denied)),
        struct.pack("<HBBI", _RETURN, 0, 0, _ALLOW),
        struct.pack("<HBBI", _RETURN, 0, 0, _FAIL | errno.EPERM),
        struct.pack("<HBBI", _RETURN, 0, 0, _FAIL | errno.ENOSYS),  # glibc then falls back to clone, whose flags show
        struct.pack("<HBBI", _LOAD, 0, 0, _FIRST_ARGUMENT_AT),
        struct.pack("<HBBI", _ANY_BIT, 0, 1, _CLONE_THREAD),
        struct.pack("<HBBI", _RETURN, 0, 0, _ALLOW),
        struct.pack("<HBBI", _RETURN, 0, 0, _FAIL | errno.EPERM),
    ]
    return b"".join(lines)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def install() -> bool:
    """Apply the filter to every thread of this process, for good. False where there is none for this machine.

    `OSError` if the kernel refuses it.
    """
    machine = platform.machine()
    if platform.system() != "Linux" or machine not in MACHINES:
        return False
    code = program(machine, may_execute=False)
    assert code is not None
    libc = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, mode_filter, all_threads = 38, 1, 1
    if libc.prctl(no_new_privileges, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")
    whole = _Program(len(code) // 8, code)
    if libc.syscall(MACHINES[machine].seccomp, mode_filter, all_threads, ctypes.byref(whole)) != 0:
        raise OSError(ctypes.get_errno(), "seccomp(SECCOMP_SET_MODE_FILTER)")
    return True
