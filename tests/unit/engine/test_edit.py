"""Changes of history: shown first, agreed to, planned again, made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fake_store import FakeDatabase, FakeStore, Listener

from weave_migrate.engine import clean, mend, migrate
from weave_migrate.errors import ConfigError, RefusedError
from weave_migrate.model import Report, StoreState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from weave_migrate.stores import Change


def database(*versions: str) -> FakeDatabase:
    made = FakeDatabase()
    for version in versions:
        made.add(version)
    return made


def run(store: FakeStore) -> Report:
    return migrate([store], listen=lambda _: Listener(), lock_timeout=0)


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


def test_a_report_says_how_the_store_stands_afterwards() -> None:
    store = FakeStore(database("1"))
    run(store)
    report, _ = run_clean(store, confirm=agree)
    assert [entry.version for entry in report.stores[0].pending] == ["1"]


def test_a_store_whose_history_is_not_ours_is_not_mended() -> None:
    with pytest.raises(ConfigError) as caught:
        mend(
            FakeStore(name="app"),
            verb="repair",
            plan=lambda store: store.plan_repair(),
            listener=Listener(),
            lock_timeout=0,
            confirm=agree,
        )
    assert caught.value.code == "NOT_MENDABLE"
    assert "repair does not apply to app" in str(caught.value)
