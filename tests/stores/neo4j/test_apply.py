"""Applying and recording, on a real server."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from neo4j.time import DateTime, Duration

from weave_migrate.errors import HistoryError, LockLost, MigrationFailed
from weave_migrate.model import State

pytestmark = pytest.mark.neo4j

_CHAIN = """
MATCH p = (b:__Neo4jMigration {version: 'BASELINE'})-[:MIGRATED_TO*0..]->(l)
WHERE NOT (l)-[:MIGRATED_TO]->()
RETURN [n IN nodes(p) | n.version] AS versions
"""


def _chains(graph: Any) -> list[list[str]]:
    return [row["versions"] for row in graph(_CHAIN)]


def _count(graph: Any, label: str) -> int:
    return int(graph(f"MATCH (n:{label}) RETURN count(n) AS n")[0]["n"])


def test_a_first_run_applies_everything_in_order(project: Any, graph: Any) -> None:
    project.put("V2__b.cypher", "CREATE (:B);\n")
    project.put("V1__a.cypher", "CREATE (:A);\nCREATE (:A2);\n")
    project.put("V10__c.cypher", "CREATE (:C);\n")

    assert project.migrate() == ["1", "2", "10"]

    assert _chains(graph) == [["BASELINE", "1", "2", "10"]]
    labels = graph("MATCH (n) WHERE NOT n:__Neo4jMigration RETURN labels(n)[0] AS l")
    assert sorted(row["l"] for row in labels) == ["A", "A2", "B", "C"]


def test_a_second_run_finds_nothing_to_do(project: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.migrate()

    plan = project.plan()

    assert (plan.pending, plan.problems, plan.warnings) == ((), (), ())
    assert [entry.state for entry in plan.entries] == [State.APPLIED]


def test_a_record_has_the_properties_and_types_of_the_peer(
    project: Any, graph: Any, neo4j_server: Any
) -> None:
    project.put("V007_1__Bond.cypher", "CREATE (:Agent);\n")
    project.migrate(installed_by="m")

    (row,) = graph("""
        MATCH (b:__Neo4jMigration {version: 'BASELINE'})-[r:MIGRATED_TO]->(n)
        RETURN properties(b) AS b, properties(r) AS r, properties(n) AS n""")

    assert row["b"] == {"version": "BASELINE"}
    assert row["n"] == {
        "version": "007.1",
        "description": "Bond",
        "type": "CYPHER",
        "repeatable": False,
        "source": "V007_1__Bond.cypher",
        "checksum": "2107052283",
    }
    assert set(row["r"]) == {"at", "in", "by", "connectedAs"}
    assert isinstance(row["r"]["at"], DateTime)
    assert row["r"]["at"].tzinfo is not None
    assert isinstance(row["r"]["in"], Duration)
    assert (row["r"]["in"].months, row["r"]["in"].days) == (0, 0)
    assert (row["r"]["by"], row["r"]["connectedAs"]) == ("m", neo4j_server.user)


def test_constraint_and_index_are_those_of_the_peer(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.migrate()

    constraints = graph("SHOW CONSTRAINTS YIELD name, type, labelsOrTypes, properties")
    indexes = graph(
        "SHOW INDEXES YIELD name, type, labelsOrTypes, properties "
        "WHERE type <> 'LOOKUP' AND NOT name IN $constraints",
        constraints=[row["name"] for row in constraints],
    )

    assert {
        (row["name"], *row["labelsOrTypes"], *row["properties"]) for row in constraints
    } == {
        (
            "unique_version___Neo4jMigration",
            "__Neo4jMigration",
            "version",
            "migrationTarget",
        ),
        ("__Neo4jMigrationsLock__has_unique_id", "__Neo4jMigrationsLock", "id"),
        ("__Neo4jMigrationsLock__has_unique_name", "__Neo4jMigrationsLock", "name"),
    }
    assert all(row["type"].endswith("UNIQUENESS") for row in constraints)
    assert [
        (row["name"], row["labelsOrTypes"], row["properties"]) for row in indexes
    ] == [("repeated_at__Neo4jMigration", ["REPEATED"], ["at"])]
    assert indexes[0]["type"] in {"RANGE", "BTREE"}  # the latter before 5


def test_the_plan_shows_who_applied_what_and_when(project: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.migrate(installed_by="m")

    applied = project.plan().entries[0].applied

    assert isinstance(applied.applied_at, datetime)
    assert applied.applied_at.tzinfo is not None
    assert applied.applied_by == "m/neo4j"
    assert applied.duration_ms >= 0


def test_a_late_script_is_recorded_in_mid_chain(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.put("V3__c.cypher", "CREATE (:C);\n")
    project.migrate(installed_by="before")
    project.put("V0__zero.cypher", "CREATE (:Zero);\n")
    project.put("V2__b.cypher", "CREATE (:B);\n")
    project.put("V2_1__bb.cypher", "CREATE INDEX bb FOR (b:B) ON (b.b);\n")

    assert project.migrate(out_of_order=True) == ["0", "2", "2.1"]

    assert _chains(graph) == [["BASELINE", "0", "1", "2", "2.1", "3"]]
    moved = graph("MATCH ()-[r {by: 'before'}]->(n) RETURN n.version AS v ORDER BY v")
    assert [row["v"] for row in moved] == ["1", "3"]
    assert project.plan().problems == ()


def test_a_late_script_needs_permission(project: Any) -> None:
    project.put("V2__b.cypher", "CREATE (:B);\n")
    project.migrate()
    project.put("V1__a.cypher", "CREATE (:A);\n")

    plan = project.plan()

    assert [problem.code for problem in plan.problems] == ["OUT_OF_ORDER"]
    assert plan.entries[0].state is State.OUT_OF_ORDER


def test_a_changed_repeatable_runs_again(project: Any, graph: Any) -> None:
    project.put("R1__view.cypher", "MERGE (n:Run) SET n.count = 1;\n")
    project.put("V2__b.cypher", "CREATE (:B);\n")
    project.migrate()
    project.put("R1__view.cypher", "MERGE (n:Run) SET n.count = 2;\n")

    changed = project.plan().entries[0]
    assert changed.state is State.CHANGED
    assert project.migrate() == ["1"]

    assert graph("MATCH (n:Run) RETURN n.count AS n") == [{"n": 2}]
    (row,) = graph("""
        MATCH (n:__Neo4jMigration {version: '1'})-[r:REPEATED]->(n)
        RETURN n.checksum AS first, r.checksum AS now, r.in AS took, r.at AS at""")
    assert row["first"] == changed.applied.checksum
    assert row["now"] == changed.migration.checksum
    assert isinstance(row["took"], Duration)
    assert project.plan().pending == ()


def test_data_and_record_are_one_transaction(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.migrate()
    project.put("V2__b.cypher", "CREATE (:B);\n")

    def spoil(_: Any) -> None:
        # Somebody without the lock extends the chain: our record must fail.
        graph("""
            MATCH (n:__Neo4jMigration {version: '1'})
            CREATE (n)-[:MIGRATED_TO]->(:__Neo4jMigration {version: '9'})""")

    project.watcher.on_start = spoil
    with pytest.raises(HistoryError) as caught:
        project.migrate()

    assert caught.value.code == "HISTORY_CONFLICT"
    assert _count(graph, "B") == 0


def test_a_schema_change_is_recorded_behind_it(project: Any, graph: Any) -> None:
    project.put("V1__i.cypher", "CREATE INDEX a FOR (a:A) ON (a.a);\n")

    project.migrate()

    assert _chains(graph) == [["BASELINE", "1"]]
    assert graph("SHOW INDEXES YIELD name WHERE name = 'a' RETURN name")


def test_implicit_transactions_are_left_to_the_server(project: Any, graph: Any) -> None:
    project.put(
        "V1__many.cypher",
        "UNWIND range(1, 10) AS i\n"
        "CALL { WITH i CREATE (:Many {i: i}) } IN TRANSACTIONS OF 2 ROWS;\n"
        "CREATE (:After);\n",
    )

    project.migrate()

    assert (_count(graph, "Many"), _count(graph, "After")) == (10, 1)
    assert _chains(graph) == [["BASELINE", "1"]]


def test_use_names_the_database_of_its_group(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", ":use neo4j;\nCREATE (:A);\nCREATE (:A);\n")

    project.migrate()

    assert _count(graph, "A") == 2
    assert _chains(graph) == [["BASELINE", "1"]]


def test_a_script_without_statements_is_recorded(project: Any, graph: Any) -> None:
    project.put("V1__nothing.cypher", "// nothing\n")

    assert project.migrate() == ["1"]
    assert _chains(graph) == [["BASELINE", "1"]]


def test_a_failure_rolls_its_migration_back_and_keeps_those_before(
    project: Any, graph: Any
) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    path = project.put("V2__half.cypher", "CREATE (:Half);\n\nRETURN wrong;\n")

    with pytest.raises(MigrationFailed) as caught:
        project.migrate()

    error = caught.value
    assert (error.part, error.parts, error.line) == (2, 2, 3)
    assert error.file == str(path)
    assert str(error.server_answer).startswith(
        "Neo.ClientError.Statement.SyntaxError: "
    )
    assert error.excerpt == "RETURN wrong\n       ^"
    assert "Nothing of this migration was kept." in error.message
    assert "weave db migrate-neo4j" in str(error.hint)
    assert _count(graph, "Half") == 0
    assert _chains(graph) == [["BASELINE", "1"]]
    assert _count(graph, "__Neo4jMigrationsLock") == 0


def test_a_failure_per_statement_says_what_stays(project: Any, graph: Any) -> None:
    project.put("V1__half.cypher", "CREATE (:Half);\nTHIS IS WRONG;\n")

    with pytest.raises(MigrationFailed, match="Statement 1 is committed"):
        project.migrate(transaction_mode="per_statement")

    assert _count(graph, "Half") == 1
    assert _count(graph, "__Neo4jMigration") == 0


def test_the_excerpt_points_where_the_server_points(project: Any) -> None:
    project.put("V1__x.cypher", "MATCH (n)\nRETURN nn;\n")

    with pytest.raises(MigrationFailed) as caught:
        project.migrate()

    assert caught.value.excerpt == "RETURN nn\n       ^"


def test_schema_and_data_in_one_transaction_get_advice(project: Any) -> None:
    project.put(
        "V1__mixed.cypher", "CREATE INDEX a FOR (a:A) ON (a.a);\nCREATE (:A);\n"
    )

    with pytest.raises(MigrationFailed) as caught:
        project.migrate()

    assert "per_statement" in str(caught.value.hint)
    assert project.migrate(transaction_mode="per_statement") == ["1"]


def test_an_enterprise_constraint_on_community_gets_advice(project: Any) -> None:
    project.put("V1__e.cypher", "CREATE CONSTRAINT FOR (a:A) REQUIRE a.a IS NOT NULL;")

    with pytest.raises(MigrationFailed) as caught:
        project.migrate()

    assert "assume that edition is enterprise" in str(caught.value.hint)


def test_a_leading_call_in_transactions_fails_as_with_the_peer_or_runs(
    project: Any, graph: Any
) -> None:
    project.put(
        "V1__c.cypher",
        "CALL { UNWIND range(1, 4) AS i CREATE (:Many) } IN TRANSACTIONS;\n",
    )

    plan = project.plan()

    (statement,) = plan.pending[0].script.statements
    assert statement.transaction == "implicit"
    assert project.migrate() == ["1"]
    assert _count(graph, "Many") == 4


def test_placeholders_are_replaced_when_run_and_never_shown(
    project: Any, graph: Any
) -> None:
    project.put("V1__p.cypher", "CREATE (:P {p: '${nm:word}'});\n")
    project.migrate(placeholders={"word": "canary"})
    assert graph("MATCH (n:P) RETURN n.p AS p") == [{"p": "canary"}]

    project.put("V2__p.cypher", "CREATE (:P {p: '${nm:word}'}) WRONG;\n")
    with pytest.raises(MigrationFailed) as caught:
        project.migrate(placeholders={"word": "canary"})

    error = caught.value
    shown = f"{error.message}{error.hint}{error.server_answer}{error.excerpt}"
    assert "canary" not in shown
    assert "${nm:word}" in str(error.excerpt)


@pytest.mark.parametrize(
    "statement",
    [
        "RETURN toInteger([1]) + date('${nm:key}')",
        "RETURN datetime({timezone: '${nm:key}'})",
        "CREATE (:X {p: '${nm:key}'}) BLAH",
        "MATCH (n:`${nm:key}`) RETURN id(n), nothing",
        "UNWIND [1, 1] AS i CREATE (:Unique {p: '${nm:key}'})",
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        "-----BEGIN\nCanaryABCDEFGHIJKLMNOP\nCanaryQRSTUVWXYZ\n-----END",
        "".join(f"Canary{n:03}" for n in range(60)),
        "Canary\\'V\"a\\\\lCanary",
    ],
)
def test_no_part_of_a_value_comes_back(
    project: Any, graph: Any, statement: str, value: str
) -> None:
    graph("CREATE CONSTRAINT u FOR (n:Unique) REQUIRE n.p IS UNIQUE")
    project.put("V1__a.cypher", f"{statement};\n")

    with pytest.raises(MigrationFailed) as caught:
        project.migrate(placeholders={"key": value})

    error = caught.value
    shown = (error.message, error.hint, error.excerpt, error.server_answer)
    assert "Canary" not in str([*shown, *project.watcher.warnings])


def test_an_unknown_placeholder_stops_before_any_effect(project: Any) -> None:
    project.put("V1__p.cypher", "CREATE (:P {p: '${nm:word}'});\n")

    (problem,) = project.plan().problems

    assert problem.code == "PLACEHOLDER_UNKNOWN"
    assert "word" in problem.message


@pytest.mark.parametrize("mode", ["per_migration", "per_statement"])
@pytest.mark.parametrize(
    "script",
    [
        "CREATE (:B);\n",
        "CREATE (:B);\nCREATE (:B);\n",
        "CREATE INDEX b FOR (b:B) ON (b.b);\n",
        ":use neo4j;\nCREATE (:B);\n",
        "UNWIND [1] AS i CALL { WITH i CREATE (:B) } IN TRANSACTIONS;\n",
        "// nothing but a record\n",
    ],
)
def test_a_migration_that_loses_the_lock_leaves_nothing(
    project: Any, graph: Any, script: str, mode: str
) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.put("V2__b.cypher", script)

    def take_away(migration: Any) -> None:
        if migration.version == "2":
            graph("MATCH (l:__Neo4jMigrationsLock) DELETE l")

    project.watcher.on_start = take_away
    with pytest.raises(LockLost):
        project.migrate(transaction_mode=mode)

    assert _chains(graph) == [["BASELINE", "1"]]
    assert _count(graph, "B") == 0
    assert graph("SHOW INDEXES YIELD name WHERE name = 'b' RETURN name") == []


def test_a_second_beginning_is_never_recorded(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    # Somebody without the lock begins a chain after ours was read.
    project.watcher.on_start = lambda _: graph(
        "CREATE (:__Neo4jMigration {version: 'BASELINE'})"
    )

    with pytest.raises(HistoryError) as caught:
        project.migrate()

    assert caught.value.code == "HISTORY_CONFLICT"
    assert _chains(graph) == [["BASELINE"]]
    assert _count(graph, "A") == 0


def test_a_plan_from_another_history_is_refused(project: Any, graph: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    with project.store() as store:
        stale = store.plan()
        project.migrate()
        with (
            store.lock(5, project.watcher) as lock,
            pytest.raises(HistoryError, match="not the one that was planned for"),
        ):
            store.apply(stale, lock, project.watcher)

    assert _count(graph, "A") == 1


def test_a_plan_is_good_for_one_run(project: Any, graph: Any) -> None:
    project.put("R1__a.cypher", "CREATE (:A);\n")
    project.migrate()
    project.put("R1__a.cypher", "CREATE (:A {again: true});\n")

    with project.store() as store, store.lock(5, project.watcher) as lock:
        plan = store.plan()
        store.apply(plan, lock, project.watcher)
        with pytest.raises(HistoryError, match="not the one that was planned for"):
            store.apply(plan, lock, project.watcher)

    assert _count(graph, "A") == 2


def test_the_chain_is_not_read_again_for_a_plan_made_under_the_lock(
    project: Any,
) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.migrate()
    project.put("V2__b.cypher", "CREATE (:B);\n")

    with project.store() as store, store.lock(5, project.watcher) as lock:
        plan = store.plan()
        before = store.round_trips
        store.apply(plan, lock, project.watcher)

        # Who is connected, begin, the statement, its record, commit.
        assert store.round_trips - before == 5


def test_a_migration_of_one_statement_takes_four_round_trips(project: Any) -> None:
    # Begin, the statement, its record with a look at the lock, commit; the first makes
    # the beginning of the chain besides.
    for number in (1, 2, 3):
        project.put(f"V{number}__x.cypher", "CREATE (:A);\n")
    asked: list[int] = []
    with project.store() as store:
        project.watcher.on_start = lambda _: asked.append(store.round_trips)
        with store.lock(5, project.watcher) as lock:
            store.apply(store.plan(), lock, project.watcher)

    assert [b - a for a, b in pairwise(asked)] == [5, 4]


def test_notices_of_the_server_name_file_and_line(project: Any) -> None:
    path = project.put(
        "V1__n.cypher", "CREATE (:A);\nEXPLAIN MATCH (n:Nowhere) RETURN n;\n"
    )

    project.migrate()

    (warning,) = project.watcher.warnings
    assert warning.startswith(f"{path}, line 2: ")
    assert "Nowhere" in warning


def test_a_timeout_ends_a_managed_transaction(project: Any, graph: Any) -> None:
    project.put(
        "V1__slow.cypher",
        "UNWIND range(1, 100000000) AS i MERGE (:Slow {i: 1});\n",
    )

    with pytest.raises(MigrationFailed) as caught:
        project.migrate(transaction_timeout=0.2)

    assert "TransactionTimedOut" in str(caught.value.server_answer)
    assert _count(graph, "__Neo4jMigration") == 0
