"""weave and the Java tool take turns on one database.

The whole graph is theirs: user data, history and lock; each has to be content with
what the other left behind.
"""

from __future__ import annotations

from typing import Any

import pytest

from weave_migrate.errors import LockTimeout
from weave_migrate.model import State

pytestmark = [pytest.mark.neo4j, pytest.mark.interop]

VALID = "All resolved migrations have been applied to the default database."
_SCRIPTS = {
    "V001__schema.cypher": "CREATE CONSTRAINT artist_name FOR (a:Artist) "
    "REQUIRE a.name IS UNIQUE;\n",
    "V002__data.cypher": "// a comment; with a semicolon\n"
    "CREATE (:Artist {name: 'semi;colon'});\r\n"
    "\n"
    "/* a block; comment */\n"
    "MATCH (a:Artist) SET a.`odd;name` = 1\n",
    "V003__batched.cypher": "UNWIND range(1, 9) AS i\n"
    "CALL { WITH i CREATE (:Many {i: i}) } IN TRANSACTIONS OF 3 ROWS;\n",
    "R004__repeat.cypher": "MERGE (c:Counter) SET c.n = 1;\n",
    "V005__where.cypher": ":use neo4j;\nCREATE (:Where);\n",
}
_CHAIN = """
MATCH p = (b:__Neo4jMigration {version: 'BASELINE'})-[:MIGRATED_TO*]->(l)
WHERE NOT (l)-[:MIGRATED_TO]->()
RETURN [n IN nodes(p) | n.version] AS versions
"""


def _put_all(both: Any) -> None:
    for name, text in _SCRIPTS.items():
        both.put(name, text)


def _is_content(java: Any, *options: str) -> None:
    """The Java tool finds everything applied and nothing to do."""
    info = java("info", options=options)
    assert info.exit == 0, info.output
    assert "PENDING" not in info.output
    validated = java("validate", options=options)
    assert (validated.exit, validated.output.strip()) == (0, VALID)
    migrated = java("migrate", options=options)
    assert migrated.exit == 0, migrated.output
    assert "Applied migration" not in migrated.output
    assert "Reapplied" not in migrated.output


def test_java_writes_and_weave_goes_on(both: Any) -> None:
    _put_all(both)
    assert both.java("migrate").exit == 0

    plan = both.plan(version_sort_order="lexicographic")
    assert (plan.pending, plan.problems, plan.warnings) == ((), (), ())
    assert {entry.state for entry in plan.entries} == {State.APPLIED}

    both.put("V006__more.cypher", "CREATE (:More);\n")
    assert both.migrate() == ["006"]
    _is_content(both.java)


def test_weave_writes_and_java_goes_on(both: Any) -> None:
    _put_all(both)
    assert both.migrate() == ["001", "002", "003", "004", "005"]
    _is_content(both.java)

    both.put("V006__more.cypher", "CREATE (:More);\n")
    migrated = both.java("migrate")
    assert migrated.exit == 0
    assert 'Applied migration 006 ("more").' in migrated.output

    plan = both.plan()
    assert (plan.pending, plan.problems, plan.warnings) == ((), (), ())


def test_both_leave_the_same_graph(both: Any) -> None:
    def snapshot() -> list[Any]:
        nodes = both.query(
            "MATCH (n) RETURN labels(n) AS l, properties(n) AS p ORDER BY l, p.version"
        )
        links = both.query(
            "MATCH (a)-[r]->(b) RETURN type(r) AS t, a.version AS a, b.version AS b, "
            "keys(r) AS k, r.at AS at, r.in AS took, r.by AS by, "
            "r.connectedAs AS user ORDER BY t, b"
        )
        schema = [
            row
            for kind in ("INDEXES", "CONSTRAINTS")
            for row in both.query(
                f"SHOW {kind} YIELD name, type, labelsOrTypes, properties "
                "RETURN * ORDER BY name"
            )
            if row["type"] != "LOOKUP"
        ]
        for link in links:
            link["k"] = sorted(link["k"])
            link["at"], link["took"] = type(link["at"]), type(link["took"])
        return [*map(str, nodes), *map(str, links), *map(str, schema)]

    def change() -> None:
        both.put("R004__repeat.cypher", "MERGE (c:Counter) SET c.n = 2;\n")
        both.put("V002_1__late.cypher", "CREATE (:Late);\n")

    _put_all(both)
    assert both.java("migrate").exit == 0
    change()
    assert both.java("migrate", options=("--out-of-order",)).exit == 0
    by_java = snapshot()

    both.query.clear()
    (both.java.folder / "V002_1__late.cypher").unlink()
    _put_all(both)
    both.migrate()
    change()
    assert both.migrate(out_of_order=True) == ["002.1", "004"]

    assert sorted(snapshot()) == sorted(by_java)


