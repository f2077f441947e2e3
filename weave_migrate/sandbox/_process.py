"""A server process that can't outlive us: it runs under a watchdog."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from weave_migrate.errors import ConfigError, StoreUnavailable
from weave_migrate.sandbox._cache import cache_dir, reachable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")
TIMEOUT = 300.0  # seconds until a server must answer; slow machines start JVMs slowly
_WATCHDOG = Path(__file__).with_name("_watchdog.py")


def unavailable(message: str, hint: str) -> StoreUnavailable:
    """Make the one error of this room: a server can't be had; install this."""
    return StoreUnavailable(message, hint=hint, code="SANDBOX_UNAVAILABLE")


def check_version(server: str, version: str) -> None:
    """Raise ConfigError unless ``version`` looks like one; it becomes part of paths."""
    if re.fullmatch(r"\d{1,4}(?:\.\w++)*+", version, re.ASCII) is None:
        raise ConfigError(f"{version!r} is no version of {server}.")


def poll(
    name: str,
    probe: Callable[[], T | None],
    *,
    ended: Callable[[], bool],
    log: Callable[[], str],
) -> T:
    """Ask ``probe`` until it has an answer; raise when the server ended or is late."""
    deadline = time.monotonic() + TIMEOUT
    while (answer := probe()) is None:
        if ended():
            problem = f"{name} ended before it answered:"
        elif time.monotonic() > deadline:
            problem = f"{name} did not answer within {TIMEOUT:.0f} seconds:"
        else:
            time.sleep(0.05)
            continue
        words = [f"  {line}" for line in log().splitlines()[-20:]]
        raise unavailable(
            "\n".join([problem, *words]), "Read the server's own words above."
        )
    return answer


class Process:
    """A temporary folder and, once run, a server in it; both go when this closes.

    They also go when our process ends in any other way: a watchdog sees to it.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        place = Path(tempfile.gettempdir())
        if not reachable(place):
            place = cache_dir()
        self.folder = Path(tempfile.mkdtemp(prefix="weave-", dir=place)).resolve()
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_WATCHDOG), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._watchdog.stdin is not None  # noqa: S101 - a pipe was asked for
        self._pipe = self._watchdog.stdin.fileno()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._watchdog:  # which closes the pipe and waits
            self._tell(b"\n")

    def run(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str | Path],
        stop_signal: int = signal.SIGTERM,
    ) -> None:
        """Start ``command`` in the folder, with nothing of our own environment.

        Started by root it runs as another account, to which the folder is given.
        """
        who = _account()
        if who is not None:
            for folder, _, files in os.walk(self.folder):
                for name in (".", *files):
                    shutil.chown(Path(folder, name), *who)
        environment = {"PATH": os.defpath, "HOME": self.folder, **environment}
        job = {
            "command": [str(word) for word in command],
            "environment": {key: str(value) for key, value in environment.items()},
            "account": who,  # user and group
            "signal": int(stop_signal),
        }
        self._tell(json.dumps(job).encode() + b"\n")

    def _tell(self, line: bytes) -> None:
        """Send a line to the watchdog, which may be gone; ``wait`` will notice."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, line)

    @property
    def pid(self) -> int:
        """The server's process id; call when it answered."""
        return int((self.folder / "pid").read_text())

    def wait(self, probe: Callable[[], T | None]) -> T:
        """Give what ``probe`` answers once the server is up."""

        def ask() -> T | None:  # a quick server can be ahead of its watchdog's notes
            return probe() if (self.folder / "pid").exists() else None

        return poll(self.name, ask, ended=self._ended, log=self._log)

    def _ended(self) -> bool:
        return (self.folder / "exit").exists() or self._watchdog.poll() is not None

    def _log(self) -> str:
        try:
            return (self.folder / "log").read_text(errors="replace")
        except OSError:  # a watchdog that ended took the folder with it
            return ""


def _account() -> tuple[int, int] | None:
    """Say as which user and group servers run: None is ourselves.

    Root's run as nobody: most of them refuse to run as root.
    """
    if os.geteuid() != 0:
        return None
    import pwd  # not on every platform; the rest of this room imports without it

    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def free_port() -> int:
    """Give a free loopback port that no client connection will take meanwhile.

    Systems give out ports from 32768 up to clients, so ours lie below.
    """
    while True:
        port = 20000 + secrets.randbelow(12000)
        with socket.socket() as candidate, contextlib.suppress(OSError):
            candidate.bind(("127.0.0.1", port))
            return port
