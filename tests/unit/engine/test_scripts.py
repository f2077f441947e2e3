"""Single scripts: nothing runs if one can't be read; the first failure ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fake_store import FakeStore, Listener

from weave_migrate.engine import run_scripts
from weave_migrate.errors import (
    ConfigError,
    MigrationFailed,
    ScriptSyntaxError,
    StoreUnavailable,
)
from weave_migrate.model import Report, StoreState
from weave_migrate.stores import Change, Facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weave_migrate.stores import Observer


class Scripted(FakeStore):
    """A store that runs single scripts; their names say how that goes."""

    def __init__(self, *, is_there: bool = True) -> None:
        super().__init__()
        self.is_there = is_there
        self.ran: list[str] = []

    def facts(self) -> Facts:
        if not self.is_there:
            raise StoreUnavailable("It is down.")
        return super().facts()

    def read_script(self, file: str) -> Change:
        if file.startswith("bad"):
            raise ScriptSyntaxError(f"{file} can't be read.", file=file)
        return Change(f"Run {file}.", file)

    def run_scripts(
        self, scripts: tuple[Change, ...], observer: Observer
    ) -> Iterator[Change]:
        for script in scripts:
            if script.detail == "failing":
                raise MigrationFailed("It failed.")
            if script.detail == "stopped":
                raise KeyboardInterrupt
            observer.warned(f"a remark on {script.detail}")
            self.ran.append(str(script.detail))
            yield script


def run(
    store: FakeStore, *files: str, dry_run: bool = False
) -> tuple[Report, list[str]]:
    report, scripts = run_scripts(
        store, files, command="run", listener=Listener(), dry_run=dry_run
    )
    return report, [str(script.detail) for script in scripts]


def test_scripts_run_in_the_order_given_without_the_lock() -> None:
    store = Scripted()
    store.database.holder = "somebody else"
    report, ran = run(store, "b", "a", "b")
    assert report.ok
    assert store.ran == ran == ["b", "a", "b"]
    (stood,) = report.stores
    assert (stood.state, stood.server) == (StoreState.CHANGED, "Fake 1.0")
    assert stood.warnings == tuple(f"a remark on {each}" for each in ran)


def test_one_that_cannot_be_read_keeps_all_from_running() -> None:
    store = Scripted()
    report, ran = run(store, "a", "bad1", "bad2")
    assert (report.exit, ran, store.ran) == (6, [], [])
    assert [problem.file for problem in report.stores[0].problems] == ["bad1", "bad2"]
    assert report.stores[0].state is StoreState.INVALID


def test_the_first_failure_ends_it_and_says_what_ran() -> None:
    report, ran = run(Scripted(), "a", "failing", "b")
    assert (report.exit, ran) == (3, ["a"])
    assert report.stores[0].state is StoreState.FAILED


def test_an_interrupt_ends_it_and_says_what_ran() -> None:
    report, ran = run(Scripted(), "a", "stopped", "b")
    assert (report.exit, ran) == (130, ["a"])
    assert report.error is not None
    assert report.error.code == "INTERRUPTED"


def test_a_server_that_is_not_there_is_no_failure_of_a_script() -> None:
    report, ran = run(Scripted(is_there=False), "a")
    assert (report.exit, ran) == (5, [])
    assert report.stores[0].state is StoreState.UNREACHABLE


def test_a_dry_run_asks_no_server() -> None:
    store = Scripted(is_there=False)
    report, scripts = run(store, "a", "b", dry_run=True)
    assert report.ok
    assert (scripts, store.ran) == (["a", "b"], [])


def test_a_store_without_scripts_of_its_own_is_a_wrong_usage() -> None:
    with pytest.raises(ConfigError) as caught:
        run(FakeStore(), "a")
    assert caught.value.code == "USAGE"
