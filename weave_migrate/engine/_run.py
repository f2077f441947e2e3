"""Commands that change something.

Decide first, act after: all stores are planned before the first is touched, and any
violation stops the run there.  Then each store is locked, planned once more under its
lock and migrated; the first failure stops the run, later stores are ``not_run``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from weave_migrate import _log
from weave_migrate.engine._read import examine, failed_report, planned_report
from weave_migrate.errors import RefusedError, WeaveError
from weave_migrate.model import (
    Applied,
    Entry,
    LockInfo,
    Migration,
    Plan,
    Problem,
    Report,
    State,
    StoreReport,
    StoreState,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weave_migrate.stores import Change, Observer, Store

INTERRUPTED = 130


@dataclass(slots=True)
class _Recorder:
    """Passes events on, logs them, and remembers what a report needs."""

    store: str
    listener: Observer
    applied: list[Applied] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    running: Migration | None = None

    def lock_waiting(self, holder: LockInfo | None, seconds: float) -> None:
        _log.info("lock.waited", store=self.store, seconds=round(seconds, 1))
        self.listener.lock_waiting(holder, seconds)

    def migration_started(self, migration: Migration) -> None:
        self.running = migration
        self.listener.migration_started(migration)

    def migration_applied(self, applied: Applied) -> None:
        self.running = None
        self.applied.append(applied)
        _log.info(
            "migration.applied",
            store=self.store,
            version=applied.version,
            duration_ms=applied.duration_ms,
        )
        self.listener.migration_applied(applied)

    def progressed(self, message: str) -> None:
        self.listener.progressed(message)

    def noted(self, message: str) -> None:
        _log.info("run.noted", store=self.store, message=message)
        self.listener.noted(message)

    def warned(self, message: str) -> None:
        self.warnings.append(message)
        self.listener.warned(message)


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
    problem = next((p for r in reports for p in r.problems), None)
    if problem or dry_run:
        return Report(
            command=command,
            stores=tuple(reports),
            error=problem,
            exit=problem.exit if problem else 0,
        )
    for index, (store, (_, plan)) in enumerate(zip(stores, examined, strict=True)):
        if plan is None or not plan.pending:
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


def _migrate_one(
    store: Store, plan: Plan, listener: Observer, lock_timeout: float
) -> tuple[StoreReport, Problem | None]:
    recorder = _Recorder(store.name, listener)
    problem: Problem | None = None
    try:
        with store.lock(lock_timeout, recorder) as lock:
            # Another run may have finished while this one waited for the lock.
            plan = store.plan()
            if plan.problems:
                return planned_report(store, plan), plan.problems[0]
            store.apply(plan, lock, recorder)
    except WeaveError as error:
        problem = Problem.from_error(error)
        state = StoreState.FAILED
        _log.info("run.failed", store=store.name, code=error.code, file=error.file)
    except KeyboardInterrupt as stop:
        problem = _interrupted(store, recorder, stop)
        state = StoreState.FAILED
    else:
        state = StoreState.MIGRATED if recorder.applied else StoreState.UP_TO_DATE
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


def _interrupted(store: Store, recorder: _Recorder, stop: KeyboardInterrupt) -> Problem:
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


def clean(
    store: Store,
    *,
    everything: bool,
    listener: Observer,
    lock_timeout: float,
    allowed: bool,
    confirm: Callable[[Sequence[Change]], None],
    dry_run: bool = False,
    command: str = "clean",
) -> tuple[Report, tuple[Change, ...]]:
    """Remove a store's history, and nothing else.

    ``allowed`` is the setting allow_clean.  ``confirm`` is shown the changes and raises
    RefusedError where they are not wanted; what changed in between is refused, too.
    Gives the report and the changes made, or under ``dry_run`` planned.
    """
    try:
        changes = store.plan_clean(everything=everything)
        if changes and not dry_run:
            _check_allowed(allowed=allowed)
            confirm(changes)
            recorder = _Recorder(store.name, listener)
            with store.lock(lock_timeout, recorder) as lock:
                # Our own lock may show up besides; what was shown must still be so.
                again = store.plan_clean(everything=everything)
                if not all(change in again for change in changes):
                    raise RefusedError(
                        "The history was changed by another run meanwhile; nothing "
                        "was removed.",
                        hint=f"See what is there now: weave db status {store.name}",
                    )
                store.edit(changes, lock)
            _log.info("history.cleaned", store=store.name)
    except WeaveError as error:
        report = failed_report(store, error)
        problem = report.problems[0]
        done = Report(
            command=command, stores=(report,), error=problem, exit=problem.exit
        )
        return done, ()
    changed = bool(changes) and not dry_run
    report = StoreReport(
        name=store.name,
        kind=store.kind,
        state=StoreState.CHANGED if changed else StoreState.UP_TO_DATE,
    )
    return Report(command=command, stores=(report,)), changes


def _check_allowed(*, allowed: bool) -> None:
    if not allowed:
        raise RefusedError(
            "The settings do not allow clean.",
            hint="Set allow_clean = true in .weave/weave.toml, for this environment "
            "only.",
        )
