"""``clean``, ``repair``, ``baseline``: change history, after showing and asking."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from weave_migrate.cli._command import Command, common, out
from weave_migrate.cli._consent import ask, yes_option
from weave_migrate.cli._migrate import dry_run_option, lock_timeout_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weave_migrate.config import Settings
    from weave_migrate.model import Report
    from weave_migrate.stores import Change, MendableStore

    Edited = tuple[Report, tuple[Change, ...]]
    _F = TypeVar("_F", bound=Callable[..., Any])


def editing_options(command: _F) -> _F:
    """Add what says how to edit: ``dry_run``, ``lock_timeout`` and ``yes``."""
    return dry_run_option(lock_timeout_option(yes_option(command)))


@click.command(cls=Command)
@click.argument("name")
@editing_options
@click.pass_context
def clean(ctx: click.Context, /, name: str, **how: Any) -> None:
    """Remove a database's history, and only that: user data is never touched.

    The next migrate would apply every script again.  Needs allow_clean = true.
    """
    settings = common().settings()
    ctx.exit(run_clean(settings, name, everything=False, **how))


@click.command(cls=Command)
@click.argument("name")
@editing_options
@click.pass_context
def repair(ctx: click.Context, /, name: str, **how: Any) -> None:
    """Make a database's history agree with the files; runs no migration.

    Edited scripts are accepted as they are now, records without a file are removed,
    files older than what is recorded count as applied, and a damaged chain is joined.
    """
    ctx.exit(run_repair(common().settings(), name, **how))


@click.command(cls=Command)
@click.argument("name")
@click.argument("version")
@editing_options
@click.pass_context
def baseline(ctx: click.Context, /, name: str, version: str, **how: Any) -> None:
    """Record the files up to VERSION as applied, without running them.

    For a database that has already got what they make.
    """
    settings = common().settings()
    ctx.exit(run_baseline(settings, name, version, **how))


def run_clean(settings: Settings, name: str, *, everything: bool, **how: Any) -> int:
    """Clean one store after consent; give the exit status.

    ``how`` is here and below what ``editing_options`` gave.
    """
    from weave_migrate import engine

    return _run(
        settings,
        name,
        partial(engine.clean, everything=everything, allowed=settings.allow_clean),
        purpose="remove its history",
        nothing="There is no history to remove.",
        **how,
    )


def run_repair(settings: Settings, name: str, **how: Any) -> int:
    """Repair one store's history after consent; give the exit status."""
    return _run_mending(
        settings,
        name,
        "repair",
        lambda store: store.plan_repair(),
        purpose="repair its history",
        nothing="There is nothing to repair.",
        **how,
    )


def run_baseline(settings: Settings, name: str, version: str, **how: Any) -> int:
    """Record files up to ``version`` after consent; give the exit status."""
    return _run_mending(
        settings,
        name,
        "baseline",
        lambda store: store.plan_baseline(version),
        purpose="record these as applied",
        nothing=f"Everything up to {version} is recorded already.",
        **how,
    )


def run_delete(settings: Settings, name: str, version: str, **how: Any) -> int:
    """Take one version out of history after consent; give the exit status."""
    return _run_mending(
        settings,
        name,
        "delete",
        lambda store: store.plan_delete(version),
        purpose="remove this record",
        nothing="Database is unchanged, no version has been deleted.",
        **how,
    )


def _run_mending(
    settings: Settings,
    name: str,
    verb: str,
    plan: Callable[[MendableStore], tuple[Change, ...]],
    *,
    purpose: str,
    nothing: str,
    **how: Any,
) -> int:
    from weave_migrate import engine

    return _run(
        settings,
        name,
        partial(engine.mend, verb=verb, plan=plan),
        purpose=purpose,
        nothing=nothing,
        **how,
    )


def _run(
    settings: Settings,
    name: str,
    edit: Callable[..., Edited],
    *,
    purpose: str,
    nothing: str,
    dry_run: bool,
    lock_timeout: float | None,
    yes: bool,
) -> int:
    """Show what an edit of history would do, ask, make it, and say how it stands."""
    from weave_migrate import engine
    from weave_migrate.cli._progress import ProgressSet
    from weave_migrate.cli._show import show_problem

    output = out()
    progress = ProgressSet(output)

    def confirm(changes: Sequence[Change]) -> None:
        progress.stop()
        if not yes:
            for change in changes:
                click.echo(f"  {change.summary}", err=True)
            ask(name, purpose)

    with engine.opened(engine.select(settings, [name])) as stores:
        report, changes = edit(
            stores[0],
            listener=progress(stores[0]),
            lock_timeout=(
                settings.lock_timeout if lock_timeout is None else lock_timeout
            ),
            confirm=confirm,
            dry_run=dry_run,
        )
    if report.ok:
        for change in changes:
            output.line(change.summary)
        if not changes:
            output.line(nothing)
        elif not dry_run:
            output.line("Done.", fg="green")
        remaining = () if dry_run else report.stores[0].problems
        if remaining:
            output.line("Still in the way of a migrate:", fg="yellow")
        for problem in remaining:
            show_problem(output, problem)
    summaries = [change.summary for change in changes]
    report = report.with_warnings(*settings.warnings)
    return output.report(report, changes=summaries)
