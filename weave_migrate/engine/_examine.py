"""How one store stands: by its plan, or by the error that there is instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weave_migrate.errors import (
    HistoryError,
    ScriptError,
    StoreUnavailable,
    WeaveError,
)
from weave_migrate.model import Problem, StoreReport, StoreState

if TYPE_CHECKING:
    from collections.abc import Callable

    from weave_migrate.model import Plan
    from weave_migrate.stores import Store


def examine(
    store: Store, plan_of: Callable[[Store], Plan] | None = None
) -> tuple[StoreReport, Plan | None]:
    """Plan one store; an error becomes a report of it, and there is no plan then.

    ``plan_of`` makes another plan than the store's own.
    """
    try:
        plan = plan_of(store) if plan_of else store.plan()
    except WeaveError as error:
        return failed_report(store, error), None
    return planned_report(store, plan), plan


def planned_report(store: Store, plan: Plan) -> StoreReport:
    """Say how a store stands by its plan."""
    problems = (*plan.problems, *((plan.stop,) if plan.stop else ()))
    state = StoreState.PENDING if plan.pending else StoreState.UP_TO_DATE
    return StoreReport(
        name=store.name,
        kind=store.kind,
        state=StoreState.INVALID if problems else state,
        entries=plan.entries,
        problems=problems,
        warnings=plan.warnings,
        current=plan.current,
        to_run=tuple(migration.version for migration in plan.pending),
        callbacks=tuple(callback.source for callback in plan.callbacks),
        overlooked=plan.overlooked,
    )


def failed_report(store: Store, error: WeaveError) -> StoreReport:
    """Say how a store stands when it could not be asked or read."""
    state = StoreState.FAILED
    if isinstance(error, StoreUnavailable):
        state = StoreState.UNREACHABLE
    elif isinstance(error, (ScriptError, HistoryError)):
        state = StoreState.INVALID
    return StoreReport(
        name=store.name,
        kind=store.kind,
        state=state,
        problems=(Problem.from_error(error),),
    )
