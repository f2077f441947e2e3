"""What a person or a program gets to see: results, errors, statuses.

Results go to standard output, everything else to standard error.  With ``--json``
standard output holds one JSON document, also when a command fails.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO

import click

from weave_migrate.cli._table import render_table
from weave_migrate.errors import ConfigError, WeaveError
from weave_migrate.model import Problem, Report
from weave_migrate.scripts._source import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_USAGE, _CRASH, _INTERRUPTED = 2, 3, 130


def colour() -> bool | None:
    """Say whether to colour: NO_COLOR and FORCE_COLOR decide, else the terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    return True if os.environ.get("FORCE_COLOR") else None


@dataclass(frozen=True, slots=True)
class Output:
    """Where the output of one command goes, and in which form."""

    json: bool
    quiet: bool
    debug: bool
    command: str = ""

    @property
    def width(self) -> int | None:
        """Columns of the terminal that results go to; None for files and pipes."""
        return _columns(sys.stdout)

    def line(self, text: str = "", **style: Any) -> None:
        """Write a line of a result; nothing under --json."""
        if not self.json:
            shown = wrapped(text, width=self.width)
            click.echo(click.style(shown, **style) if style else shown, color=colour())

    def note(self, text: str, **style: Any) -> None:
        """Write a line that is no result."""
        if not self.quiet:
            shown = wrapped(text, width=_columns(sys.stderr))
            click.echo(click.style(shown, **style), err=True, color=colour())

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write a table: drawn on a terminal, aligned text elsewhere."""
        if not self.json:
            rows = [[printable(near(cell)) for cell in row] for row in rows]
            render_table(
                headers, rows, on_terminal=self.width is not None, color=colour()
            )

    def document(self, value: object) -> None:
        """Write the one JSON document of a command."""
        if self.json:
            text = json.dumps(value, ensure_ascii=False, indent=2)
            # A lone surrogate can stand in a file name or a script; JSON has \\uXXXX.
            click.echo(text.encode("utf-8", "backslashreplace").decode())

    def report(self, report: Report, **more: object) -> int:
        """Write a report's document, warnings and error; give its exit status.

        ``more`` are keys of the document that only some commands have.
        """
        if self.json:
            self.document({**report.to_dict(), **more})
        else:
            for warning in report.all_warnings:
                self.note(f"warning: {warning}", fg="yellow")
            if report.error:
                self._problem(report.error)
        return report.exit

    def problem(self, problem: Problem) -> None:
        """Write one problem to standard error, for people."""
        if not self.json:
            self._problem(problem)

    def _problem(self, problem: Problem) -> None:
        width = _columns(sys.stderr)

        def err(text: str, **style: Any) -> None:
            shown = wrapped(text, width=width)
            click.echo(click.style(shown, **style), err=True, color=colour())

        err(f"error[{problem.code}]: {problem.message}", fg="red", bold=True)
        if problem.file:
            where = f":{problem.line}" if problem.line else ""
            err(f"  --> {problem.file}{where}")
        for line in (problem.excerpt or "").splitlines():
            err(f"   | {line}")
        if problem.hint:
            err(f"  next: {problem.hint}", fg="cyan")

    def error(self, error: WeaveError) -> int:
        """Write an error that ended the command; give its exit status."""
        problem = Problem.from_error(error)
        self.document(self._failed(problem))
        self.problem(problem)
        self._traceback()
        return error.exit_status

    def usage(self, error: click.ClickException) -> int:
        """Write a usage error as click does, or as JSON."""
        problem = Problem("USAGE", error.format_message(), exit=_USAGE)
        self.document(self._failed(problem))
        if not self.json:
            context = getattr(error, "ctx", None)
            if context is not None:
                click.echo(context.get_usage(), err=True)
                click.echo(f"Try: {context.command_path} --help\n", err=True)
            self._problem(problem)
        return _USAGE

    def unreadable(self, error: OSError) -> int:
        """Say which file could not be read or written."""
        problem = Problem(
            "UNREADABLE",
            f"{error.filename}: {error.strerror}.",
            file=str(error.filename),
            exit=_USAGE,
        )
        self.document(self._failed(problem))
        self.problem(problem)
        self._traceback()
        return _USAGE

    def interrupted(self, stop: KeyboardInterrupt) -> int:
        """Say that the command was interrupted before it had a report."""
        status = int(getattr(stop, "exit_status", _INTERRUPTED))
        problem = Problem(
            "INTERRUPTED",
            "Interrupted.",
            hint="See what is applied: weave db status",
            exit=status,
        )
        self.document(self._failed(problem))
        self.problem(problem)
        return status

    def lost(self, error: OSError, status: int) -> None:
        """Say that a command ended, and only its output could not be written."""
        ended = f"ended with status {status}" if status else "was done"
        self._problem(
            Problem(
                "OUTPUT_FAILED",
                f"The command {ended}; its output could not be written: "
                f"{error.strerror}.",
                hint="What it did stays. See what is applied: weave db status",
                exit=_CRASH,
            )
        )

    def crash(self, error: BaseException) -> int:
        """Say that weave itself failed, without a traceback nobody asked for."""
        # The text of an unknown error may hold anything, a secret too.
        problem = Problem(
            "INTERNAL",
            f"weave failed unexpectedly: {type(error).__name__}.",
            hint="Run it again with --debug and report what it shows.",
            exit=_CRASH,
        )
        self.document(self._failed(problem))
        self.problem(problem)
        self._traceback()
        return _CRASH

    def _failed(self, problem: Problem) -> dict[str, object]:
        report = Report(command=self.command, error=problem, exit=problem.exit)
        return report.to_dict()

    def _traceback(self) -> None:
        if self.debug:
            import traceback

            traceback.print_exc()


def near(text: str) -> str:
    """Show paths below the current folder without it."""
    with suppress(FileNotFoundError):  # somebody deleted the folder we are in
        text = text.replace(f"{os.getcwd()}{os.sep}", "")  # noqa: PTH109 - no path
    return text


def wrapped(text: str, *, width: int | None) -> str:
    """Break lines between words where they meet a terminal's edge.

    ``width`` is None where there is no terminal.  A line's own indent is kept, and
    what is broken off stands two columns deeper.
    """
    # What scripts and servers say must not steer the terminal.
    lines = [printable(line) for line in near(text).split("\n")]
    if width is not None:
        lines = [_fill(line, width) for line in lines]
    return "\n".join(lines)


def _fill(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(
        line.strip(),
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
    )


def _columns(stream: TextIO) -> int | None:
    return shutil.get_terminal_size().columns if stream.isatty() else None


def need(condition: object, message: str, hint: str | None = None) -> None:
    """Raise ConfigError with ``message`` unless ``condition`` holds."""
    if not condition:
        raise ConfigError(message, hint=hint, code="USAGE")
