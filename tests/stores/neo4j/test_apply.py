"""Applying and recording, on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate.errors import HistoryError, LockLost, MigrationFailed
from weave_migrate.model import State

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.neo4j

_CHAIN = """
MATCH (b:__Neo4jMigration {version: 'BASELINE'})
MATCH p = (b)-[:MIGRATED_TO*0..]->(l) WHERE NOT (l)-[:MIGRATED_TO]->()
RETURN [n IN nodes(p) | n.version] AS versions
"""


def test_a_first_run_applies_everything_in_order(project: Any, graph: Any) -> None:
    project.put("V2__b.cypher", "CREATE (:B);\n")
    project.put("V1__a.cypher", "CREATE (:A);\nCREATE (:A2);\n")
    project.put("V10__c.cypher", "CREATE (:C);\n")

    assert project.migrate() == ["1", "2", "10"]

    assert graph(_CHAIN) == [{"versions": ["BASELINE", "1", "2", "10"]}]
    labels = graph("MATCH (n) WHERE NOT n:__Neo4jMigration RETURN labels(n)[0] AS l")
    assert sorted(row["l"] for row in labels) == ["A", "A2", "B", "C"]


def test_a_second_run_finds_nothing_to_do(project: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.migrate()

    plan = project.plan()

    assert (plan.pending, plan.problems, plan.warnings) == ((), (), ())
    assert [entry.state for entry in plan.entries] == [State.APPLIED]
