"""The four schema objects of a history, made where they are missing.

neo4j-migrations creates them with IF NOT EXISTS on every run (reference, §4.2); we
look first, so that a user without the right to change the schema can work on a
database that has them.  They are known by what they are, not by name: releases before
1.7 did not name the lock's constraints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

# Label and properties of a constraint; its name, or the statement that makes it.
Constraints = dict[tuple[str, tuple[str, ...]], str]

_CONSTRAINTS = """
SHOW CONSTRAINTS YIELD name, labelsOrTypes, properties
WHERE labelsOrTypes IN [['__Neo4jMigration'], ['__Neo4jMigrationsLock']]
RETURN name, labelsOrTypes[0] AS label, properties
"""
_INDEXES = """
SHOW INDEXES YIELD labelsOrTypes, properties
WHERE labelsOrTypes = ['REPEATED'] AND properties = ['at']
RETURN count(*) AS found
"""
_LOCK: Constraints = {
    ("__Neo4jMigrationsLock", ("id",)): """
CREATE CONSTRAINT __Neo4jMigrationsLock__has_unique_id IF NOT EXISTS
FOR (l:__Neo4jMigrationsLock) REQUIRE l.id IS UNIQUE
""",
    ("__Neo4jMigrationsLock", ("name",)): """
CREATE CONSTRAINT __Neo4jMigrationsLock__has_unique_name IF NOT EXISTS
FOR (l:__Neo4jMigrationsLock) REQUIRE l.name IS UNIQUE
""",
}
_HISTORY: Constraints = {
    ("__Neo4jMigration", ("version", "migrationTarget")): """
CREATE CONSTRAINT unique_version___Neo4jMigration IF NOT EXISTS
FOR (m:__Neo4jMigration) REQUIRE (m.version, m.migrationTarget) IS UNIQUE
""",
}
_REPEATED_INDEX = """
CREATE INDEX repeated_at__Neo4jMigration IF NOT EXISTS
FOR ()-[r:REPEATED]-() ON (r.at)
"""


def load_constraints(connection: Connection, names: Names) -> Constraints:
    """Find the constraints of history and lock, by label and properties."""
    return {
        (row["label"], tuple(row["properties"])): row["name"]
        for row in connection.read(_CONSTRAINTS, database=names.schema)
    }


def ensure_lock(connection: Connection, names: Names) -> None:
    """Make the two constraints that let a lock node exclude another."""
    _ensure(connection, names, _LOCK)


def ensure_history(connection: Connection, names: Names) -> None:
    """Make what keeps versions unique and repetitions fast to find."""
    _ensure(connection, names, _HISTORY)
    if not connection.read(_INDEXES, database=names.schema)[0]["found"]:
        connection.write(_REPEATED_INDEX, database=names.schema)


def _ensure(connection: Connection, names: Names, wanted: Constraints) -> None:
    present = load_constraints(connection, names)
    for key, statement in wanted.items():
        if key not in present:
            connection.write(statement, database=names.schema)
