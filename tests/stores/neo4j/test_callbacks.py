"""Callbacks around what a store does, on a real server."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from weave_migrate.errors import LockLost, MigrationFailed, ScriptError

pytestmark = pytest.mark.neo4j

_STEPS = "MATCH (s:Step) RETURN s.name AS name ORDER BY s.n"


def _step(name: str) -> str:
    """Leave a trace that says when it was made."""
    return f"MATCH (s:Step) WITH count(s) AS n CREATE (:Step {{n: n, name: '{name}'}});"


def _steps(graph: Any) -> list[str]:
    return [row["name"] for row in graph(_STEPS)]


def _put(project: Any, *names: str) -> None:
    for name in names:
        project.put(f"{name}.cypher", _step(name))


def _clean(project: Any, *, everything: bool = False) -> list[str]:
    with project.store() as store:
        changes = store.plan_clean(everything=everything)
        with store.lock(1, project.watcher) as lock:
            assert set(changes) <= set(store.plan_clean(everything=everything))
            store.edit(changes, lock)
    return [change.summary for change in changes]


def test_callbacks_run_around_migrations_in_the_order_of_their_descriptions(
    project: Any, graph: Any
) -> None:
    _put(
        project,
        "afterMigrate",
        "V1__a",
        "sub/beforeMigrate__a",
        "beforeMigrate__b",
        "beforeMigrate",
        "beforeFirstUse__z",
        "beforeInfo",
        "afterClean",
    )

    project.migrate()

    assert _steps(graph) == [
        "beforeFirstUse__z",
        "beforeMigrate",
        "sub/beforeMigrate__a",
        "beforeMigrate__b",
        "V1__a",
        "afterMigrate",
    ]
    assert [note.partition(" (")[0] for note in project.watcher.notes] == [
        "ran beforeFirstUse__z.cypher",
        "ran beforeMigrate.cypher",
        "ran beforeMigrate__a.cypher",
        "ran beforeMigrate__b.cypher",
        "ran afterMigrate.cypher",
    ]


def test_callbacks_are_not_recorded(project: Any, graph: Any) -> None:
    _put(project, "beforeMigrate", "V1__a", "afterMigrate")
    project.migrate()
    rows = graph("MATCH (n:__Neo4jMigration) RETURN n.version AS v ORDER BY v")
    assert [row["v"] for row in rows] == ["1", "BASELINE"]


def test_with_nothing_pending_the_callbacks_are_work(project: Any, graph: Any) -> None:
    _put(project, "beforeMigrate", "V1__a", "beforeInfo")
    project.migrate()

    plan = project.plan()
    assert plan.pending == ()
    assert [each.source for each in plan.callbacks] == ["beforeMigrate.cypher"]
    assert plan.has_work

    project.migrate()
    assert _steps(graph) == ["beforeMigrate", "V1__a", "beforeMigrate"]


def test_callbacks_of_other_operations_are_no_work_of_migrate(project: Any) -> None:
    _put(project, "beforeInfo", "afterClean", "afterValidate")
    assert not project.plan().has_work


def test_beforefirstuse_runs_once_in_the_life_of_a_store(
    project: Any, graph: Any
) -> None:
    _put(project, "beforeFirstUse", "beforeMigrate", "beforeClean")
    with project.store() as store:
        for _ in range(2):
            with store.lock(1, project.watcher) as lock:
                store.apply(store.plan(), lock, project.watcher)
        with store.lock(1, project.watcher) as lock:
            store.edit(store.plan_clean(everything=False), lock)
    assert _steps(graph) == [
        "beforeFirstUse",
        "beforeMigrate",
        "beforeMigrate",
        "beforeClean",
    ]


def test_a_callback_follows_the_rules_of_scripts(project: Any, graph: Any) -> None:
    project.put(
        "beforeMigrate.cypher",
        "// assume that nobody minds a comment\n"
        "CREATE (:A {name: '${nm:name}'});\n"
        "UNWIND range(1, 4) AS i CALL { WITH i CREATE (:B {i: i}) } "
        "IN TRANSACTIONS OF 2 ROWS;\n"
        ":use neo4j;\nCREATE (:C);\nCREATE INDEX c IF NOT EXISTS FOR (c:C) ON (c.n)",
    )
    with pytest.raises(MigrationFailed) as caught:
        project.migrate(placeholders={"name": "x"})
    assert "ForbiddenDueToTransactionType" in (caught.value.server_answer or "")

    graph("MATCH (n) DETACH DELETE n")
    project.migrate(placeholders={"name": "x"}, transaction_mode="per_statement")
    rows = graph("MATCH (n) RETURN labels(n)[0] AS l, count(*) AS n ORDER BY l")
    assert [(row["l"], row["n"]) for row in rows] == [("A", 1), ("B", 4), ("C", 1)]
    assert graph("MATCH (a:A) RETURN a.name AS name") == [{"name": "x"}]


def test_a_failing_before_callback_keeps_migrations_from_running(
    project: Any, graph: Any
) -> None:
    _put(project, "V1__a", "afterMigrate")
    path = project.put(
        "beforeMigrate__the_name.cypher", _step("kept") + "\n\nNOT CYPHER;\n"
    )

    with pytest.raises(MigrationFailed) as caught:
        project.migrate(transaction_mode="per_statement")

    error = caught.value
    assert error.code == "CALLBACK_FAILED"
    assert 'the callback "the name" before migrate' in error.message
    assert "Statement 1 is committed" in error.message
    assert (error.file, error.line) == (str(path), 3)
    assert error.excerpt is not None
    assert error.excerpt.startswith("NOT CYPHER")
    assert _steps(graph) == ["kept", "afterMigrate"]


def test_a_first_use_may_be_about_other_databases(project: Any, graph: Any) -> None:
    text = ":use system;\nSHOW DATABASES;\n:use neo4j;\nCREATE (:Made);\n"
    project.put("beforeFirstUse.cypher", text)
    project.migrate(database="neo4j")
    assert graph("MATCH (m:Made) RETURN count(m) AS n") == [{"n": 1}]


def test_only_a_first_use_runs_as_the_connected_user(project: Any, graph: Any) -> None:
    _put(project, "beforeFirstUse", "beforeMigrate")
    with (
        project.store() as store,
        store.lock(1, project.watcher) as lock,
        project.store(impersonated_user="nobody") as other,
        pytest.raises(MigrationFailed, match="the callback beforeMigrate"),
        other.around(other.callbacks("Migrate"), lock, project.watcher),
    ):
        pass
    assert _steps(graph) == ["beforeFirstUse"]


def test_nothing_follows_a_first_use_that_failed(project: Any, graph: Any) -> None:
    project.put("beforeFirstUse__x.cypher", "NOT CYPHER;")
    _put(project, "beforeMigrate", "V1__a", "afterMigrate")

    with pytest.raises(MigrationFailed, match='the callback "x" before first use'):
        project.migrate()

    assert _steps(graph) == []


def test_callbacks_run_after_a_migration_that_fails(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "NOT CYPHER;")
    _put(project, "afterMigrate")

    with pytest.raises(MigrationFailed) as caught:
        project.migrate()

    assert caught.value.code == "MIGRATION_FAILED"
    assert _steps(graph) == ["afterMigrate"]


def test_a_failing_after_callback_hides_no_error(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "NOT CYPHER;")
    project.put("afterMigrate__a.cypher", "NEITHER;")
    _put(project, "afterMigrate__b")

    with pytest.raises(MigrationFailed) as caught:
        project.migrate()

    assert (caught.value.file or "").endswith("V1__a.cypher")
    (warning,) = project.watcher.warnings
    assert "afterMigrate__a.cypher, line 1" in warning
    assert "SyntaxError" in warning
    assert _steps(graph) == []


def test_a_failing_after_callback_fails_the_run_and_keeps_its_records(
    project: Any,
) -> None:
    _put(project, "V1__a")
    project.put("afterMigrate.cypher", "NOT CYPHER;")

    with pytest.raises(MigrationFailed, match="the callback afterMigrate"):
        project.migrate()

    assert project.plan().pending == ()


def test_without_the_lock_nothing_more_is_run(project: Any, graph: Any) -> None:
    take = "MATCH (l:__Neo4jMigrationsLock) DELETE l;"
    first = project.put("beforeMigrate__a.cypher", take)
    _put(project, "beforeMigrate__b", "V1__a", "afterMigrate")

    with pytest.raises(LockLost):
        project.migrate()

    assert _steps(graph) == []
    assert project.watcher.warnings == [
        f"{first} did not finish. Known to be committed: nothing.",
        "afterMigrate.cypher did not run.",
    ]


def test_an_interrupt_of_a_callback_hides_no_error(project: Any, graph: Any) -> None:
    slow = project.put(
        "afterMigrate.cypher",
        "UNWIND range(1, 1000000000) AS i MERGE (:Slow {i: 1});",
    )
    broken = project.put("V1__a.cypher", "THIS IS WRONG;")
    main = threading.main_thread().ident
    timer = threading.Timer(0.5, signal.pthread_kill, [main, signal.SIGINT])
    project.watcher.on_progress = timer.start

    with pytest.raises(KeyboardInterrupt):
        project.migrate()

    stopped, failed = project.watcher.warnings
    assert stopped.startswith(f"{slow} was interrupted.")
    assert failed.startswith(f"{broken}, line 1: statement 1 of 1 failed.")


def test_an_interrupt_names_the_callback(project: Any, graph: Any) -> None:
    slow = project.put(
        "beforeMigrate.cypher",
        "UNWIND range(1, 1000000000) AS i MERGE (:Slow {i: 1});",
    )
    _put(project, "V1__a", "afterMigrate")
    main = threading.main_thread().ident
    timer = threading.Timer(0.5, signal.pthread_kill, [main, signal.SIGINT])
    project.watcher.on_progress = timer.start

    with pytest.raises(KeyboardInterrupt):
        project.migrate()

    assert _steps(graph) == []
    assert project.watcher.warnings == [
        f"{slow} was interrupted. Known to be committed: nothing.",
        "afterMigrate.cypher did not run.",
    ]


def test_what_a_callback_did_to_the_history_is_noticed(
    project: Any, graph: Any
) -> None:
    _put(project, "V1__a")
    project.migrate()
    _put(project, "V2__b")
    project.put("beforeMigrate.cypher", "MATCH (n:__Neo4jMigration) DETACH DELETE n;")

    with pytest.raises(Exception, match="is not the one that was planned for"):
        project.migrate()

    assert _steps(graph) == ["V1__a"]


def test_a_bad_callback_is_a_problem_before_anything_runs(
    project: Any, graph: Any
) -> None:
    _put(project, "V1__a")
    project.put("beforeMigrate.cypher", "RETURN '${nm:unknown}';")
    project.put("afterInfo.cypher", "").write_bytes(b"\xff")

    codes = sorted(problem.code for problem in project.plan().problems)

    assert codes == ["ENCODING", "PLACEHOLDER_UNKNOWN"]


def test_clean_shows_its_callbacks_among_the_changes(project: Any, graph: Any) -> None:
    _put(project, "V1__a", "beforeFirstUse", "beforeClean", "afterClean__x")
    project.migrate()
    graph("MATCH (s:Step) DELETE s")

    changes = _clean(project, everything=True)

    assert changes[:2] == [
        "Run the callback beforeFirstUse.cypher.",
        "Run the callback beforeClean.cypher.",
    ]
    assert changes[2].startswith("Delete the chain")
    assert changes[3] == "Run the callback afterClean__x.cypher."
    assert all("constraint" in summary for summary in changes[4:])
    assert _steps(graph) == ["beforeFirstUse", "beforeClean", "afterClean__x"]
    assert graph("SHOW CONSTRAINTS YIELD name") == []


def test_a_first_use_alone_is_no_reason_to_clean(project: Any) -> None:
    _put(project, "beforeFirstUse")
    with project.store() as store:
        assert store.plan_clean(everything=False) == ()


def test_a_failing_callback_keeps_clean_from_cleaning(project: Any, graph: Any) -> None:
    _put(project, "V1__a")
    project.migrate()
    project.put("beforeClean.cypher", "NOT CYPHER;")

    with pytest.raises(MigrationFailed) as caught:
        _clean(project)

    assert caught.value.hint is not None
    assert caught.value.hint.endswith("weave db migrate-neo4j clean")
    assert graph("MATCH (n:__Neo4jMigration) RETURN count(n) AS n") == [{"n": 2}]


def test_clean_minds_callbacks_only(project: Any) -> None:
    project.put("V1__a.cypher", "").write_bytes(b"\xff")
    assert _clean(project) == []

    project.put("beforeClean.cypher", "RETURN '${nm:unknown}';")
    with pytest.raises(ScriptError) as caught:
        _clean(project)
    assert caught.value.code == "PLACEHOLDER_UNKNOWN"

    project.put("beforeClean-x.cypher", "RETURN 1;")
    with pytest.raises(ScriptError) as caught:
        _clean(project)
    assert caught.value.code == "CALLBACK_NAME_INVALID"


def test_deletion_runs_callbacks_of_a_first_use_only(project: Any, graph: Any) -> None:
    _put(project, "V1__a", "V2__b")
    project.migrate()
    _put(project, "beforeFirstUse", "beforeClean", "beforeMigrate")
    graph("MATCH (s:Step) DELETE s")

    with project.store() as store:
        changes = store.plan_delete("2")
        with store.lock(1, project.watcher) as lock:
            store.edit(changes, lock)
        assert store.plan_delete("2") == ()

    assert changes[0].summary == "Run the callback beforeFirstUse.cypher."
    assert _steps(graph) == ["beforeFirstUse"]
    rows = graph("MATCH (n:__Neo4jMigration) RETURN n.version AS v ORDER BY v")
    assert [row["v"] for row in rows] == ["1", "BASELINE"]
