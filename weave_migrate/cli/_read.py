"""``status``, ``plan``, ``validate``, ``current``, ``history``: they only read."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

from weave_migrate.cli._command import Command, common, out
from weave_migrate.cli._migrate import lock_timeout_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from weave_migrate import engine
    from weave_migrate.cli._progress import ProgressSet
    from weave_migrate.config import Settings
    from weave_migrate.model import Plan, Report
    from weave_migrate.stores import Store

names_argument = click.argument("names", nargs=-1, metavar="[NAME]...")
exit_code_option = click.option(
    "--exit-code", is_flag=True, help="Exit 1 if anything is pending or wrong."
)
_F = TypeVar("_F", bound="Callable[..., None]")


def callbacks_options(command: _F) -> _F:
    """Add what it takes to run callbacks: ``callbacks`` and ``lock_timeout``."""
    option = click.option(
        "--callbacks",
        is_flag=True,
        help="Lock, and run the callbacks of info or validate.",
    )
    return option(lock_timeout_option(command))


@click.command(cls=Command)
@names_argument
@exit_code_option
@callbacks_options
@click.pass_context
def status(
    ctx: click.Context,
    names: Sequence[str],
    *,
    exit_code: bool,
    callbacks: bool,
    lock_timeout: float | None,
) -> None:
    """Show how every database stands: server, lock, applied, pending, problems."""
    from weave_migrate.cli._show import show_status

    settings = common().settings()
    report = read_report(
        settings,
        "status",
        names,
        exit_code=exit_code,
        callbacks=callbacks,
        lock_timeout=lock_timeout,
    )
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
@callbacks_options
@click.pass_context
def validate(
    ctx: click.Context,
    names: Sequence[str],
    *,
    callbacks: bool,
    lock_timeout: float | None,
) -> None:
    """Exit 0 only if everything is applied and history agrees with the files."""
    status = run_validate(
        common().settings(), names, callbacks=callbacks, lock_timeout=lock_timeout
    )
    ctx.exit(status)


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
    callbacks: bool = False,
    lock_timeout: float | None = None,
    plan_of: Callable[[Store], Plan] | None = None,
) -> Report:
    """Report the named stores, or all, reading only.

    With ``callbacks`` those of Info are run around it, under the lock.  ``plan_of``
    makes another plan than the store's own.
    """
    from weave_migrate import engine

    with (
        _progress() as progress,
        engine.opened(engine.select(settings, names)) as stores,
    ):
        report = engine.status(
            stores,
            command=command,
            exit_code=exit_code,
            callbacks=_around(settings, progress, lock_timeout) if callbacks else None,
            plan_of=plan_of,
        )
    return report.with_warnings(*settings.warnings)


@contextmanager
def _progress() -> Iterator[ProgressSet]:
    from weave_migrate.cli._progress import ProgressSet

    progress = ProgressSet(out())
    try:
        yield progress
    finally:
        progress.stop()


def _around(
    settings: Settings, progress: ProgressSet, lock_timeout: float | None
) -> engine.Callbacks:
    from weave_migrate.engine import Callbacks

    timeout = settings.lock_timeout if lock_timeout is None else lock_timeout
    return Callbacks(progress, timeout)


def run_validate(
    settings: Settings,
    names: Sequence[str],
    *,
    command: str = "validate",
    callbacks: bool = False,
    lock_timeout: float | None = None,
    judge: Callable[[Settings, Report], str | None] | None = None,
) -> int:
    """Validate the named stores, or all; give the exit status.

    With ``callbacks`` those of Validate are run around it, under the lock.
    ``judge`` finds the peer's word for the result, or None where it has none.
    """
    from weave_migrate import engine
    from weave_migrate.cli._show import show_status

    with (
        _progress() as progress,
        engine.opened(engine.select(settings, names)) as stores,
    ):
        report = engine.validate(
            stores,
            command=command,
            callbacks=_around(settings, progress, lock_timeout) if callbacks else None,
        )
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
