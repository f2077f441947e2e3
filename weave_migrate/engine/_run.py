"""Commands that change something.

Decide first, act after: all stores are planned before the first is touched, and any
violation stops the run there.  Then each store is locked, planned once more under its
lock and migrated; the first failure stops the run, later stores are ``not_run``.

A plan may stop before something that weave can't apply.  What is before it runs, and
the run then ends there as after a failure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weave_migrate import _log
from weave_migrate.engine._examine import examine, planned_report
from weave_migrate.engine._recorder import Recorder
from weave_migrate.errors import WeaveError
from weave_migrate.model import Entry, Plan, Problem, Report, State, StoreState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weave_migrate.model import Applied, StoreReport
    from weave_migrate.stores import Observer, Store

INTERRUPTED = 130


def migrate(
    stores: Sequence[Store],
    *,
    listen: Callable[[Store], Observer],
    lock_timeout: float,
    command: str = "migrate",
    dry_run: bool = False,
) -> Report:
    """Apply what is pending in every store, in order.

    ``lock_timeout`` is in seconds and holds for each store.  An interrupt
    (KeyboardInterrupt) ends the run at the next safe point and in a report with
    status 130, or the exception's own ``exit_status``.
    """
    examined = [examine(store) for store in stores]
    reports = [report for report, _ in examined]
    problem = next(
        (
            problem
            for report, plan in examined
            for problem in report.problems
            if dry_run or not (plan and _may_begin(plan))
        ),
        None,
    )
    if problem or dry_run:
        return Report(
            command=command,
            stores=tuple(reports),
            error=problem,
            exit=problem.exit if problem else 0,
        )
    for index, (store, (_, plan)) in enumerate(zip(stores, examined, strict=True)):
        if plan is None or not plan.has_work:
            continue
        report, problem = _migrate_one(store, plan, listen(store), lock_timeout)
        reports[index] = report
        if problem:
            rest = (replace(r, state=StoreState.NOT_RUN) for r in reports[index + 1 :])
            done = (*reports[: index + 1], *rest)
            return Report(
                command=command, stores=done, error=problem, exit=problem.exit
            )
    return Report(command=command, stores=tuple(reports))


def _may_begin(plan: Plan) -> bool:
    """Tell whether a run may touch the store; one that stops at once may not."""
    return not plan.problems and (plan.stop is None or bool(plan.pending))


def _migrate_one(
    store: Store, plan: Plan, listener: Observer, lock_timeout: float
) -> tuple[StoreReport, Problem | None]:
    recorder = Recorder(store.name, listener)
    problem: Problem | None = None
    try:
        with store.lock(lock_timeout, recorder) as lock:
            # Another run may have finished while this one waited for the lock.
            plan = store.plan()
            if not _may_begin(plan):
                report = planned_report(store, plan)
                said = (*report.warnings, *recorder.warnings)
                return replace(report, warnings=said), report.problems[0]
            store.apply(plan, lock, recorder)
    except WeaveError as error:
        problem = Problem.from_error(error)
        state = StoreState.FAILED
        _log.info("run.failed", store=store.name, code=error.code, file=error.file)
    except KeyboardInterrupt as stop:
        problem = _interrupted(store, recorder, stop)
        state = StoreState.FAILED
    else:
        problem = plan.stop
        state = StoreState.MIGRATED if recorder.applied else StoreState.UP_TO_DATE
        if problem:
            state = StoreState.INVALID
    applied = tuple(each.version for each in recorder.applied)
    report = replace(
        planned_report(store, plan),
        state=state,
        entries=_after(plan, recorder.applied),
        problems=(problem,) if problem else (),
        warnings=(*plan.warnings, *recorder.warnings),
        to_run=tuple(
            each.version for each in plan.pending if each.version not in applied
        ),
        newly_applied=applied,
    )
    return report, problem


def _interrupted(store: Store, recorder: Recorder, stop: KeyboardInterrupt) -> Problem:
    running = recorder.running
    where = f" while {running.source} was running" if running else ""
    return Problem(
        code="INTERRUPTED",
        message=f"{store.name} was interrupted{where}.",
        hint=f"See what is applied: weave db status {store.name}",
        file=running.source if running else None,
        exit=getattr(stop, "exit_status", INTERRUPTED),
    )


def _after(plan: Plan, applied: Sequence[Applied]) -> tuple[Entry, ...]:
    """The plan's entries with what was applied since."""
    records = {each.version: each for each in applied}
    return tuple(
        Entry(State.APPLIED, entry.migration, records[entry.version])
        if entry.version in records
        else entry
        for entry in plan.entries
    )
