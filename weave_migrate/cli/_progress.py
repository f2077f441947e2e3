"""One line for each migration while it runs, on standard error."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from weave_migrate.cli._output import colour
from weave_migrate.cli._words import duration_text, holder_text
from weave_migrate.scripts._source import printable

if TYPE_CHECKING:
    from weave_migrate.cli._output import Output
    from weave_migrate.model import Applied, LockInfo, Migration
    from weave_migrate.stores import Store


class Progress:
    """Shows what a store's run does: a spinner on a terminal, plain lines elsewhere."""

    def __init__(self, store: Store, output: Output) -> None:
        self._store = store.name
        self._silent = output.quiet
        self._live = sys.stderr.isatty() and not output.quiet
        self._status: Any = None
        self._source = ""
        self._said_waiting = False

    def lock_waiting(self, holder: LockInfo | None, seconds: float) -> None:
        """Say who is waited for, once on a file and continuously on a terminal."""
        text = f"{self._store}: waiting for the lock{holder_text(holder)}"
        if self._live:
            self._spin(f"{text}, {seconds:.0f} s")
        elif not self._said_waiting:
            self._said_waiting = True
            self._say(text)

    def migration_started(self, migration: Migration) -> None:
        """Show the migration that runs now."""
        self._source = migration.source
        if self._live:
            self._spin(f"{self._store}: {migration.source}")

    def migration_applied(self, applied: Applied) -> None:
        """Leave a line with the time it took."""
        self.stop()
        took = duration_text(applied.duration_ms)
        source = applied.source or self._source
        self._say(f"{self._store}: applied {source}{f' ({took})' if took else ''}")

    def progressed(self, message: str) -> None:
        """Show how far something slow has come, on a terminal."""
        if self._live:
            self._spin(f"{self._store}: {message}")

    def noted(self, message: str) -> None:
        """Leave a line of what was done besides migrations."""
        self.stop()
        self._say(f"{self._store}: {message}")

    def warned(self, message: str) -> None:
        """Warnings are shown with the report; nothing to do while it runs."""

    def stop(self) -> None:
        """Take the spinner away."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _spin(self, text: str) -> None:
        if self._status is None:
            from rich.console import Console
            from rich.status import Status

            console = Console(stderr=True, no_color=colour() is False, highlight=False)
            self._status = Status("", console=console)
            self._status.start()
        from rich.text import Text

        self._status.update(Text(printable(text)))

    def _say(self, text: str) -> None:
        if not self._silent:
            try:
                click.echo(printable(text), err=True)
            except OSError:  # nobody listens any more: no reason to stop half-way
                self._silent = True


class ProgressSet:
    """Makes a Progress for each store and ends them all, whatever happens."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._made: list[Progress] = []
        self.started = time.monotonic()

    def __call__(self, store: Store) -> Progress:
        self.stop()
        progress = Progress(store, self._output)
        self._made.append(progress)
        return progress

    def stop(self) -> None:
        """Take every spinner away."""
        for progress in self._made:
            progress.stop()

    @property
    def seconds(self) -> float:
        """Seconds since the command began."""
        return time.monotonic() - self.started
