"""Locks are shown, and released with consent and from the dead only."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from fake_store import FakeStore, Listener

from weave_migrate.engine import lock_status, release_lock
from weave_migrate.errors import RefusedError, StoreUnavailable
from weave_migrate.model import StoreState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weave_migrate.model import LockInfo

DEAD = {"lease": 30.0, "silent": 31.0}
ALIVE = {"lease": 30.0, "silent": 29.0}


@contextmanager
def locked(**holding: Any) -> Iterator[FakeStore]:
    store = FakeStore()
    store.database.holding = holding
    with store.lock(0, Listener()):
        yield store


def agree(_holding: LockInfo) -> None:
    pass


def test_a_free_lock_is_said_to_be_free() -> None:
    report = lock_status([FakeStore()])
    assert report.ok
    assert report.command == "lock status"
    assert report.stores[0].state is StoreState.FREE
    assert report.stores[0].lock is None


def test_a_held_lock_names_its_holder_and_its_life() -> None:
    with locked(**ALIVE) as store:
        report = lock_status([store])
    assert report.ok
    assert report.stores[0].state is StoreState.LOCKED
    shown = report.to_dict()["stores"][0]["lock"]  # type: ignore[index]
    assert (shown["owner"], shown["lease"], shown["silent"]) == ("fake", 30.0, 29.0)


def test_a_store_that_can_not_be_asked_does_not_hide_the_others() -> None:
    class Away(FakeStore):
        def lock_info(self) -> LockInfo | None:
            raise StoreUnavailable("It is away.")

    report = lock_status([Away(name="a"), FakeStore(name="b")])
    assert [str(each.state) for each in report.stores] == ["unreachable", "free"]
    assert report.exit == 5


@pytest.mark.parametrize("holding", [DEAD, {}])
def test_the_lock_of_a_run_without_signs_of_life_is_released(
    holding: dict[str, float],
) -> None:
    shown: list[LockInfo] = []
    with locked(**holding) as store:
        report, released = release_lock(store, force=False, confirm=shown.append)
        assert store.lock_info() is None
    assert report.ok
    assert report.stores[0].state is StoreState.CHANGED
    assert [released] == shown


def test_the_lock_of_a_living_run_is_left_to_it() -> None:
    with locked(**ALIVE) as store:
        report, released = release_lock(store, force=False, confirm=agree)
        assert store.lock_info() is not None
    assert released is None
    assert report.exit == 6
    assert report.error is not None
    assert "held by fake on here, process 1" in report.error.message
    assert "--force" in (report.error.hint or "")


def test_a_run_that_wakes_up_while_somebody_answers_keeps_its_lock() -> None:
    with locked(**DEAD) as store:

        def wake(_holding: LockInfo) -> None:
            store.database.holding = ALIVE

        report, released = release_lock(store, force=False, confirm=wake)
        assert store.lock_info() is not None
    assert (report.exit, released) == (6, None)


def test_force_takes_it_from_the_living_too() -> None:
    with locked(**ALIVE) as store:
        report, released = release_lock(store, force=True, confirm=agree)
        assert store.lock_info() is None
    assert report.ok
    assert released is not None


def test_nothing_is_released_without_consent() -> None:
    def refuse(_holding: LockInfo) -> None:
        raise RefusedError("No.")

    with locked(**DEAD) as store:
        report, released = release_lock(store, force=True, confirm=refuse)
        assert store.lock_info() is not None
    assert (report.exit, released) == (6, None)
    assert report.stores[0].lock is not None


def test_with_nothing_to_release_nobody_is_asked() -> None:
    def refuse(_holding: LockInfo) -> None:
        pytest.fail("somebody was asked")

    report, released = release_lock(FakeStore(), force=False, confirm=refuse)
    assert report.ok
    assert released is None
    assert report.stores[0].state is StoreState.FREE


def test_a_lock_given_back_while_asking_is_free() -> None:
    with locked(**DEAD) as store:

        def ends(holding: LockInfo) -> None:
            store.release_lock(holding)

        report, released = release_lock(store, force=False, confirm=ends)
    assert report.ok
    assert released is None
    assert report.stores[0].state is StoreState.FREE


def test_a_lock_that_passed_to_another_while_asking_is_left_alone() -> None:
    with locked(**DEAD) as store:
        theirs = object()

        def passes(_holding: LockInfo) -> None:
            store.database.holder = theirs

        report, released = release_lock(store, force=False, confirm=passes)
        assert store.database.holder is theirs
    assert (report.exit, released) == (6, None)
