"""The command ``weave``: parse, call the engine, render; no decisions.

Only this door and click are imported at start; each command brings what it needs.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from weave_migrate.cli._root import weave
from weave_migrate.errors import WeaveError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

__all__ = ["main"]

_UNWRITTEN = 3  # the result could not be written


class _Terminated(KeyboardInterrupt):
    """SIGTERM, treated like Ctrl-C: stop at a safe point and release the lock."""

    exit_status = 128 + signal.SIGTERM


def _on_sigterm(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _Terminated


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status (docs/cli.md)."""
    words = list(sys.argv[1:] if args is None else args)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123
    signal.signal(signal.SIGTERM, _on_sigterm)
    sys.exit(_run(words))


def _run(words: list[str]) -> int:
    try:
        status = weave.main(words, prog_name=_program(), standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        return _nobody_listens(128 + signal.SIGPIPE)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last resort
        try:
            status = _failed(words, error)
            sys.stdout.flush()
        except OSError:  # not even that can be written
            return _nobody_listens(_UNWRITTEN)
    return int(status or 0)


def _nobody_listens(status: int) -> int:
    """Keep Python from failing once more when it closes its streams at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    return status


def _failed(words: list[str], error: BaseException) -> int:
    from weave_migrate.cli._output import Output

    own = words[: words.index("--")] if "--" in words else words
    out = Output(
        json="--json" in own,
        quiet=False,
        debug="--debug" in own,
        command=" ".join(_commands(own)),
    )
    if isinstance(error, WeaveError):
        return out.error(error)
    if isinstance(error, click.exceptions.Abort):
        return out.interrupted(KeyboardInterrupt())
    if isinstance(error, click.ClickException):
        return out.usage(error)
    if isinstance(error, KeyboardInterrupt):
        return out.interrupted(error)
    if isinstance(error, OSError) and error.filename is not None:
        return out.unreadable(error)
    return out.crash(error)


def _program() -> str:
    """The name we were called by; completion depends on it."""
    name = os.path.basename(sys.argv[0])  # noqa: PTH119 - pathlib costs 3 ms
    return name if name in ("weave", "weave-migrate") else "weave"


def _commands(words: list[str]) -> Iterator[str]:
    """Give the names of commands among the words, and nothing a user put there."""
    group: click.Command = weave
    for word in words:
        if isinstance(group, click.Group):
            found = group.get_command(click.Context(group), word)
            if found is not None:
                if word != "db":  # reports call their commands by the words behind it
                    yield word
                group = found
