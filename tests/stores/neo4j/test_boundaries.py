"""A run that ends at any moment leaves a truth that the next run can go on from.

WEAVE_SOAK_BOUNDARIES says at how many moments of each run (all: ``tox -e soak``),
WEAVE_SOAK_SEED which ones.
"""

from __future__ import annotations

import os
import random
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

import pytest
from faulty_driver import Faults, Killed
from neo4j.exceptions import ServiceUnavailable

from weave_migrate.errors import WeaveError
from weave_migrate.model import Plan, State

pytestmark = pytest.mark.neo4j

_MOMENTS = int(os.environ.get("WEAVE_SOAK_BOUNDARIES") or 2)
_SEED = int(os.environ.get("WEAVE_SOAK_SEED") or random.randrange(10**6))
_LEASE = 0.3  # seconds, after which the next run takes the dead one's lock
_SCRIPTS = {
    "R1__again.cypher": "CREATE (:Again {n: 2});\nCREATE (:Again {n: 3});\n",
    "V2__schema.cypher": "CREATE CONSTRAINT c FOR (a:A) REQUIRE a.a IS UNIQUE;\n"
    "CREATE INDEX i FOR (a:A) ON (a.b);\n",
    "V3__data.cypher": "CREATE (:Data {n: 1});\nCREATE (:Data {n: 2});\n",
    "V4__groups.cypher": "CREATE (:Group {n: 1});\n"
    ":use neo4j;\nCREATE (:Group {n: 2});\nCREATE (:Group {n: 3});\n"
    ":use neo4j;\nCREATE INDEX g FOR (g:Group) ON (g.n);\n"
    ":use neo4j;\nCREATE (:Group {n: 4});\n",
    "V5__batches.cypher": "CREATE (:Batch {n: 0});\n"
    "UNWIND [1, 2, 3] AS n CALL { WITH n CREATE (:Batch {n: n}) } IN TRANSACTIONS;\n"
    "UNWIND [4, 5] AS n CALL { WITH n CREATE (:Batch {n: n}) } IN TRANSACTIONS;\n"
    "CREATE (:Batch {n: 6});\n",
    "V6__nothing.cypher": "// nothing\n",
}
# For each statement that can be in doubt, how to see whether it happened.
_EVIDENCE = {
    ("2", 1): "SHOW CONSTRAINTS YIELD name WHERE name = 'c' RETURN name",
    ("2", 2): "SHOW INDEXES YIELD name WHERE name = 'i' RETURN name",
    ("4", 2): "MATCH (g:Group {n: 2}) RETURN g.n",
    ("4", 3): "MATCH (g:Group {n: 3}) RETURN g.n",
    ("4", 4): "SHOW INDEXES YIELD name WHERE name = 'g' RETURN name",
    ("4", 5): "MATCH (g:Group {n: 4}) RETURN g.n",
    ("5", 2): "MATCH (b:Batch {n: 1}) RETURN b.n",
    ("5", 3): "MATCH (b:Batch {n: 4}) RETURN b.n",
}
_EFFECTS = {
    "2": "SHOW INDEXES YIELD name WHERE name IN ['c', 'i'] RETURN count(*) = 2 AS all",
    "3": "MATCH (n:Data) RETURN count(*) = 2 AS all",
    "4": "MATCH (n:Group) RETURN count(*) = 4 AS all",
    "5": "MATCH (n:Batch) RETURN count(*) = 7 AS all",
    "6": "RETURN true AS all",
}
_FIRST = """
CREATE (:Again {n: 1})
CREATE (:__Neo4jMigration {version: 'BASELINE'})-[:MIGRATED_TO {
  at: datetime({timezone: 'UTC'}), in: duration({milliseconds: 1}), by: 'm',
  connectedAs: 'neo4j'}]->(:__Neo4jMigration {version: '1', description: 'again',
  type: 'CYPHER', repeatable: true, source: 'R1__again.cypher', checksum: '1'})
"""
_CHAINS = """
MATCH p = (:__Neo4jMigration {version: 'BASELINE'})-[:MIGRATED_TO*0..]->(l)
WHERE NOT (l)-[:MIGRATED_TO]->() RETURN length(p) AS length
"""
_DATA = """
MATCH (n) WHERE none(label IN labels(n) WHERE label STARTS WITH '__')
RETURN labels(n)[0] AS label, n.n AS n ORDER BY label, n
"""
_RECORDS = """
MATCH (n:__Neo4jMigration) OPTIONAL MATCH (n)-[r:REPEATED]->(n)
RETURN n.version AS version, n.checksum AS checksum, count(r) AS repeated
ORDER BY version
"""
_SILENCE = "MATCH (l:__Neo4jMigrationsLock) SET l.seen = l.seen - duration('PT1H')"
_LOCKS = "MATCH (l:__Neo4jMigrationsLock) RETURN l.id"
_OPEN = "SHOW TRANSACTIONS YIELD metaData WHERE metaData.weave IS NOT NULL RETURN 1"
_LEFT = """
MATCH (n) WHERE n:__WeaveJournal OR n:__Neo4jMigrationsLock RETURN labels(n) AS left
"""


