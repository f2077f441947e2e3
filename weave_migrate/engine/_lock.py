"""Locks, looked at and taken away at a person's request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weave_migrate import _log
from weave_migrate.engine._examine import failed_report
from weave_migrate.errors import RefusedError, WeaveError
from weave_migrate.model import Report, StoreReport, StoreState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weave_migrate.model import LockInfo
    from weave_migrate.stores import Store


def lock_status(stores: Sequence[Store]) -> Report:
    """Say of every store whether its lock is free or who holds it; reading only."""
    reports = tuple(map(_look, stores))
    error = next((problem for r in reports for problem in r.problems), None)
    return Report(
        command="lock status",
        stores=reports,
        error=error,
        exit=error.exit if error else 0,
    )


def release_lock(
    store: Store, *, force: bool, confirm: Callable[[LockInfo], None]
) -> tuple[Report, LockInfo | None]:
    """Take the lock away from whoever holds it now; give a report and that holder.

    A holder that still gives signs of life is left alone unless ``force``.
    ``confirm`` is shown the holder and raises RefusedError where that is not wanted.
    """
    holding: LockInfo | None = None
    try:
        holding = store.lock_info()
        if holding is None:
            return _done(_standing(store, None)), None
        if holding.is_alive and not force:
            raise _alive(store, holding)
        confirm(holding)
        now = store.lock_info()  # it may have come back to life while somebody typed
        if now and now.is_alive and not force:
            raise _alive(store, now)
        if not store.release_lock(holding):
            return _done(_gone(store)), None
    except WeaveError as error:
        report = replace(failed_report(store, error), lock=holding)
        problem = report.problems[0]
        return replace(_done(report), error=problem, exit=problem.exit), None
    _log.info("lock.released", store=store.name)
    return _done(replace(_standing(store, None), state=StoreState.CHANGED)), holding


def _look(store: Store) -> StoreReport:
    try:
        return _standing(store, store.lock_info())
    except WeaveError as error:
        return failed_report(store, error)


def _gone(store: Store) -> StoreReport:
    """Say how it stands after the holder had gone by itself."""
    if store.lock_info() is None:
        return _standing(store, None)
    raise RefusedError(
        f"Another run has taken the lock of {store.name} meanwhile; it was left alone.",
        hint=f"See who it is: weave db lock status {store.name}",
    )


def _standing(store: Store, lock: LockInfo | None) -> StoreReport:
    state = StoreState.LOCKED if lock else StoreState.FREE
    return StoreReport(name=store.name, kind=store.kind, state=state, lock=lock)


def _done(report: StoreReport) -> Report:
    return Report(command="lock release", stores=(report,))


def _alive(store: Store, lock: LockInfo) -> RefusedError:
    return RefusedError(
        f"The lock of {store.name} is held by {lock.owner} on {lock.host}, process "
        f"{lock.pid}, and that run is alive: its last sign of life was "
        f"{lock.silent or 0:.0f} s ago.",
        hint="Let it end, or stop it. If it must lose the lock all the same: "
        f"weave db lock release {store.name} --force",
    )
