"""Removing history, and nothing else."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from weave_migrate.errors import LockLost, WeaveError

pytestmark = pytest.mark.neo4j

_OTHER = """
CREATE (:__Neo4jMigration {version: 'BASELINE', migrationTarget: 'other'})
  -[:MIGRATED_TO]->(:__Neo4jMigration {version: '1', migrationTarget: 'other'})
"""
_LEFT = "MATCH (n) RETURN DISTINCT labels(n)[0] AS l ORDER BY l"


def _clean(project: Any, *, everything: bool) -> list[str]:
    with project.store() as store:
        changes = store.plan_clean(everything=everything)
        with store.lock(1, project.watcher) as lock:
            store.edit(changes, lock)
    return [change.summary for change in changes]


@pytest.fixture
def migrated(project: Any, graph: Any) -> Any:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.put("R2__b.cypher", "MERGE (:B);\n")
    project.migrate()
    project.put("R2__b.cypher", "MERGE (:B) // again\n")
    project.migrate()
    graph(_OTHER)
    return project


def test_clean_removes_the_chain_of_this_target(migrated: Any, graph: Any) -> None:
    assert _clean(migrated, everything=False) == [
        "Delete the chain of the default target (3 nodes and 3 relationships)."
    ]

    targets = graph("MATCH (n:__Neo4jMigration) RETURN DISTINCT n.migrationTarget AS t")
    assert targets == [{"t": "other"}]
    assert graph("MATCH (n) WHERE n:A OR n:B RETURN count(n) AS n") == [{"n": 2}]
    assert [m.version for m in migrated.plan().pending] == ["1", "2"]


def test_clean_leaves_what_is_on_the_chain_of_another_target(
    migrated: Any, graph: Any
) -> None:
    """A repair by the Java tool leaves nodes without their target there."""
    graph("MATCH (n {version: '1', migrationTarget: 'other'}) REMOVE n.migrationTarget")

    assert len(_clean(migrated, everything=False)) == 1

    left = graph("MATCH (n:__Neo4jMigration) RETURN n.version AS v ORDER BY v")
    assert left == [{"v": "1"}, {"v": "BASELINE"}]


def test_clean_removes_the_journals_of_its_target(migrated: Any, graph: Any) -> None:
    for target in ("", "other"):
        graph("CREATE (:__WeaveJournal {target: $t, version: '3'})", t=target)

    told = _clean(migrated, everything=False)

    assert told[1:] == ["Delete the journals of interrupted migrations."]
    left = graph("MATCH (j:__WeaveJournal) RETURN j.target AS t")
    assert left == [{"t": "other"}]
    assert "Delete the journals" in " ".join(_clean(migrated, everything=True))
    assert graph("MATCH (j:__WeaveJournal) RETURN j") == []


def test_clean_all_removes_every_chain_and_the_constraints(
    migrated: Any, graph: Any
) -> None:
    graph("CREATE (:__Neo4jMigrationsLock {id: 'stale', name: 'gone'})")
    graph("CREATE CONSTRAINT mine FOR (a:A) REQUIRE a.a IS UNIQUE")

    assert len(_clean(migrated, everything=True)) == 6

    assert graph(_LEFT) == [{"l": "A"}, {"l": "B"}]
    assert graph("SHOW CONSTRAINTS YIELD name RETURN name") == [{"name": "mine"}]


def test_with_no_history_there_is_nothing_to_clean(project: Any) -> None:
    with project.store() as store:
        assert store.plan_clean(everything=False) == ()


@pytest.mark.parametrize("everything", [True, False])
def test_a_run_that_has_lost_its_lock_deletes_nothing(
    migrated: Any, graph: Any, *, everything: bool
) -> None:
    """It is paused just before its transaction ends: no earlier look would do."""
    graph("CREATE (:__WeaveJournal {target: '', version: '3'})")
    with migrated.store() as store, migrated.store() as other:
        changes = store.plan_clean(everything=everything)
        with suppress(LockLost), store.lock(1, migrated.watcher) as lock:
            fence = lock.fence

            def paused(tx: Any) -> None:
                assert other.release_lock(other.lock_info())
                fence(tx)

            lock.fence = paused
            store.edit(changes, lock)
            pytest.fail("the lock was lost")

    assert len(graph("MATCH (n:__Neo4jMigration) RETURN n")) == 5
    assert len(graph("MATCH (j:__WeaveJournal) RETURN j")) == 1


def test_clean_deletes_all_or_nothing(migrated: Any, graph: Any) -> None:
    graph("CREATE (:__WeaveJournal {target: '', version: '3'})")
    with migrated.store() as store:
        chain, journals = store.plan_clean(everything=False)
        bad = replace(journals, detail=replace(journals.detail, text="RETURN 1 / 0"))
        with (
            store.lock(1, migrated.watcher) as lock,
            pytest.raises(WeaveError),
        ):
            store.edit((chain, bad), lock)

    assert len(graph("MATCH (n:__Neo4jMigration) RETURN n")) == 5


def test_clean_all_spares_the_lock_of_a_run_that_took_it_over(
    migrated: Any, graph: Any
) -> None:
    with migrated.store() as store, store.lock(1, migrated.watcher) as lock:
        locks = [c for c in store.plan_clean(everything=True) if "lock n" in str(c)]
        check = lock.check

        def late() -> None:
            check()
            graph("MATCH (l:__Neo4jMigrationsLock) SET l.id = 'another'")

        lock.check = late
        with pytest.raises(LockLost):
            store.edit(tuple(locks), lock)

    assert len(graph("MATCH (l:__Neo4jMigrationsLock) RETURN l")) == 1


def test_clean_all_removes_chains_of_targets_that_are_no_text(
    project: Any, graph: Any
) -> None:
    for target in ("[1]", "0.0 / 0.0", "datetime('+99999-01-01T00:00Z')"):
        graph(f"CREATE (:__Neo4jMigration {{version: '1', migrationTarget: {target}}})")

    assert len(_clean(project, everything=True)) >= 3

    assert graph("MATCH (n:__Neo4jMigration) RETURN n") == []
