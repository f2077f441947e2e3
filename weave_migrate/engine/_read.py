"""Commands that only read: what stands, what would run, what is wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weave_migrate.engine._examine import examine, failed_report, planned_report
from weave_migrate.errors import StoreUnavailable, WeaveError
from weave_migrate.model import (
    Plan,
    Problem,
    Report,
    StoreReport,
    StoreState,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weave_migrate.engine._callbacks import Callbacks
    from weave_migrate.stores import Reading, Store

CHECK_FAILED = 1


def status(
    stores: Sequence[Store],
    *,
    command: str = "status",
    exit_code: bool = False,
    callbacks: Callbacks | None = None,
    plan_of: Callable[[Store], Plan] | None = None,
) -> Report:
    """Report every store: server, lock, what is applied, pending and wrong.

    Ends with 5 where a store can't be reached; with ``exit_code``, with 1 where
    something is pending or wrong.  With ``callbacks`` those of Info are run around it.
    ``plan_of`` makes another plan than the store's own.
    """
    reports = _each(stores, "Info", lambda each: _stand(each, plan_of), callbacks)
    return _report(command, reports, strict=exit_code)


def report_plan(
    store: Store, plan: Plan, *, command: str, exit_code: bool = False
) -> Report:
    """Report one store by a plan made without its server; statuses as ``status``'s."""
    return _report(command, (planned_report(store, plan),), strict=exit_code)


def validate(
    stores: Sequence[Store],
    *,
    command: str = "validate",
    callbacks: Callbacks | None = None,
) -> Report:
    """Report every store; status 1 unless all is applied and nothing is wrong.

    Checksums count here also where the settings let a migrate pass over them, and so do
    migrations behind the target, as in neo4j-migrations (reference, §6.6).  With
    ``callbacks`` those of Validate are run around it.
    """
    reports = _each(
        stores, "Validate", lambda store: _compared(_stand(store)), callbacks
    )
    return _report(command, reports, strict=True)


def _each(
    stores: Sequence[Store],
    reading: Reading,
    read: Callable[[Store], StoreReport],
    callbacks: Callbacks | None,
) -> tuple[StoreReport, ...]:
    if callbacks is None:
        return tuple(read(store) for store in stores)
    return tuple(callbacks.around(store, reading, read) for store in stores)


def _stand(store: Store, plan_of: Callable[[Store], Plan] | None = None) -> StoreReport:
    report, plan = examine(store, plan_of)
    if plan is None and report.state is not StoreState.INVALID:
        return report
    try:
        return replace(report, server=store.facts().server, lock=store.lock_info())
    except WeaveError as error:
        return replace(failed_report(store, error), entries=report.entries)


def _compared(report: StoreReport) -> StoreReport:
    """Count what the plan itself let pass: changed scripts, the target's other side."""
    if report.problems:
        return report
    if report.overlooked:
        return replace(report, state=StoreState.INVALID, problems=report.overlooked)
    if report.pending and report.state is StoreState.UP_TO_DATE:
        return replace(report, state=StoreState.PENDING)
    return report


def _report(command: str, reports: tuple[StoreReport, ...], *, strict: bool) -> Report:
    exits = [_exit(report, strict=strict) for report in reports]
    first = next((i for i, status in enumerate(exits) if status), None)
    if first is None:
        return Report(command=command, stores=reports)
    problems = reports[first].problems
    return Report(
        command=command,
        stores=reports,
        error=problems[0] if problems else _pending(reports[first]),
        exit=exits[first],
    )


def _exit(report: StoreReport, *, strict: bool) -> int:
    if report.state is StoreState.UNREACHABLE:
        return StoreUnavailable.exit_status
    if report.state is StoreState.FAILED:
        return report.problems[0].exit
    if strict and report.state is not StoreState.UP_TO_DATE:
        return CHECK_FAILED
    return 0


def _pending(report: StoreReport) -> Problem:
    count = len(report.pending)
    above = "They are above the target: migrate without one, or with a later one."
    return Problem(
        code="PENDING",
        message=f"{report.name} has {count} pending migration{'s' * (count != 1)}.",
        hint=f"weave db migrate {report.name}" if report.to_run else above,
        exit=CHECK_FAILED,
    )
