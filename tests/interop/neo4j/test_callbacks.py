"""Callbacks and single files: both tools do the same with the same folder."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate import engine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from weave_migrate.model import Report

pytestmark = [pytest.mark.neo4j, pytest.mark.interop]

_PHASES = (
    "beforeFirstUse",
    *("beforeMigrate__b", "beforeMigrate", "beforeMigrate__a_2", "afterMigrate__x"),
    *("beforeClean", "afterClean", "beforeValidate", "afterValidate", "beforeInfo"),
)


def _put(both: Any, *names: str) -> None:
    """Write scripts that leave a trace of when they ran."""
    for name in names:
        made = f"CREATE (:Step {{n: n, name: '{name}'}});"
        both.put(f"{name}.cypher", f"MATCH (s:Step) WITH count(s) AS n {made}\n")


def _steps(both: Any) -> list[str]:
    """Tell what ran, in order, and forget it."""
    rows = both.query("MATCH (s:Step) RETURN s.name AS name ORDER BY s.n")
    both.query.clear()
    return [row["name"] for row in rows]


def _weave(both: Any, commands: Iterable[str]) -> list[Report]:
    """Let weave do what the Java tool does, each command in a store of its own."""
    reports = []
    for command in commands:
        with closing(both.store()) as store:
            if command == "migrate":
                report = engine.migrate(
                    [store], listen=lambda _: both.observer, lock_timeout=5
                )
            elif command == "validate":
                around = engine.Callbacks(lambda _: both.observer, 5)
                report = engine.validate([store], callbacks=around)
            else:
                report, _ = engine.clean(
                    store,
                    everything=False,
                    listener=both.observer,
                    lock_timeout=5,
                    allowed=True,
                    confirm=lambda _: None,
                )
        reports.append(report)
    return reports


def test_the_same_callbacks_run_in_the_same_order(both: Any) -> None:
    _put(both, *_PHASES, "V1__a")
    commands = ("migrate", "validate", "clean")

    outcomes = [both.java(command) for command in commands]
    by_java = _steps(both)
    reports = _weave(both, commands)

    assert [outcome.exit for outcome in outcomes] == [0, 0, 0]
    assert [report.exit for report in reports] == [0, 0, 0]
    assert _steps(both) == by_java
    assert len(by_java) == 12


@pytest.mark.parametrize(
    "failing", ["beforeFirstUse", "beforeMigrate__aa", "afterMigrate__a"]
)
def test_after_a_callback_that_fails_both_do_the_same(both: Any, failing: str) -> None:
    names = ("beforeMigrate__a", "beforeMigrate__b", "afterMigrate", "afterMigrate__b")
    _put(both, *names, "V1__a")
    both.put(f"{failing}.cypher", "NOT CYPHER;\n")

    outcome = both.java("migrate")
    by_java = _steps(both)
    (report,) = _weave(both, ["migrate"])

    assert outcome.exit == 1
    assert report.exit == 3
    assert report.error is not None
    assert (report.error.file or "").endswith(f"{failing}.cypher")
    assert _steps(both) == by_java


def test_single_files_are_run_alike(both: Any) -> None:
    _put(both, "V2__b", "V1__a", "beforeFirstUse")
    files = [f"file://{both.java.folder}/{name}.cypher" for name in ("V2__b", "V1__a")]

    outcome = both.java("run", "--migration", ",".join(files))
    assert "Applied 2 migration(s)." in outcome.output
    assert both.query("MATCH (n) WHERE NOT n:Step RETURN n") == []
    by_java = _steps(both)

    with closing(both.store()) as store:
        report, _ = engine.run_scripts(
            store, files, command="run", listener=both.observer
        )
    assert report.ok
    assert both.query("MATCH (n) WHERE NOT n:Step RETURN n") == []
    assert _steps(both) == by_java == ["V2__b", "V1__a"]
