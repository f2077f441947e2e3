"""One run over many stores: decide first, act after, stop at the first failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fake_store import FakeDatabase, FakeStore, Listener

from weave_migrate.engine import clean, migrate
from weave_migrate.errors import RefusedError, StoreUnavailable
from weave_migrate.model import Problem, Report, StoreState
from weave_migrate.stores import Change, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def database(*versions: str, broken: str | None = None) -> FakeDatabase:
    made = FakeDatabase()
    for version in versions:
        made.add(version, fails=version == broken)
    return made


def run(
    *stores: FakeStore, listener: Listener | None = None, dry_run: bool = False
) -> Report:
    heard = listener or Listener()
    return migrate(
        list[Store](stores), listen=lambda _: heard, lock_timeout=0, dry_run=dry_run
    )


def states(report: Report) -> list[str]:
    return [str(store.state) for store in report.stores]


def test_all_stores_are_migrated_in_order() -> None:
    first, second = FakeStore(database("1", "2"), name="a"), FakeStore(database("1"))
    listener = Listener()
    report = run(first, second, listener=listener)
    assert report.ok
    assert states(report) == ["migrated", "migrated"]
    assert [e for e in listener.events if e[0] == "applied"] == [
        ("applied", "1"),
        ("applied", "2"),
        ("applied", "1"),
    ]
    assert report.stores[0].newly_applied == ("1", "2")
    assert [entry.version for entry in report.stores[0].applied] == ["1", "2"]
    assert not report.stores[0].pending


def test_a_second_run_finds_nothing_to_do_and_takes_no_lock() -> None:
    store = FakeStore(database("1"))
    run(store)
    store.database.holder = "somebody else"
    report = run(store)
    assert report.ok
    assert states(report) == ["up to date"]


def test_a_problem_in_a_later_store_stops_the_run_before_any_effect() -> None:
    first = FakeStore(database("1"), name="a")
    problem = Problem("CHECKSUM_MISMATCH", "V1 was edited.")
    second = FakeStore(database("1"), name="b", problems=[problem])
    report = run(first, second)
    assert report.exit == 6
    assert report.error == problem
    assert first.database.effects == []
    assert states(report) == ["pending", "invalid"]


def test_an_unreachable_store_stops_the_run_before_any_effect() -> None:
    first = FakeStore(database("1"), name="a")
    second = FakeStore(name="b", plan_error=StoreUnavailable("b is down."))
    report = run(first, second)
    assert report.exit == 5
    assert first.database.effects == []
    assert states(report) == ["pending", "unreachable"]


def test_the_first_failure_stops_the_run_and_says_what_stays_applied() -> None:
    first = FakeStore(database("1", "2", "3", broken="2"), name="a")
    second = FakeStore(database("1"), name="b")
    report = run(first, second)
    assert report.exit == 3
    assert states(report) == ["failed", "not_run"]
    assert report.stores[0].newly_applied == ("1",)
    assert [entry.version for entry in report.stores[0].pending] == ["2", "3"]
    assert second.database.effects == []
    assert report.error is not None
    assert report.error.file == "V2__step.fake"
    assert "The server said: no" in report.error.message


def test_the_lock_is_released_after_a_failure() -> None:
    store = FakeStore(database("1", broken="1"))
    run(store)
    assert store.database.holder is None


def test_a_held_lock_ends_in_status_4_and_names_the_holder() -> None:
    store = FakeStore(database("1"))
    store.database.holder = "somebody else"
    listener = Listener()
    report = run(store, listener=listener)
    assert report.exit == 4
    assert report.error is not None
    assert report.error.code == "LOCK_HELD"
    assert listener.events == [("waiting", "fake")]


def test_a_dry_run_touches_nothing() -> None:
    store = FakeStore(database("1"))
    report = run(store, dry_run=True)
    assert report.ok
    assert states(report) == ["pending"]
    assert store.database.effects == []


class Terminated(KeyboardInterrupt):
    exit_status = 143


@pytest.mark.parametrize(
    ("stop", "status"), [(KeyboardInterrupt(), 130), (Terminated(), 143)]
)
def test_an_interrupt_releases_the_lock_and_names_what_was_running(
    stop: BaseException, status: int
) -> None:
    store = FakeStore(database("1"), apply_error=stop)
    later = FakeStore(database("1"), name="later")
    report = run(store, later)
    assert report.exit == status
    assert report.error is not None
    assert report.error.file == "V1__step.fake"
    assert store.database.holder is None
    assert later.database.effects == []


def test_another_run_that_finished_meanwhile_leaves_nothing_to_do() -> None:
    store = FakeStore(database("1"))

    class Raced(FakeStore):
        def plan(self):  # type: ignore[no-untyped-def]
            plan = super().plan()
            if not self.database.history:  # after our first look, another run applies
                with self.lock(0, Listener()) as lock:
                    FakeStore(self.database).apply(plan, lock, Listener())
            return plan

    report = run(Raced(store.database))
    assert report.ok
    assert store.database.effects == ["1"]
    assert states(report) == ["up to date"]


def run_clean(
    store: FakeStore,
    *,
    confirm: Callable[[Sequence[Change]], None],
    allowed: bool = True,
    dry_run: bool = False,
) -> tuple[Report, tuple[Change, ...]]:
    return clean(
        store,
        everything=False,
        listener=Listener(),
        lock_timeout=0,
        allowed=allowed,
        confirm=confirm,
        dry_run=dry_run,
    )


def agree(_changes: Sequence[Change]) -> None:
    return None


def refuse(_changes: Sequence[Change]) -> None:
    raise RefusedError("No.")


def test_clean_removes_history_and_nothing_else() -> None:
    store = FakeStore(database("1"))
    run(store)
    report, changes = run_clean(store, confirm=agree)
    assert report.ok
    assert report.stores[0].state is StoreState.CHANGED
    assert [change.summary for change in changes] == ["Remove 1 records."]
    assert store.database.history == []
    assert store.database.effects == ["1"]


def test_clean_without_consent_changes_nothing() -> None:
    store = FakeStore(database("1"))
    run(store)
    report, changes = run_clean(store, confirm=refuse)
    assert report.exit == 6
    assert changes == ()
    assert len(store.database.history) == 1


def test_a_dry_clean_shows_the_changes_and_makes_none() -> None:
    store = FakeStore(database("1"))
    run(store)
    report, changes = run_clean(store, confirm=refuse, allowed=False, dry_run=True)
    assert report.ok
    assert len(changes) == 1
    assert len(store.database.history) == 1


def test_clean_has_to_be_allowed_before_anybody_is_asked() -> None:
    store = FakeStore(database("1"))
    run(store)

    def never(_changes: Sequence[Change]) -> None:
        pytest.fail("asked for what is not allowed")

    report, _ = run_clean(store, confirm=never, allowed=False)
    assert report.exit == 6
    assert len(store.database.history) == 1


def test_clean_refuses_a_history_that_grew_after_it_was_shown() -> None:
    store = FakeStore(database("1", "2"))
    run(FakeStore(FakeDatabase(store.database.files[:1], store.database.history)))

    def grow(_changes: Sequence[Change]) -> None:
        run(store)

    report, _ = run_clean(store, confirm=grow)
    assert report.exit == 6
    assert len(store.database.history) == 2
