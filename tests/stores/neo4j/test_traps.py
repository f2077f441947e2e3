"""What is easily got wrong in a history shared with neo4j-migrations.

Only what no other test shows; docs/compatibility.md lists all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from weave_migrate.errors import MigrationFailed

if TYPE_CHECKING:
    from neo4j_graph import Graph

pytestmark = pytest.mark.neo4j


def _codes(project: Any) -> list[str]:
    return [problem.code for problem in project.plan().problems]


def test_what_is_half_done_is_kept_apart_from_the_history(
    project: Any, graph: Graph
) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.migrate()
    project.put("V2__b.cypher", "CREATE INDEX b FOR (b:B) ON (b.b);\nBOOM;\n")

    with pytest.raises(MigrationFailed):
        project.migrate(transaction_mode="per_statement")

    assert len(graph("MATCH (n:__Neo4jMigration) RETURN n")) == 2
    (journal,) = graph("MATCH (j:__WeaveJournal) RETURN size([(j)--() | 1]) AS links")
    assert journal == {"links": 0}


def test_an_assertion_has_to_hold_for_what_is_applied_too(project: Any) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.migrate()
    project.put("V1__a.cypher", "// assert that version is lt 4.4\nCREATE (:A);\n")

    assert _codes(project) == ["PRECONDITION_FAILED"]


def test_a_versioned_and_a_repeatable_script_can_be_the_same_version(
    project: Any,
) -> None:
    project.put("V1__a.cypher", "CREATE (:A);\n")
    project.put("R1__b.cypher", "CREATE (:B);\n")

    assert _codes(project) == ["DUPLICATE_VERSION"]
