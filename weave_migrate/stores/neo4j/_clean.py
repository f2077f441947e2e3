"""Remove history, and nothing else (reference, §6.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weave_migrate.stores._base import Change

if TYPE_CHECKING:
    from weave_migrate.stores._base import Lock
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

_CHAINS = """
MATCH (n:__Neo4jMigration)
WHERE $everything OR coalesce(n.migrationTarget, '') = coalesce($target, '')
OPTIONAL MATCH (n)-[r]->()
RETURN n.migrationTarget AS target, count(DISTINCT n) AS nodes, count(r) AS links
ORDER BY target
"""
_DELETE_CHAIN = """
MATCH (n:__Neo4jMigration)
WHERE coalesce(n.migrationTarget, '') = coalesce($target, '')
DETACH DELETE n
"""
_CONSTRAINTS = """
SHOW CONSTRAINTS YIELD name, labelsOrTypes
WHERE labelsOrTypes IN [['__Neo4jMigration'], ['__Neo4jMigrationsLock']]
RETURN name ORDER BY name
"""
_LOCKS = "MATCH (l:__Neo4jMigrationsLock) RETURN count(l) AS locks"
_DELETE_LOCKS = "MATCH (l:__Neo4jMigrationsLock) DELETE l"


@dataclass(frozen=True, slots=True)
class _Statement:
    text: str
    target: str | None = None
    ends_lock: bool = False


def plan_clean(
    connection: Connection, names: Names, *, everything: bool
) -> tuple[Change, ...]:
    """Say what would go: this target's chain, or all chains, constraints and locks.

    The index on REPEATED stays, as with neo4j-migrations.
    """
    chains = connection.read(
        _CHAINS, database=names.schema, everything=everything, target=names.target
    )
    changes = [
        Change(
            f"Delete the chain of {row['target'] or 'the default target'} "
            f"({row['nodes']} nodes and {row['links']} relationships).",
            _Statement(_DELETE_CHAIN, row["target"]),
        )
        for row in chains
    ]
    if not everything:
        return tuple(changes)
    locks = connection.read(_LOCKS, database=names.schema)[0]["locks"]
    if locks:
        deletion = _Statement(_DELETE_LOCKS, ends_lock=True)
        changes.append(Change("Delete all lock nodes.", deletion))
    changes += [
        Change(
            f"Drop the constraint {row['name']}.",
            _Statement(
                f"DROP CONSTRAINT {_quoted(row['name'])} IF EXISTS", ends_lock=True
            ),
        )
        for row in connection.read(_CONSTRAINTS, database=names.schema)
    ]
    return tuple(changes)


def ends_lock(change: Change) -> bool:
    """Tell what has to wait until nothing else is done under the lock."""
    return isinstance(change.detail, _Statement) and change.detail.ends_lock


def make(
    connection: Connection, names: Names, changes: tuple[Change, ...], lock: Lock
) -> None:
    """Make what ``plan_clean`` gave, in its order; constraints go last."""
    lock.check()
    for change in changes:
        if not isinstance(change.detail, _Statement):
            raise TypeError("a change of another store")
        connection.write(
            change.detail.text, database=names.schema, target=change.detail.target
        )


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
