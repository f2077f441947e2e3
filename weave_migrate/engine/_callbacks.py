"""Callbacks around reading: the one case in which reading locks, and may write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from weave_migrate.engine._examine import failed_report
from weave_migrate.engine._recorder import Recorder
from weave_migrate.errors import WeaveError
from weave_migrate.model import StoreReport, StoreState
from weave_migrate.stores import CallbackStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from weave_migrate.stores import Observer, Reading, Store


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Runs a store's callbacks before and after it is read.

    ``lock_timeout`` is in seconds and holds for each store.
    """

    listen: Callable[[Store], Observer]
    lock_timeout: float

    def around(
        self, store: Store, reading: Reading, read: Callable[[Store], StoreReport]
    ) -> StoreReport:
        """Read a store between its callbacks; without any there is no lock, either.

        A failure is the report's first problem, before what reading found.
        """
        if not isinstance(store, CallbackStore):
            return read(store)
        recorder = Recorder(store.name, self.listen(store))
        report: StoreReport | None = None
        try:
            found = store.callbacks(reading)
            if not found:
                return read(store)
            with (
                store.lock(self.lock_timeout, recorder) as lock,
                store.around(found, lock, recorder),
            ):
                report = replace(read(store), lock=None)  # not our own
        except WeaveError as error:
            failed = failed_report(store, error)
            state = failed.state
            if state is not StoreState.UNREACHABLE:
                state = StoreState.FAILED
            read_before = report or failed
            found_before = report.problems if report else ()
            report = replace(
                read_before, state=state, problems=(*failed.problems, *found_before)
            )
        return replace(report, warnings=(*report.warnings, *recorder.warnings))
