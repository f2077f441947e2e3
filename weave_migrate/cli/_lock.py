"""``lock status`` and ``lock release``: who keeps others out, and how to end that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weave_migrate.cli._command import Command, Group, common, out
from weave_migrate.cli._consent import ask, yes_option
from weave_migrate.cli._read import finish, names_argument
from weave_migrate.cli._words import holder_text
from weave_migrate.scripts._source import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weave_migrate.model import LockInfo

_COMMANDS = {
    "status": (f"{__name__}:status", "Show who holds the locks."),
    "release": (f"{__name__}:release", "Take a lock away from a run that is gone."),
}


@click.group(cls=Group, lazy=_COMMANDS)
def lock() -> None:
    """Show or release the locks that keep two runs apart."""


@click.command(cls=Command)
@names_argument
@click.pass_context
def status(ctx: click.Context, names: Sequence[str]) -> None:
    """Show for every database whether its lock is free, or who holds it."""
    from weave_migrate import engine
    from weave_migrate.cli._show import show_problem

    settings = common().settings()
    with engine.opened(engine.select(settings, names)) as stores:
        report = engine.lock_status(stores)
    output = out()
    for store in report.stores:
        holding = holder_text(store.lock)
        output.line(f"{store.name}: {store.state}{holding}", bold=True)
        if store.lock:
            output.line(f"  {_expiry(store.lock)}")
        for problem in store.problems:
            show_problem(output, problem)
    ctx.exit(finish(report.with_warnings(*settings.warnings), shown=True))


@click.command(cls=Command)
@click.argument("name")
@click.option("--force", is_flag=True, help="Even from a run that is alive.")
@yes_option
@click.pass_context
def release(ctx: click.Context, name: str, *, force: bool, yes: bool) -> None:
    """Take a database's lock away from the run that holds it.

    A run that is still at work stops before its next effect, and what it has not
    committed by then is undone where the database can do that.
    """
    from weave_migrate import engine

    settings, output = common().settings(), out()

    def confirm(holding: LockInfo) -> None:
        if not yes:
            text = f"{name}: locked{holder_text(holding)}"
            click.echo(printable(text), err=True)
            ask(name, "release its lock")

    with engine.opened(engine.select(settings, [name])) as stores:
        report, released = engine.release_lock(stores[0], force=force, confirm=confirm)
    if released:
        output.line(f"{name}: released{holder_text(released)} until now", fg="green")
    elif report.ok:
        output.line(f"{name}: free", fg="green")
    holding = released.to_dict() if released else None
    ctx.exit(output.report(report.with_warnings(*settings.warnings), released=holding))


def _expiry(holding: LockInfo) -> str:
    if holding.lease is None:
        return "It gives no signs of life; release it only if its run is gone for good."
    if (holding.silent or 0) < holding.lease:
        return f"It expires after {holding.lease:g} s without a sign of life."
    return (
        f"It has given no sign of life for longer than its {holding.lease:g} s; the "
        "next run takes it over."
    )
