"""Traps of a shared history, sprung on the Java tool (docs/compatibility.md)."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.neo4j, pytest.mark.interop]

# Two spellings of one database: all that Community has of a schema database.
_APART = ("-d", "neo4j", "--schema-database", "NEO4J")
_TARGET: Any = {"database": "neo4j", "schema_database": "NEO4J"}
_NODES = """
MATCH (n:__Neo4jMigration)
RETURN n.version AS version, n.migrationTarget AS target ORDER BY target, version
"""
# Where two chains hold a version, that without a target comes last.
_RUNS = """
MATCH ()-[r:MIGRATED_TO]->(n) RETURN n.version AS version, r.at AS at
ORDER BY n.migrationTarget
"""


def _put(both: Any, *names: str) -> None:
    for number, name in enumerate(names, start=1):
        both.put(f"V{number}__{name}.cypher", f"CREATE (:{name.upper()});\n")


def _times(both: Any) -> dict[str, Any]:
    return {row["version"]: row["at"] for row in both.query(_RUNS)}


def _targets(both: Any) -> list[tuple[str, str | None]]:
    return [(row["version"], row["target"]) for row in both.query(_NODES)]


def _count(both: Any, label: str) -> int:
    (row,) = both.query(f"MATCH (n:{label}) RETURN count(n) AS n")
    return int(row["n"])


@pytest.mark.parametrize(
    "damage",
    [
        "MATCH (n:__Neo4jMigration {version: '1'}) SET n.type = 'PYTHON'",
        "MATCH ()-[r:MIGRATED_TO]->() SET r.at = localdatetime()",
        "MATCH ()-[r:MIGRATED_TO]->() SET r.in = 5",
    ],
)
def test_what_java_crashes_at_is_damage_that_weave_repairs(
    both: Any, damage: str
) -> None:
    _put(both, "a")
    both.migrate()
    both.query(damage)
    assert both.java("info").exit == 1
    assert {p.code for p in both.plan().problems} == {"HISTORY_DAMAGED"}

    assert len(both.edit("repair")) == 1

    assert both.java("validate").exit == 0


def test_both_take_turns_on_a_chain_with_a_target(both: Any) -> None:
    _put(both, "a")
    both.migrate()  # a chain without a target in the same database
    assert both.java("migrate", options=_APART).exit == 0
    _put(both, "a", "b")
    assert both.migrate(**_TARGET) == ["2"]

    validated = both.java("validate", options=_APART)

    assert validated.exit == 0, validated.output
    assert _targets(both) == [
        *(("1", "neo4j"), ("2", "neo4j"), ("BASELINE", "neo4j")),
        *(("1", None), ("BASELINE", None)),
    ]


def test_what_java_can_not_mend_beside_another_target_weave_can(both: Any) -> None:
    _put(both, "a", "b", "c")
    both.migrate()
    both.migrate(**_TARGET)
    before = _times(both)
    assert "single record" in both.java("delete", "2").output
    both.remove("V2__b.cypher")
    assert "Cannot delete node" in both.java("repair").output
    assert len(_targets(both)) == 8

    assert len(both.edit("repair")) == 1
    assert len(both.edit("delete", "3", **_TARGET)) == 1

    assert _targets(both) == [
        *(("1", "neo4j"), ("2", "neo4j"), ("BASELINE", "neo4j")),
        *(("1", None), ("3", None), ("BASELINE", None)),
    ]
    assert _times(both)["3"] == before["3"]
    assert both.java("validate").exit == 0


def test_java_loses_a_time_when_it_deletes_and_weave_does_not(both: Any) -> None:
    _put(both, "a", "b", "c", "d")
    both.migrate()
    before = _times(both)

    assert len(both.edit("delete", "2")) == 1
    assert _times(both) == {v: at for v, at in before.items() if v != "2"}

    assert both.java("delete", "3").exit == 0
    assert _times(both) == {"1": before["1"], "4": before["3"]}


def test_a_node_that_java_inserted_without_its_target_is_given_it(both: Any) -> None:
    _put(both, "a", "b")
    both.migrate(**_TARGET)
    both.put("V1_1__late.cypher", "CREATE (:Late);\n")
    assert both.java("repair", options=_APART).exit == 0
    assert ("1.1", None) in _targets(both)

    plan = both.plan(**_TARGET)

    assert (plan.problems, plan.pending) == ((), ())
    assert len(both.edit("repair", **_TARGET)) == 1
    assert ("1.1", None) not in _targets(both)
    assert both.java("validate", options=_APART).exit == 0


def test_scripts_that_java_fails_at_can_be_applied_for_it(both: Any) -> None:
    both.put("V1__blank.cypher", "// a\n\n// b\n;\nCREATE (:A);\n")
    assert both.java("migrate").exit == 1
    assert both.migrate() == ["1"]
    both.put("V2__batch.cypher", "CALL { CREATE (:B) } IN TRANSACTIONS;\n")
    assert both.java("migrate").exit == 1
    assert both.migrate() == ["2"]

    assert both.java("validate").exit == 0


def test_cleaning_all_does_not_remove_a_lock_that_java_left(both: Any) -> None:
    _put(both, "a")
    both.migrate()
    both.query("CREATE (:__Neo4jMigrationsLock {id: 'x', name: 'John Doe'})")

    cleaned = both.java("clean", "all")

    assert "Cannot create __Neo4jMigrationsLock node." in cleaned.output
    assert _count(both, "__Neo4jMigration") == 2


def test_java_can_not_delete_a_record_of_code_and_weave_can(both: Any) -> None:
    _put(both, "a", "b")
    both.migrate()
    both.query(
        "MATCH (n:__Neo4jMigration {version: '2'}) "
        "SET n.source = 'some.V2__B', n.type = 'JAVA'"
    )
    assert "Invalid class name for a migration" in both.java("delete", "2").output

    assert len(both.edit("delete", "2")) == 1

    assert both.java("validate").exit == 1  # pending again
    assert both.migrate() == ["2"]


def test_without_a_name_java_applies_and_records_nothing(
    both: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(both, "a")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-Duser.name=")
    failed = both.java("migrate")
    assert "null property value for 'by'" in failed.output
    assert _count(both, "A") == 1
    assert _count(both, "__Neo4jMigration") == 0

    assert both.migrate(installed_by=" ") == ["1"]

    assert both.java("validate").exit == 0


def test_indexes_that_java_does_not_know_hinder_its_catalog_and_not_weave(
    both: Any,
) -> None:
    _put(both, "a")
    both.query("CREATE TEXT INDEX words FOR (a:A) ON (a.words)")
    both.query("CREATE POINT INDEX places FOR (a:A) ON (a.place)")

    assert "Unsupported index type" in both.java("show-catalog").output

    assert both.migrate() == ["1"]
