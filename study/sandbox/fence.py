"""The fence around a submission: bubblewrap's command line, and what is possible where bubblewrap is not.

Inside, the file system is read-only and holds Python, the installed packages and three files of this project; there is
no network, no environment, no capability, an own process table, and a small empty folder to work in. Source: bwrap(1),
version 0.8.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Literal

from study.sandbox import seccomp

Availability = Literal["sandboxed", "plain", "ask", "read_only"]

SCRATCH_BYTES = 16 * 1024 * 1024
"""Size of the folder that a submission may write to."""
HARNESS = ("inside.py", "seccomp.py", "wire.py")
BOOT = """\
import os, sys
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
sys.path[:0] = sys.argv[1:]
from study.sandbox.inside import main
main(sys.path[1:])
"""
"""Finds the project's files in its first argument, and packages in the others; the submission finds only the latter."""

_HERE = Path(__file__).resolve().parent
_INSIDE = Path("/harness")
_PROBE_SECONDS = 20.0


def availability(*, bound_to_localhost: bool, consented: bool, fenced: bool | None = None) -> Availability:
    """How exercises run: behind the fence; without it, on localhost only, and only with the learner's consent.

    "ask" is for a server on localhost whose learner has not agreed yet; "read_only" for any other without a fence.
    `fenced` is what `fence_available` says, unless given.
    """
    if fence_available() if fenced is None else fenced:
        return "sandboxed"
    if not bound_to_localhost:
        return "read_only"
    return "plain" if consented else "ask"


def fence_available() -> bool:
    """Whether bubblewrap is installed and may make its namespaces here, which some containers forbid."""
    return why_no_fence() == ""


@functools.cache
def why_no_fence() -> str:
    """In plain words why there is no fence; "" if there is one. Tried once for the life of this process."""
    if platform.system() != "Linux" or shutil.which("bwrap") is None:
        return "bubblewrap is not installed (Debian, Ubuntu: apt-get install bubblewrap)"
    command = [*_fence(), *python(), "-c", "print('inside')"]
    try:
        tried = subprocess.run(command, capture_output=True, timeout=_PROBE_SECONDS, env={}, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not work here: {error}"
    if tried.returncode == 0 and tried.stdout.strip() == b"inside":
        return ""
    said = tried.stderr.decode(errors="replace").strip()
    return f"bubblewrap does not work here: {said[-300:] or f'exit code {tried.returncode}'}"


def fenced_command(filter_descriptor: int | None) -> list[str]:
    """The command of a process inside the fence. `seccomp.program` can be read from the descriptor, if there is one."""
    binds = [part for name in HARNESS for part in ("--ro-bind", str(_HERE / name), f"{_INSIDE}/study/sandbox/{name}")]
    packages = [part for folder in package_folders() for part in ("--ro-bind", folder, folder)]
    filtered = ["--seccomp", str(filter_descriptor)] if filter_descriptor is not None else []
    return [*_fence(*packages, *binds), *filtered, *python(), "-c", BOOT, str(_INSIDE), *package_folders()]


def plain_command() -> list[str]:
    """The command of the same process without the fence."""
    return [*python(), "-c", BOOT, str(_HERE.parents[1]), *package_folders()]


def filter_program() -> bytes | None:
    """The filter that bubblewrap applies; it still allows the one execve that starts Python."""
    return seccomp.program(platform.machine(), may_execute=True)


def python() -> list[str]:
    """Python itself rather than the environment's link to it: without site, environment and compiled files."""
    base: str = getattr(sys, "_base_executable", sys.executable)
    return [os.path.realpath(base), "-I", "-S", "-B"]


def package_folders() -> list[str]:
    """The folders that torch and numpy are installed in."""
    specs = [importlib.util.find_spec(name) for name in ("torch", "numpy")]
    folders = [str(Path(spec.origin).parents[1].resolve()) for spec in specs if spec is not None and spec.origin]
    return list(dict.fromkeys(folders))


def _fence(*binds: str) -> list[str]:
    """bwrap with everything closed but what Python needs, and `binds`.

    /proc is made read-only as well: started by root, bubblewrap leaves the kernel's settings in /proc/sys writable.
    """
    scratch = ["--size", str(SCRATCH_BYTES), "--tmpfs", "/scratch"] if _can_limit_size() else ["--dir", "/scratch"]
    devices = [
        part
        for name in ("null", "zero", "random", "urandom")
        for part in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")
    ]
    return [
        str(shutil.which("bwrap")),
        *("--unshare-all", "--unshare-user", "--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *("--clearenv", "--unsetenv", "PWD", "--hostname", "sandbox"),
        *_system_binds(),
        *binds,
        *("--proc", "/proc", "--remount-ro", "/proc", "--tmpfs", "/dev", *devices, "--remount-ro", "/dev"),
        *(*scratch, "--chdir", "/scratch", "--remount-ro", "/"),
    ]


def _system_binds() -> list[str]:
    """The dynamic linker's folders and Python's own; links such as /lib -> usr/lib stay links."""
    prefix = Path(sys.base_prefix).resolve()
    needed = ["/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"]
    needed += [str(prefix / "lib"), str(prefix / "lib64"), python()[0]]
    parts: list[str] = []
    for name in dict.fromkeys(needed):
        path = Path(name)
        if path.is_symlink() and not path.readlink().is_absolute() and path.parent == Path("/"):
            parts += ["--symlink", str(path.readlink()), name]
        elif path.exists():
            parts += ["--ro-bind", str(path.resolve()), name]
    return parts


@functools.cache
def _can_limit_size() -> bool:
    """bubblewrap before 0.7 cannot: there the folder to work in is read-only, as the rest is."""
    told = subprocess.run([str(shutil.which("bwrap")), "--help"], capture_output=True, env={}, check=False)
    return b"--size" in told.stdout + told.stderr
