"""The four schema objects of a history, made where they are missing.

neo4j-migrations creates them with IF NOT EXISTS on every run (reference, §4.2); we
look first, so that a user without the right to change the schema can work on a
database that has them.  They are known by what they are, not by name: releases before
1.7 did not name the lock's constraints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

# Label or type, and properties.
Key = tuple[str, tuple[str, ...]]

# A constraint on unique values owns an index, so one question finds both.
_PRESENT = """
SHOW INDEXES YIELD labelsOrTypes, properties, owningConstraint
WHERE labelsOrTypes = ['REPEATED'] OR owningConstraint IS NOT NULL
  AND labelsOrTypes IN [['__Neo4jMigration'], ['__Neo4jMigrationsLock']]
RETURN labelsOrTypes[0] AS label, properties
"""
# Two constraints, by which a lock node excludes another.
LOCK: Mapping[Key, str] = {
    ("__Neo4jMigrationsLock", ("id",)): """
CREATE CONSTRAINT __Neo4jMigrationsLock__has_unique_id IF NOT EXISTS
FOR (l:__Neo4jMigrationsLock) REQUIRE l.id IS UNIQUE
""",
    ("__Neo4jMigrationsLock", ("name",)): """
CREATE CONSTRAINT __Neo4jMigrationsLock__has_unique_name IF NOT EXISTS
FOR (l:__Neo4jMigrationsLock) REQUIRE l.name IS UNIQUE
""",
}
# What keeps versions unique, and repetitions fast to find.
HISTORY: Mapping[Key, str] = {
    ("__Neo4jMigration", ("version", "migrationTarget")): """
CREATE CONSTRAINT unique_version___Neo4jMigration IF NOT EXISTS
FOR (m:__Neo4jMigration) REQUIRE (m.version, m.migrationTarget) IS UNIQUE
""",
    ("REPEATED", ("at",)): """
CREATE INDEX repeated_at__Neo4jMigration IF NOT EXISTS
FOR ()-[r:REPEATED]-() ON (r.at)
""",
}


def load_present(connection: Connection, names: Names) -> frozenset[Key]:
    """Find what there is of LOCK and HISTORY, by label and properties."""
    rows = connection.read(connection.phrased(_PRESENT), database=names.schema)
    return frozenset((row["label"], tuple(row["properties"])) for row in rows)


def ensure(
    connection: Connection,
    names: Names,
    wanted: Mapping[Key, str],
    present: frozenset[Key],
) -> None:
    """Make what is wanted and not present, in one transaction."""
    missing = [statement for key, statement in wanted.items() if key not in present]
    if missing:
        connection.write(*missing, database=names.schema)
