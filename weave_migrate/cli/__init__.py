"""The command ``weave``: parse, call the engine, render; no decisions.

Only this door and click are imported at start; each command brings what it needs.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click

from weave_migrate.cli._root import weave
from weave_migrate.errors import WeaveError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from weave_migrate.cli._output import Output

__all__ = ["main"]

_UNWRITTEN = 3  # the result could not be written


class _Stopped(KeyboardInterrupt):
    """A signal treated like Ctrl-C: stop at a safe point and release the lock."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_status = 128 + number


def _on_signal(number: int, _frame: FrameType | None) -> NoReturn:
    raise _Stopped(number)


class _Stream(io.FileIO):
    """What nothing more can be written to: a full disk, a terminal that was closed.

    That must not end a run half-way, so what is lost is noted, and no error.  A reader
    who went away is one: he has seen what he wanted.
    """

    lost: OSError | None = None

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            self.lost = error
            return len(data)


def _guard(name: str) -> _Stream | None:
    stream: TextIO | None = getattr(sys, name)
    if stream is None:  # closed by whoever started us
        setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123
        return None
    raw = _Stream(stream.fileno(), "w", closefd=False)
    text = io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=True,
    )
    setattr(sys, name, text)
    return raw


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status (docs/cli.md)."""
    words = list(sys.argv[1:] if args is None else args)
    results, _ = _guard("stdout"), _guard("stderr")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup wants it
            signal.signal(number, _on_signal)
    status = _run(words)
    if results and results.lost:
        _output_for(words).lost(results.lost, status)
        status = status or _UNWRITTEN
    sys.exit(status)


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
    out = _output_for(words)
    if stop := _interrupt_behind(error):
        return out.interrupted(stop)
    if isinstance(error, WeaveError):
        return out.error(error)
    if isinstance(error, click.exceptions.Abort):
        return out.interrupted(KeyboardInterrupt())
    if isinstance(error, click.ClickException):
        return out.usage(error)
    if isinstance(error, OSError) and error.filename is not None:
        return out.unreadable(error)
    return out.crash(error)


def _interrupt_behind(error: BaseException | None) -> KeyboardInterrupt | None:
    """Find the signal that click made an Abort of, or that a driver stumbled over."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


def _output_for(words: list[str]) -> Output:
    from weave_migrate.cli._output import Output

    own = words[: words.index("--")] if "--" in words else words
    return Output(
        json="--json" in own,
        quiet=False,
        debug="--debug" in own,
        command=" ".join(_commands(own)),
    )


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
