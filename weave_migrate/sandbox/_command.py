"""Run a command that is to use a sandbox, and nothing but the sandbox."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING

from weave_migrate.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A store's own variable, and what the others that concern it begin with.
_PREFIXES = {
    "POSTGRES_HOST": ("POSTGRES_", "DATABASE_URL_"),
    "NEO4J_URI": ("NEO4J_",),
    "ELASTICSEARCH_URL": ("ELASTICSEARCH_",),
}


def foreign(environ: Mapping[str, str], own: Mapping[str, str]) -> list[str]:
    """Name the variables of ``environ`` that may lead past the sandbox's ``own``.

    DATABASE_URL_SLACK or ELASTICSEARCH_API_KEY may be of a real server.
    """
    prefixes = tuple(p for key, ps in _PREFIXES.items() if key in own for p in ps)
    return sorted(key for key in environ if key.startswith(prefixes) and key not in own)


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """Give our environment with the sandbox in it, and ``weave`` on its PATH."""
    path = os.pathsep.join(
        [sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)]
    )
    alien = foreign(os.environ, own)
    kept = {key: value for key, value in os.environ.items() if key not in alien}
    return {**kept, **own, "PATH": path}


def check(command: Sequence[str]) -> None:
    """Raise ConfigError where there is no such command."""
    if shutil.which(command[0], path=environment({})["PATH"]) is None:
        raise ConfigError(
            f"There is no command {command[0]!r} to run in the sandbox.",
            code="COMMAND_NOT_FOUND",
        )


def execute(command: Sequence[str], own: Mapping[str, str]) -> int:
    """Run ``command``, forward signals to it, give its exit status as a shell does."""
    program = shutil.which(command[0], path=environment({})["PATH"]) or command[0]
    with subprocess.Popen([program, *command[1:]], env=environment(own)) as process:

        def forward(number: int, _frame: object) -> None:
            if number != signal.SIGINT or not _from_terminal():
                process.send_signal(number)

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, forward) for number in numbers}
        try:
            status = process.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    return 128 - status if status < 0 else status


def _from_terminal() -> bool:
    """Say whether a Ctrl-C reached the command as well, being in our foreground."""
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
