"""The command line of the fence, the filter of system calls, and where exercises may run at all."""

from __future__ import annotations

import re
import struct
from itertools import product
from pathlib import Path

import pytest

from study.sandbox import fence, seccomp
from tests.unit.study.sandbox.conftest import require_sandbox

ROOT = Path(__file__).resolve().parents[4]
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize(("local", "agreed"), list(product([True, False], repeat=2)))
def test_behind_the_fence_exercises_run_wherever_the_server_is_bound(local: bool, agreed: bool) -> None:
    assert fence.availability(bound_to_localhost=local, consented=agreed, fenced=True) == "sandboxed"


@pytest.mark.parametrize(
    ("local", "agreed", "expected"),
    [(True, True, "plain"), (True, False, "ask"), (False, False, "read_only"), (False, True, "read_only")],
)
def test_without_the_fence_only_on_localhost_and_with_consent(local: bool, agreed: bool, expected: str) -> None:
    assert fence.availability(bound_to_localhost=local, consented=agreed, fenced=False) == expected


def test_the_command_closes_everything() -> None:
    require_sandbox()
    command = fence.fenced_command(7)
    for option in ("--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv", "--as-pid-1"):
        assert option in command
    assert command[command.index("--cap-drop") + 1] == "ALL"
    assert command[command.index("--seccomp") + 1] == "7"
    assert command[command.index("/", command.index("/scratch")) - 1] == "--remount-ro"
    assert "--bind" not in command
    assert "--share-net" not in command


def test_nothing_of_the_project_is_bound_but_three_files_and_the_packages() -> None:
    require_sandbox()
    command = fence.fenced_command(None)
    sources = {Path(command[place + 1]) for place, part in enumerate(command) if part == "--ro-bind"}
    ours = {source for source in sources if source.is_relative_to(ROOT) and ".venv" not in source.parts}
    assert ours == {ROOT / "study" / "sandbox" / name for name in ("inside.py", "wire.py", "seccomp.py")}
    home = Path.home()
    assert not {source for source in sources if home.is_relative_to(source)}
    assert not sources & {Path(name) for name in ("/etc", "/tmp", "/var", "/usr", "/usr/bin", "/bin", "/home", "/run")}
    devices = {command[place + 1] for place, part in enumerate(command) if part == "--dev-bind"}
    assert devices == {"/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_numbers_of_system_calls_are_those_of_the_headers(machine: str) -> None:
    header = HEADERS[machine]
    if not header.exists():
        pytest.skip(f"{header} is not installed")
    text = header.read_text(encoding="utf-8")
    numbers = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    known = seccomp.MACHINES[machine]
    more = dict(zip(("execve", "execveat"), known.execute, strict=True))
    more |= {"clone": known.clone, "clone3": known.clone3, "seccomp": known.seccomp}
    listed = known.denied | more
    absent = {name for name in listed if name not in numbers} - {
        "memfd_secret",
        "mount_setattr",
    }  # newer than some headers
    assert absent == set()
    assert {name: listed[name] for name in listed if name in numbers} == {
        name: numbers[name] for name in listed if name in numbers
    }


def verdict(program: bytes, audit: int, number: int, argument: int = 0) -> int:
    """What the kernel would return: classic BPF, run by hand."""
    lines = [struct.unpack_from("<HBBI", program, at) for at in range(0, len(program), 8)]
    data = struct.pack("<iIQ6Q", number if number < 2**31 else number - 2**32, audit, 0, argument, 0, 0, 0, 0, 0)
    place, value = 0, 0
    for _ in range(len(lines)):
        code, if_true, if_false, operand = lines[place]
        place += 1
        if code == 0x20:
            (value,) = struct.unpack_from("<I", data, operand)
        elif code == 0x06:
            return int(operand)
        else:
            holds = {0x15: value == operand, 0x35: value >= operand, 0x45: bool(value & operand)}[code]
            place += if_true if holds else if_false
    raise AssertionError("the program does not end")


ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("may_execute", [True, False])
def test_the_filter_denies_exactly_what_is_listed(machine: str, may_execute: bool) -> None:
    known = seccomp.MACHINES[machine]
    program = seccomp.program(machine, may_execute=may_execute)
    assert program is not None
    denied = set(known.denied.values()) | (set() if may_execute else set(known.execute))
    for number in range(600):
        expected = EPERM if number in denied | {known.clone} else ENOSYS if number == known.clone3 else ALLOW
        assert verdict(program, known.audit, number) == expected, number
    assert verdict(program, known.audit, known.clone, 0x3D0F00) == ALLOW  # what glibc asks for a thread
    assert verdict(program, known.audit, known.clone, 0x1200011) == EPERM  # what it asks for a fork
    assert verdict(program, known.audit, 0x40000000 + 57) == EPERM
    assert verdict(program, 0x40000003, 0) == KILL  # another machine's calls have other numbers


def test_an_unknown_machine_has_no_filter() -> None:
    assert seccomp.program("riscv64", may_execute=True) is None
