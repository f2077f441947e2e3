"""Queries in the words of Neo4j 4.4."""

from __future__ import annotations

import pytest

from weave_migrate.stores.neo4j._dialect import for_old_server


@pytest.mark.parametrize(
    ("query", "old"),
    [
        (
            "MATCH (p) WHERE elementId(p) = $previous RETURN elementId(p) AS id",
            "MATCH (p) WHERE id(p) = toInteger($previous) RETURN toString(id(p)) AS id",
        ),
        (
            "UNWIND $rows AS row MATCH (a) WHERE elementId(a) = row.id DELETE a",
            "UNWIND $rows AS row MATCH (a) WHERE id(a) = toInteger(row.id) DELETE a",
        ),
        (
            "SHOW INDEXES YIELD owningConstraint WHERE owningConstraint IS NOT NULL",
            "SHOW INDEXES YIELD uniqueness WHERE uniqueness = 'UNIQUE'",
        ),
        (
            "MATCH (n:A) RETURN n.id, n.elementId",
            "MATCH (n:A) RETURN n.id, n.elementId",
        ),
    ],
)
def test_a_query_says_the_same(query: str, old: str) -> None:
    assert for_old_server(query) == old
