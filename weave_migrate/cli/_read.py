"""``status``, ``plan``, ``validate``, ``current``, ``history``: they only read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from weave_migrate.cli._command import Command, common, out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weave_migrate.config import Settings
    from weave_migrate.model import Report

names_argument = click.argument("names", nargs=-1, metavar="[NAME]...")
exit_code_option = click.option(
    "--exit-code", is_flag=True, help="Exit 1 if anything is pending or wrong."
)


@click.command(cls=Command)
@names_argument
@exit_code_option
@click.pass_context
def status(ctx: click.Context, names: Sequence[str], *, exit_code: bool) -> None:
    """Show how every database stands: server, lock, applied, pending, problems."""
    from weave_migrate.cli._show import show_status

    settings = common().settings()
    report = read_report(settings, "status", names, exit_code=exit_code)
    output = out()
    show_status(output, report)
    ctx.exit(finish(report, shown=True))


@click.command(cls=Command)
@names_argument
@exit_code_option
@click.pass_context
def plan(ctx: click.Context, names: Sequence[str], *, exit_code: bool) -> None:
    """Show what a migrate would do, without doing it."""
    from weave_migrate.cli._show import show_plan

    report = read_report(common().settings(), "plan", names, exit_code=exit_code)
    show_plan(out(), report)
    ctx.exit(finish(report, shown=True))


@click.command(cls=Command)
@names_argument
@click.pass_context
def validate(ctx: click.Context, names: Sequence[str]) -> None:
    """Exit 0 only if everything is applied and history agrees with the files."""
    ctx.exit(run_validate(common().settings(), names))


@click.command(cls=Command)
@click.argument("name")
@exit_code_option
@click.pass_context
def current(ctx: click.Context, name: str, *, exit_code: bool) -> None:
    """Show a database's current version: nothing where none was applied."""
    settings = common().settings()
    report = read_report(settings, "current", [name], exit_code=exit_code)
    for version in report.stores[0].current:
        out().line(version)
    ctx.exit(finish(report))


@click.command(cls=Command)
@click.argument("name")
@click.pass_context
def history(ctx: click.Context, name: str) -> None:
    """Show what was applied to a database, oldest first."""
    from weave_migrate.cli._show import show_entries

    report = read_report(common().settings(), "history", [name])
    show_entries(out(), report.stores[0].applied)
    ctx.exit(finish(report))


def read_report(
    settings: Settings,
    command: str,
    names: Sequence[str] = (),
    *,
    exit_code: bool = False,
) -> Report:
    """Report the named stores, or all, reading only."""
    from weave_migrate import engine

    with engine.opened(engine.select(settings, names)) as stores:
        report = engine.status(stores, command=command, exit_code=exit_code)
    return report.with_warnings(*settings.warnings)


def run_validate(
    settings: Settings,
    names: Sequence[str],
    *,
    command: str = "validate",
    judge: Callable[[Settings, Report], str | None] | None = None,
) -> int:
    """Validate the named stores, or all; give the exit status.

    ``judge`` finds the peer's word for the result, or None where it has none.
    """
    from weave_migrate import engine
    from weave_migrate.cli._show import show_status

    with engine.opened(engine.select(settings, names)) as stores:
        report = engine.validate(stores, command=command)
    report = report.with_warnings(*settings.warnings)
    output = out()
    show_status(output, report)
    if judge is None:
        return finish(report, shown=True)
    outcome = judge(settings, report)
    output.line(f"Outcome: {outcome or 'unknown'}")
    return finish(report, shown=True, outcome=outcome)


def finish(report: Report, *, shown: bool = False, **more: object) -> int:
    """Write the document; errors that were shown among the results are not again.

    ``more`` are keys of the document beside the report's own.
    """
    from dataclasses import replace

    output = out()
    if shown and not output.json:
        report = replace(report, error=None)
    return output.report(report, **more)
