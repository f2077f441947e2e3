"""Changes of history that run no migration: clean, repair, baseline, delete.

Each is planned by its store, reading only, and shown; once it is agreed to, it is
planned again under the lock, compared with what was shown, and made.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from weave_migrate import _log
from weave_migrate.engine._examine import examine, failed_report
from weave_migrate.engine._recorder import Recorder
from weave_migrate.errors import ConfigError, RefusedError, WeaveError
from weave_migrate.model import Report, StoreState
from weave_migrate.stores import MendableStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weave_migrate.stores import Change, Observer, Store


def edit(
    store: Store,
    planner: Callable[[], tuple[Change, ...]],
    *,
    command: str,
    listener: Observer,
    lock_timeout: float,
    confirm: Callable[[Sequence[Change]], None],
    dry_run: bool = False,
) -> tuple[Report, tuple[Change, ...]]:
    """Make the changes of history that ``planner`` gives.

    ``planner`` is one of the store's ``plan_…`` methods, bound to its arguments.
    ``confirm`` is shown the changes and raises RefusedError where they are not wanted;
    what changed in between is refused, too.  Gives the changes made, or under
    ``dry_run`` planned, and a report of how the store stands then: what is still wrong
    with it is named there and no failure of the edit.
    """
    recorder = Recorder(store.name, listener)
    try:
        changes = planner()
        if changes and not dry_run:
            confirm(changes)
            with store.lock(lock_timeout, recorder) as lock:
                # Our own lock may show up besides; what was shown must still be so.
                again = planner()
                if not all(change in again for change in changes):
                    raise _outrun(store)
                store.edit(changes, lock)
            _log.info("history.edited", store=store.name, command=command)
    except WeaveError as error:
        report = failed_report(store, error)
        report = replace(report, warnings=tuple(recorder.warnings))
        problem = report.problems[0]
        failed = Report(
            command=command, stores=(report,), error=problem, exit=problem.exit
        )
        return failed, ()
    report, _ = examine(store)
    report = replace(report, warnings=(*report.warnings, *recorder.warnings))
    if changes and not dry_run:
        report = replace(report, state=StoreState.CHANGED)
    return Report(command=command, stores=(report,)), changes


def clean(
    store: Store,
    *,
    everything: bool,
    listener: Observer,
    lock_timeout: float,
    allowed: bool,
    confirm: Callable[[Sequence[Change]], None],
    dry_run: bool = False,
) -> tuple[Report, tuple[Change, ...]]:
    """Remove a store's history, and nothing else; see ``edit``.

    ``everything`` means that of all targets, ``allowed`` is the setting allow_clean.
    """

    def consent(changes: Sequence[Change]) -> None:
        _check_allowed(allowed=allowed)
        confirm(changes)

    return edit(
        store,
        lambda: store.plan_clean(everything=everything),
        command="clean",
        listener=listener,
        lock_timeout=lock_timeout,
        confirm=consent,
        dry_run=dry_run,
    )


def mend(
    store: Store,
    *,
    verb: str,
    plan: Callable[[MendableStore], tuple[Change, ...]],
    listener: Observer,
    lock_timeout: float,
    confirm: Callable[[Sequence[Change]], None],
    dry_run: bool = False,
) -> tuple[Report, tuple[Change, ...]]:
    """Make the changes that ``plan`` asks a store for; see ``edit``.

    ``verb`` is repair, baseline or delete.  Raises ConfigError (NOT_MENDABLE) for a
    store whose history is not weave's to mend.
    """
    if not isinstance(store, MendableStore):
        raise ConfigError(
            f"{verb} does not apply to {store.name}: weave does not mend a history of "
            f"{store.kind}.",
            code="NOT_MENDABLE",
            hint=f"See what is wrong with it: weave db status {store.name}",
        )
    mendable = store
    return edit(
        store,
        lambda: plan(mendable),
        command=verb,
        listener=listener,
        lock_timeout=lock_timeout,
        confirm=confirm,
        dry_run=dry_run,
    )


def _outrun(store: Store) -> RefusedError:
    return RefusedError(
        "The history was changed by another run meanwhile; nothing was done.",
        hint=f"See what is there now: weave db status {store.name}",
    )


def _check_allowed(*, allowed: bool) -> None:
    if not allowed:
        raise RefusedError(
            "The settings do not allow clean.",
            hint="Set allow_clean = true in .weave/weave.toml, for this environment "
            "only.",
        )
