"""What every store keeps: the fake of the engine's tests, and each real database."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import pytest
from fake_store import Listener

from weave_migrate.errors import LockError, LockTimeout, MigrationFailed
from weave_migrate.model import Plan
from weave_migrate.stores import Store

if TYPE_CHECKING:
    from collections.abc import Iterator


class Harness(Protocol):
    def add(self, number: int, *, fails: bool = False) -> None: ...
    def store(self) -> Store: ...
    def effects(self) -> list[int]: ...
    def lose_lock(self) -> None: ...


@contextmanager
def opened(harness: Harness) -> Iterator[Store]:
    store = harness.store()
    try:
        yield store
    finally:
        store.close()


def migrate(store: Store, listener: Listener | None = None) -> Plan:
    heard = listener or Listener()
    plan = store.plan()
    with store.lock(5, heard) as lock:
        store.apply(plan, lock, heard)
    return plan


def sources(plan: Plan) -> list[str]:
    return [migration.source for migration in plan.pending]


def test_it_keeps_the_protocol_and_knows_its_server(harness: Harness) -> None:
    with opened(harness) as store:
        assert isinstance(store, Store)
        facts = store.facts()
    assert facts.version
    assert facts.version in facts.server


def test_everything_is_pending_at_first_and_planning_changes_nothing(
    harness: Harness,
) -> None:
    harness.add(1)
    harness.add(2)
    with opened(harness) as store:
        first, second = store.plan(), store.plan()
        assert len(first.pending) == 2
        assert sources(first) == sources(second)
        assert first.problems == ()
        assert store.lock_info() is None
    assert harness.effects() == []


def test_nothing_to_migrate_is_an_empty_plan(harness: Harness) -> None:
    with opened(harness) as store:
        assert store.plan() == Plan()


def test_pending_is_applied_in_order_and_recorded(harness: Harness) -> None:
    for number in (1, 2, 3):
        harness.add(number)
    listener = Listener()
    with opened(harness) as store:
        plan = migrate(store, listener)
        versions = [migration.version for migration in plan.pending]
        assert [v for kind, v in listener.events if kind == "applied"] == versions
        assert [v for kind, v in listener.events if kind == "started"] == versions
    with opened(harness) as store:
        after = store.plan()
    assert after.pending == ()
    assert after.problems == ()
    assert [str(entry.state) for entry in after.entries] == ["applied"] * 3
    assert harness.effects() == [1, 2, 3]


def test_only_what_is_new_runs_the_next_time(harness: Harness) -> None:
    harness.add(1)
    with opened(harness) as store:
        migrate(store)
    harness.add(2)
    with opened(harness) as store:
        plan = migrate(store)
    assert len(plan.pending) == 1
    assert harness.effects() == [1, 2]


def test_the_first_failure_stops_and_what_was_before_it_stays(
    harness: Harness,
) -> None:
    harness.add(1)
    harness.add(2, fails=True)
    harness.add(3)
    with opened(harness) as store:
        with pytest.raises(MigrationFailed) as caught:
            migrate(store)
        assert store.lock_info() is None
        left = sources(store.plan())
    error = caught.value
    assert error.file is not None
    assert error.file.endswith(left[0])
    assert error.line
    assert error.hint
    assert len(left) == 2
    assert harness.effects() == [1]


def test_one_holds_the_lock_and_another_waits_in_vain(harness: Harness) -> None:
    harness.add(1)
    with opened(harness) as first, opened(harness) as second:
        with first.lock(0, Listener()):
            holder = second.lock_info()
            assert holder is not None
            assert holder.owner
            listener = Listener()
            with (
                pytest.raises(LockTimeout) as caught,
                second.lock(0.3, listener),
            ):
                pytest.fail("two runs hold one lock")
        assert caught.value.hint
        assert ("waiting", holder.owner) in listener.events
        assert second.lock_info() is None
        with second.lock(5, Listener()) as lock:
            lock.check()


def test_the_lock_is_free_after_an_error_inside(harness: Harness) -> None:
    with opened(harness) as store:
        with pytest.raises(RuntimeError), store.lock(5, Listener()):
            raise RuntimeError
        assert store.lock_info() is None


def test_a_lost_lock_is_noticed_before_the_next_effect(harness: Harness) -> None:
    harness.add(1)
    with opened(harness) as store:
        plan = store.plan()
        # Leaving the lock may say so, too.
        with pytest.raises(LockError):  # noqa: PT012, SIM117
            with store.lock(5, Listener()) as lock:
                harness.lose_lock()
                store.apply(plan, lock, Listener())
    assert harness.effects() == []


def test_a_holder_can_be_deprived_of_its_lock(harness: Harness) -> None:
    harness.add(1)
    with opened(harness) as store, opened(harness) as other:
        plan = store.plan()
        # Leaving the lock may say so, too.
        with pytest.raises(LockError):  # noqa: PT012, SIM117
            with store.lock(5, Listener()) as lock:
                holding = other.lock_info()
                assert holding is not None
                assert other.release_lock(holding)
                assert other.lock_info() is None
                assert not other.release_lock(holding)
                store.apply(plan, lock, Listener())
        assert harness.effects() == []


def test_only_the_holder_that_was_seen_is_deprived(harness: Harness) -> None:
    with opened(harness) as store, opened(harness) as other:
        with store.lock(5, Listener()):
            before = other.lock_info()
        assert before is not None
        with store.lock(5, Listener()) as lock:
            assert not other.release_lock(before)
            lock.check()


def test_clean_is_shown_first_and_removes_history_only(harness: Harness) -> None:
    harness.add(1)
    with opened(harness) as store:
        assert store.plan_clean(everything=False) == ()
        migrate(store)
        changes = store.plan_clean(everything=False)
        assert all(change.summary for change in changes)
        assert store.plan().pending == ()
        with store.lock(5, Listener()) as lock:
            store.edit(changes, lock)
        assert len(store.plan().pending) == 1
    assert harness.effects() == [1]


def test_closing_twice_is_fine(harness: Harness) -> None:
    store = harness.store()
    store.facts()
    store.close()
    store.close()
