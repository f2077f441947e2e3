"""Remove history, and nothing else (reference, §6.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weave_migrate.stores._base import Change
from weave_migrate.stores.neo4j._edit import load_graph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weave_migrate.stores._base import Lock
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

_CHAINS = """
MATCH (n:__Neo4jMigration)
OPTIONAL MATCH (n)-[r]->()
RETURN n.migrationTarget AS target, count(DISTINCT n) AS nodes, count(r) AS links
ORDER BY target
"""
_DELETE_CHAIN = """
MATCH (n:__Neo4jMigration)
WHERE coalesce(n.migrationTarget, '') = coalesce($target, '')
DETACH DELETE n
"""
_DELETE_NODES = """
UNWIND $nodes AS id MATCH (n:__Neo4jMigration) WHERE elementId(n) = id DETACH DELETE n
"""
_JOURNALS = """
MATCH (j:__WeaveJournal) WHERE $everything OR coalesce(j.target, '') = $target
RETURN count(j) AS journals
"""
_DELETE_JOURNALS = """
MATCH (j:__WeaveJournal) WHERE $target IS NULL OR coalesce(j.target, '') = $target
DELETE j
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
    nodes: tuple[str, ...] = ()
    ends_lock: bool = False


def plan_clean(
    connection: Connection, names: Names, *, everything: bool
) -> tuple[Change, ...]:
    """Say what would go: this target's chain, or all chains, constraints and locks.

    With a chain go the journals of its interrupted migrations.  The index on REPEATED
    stays, as with neo4j-migrations.
    """
    changes = list(_chains(connection, names, everything=everything))
    target = names.target or ""
    journals = connection.read(
        _JOURNALS, database=names.schema, everything=everything, target=target
    )[0]["journals"]
    if journals:
        deletion = _Statement(_DELETE_JOURNALS, None if everything else target)
        changes.append(
            Change("Delete the journals of interrupted migrations.", deletion)
        )
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


def _chains(
    connection: Connection, names: Names, *, everything: bool
) -> Iterator[Change]:
    """Say which chains would go; of one target only the nodes that are its own.

    A node may lack its target although it is on the chain of one (``own_graph``).
    """
    if not everything:
        graph = load_graph(connection, names)
        if graph.nodes:
            links = len(graph.steps) + len(graph.loops)
            yield _deletion(
                _Statement(_DELETE_NODES, names.target, tuple(sorted(graph.nodes))),
                len(graph.nodes),
                links,
            )
        return
    for row in connection.read(_CHAINS, database=names.schema):
        statement = _Statement(_DELETE_CHAIN, row["target"])
        yield _deletion(statement, row["nodes"], row["links"])


def _deletion(statement: _Statement, nodes: int, links: int) -> Change:
    return Change(
        f"Delete the chain of {statement.target or 'the default target'} "
        f"({nodes} nodes and {links} relationships).",
        statement,
    )


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
            connection.phrased(change.detail.text),
            database=names.schema,
            target=change.detail.target,
            nodes=change.detail.nodes,
        )


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
