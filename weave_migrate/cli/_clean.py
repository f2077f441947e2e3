"""``clean NAME…``: remove history, after asking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weave_migrate.cli._command import Command, common, out
from weave_migrate.cli._consent import ask, yes_option
from weave_migrate.cli._migrate import dry_run_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weave_migrate.config import Settings
    from weave_migrate.stores import Change


@click.command(cls=Command)
@click.argument("name")
@dry_run_option
@yes_option
@click.pass_context
def clean(ctx: click.Context, name: str, *, dry_run: bool, yes: bool) -> None:
    """Remove a database's history, and only that: user data is never touched.

    The next migrate would apply every script again.  Needs allow_clean = true.
    """
    settings = common().settings()
    ctx.exit(run_clean(settings, name, everything=False, dry_run=dry_run, yes=yes))


def run_clean(
    settings: Settings, name: str, *, everything: bool, dry_run: bool, yes: bool
) -> int:
    """Clean one store after consent; give the exit status."""
    from weave_migrate import engine
    from weave_migrate.cli._progress import ProgressSet

    output = out()
    progress = ProgressSet(output)

    def confirm(changes: Sequence[Change]) -> None:
        progress.stop()
        if not yes:
            for change in changes:
                click.echo(f"  {change.summary}", err=True)
            ask(name, "remove its history")

    with engine.opened(engine.select(settings, [name])) as stores:
        report, changes = engine.clean(
            stores[0],
            everything=everything,
            listener=progress(stores[0]),
            lock_timeout=settings.lock_timeout,
            allowed=settings.allow_clean,
            confirm=confirm,
            dry_run=dry_run,
        )
    if report.ok:
        for change in changes:
            output.line(change.summary)
        if not changes:
            output.line("There is no history to remove.")
        elif not dry_run:
            output.line("Done.")
    summaries = [change.summary for change in changes]
    report = report.with_warnings(*settings.warnings)
    return output.report(report, changes=summaries)
