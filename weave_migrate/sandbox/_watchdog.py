"""Run one server for as long as the process that asked for it lives.

Started as a plain file (``python -I -S _watchdog.py FOLDER``), so it uses the standard
library only.  Standard input is a pipe from the owner.  Its first line is a job, a JSON
object ``{"command", "environment", "account", "signal"}``; whatever comes next, a
second line or the end of the pipe, means stop.  A pipe ends however its owner ends,
SIGKILL included, so there is one way to stop and it needs no help from the owner.  A
new parent means the same: a forked child of the owner may hold the pipe open.

Stopping is: the job's signal, time to obey, SIGKILL to the server's process group, and
FOLDER removed.  FOLDER gets the files ``pid``, ``log`` and, when the server ended by
itself, ``exit`` with its status.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

GRACE = 20.0  # seconds for a server to end by itself


def _as(account: list[int] | None) -> dict[str, Any]:
    """Render a user and group as options of Popen."""
    if account is None:
        return {}
    return {"user": account[0], "group": account[1], "extra_groups": []}


def _watch(folder: Path, server: subprocess.Popen[bytes], parent: int) -> None:
    """Wait until the owner is gone or says stop; note the server's own end."""
    noted = False
    while not select.select([0], [], [], 0.1)[0] and os.getppid() == parent:
        if not noted and server.poll() is not None:
            (folder / "exit").write_text(str(server.returncode))
            noted = True


def _stop(server: subprocess.Popen[bytes], number: int) -> None:
    """End the server politely, then whatever is left of its process group."""
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        server.send_signal(number)
        server.wait(GRACE)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def _remove(folder: Path) -> None:
    """Remove the folder, though a dying child of the server may still write there."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def _leave(_number: int, _frame: object) -> None:
    raise SystemExit(0)


def main() -> None:
    """Run the job that standard input names; see the module's text."""
    folder, parent = Path(sys.argv[1]), os.getppid()
    endings = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for number in endings:
        signal.signal(number, _leave)
    server, stop_signal = None, signal.SIGTERM
    try:
        with open(0, "rb", buffering=0, closefd=False) as pipe:
            line = pipe.readline()
        if line.strip():
            job = json.loads(line)
            stop_signal = job["signal"]
            with (folder / "log").open("wb") as log:
                server = subprocess.Popen(
                    job["command"],
                    env=job["environment"],
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    **_as(job["account"]),
                )
            (folder / "pid.new").write_text(str(server.pid))
            (folder / "pid.new").rename(folder / "pid")  # never seen half written
            _watch(folder, server, parent)
    finally:
        for number in endings:
            signal.signal(number, signal.SIG_IGN)
        if server is not None:
            _stop(server, stop_signal)
        _remove(folder)


if __name__ == "__main__":
    main()
