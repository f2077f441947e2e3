"""Callbacks in the engine: when there is work, and how failures are told."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from fake_store import FakeStore, Listener

from weave_migrate.engine import Callbacks, edit, migrate, status, validate
from weave_migrate.errors import MigrationFailed, PlaceholderError, ScriptError
from weave_migrate.model import Callback, CypherScript, Problem, StoreState
from weave_migrate.stores import CallbackStore, Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weave_migrate.model import Plan
    from weave_migrate.stores import Lock, Observer

_NOTHING = CypherScript((), "0")


class Around(FakeStore):
    """A store with callbacks; ``failing`` are the phases in which one fails."""

    def __init__(
        self,
        *phases: str,
        failing: str = "",
        bad: ScriptError | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        super().__init__(problems=problems)
        self.phases = phases
        self.failing = failing
        self.bad = bad
        self.ran: list[str] = []

    def plan(self) -> Plan:
        self.ran.append("plan")
        return replace(super().plan(), callbacks=self.of("Migrate"))

    def of(self, operation: str) -> tuple[Callback, ...]:
        return tuple(
            Callback(phase, "", f"{phase}.cypher", _NOTHING)
            for phase in self.phases
            if phase.endswith(operation)
        )

    def callbacks(self, operation: str) -> tuple[Callback, ...]:
        if self.bad:
            raise self.bad
        return self.of(operation)

    @contextmanager
    def around(
        self, callbacks: tuple[Callback, ...], lock: Lock, observer: Observer
    ) -> Iterator[None]:
        self.run(callbacks, "before", lock, observer)
        yield
        self.run(callbacks, "after", lock, observer)

    def run(
        self, callbacks: tuple[Callback, ...], when: str, lock: Lock, observer: Observer
    ) -> None:
        lock.check()
        for callback in callbacks:
            if callback.phase.startswith(when):
                if callback.phase == self.failing:
                    raise MigrationFailed(f"{callback.source} failed.")
                self.ran.append(callback.phase)
                observer.noted(f"ran {callback.source}")
                observer.warned(f"a remark on {callback.source}")

    def apply(self, plan: Plan, lock: Lock, observer: Observer) -> None:
        with self.around(plan.callbacks, lock, observer):
            super().apply(plan, lock, observer)

    def edit(self, changes: tuple[Change, ...], lock: Lock) -> None:
        lock.check()
        self.observer.warned("a remark")
        if self.failing:
            raise MigrationFailed("A callback failed.")

    @contextmanager
    def lock(self, timeout: float, observer: Observer) -> Iterator[Lock]:
        self.ran.append("lock")
        self.observer = observer
        with super().lock(timeout, observer) as lock:
            yield lock


def with_callbacks(listener: Listener | None = None) -> Callbacks:
    heard = listener or Listener()
    return Callbacks(lambda _: heard, 0)


def test_callbacks_of_migrate_are_work_even_with_nothing_pending() -> None:
    store, listener = Around("beforeMigrate", "afterMigrate"), Listener()
    report = migrate([store], listen=lambda _: listener, lock_timeout=0)
    assert store.ran == ["plan", "lock", "plan", "beforeMigrate", "afterMigrate"]
    assert report.ok
    assert report.stores[0].state is StoreState.UP_TO_DATE
    assert report.stores[0].callbacks == ("beforeMigrate.cypher", "afterMigrate.cypher")
    assert ("noted", "ran beforeMigrate.cypher") in listener.events


def test_a_dry_run_names_callbacks_and_runs_none() -> None:
    store = Around("beforeMigrate")
    report = migrate([store], listen=lambda _: Listener(), lock_timeout=0, dry_run=True)
    assert store.ran == ["plan"]
    assert report.stores[0].callbacks == ("beforeMigrate.cypher",)
    assert report.stores[0].pending == ()


def test_a_failing_callback_fails_the_run() -> None:
    store = Around("beforeMigrate", failing="beforeMigrate")
    report = migrate([store], listen=lambda _: Listener(), lock_timeout=0)
    assert report.exit == 3
    assert report.stores[0].state is StoreState.FAILED


def test_callbacks_of_reading_run_only_when_asked_for() -> None:
    store = Around("beforeInfo", "afterInfo", "beforeValidate")
    assert isinstance(store, CallbackStore)
    assert status([store]).ok
    assert store.ran == ["plan"]

    store.ran.clear()
    report = status([store], callbacks=with_callbacks())
    assert store.ran == ["lock", "beforeInfo", "plan", "afterInfo"]
    assert report.ok
    assert report.stores[0].lock is None
    assert len(report.stores[0].warnings) == 2

    store.ran.clear()
    assert validate([store], callbacks=with_callbacks()).ok
    assert store.ran == ["lock", "beforeValidate", "plan"]


def test_without_callbacks_of_its_own_reading_takes_no_lock() -> None:
    around, plain = Around("beforeMigrate"), FakeStore()
    around.database.holder = plain.database.holder = "somebody else"
    assert status([around, plain], callbacks=with_callbacks()).ok


def test_a_lock_that_is_held_ends_reading_with_callbacks() -> None:
    store = Around("beforeInfo")
    store.database.holder = "somebody else"
    assert status([store], callbacks=with_callbacks()).exit == 4


def test_what_reading_found_is_told_beside_a_callback_that_failed() -> None:
    problem = Problem("CHECKSUM_MISMATCH", "V1 was edited.")
    store = Around("afterValidate", failing="afterValidate", problems=(problem,))
    report = validate([store], callbacks=with_callbacks())
    assert report.exit == 3
    assert report.stores[0].state is StoreState.FAILED
    codes = [each.code for each in report.stores[0].problems]
    assert codes == ["MIGRATION_FAILED", "CHECKSUM_MISMATCH"]


def test_a_bad_callback_ends_reading_before_the_lock() -> None:
    store = Around("beforeInfo", bad=PlaceholderError("No value."))
    report = status([store], callbacks=with_callbacks())
    assert (report.exit, store.ran) == (6, [])
    assert report.stores[0].state is StoreState.FAILED


def test_remarks_of_callbacks_around_an_edit_are_reported() -> None:
    store = Around()
    planned = (Change("Run the callback beforeClean.cypher."),)
    for failing in ("", "beforeClean"):
        store.failing = failing
        report, _ = edit(
            store,
            lambda: planned,
            command="clean",
            listener=Listener(),
            lock_timeout=0,
            confirm=lambda _: None,
        )
        assert report.ok is not bool(failing)
        assert report.stores[0].warnings == ("a remark",)
