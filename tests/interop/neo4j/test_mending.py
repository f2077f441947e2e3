"""Repair, delete, baseline and targets, with the Java tool going on behind them.

What that tool is known to do wrong (reference, §12) is shown on the tool itself, and
what it makes of the history that weave mended.
"""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.neo4j, pytest.mark.interop]

_CHAIN = """
MATCH p = (b:__Neo4jMigration {version: 'BASELINE'})-[:MIGRATED_TO*]->(l)
WHERE NOT (l)-[:MIGRATED_TO]->()
RETURN [n IN nodes(p) | n.version] AS versions
"""
_RUNS = """
MATCH ()-[r:MIGRATED_TO]->(n) RETURN n.version AS version, r.at AS at ORDER BY version
"""


def _versions(both: Any) -> list[str]:
    (row,) = both.query(_CHAIN)
    return list(row["versions"])


@pytest.fixture
def three(both: Any) -> Any:
    """Versions 1, 2 (repeatable, ran twice) and 3, by weave."""
    both.put("V1__a.cypher", "CREATE (:A);\n")
    both.put("R2__b.cypher", "MERGE (:B);\n")
    both.put("V3__c.cypher", "CREATE (:C);\n")
    both.migrate()
    both.put("R2__b.cypher", "MERGE (:B2);\n")
    both.migrate()
    return both


def test_java_is_content_with_what_weave_repaired_and_goes_on(three: Any) -> None:
    three.put("V1__a.cypher", "CREATE (:Edited);\n")
    three.remove("R2__b.cypher")
    three.put("V2_1__late.cypher", "CREATE (:Late);\n")
    assert three.java_says() == three.weave_says() == "DIFFERENT_CONTENT"

    assert len(three.edit("repair")) == 3

    assert three.java_says() == three.weave_says() == "VALID"
    three.put("V4__d.cypher", "CREATE (:D);\n")
    assert 'Applied migration 4 ("d").' in three.java("migrate").output
    assert _versions(three) == ["BASELINE", "1", "2.1", "3", "4"]
    assert three.weave_says() == "VALID"
    assert three.query("MATCH (n) WHERE n:Late OR n:Edited RETURN n") == []


def test_java_can_not_delete_what_was_repeated_and_weave_can(three: Any) -> None:
    before = three.query(_RUNS)
    assert three.java("delete", "2").exit != 0  # its node has a REPEATED

    assert len(three.edit("delete", "V2__b.cypher")) == 1

    three.remove("R2__b.cypher")
    assert three.query(_RUNS) == [row for row in before if row["version"] != "2"]
    assert three.java_says() == three.weave_says() == "VALID"


def test_weave_goes_on_behind_what_java_deleted(three: Any) -> None:
    deleted = three.java("delete", "V3__c.cypher")
    assert "has been removed" in deleted.output

    assert three.weave_says() == three.java_says() == "INCOMPLETE_DATABASE"
    assert three.migrate() == ["3"]
    assert three.java_says() == "VALID"


def test_weave_goes_on_behind_what_java_repaired(three: Any) -> None:
    three.put("V1__a.cypher", "CREATE (:Edited);\n")
    three.put("V2_1__late.cypher", "CREATE (:Late);\n")
    repaired = three.java("repair")
    assert repaired.exit == 0, repaired.output

    assert three.weave_says() == "VALID"
    assert three.edit("repair") == []
    three.put("V4__d.cypher", "CREATE (:D);\n")
    assert three.migrate() == ["4"]


def test_the_fork_that_a_crash_of_java_leaves_is_mended(three: Any) -> None:
    three.put("V2_1__late.cypher", "CREATE (:Late);\n")
    assert three.java("migrate", options=("--out-of-order",)).exit == 0
    three.query(
        "MATCH (p {version: '2'}), (c {version: '2.1'})-[r:MIGRATED_TO]->(o) "
        "CREATE (p)-[n:MIGRATED_TO]->(o) SET n = properties(r) DELETE r"
    )
    assert three.java("info").exit == 1
    assert three.weave_says() == "UNDEFINED"

    three.edit("repair")

    assert _versions(three) == ["BASELINE", "1", "2", "2.1", "3"]
    assert three.java_says() == three.weave_says() == "VALID"


def test_a_stray_node_makes_java_run_its_first_again_until_repair(three: Any) -> None:
    stray = "CREATE (:__Neo4jMigration {version: '99'})"
    three.query(stray)
    assert "beside the chain" in " ".join(three.edit("repair"))
    three.query(stray)

    assert 'Applied migration 1 ("a").' in three.java("migrate").output
    assert three.query("MATCH (n:A) RETURN count(n) AS n") == [{"n": 2}]
    assert [p.code for p in three.plan().problems] == ["DUPLICATE_VERSION"]

    assert len(three.edit("repair")) == 2
    assert _versions(three) == ["BASELINE", "1", "2", "3"]
    assert "Applied migration" not in three.java("migrate").output
    assert three.java_says() == three.weave_says() == "VALID"


def test_java_goes_on_behind_a_baseline(both: Any) -> None:
    both.put("V1__a.cypher", "CREATE (:A);\n")
    both.put("R2__b.cypher", "MERGE (:B);\n")
    both.put("V3__c.cypher", "CREATE (:C);\n")
    assert len(both.edit("baseline", "V2")) == 2

    migrated = both.java("migrate")

    assert 'Applied migration 3 ("c").' in migrated.output
    assert "Skipping already applied migration 1" in migrated.output
    assert both.query("MATCH (n) WHERE n:A OR n:B RETURN n") == []
    assert both.java_says() == both.weave_says() == "VALID"


@pytest.mark.parametrize("target", ["V2", "next", "V2_5?"])
def test_both_stop_at_the_same_target(both: Any, target: str) -> None:
    for number in ("1", "2", "3"):
        both.put(f"V{number}__x.cypher", f"CREATE (:X{number});\n")
    assert both.migrate(target="V1") == ["1"]
    assert both.plan(target="current").pending == ()

    migrated = both.java("migrate", options=(f"--target={target}",))

    assert migrated.exit == 0, migrated.output
    assert _versions(both) == ["BASELINE", "1", "2"]
    assert both.plan(target=target).pending == () or target == "next"
    assert both.java_says() == both.weave_says(target=target) == "INCOMPLETE_DATABASE"
    assert both.migrate(target="latest") == ["3"]


def test_current_applies_everything_in_java_where_nothing_is(both: Any) -> None:
    both.put("V1__a.cypher", "CREATE (:A);\n")
    assert both.migrate(target="current") == []

    migrated = both.java("migrate", options=("--target=current",))

    assert 'Applied migration 1 ("a").' in migrated.output


def test_the_outcome_of_more_records_than_files_is_the_same(three: Any) -> None:
    three.remove("V3__c.cypher")
    assert three.java_says() == three.weave_says() == "INCOMPLETE_MIGRATIONS"

    three.put("V4__d.cypher", "CREATE (:D);\n")
    assert three.java_says() == three.weave_says() == "DIFFERENT_CONTENT"
    assert three.java_says("--out-of-order") == three.weave_says(out_of_order=True)
