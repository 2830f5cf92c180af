"""A real server of the app, in its own process, with its own database and caches."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A TCP port on the loopback interface that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_quiet(pid: int | None = None, *, seconds: float = 2.0, timeout: float = 300) -> None:
    """Return when the process (this one if None) and all below it have used under a tenth of a core for `seconds`.

    Workers that are warming up are not quiet: on a slow machine they load torch for a minute. Raises RuntimeError if
    that takes longer than `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        before = _spent(pid)
        time.sleep(seconds)
        after = _spent(pid)
        if before.keys() == after.keys() and sum(after.values()) - sum(before.values()) < 0.1 * seconds:
            return
    raise RuntimeError(f"process {pid} and its workers are still busy after {timeout:g} s: end what else is running")


def _spent(pid: int | None) -> dict[int, float]:
    """Seconds of computing so far, by process id."""
    spent = {}
    parent = psutil.Process(pid)
    for process in [parent, *parent.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:  # it has just ended
            continue
        spent[process.pid] = times.user + times.system
    return spent


class Server:
    """`streamlit run app.py` on a free port. `home` holds its database and caches, so that a restart finds them again.

    `workers_at_start=False` leaves the worker processes until a page needs them: tests of pages that do not are not
    slowed down by torch. `script` and `settings` let a benchmark serve another app (Streamlit's defaults) in the same
    way.
    """

    def __init__(
        self,
        home: Path,
        *,
        workers_at_start: bool = True,
        script: Path = ROOT / "app.py",
        settings: tuple[str, ...] = (),
    ) -> None:
        self.home = home
        self.workers_at_start = workers_at_start
        self.script = script
        self.settings = settings
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.log = home / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, timeout: float = 60) -> Server:
        """Start, and return when the health endpoint answers. Raises RuntimeError with the log if it never does."""
        environment = {
            **os.environ,
            "DATABASE_URL": f"sqlite:///{self.home / 'study.sqlite3'}",
            "TLI_CACHE_DIR": str(self.home / "cache"),
            "TLI_UPLOADS_DIR": str(self.home / "pictures"),
            "TLI_WORKERS_AT_START": "yes" if self.workers_at_start else "no",
        }
        command = [sys.executable, "-m", "streamlit", "run", str(self.script), "--server.port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.settings], cwd=self.script.parent, env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                    if answer.status == 200:
                        return self
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the server did not come up; its log:\n{self.log.read_text()}")

    def stop(self) -> None:
        """End it as Ctrl-C would, and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=20)

    def kill(self) -> None:
        """End it as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(timeout=20)

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