def test_java_sees_what_weave_inserted_out_of_order(both: Any) -> None:
    both.put("V1__a.cypher", "CREATE (:A);\n")
    both.put("V3__c.cypher", "CREATE (:C);\n")
    both.migrate()
    both.put("V2__b.cypher", "CREATE (:B);\n")
    assert both.java("info").exit == 1

    assert both.migrate(out_of_order=True) == ["2"]

    _is_content(both.java)


def test_weave_sees_what_java_inserted_out_of_order(both: Any) -> None:
    both.put("V1__a.cypher", "CREATE (:A);\n")
    both.put("V3__c.cypher", "CREATE (:C);\n")
    both.migrate()
    both.put("V2__b.cypher", "CREATE (:B);\n")

    assert both.java("migrate", options=("--out-of-order",)).exit == 0

    plan = both.plan()
    assert (plan.pending, plan.problems) == ((), ())
    assert both.query(_CHAIN) == [{"versions": ["BASELINE", "1", "2", "3"]}]


def test_java_sees_what_weave_repeated(both: Any) -> None:
    both.put("R1__view.cypher", "MERGE (:A);\n")
    both.put("V2__b.cypher", "CREATE (:B);\n")
    both.migrate()
    both.put("R1__view.cypher", "MERGE (:A2);\n")

    assert both.migrate() == ["1"]

    _is_content(both.java)


def test_weave_sees_what_java_repeated(both: Any) -> None:
    both.put("R1__view.cypher", "MERGE (:A);\n")
    both.migrate()
    both.put("R1__view.cypher", "MERGE (:A2);\n")

    migrated = both.java("migrate")

    assert "Reapplied changed repeatable migration" in migrated.output
    plan = both.plan()
    assert (plan.pending, plan.problems) == ((), ())


def test_both_refuse_an_edited_script(both: Any) -> None:
    both.put("V1__a.cypher", "CREATE (:A);\n")
    both.migrate()
    both.put("V1__a.cypher", "CREATE (:B);\n")

    assert 'Checksum of 1 ("a") changed!' in both.java("migrate").output
    assert [each.code for each in both.plan().problems] == ["CHECKSUM_MISMATCH"]


def test_a_lock_held_by_weave_stops_java(both: Any) -> None:
    both.put("V1__a.cypher", "CREATE (:A);\n")
    store = both.store()
    with store.lock(1, both.observer):
        migrated = both.java("migrate")
    store.close()

    assert migrated.exit == 1
    assert "Cannot create __Neo4jMigrationsLock node." in migrated.output
    assert both.java("migrate").exit == 0


def test_a_lock_left_by_java_stops_weave(both: Any) -> None:
    both.put("V1__a.cypher", "CREATE (:A);\n")
    assert both.java("info").exit == 0  # makes the constraints, gives the lock back
    both.query("CREATE (:__Neo4jMigrationsLock {id: 'x', name: 'John Doe'})")

    with pytest.raises(LockTimeout, match="neo4j-migrations holds it or crashed"):
        both.migrate(within=0.2)


def test_java_cleans_what_weave_wrote(both: Any) -> None:
    both.put("V1__a.cypher", "CREATE (:A);\n")
    both.migrate()

    cleaned = both.java("clean", "all")

    assert cleaned.exit == 0, cleaned.output
    assert [each.version for each in both.plan().pending] == ["1"]


def test_weave_cleans_what_java_wrote(both: Any) -> None:
    both.put("V1__a.cypher", "CREATE (:A);\n")
    assert both.java("migrate").exit == 0
    store = both.store()
    with store.lock(1, both.observer) as lock:
        store.edit(store.plan_clean(everything=False), lock)
    store.close()

    assert both.java("validate").exit == 1
    assert 'Applied migration 1 ("a").' in both.java("migrate").output
