"""One run over many stores: decide first, act after, stop at the first failure."""

from __future__ import annotations

import pytest
from fake_store import FakeDatabase, FakeStore, Listener

from weave_migrate.engine import migrate
from weave_migrate.errors import StoreUnavailable
from weave_migrate.model import Problem, Report
from weave_migrate.stores import Store


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


def test_what_is_before_a_stop_runs_and_the_run_ends_there() -> None:
    first = FakeStore(database("1", "2", "3"), name="a", stop_before="2")
    second = FakeStore(database("1"), name="b")
    report = run(first, second)
    assert report.exit == 6
    assert report.error is not None
    assert report.error.code == "CATALOG_UNSUPPORTED"
    assert states(report) == ["invalid", "not_run"]
    assert report.stores[0].newly_applied == ("1",)
    assert [entry.version for entry in report.stores[0].pending] == ["2", "3"]
    assert second.database.effects == []


def test_a_stop_before_everything_touches_nothing_in_any_store() -> None:
    first = FakeStore(database("1"), name="a")
    second = FakeStore(database("1"), name="b", stop_before="1")
    report = run(first, second)
    assert report.exit == 6
    assert first.database.effects == []
    assert states(report) == ["pending", "invalid"]


def test_a_dry_run_ends_as_the_run_would_at_a_stop() -> None:
    store = FakeStore(database("1", "2"), stop_before="2")
    report = run(store, dry_run=True)
    assert report.exit == 6
    assert report.stores[0].to_run == ("1",)
    assert store.database.effects == []


def test_another_run_that_left_only_the_stop_is_followed_by_nothing() -> None:
    files = database("1", "2")

    class Raced(FakeStore):
        def lock(self, timeout, observer):  # type: ignore[no-untyped-def]
            self.database.history.extend(applied.history)
            observer.warned("The lock was taken over.")
            return super().lock(timeout, observer)

    applied = database("1")
    run(FakeStore(applied))
    report = run(Raced(files, stop_before="2"))
    assert report.exit == 6
    assert report.stores[0].warnings == ("The lock was taken over.",)
    assert states(report) == ["invalid"]
    assert files.effects == []