@pytest.mark.parametrize("stop", [Killed, KeyboardInterrupt, ServiceUnavailable])
@pytest.mark.parametrize("mode", ["per_migration", "per_statement"])
def test_a_run_that_ends_at_any_moment_can_be_continued(
    project: Any,
    graph: Any,
    mode: Literal["per_migration", "per_statement"],
    stop: type[BaseException],
) -> None:
    project.settings = replace(
        project.settings, transaction_mode=mode, lock_lease=_LEASE
    )
    for name, text in _SCRIPTS.items():
        project.put(name, text)
    undisturbed = Faults()
    graph(_FIRST)
    _run(project, undisturbed)
    expected = _snapshot(graph)

    all_of_them = range(1, len(undisturbed.what) + 1)
    count = min(_MOMENTS, len(all_of_them))
    print(f"{count} of {len(all_of_them)} moments, WEAVE_SOAK_SEED={_SEED}")
    for number in sorted(random.Random(_SEED).sample(all_of_them, count)):
        graph.clear()
        graph(_FIRST)
        faults = Faults(at=number, stop=stop)
        with suppress(stop, WeaveError):
            _run(project, faults)
        # How often a run looks for its indexes is chance.
        what = faults.what[number - 1] if len(faults.what) >= number else "the end"
        moment = f"{mode}, {number}: {what}"
        if stop is KeyboardInterrupt and "Lock" not in moment:
            assert graph(_LOCKS) == [], moment
            assert graph(_OPEN) == [], moment
        _go_on(project, graph, moment)
        assert _snapshot(graph) == expected, moment


def _run(project: Any, faults: Faults) -> None:
    with faults.injected():
        try:
            project.migrate()
        finally:
            faults.bury()


def _go_on(project: Any, graph: Any, moment: str) -> None:
    """Check what a killed run left, and let another one finish it."""
    graph(_SILENCE)  # as long as a lock seems alive, a plan does not judge its holder
    assert len(graph(_CHAINS)) == 1, moment
    plan = project.plan()
    for entry in plan.entries:
        if entry.applied and entry.version in _EFFECTS:
            assert graph(_EFFECTS[entry.version]) == [{"all": True}], moment
    assert {p.code for p in plan.problems} <= {"PARTLY_APPLIED", "IN_DOUBT"}, moment
    options: dict[str, Any] = {}
    if plan.problems:
        options["on_interrupted"] = "resume"
    if doubtful := _in_doubt(graph, plan):
        happened = {bool(graph(_EVIDENCE[each])) for each in doubtful}
        assert len(happened) == 1, moment  # they are one transaction
        options["assume"] = "done" if happened.pop() else "not_done"
    project.migrate(**options)


def _in_doubt(graph: Any, plan: Plan) -> list[tuple[str, int]]:
    entries = [e for e in plan.entries if e.state is State.IN_DOUBT]
    return [
        (row["version"], number)
        for row in graph("MATCH (j:__WeaveJournal) RETURN j {.*} AS j")
        for row in row.values()
        if row["version"] in {entry.version for entry in entries}
        for number in range(row["committed"] + 1, row["started"] + 1)
    ]


def _snapshot(graph: Any) -> list[Any]:
    return [
        graph(_DATA),
        graph(_RECORDS),
        graph("SHOW INDEXES YIELD name WHERE name IN ['c', 'g', 'i'] RETURN name"),
        graph(_LEFT),
    ]
