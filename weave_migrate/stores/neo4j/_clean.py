"""Remove history, and nothing else (reference, §6.7).

Chains and journals go in one transaction, which commits only while the lock is ours.
What the lock itself is made of goes after that: a server changes data and schema in
transactions of their own only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weave_migrate.stores._base import Change
from weave_migrate.stores.neo4j._edit import load_graph

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from neo4j import ManagedTransaction

    from weave_migrate.stores.neo4j._lock import Neo4jLock
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

_CHAINS = """
MATCH (n:__Neo4jMigration)
OPTIONAL MATCH (n)-[r]->()
RETURN CASE WHEN n.migrationTarget IS NULL THEN 'the default target'
  ELSE coalesce(toStringOrNull(n.migrationTarget), 'a target that is no text') END
    AS target, collect(DISTINCT elementId(n)) AS nodes, count(r) AS links
ORDER BY target
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
            yield _deletion(names.target or "the default target", graph.nodes, links)
        return
    for row in connection.read(connection.phrased(_CHAINS), database=names.schema):
        yield _deletion(row["target"], row["nodes"], row["links"])


def _deletion(target: str, nodes: Collection[str], links: int) -> Change:
    return Change(
        f"Delete the chain of {target} ({len(nodes)} nodes and {links} relationships).",
        _Statement(_DELETE_NODES, nodes=tuple(sorted(nodes))),
    )


def ends_lock(change: Change) -> bool:
    """Tell what has to wait until nothing else is done under the lock."""
    return isinstance(change.detail, _Statement) and change.detail.ends_lock


def make(
    connection: Connection, names: Names, changes: tuple[Change, ...], lock: Neo4jLock
) -> None:
    """Delete chains and journals, all of them or none; raises LockLost."""
    statements = [_statement(change) for change in changes]

    def work(tx: ManagedTransaction) -> None:
        for each in statements:
            _run(connection, tx, each)
        lock.fence(tx)

    with connection.explained():
        connection.transact(work, database=names.schema)


def end_lock(
    connection: Connection, names: Names, changes: tuple[Change, ...], lock: Neo4jLock
) -> None:
    """Remove what ``ends_lock`` names, in this order; raises LockLost before that."""
    lock.check()
    for change in changes:
        statement = _statement(change)

        def work(tx: ManagedTransaction, statement: _Statement = statement) -> None:
            if statement.text == _DELETE_LOCKS:
                lock.fence(tx)  # first: it is about to go
            _run(connection, tx, statement)

        with connection.explained():
            connection.transact(work, database=names.schema)


def _statement(change: Change) -> _Statement:
    if not isinstance(change.detail, _Statement):
        raise TypeError("a change of another store")
    return change.detail


def _run(connection: Connection, tx: ManagedTransaction, statement: _Statement) -> None:
    connection.round_trips += 1
    parameters = {"target": statement.target, "nodes": statement.nodes}
    tx.run(connection.phrased(statement.text), parameters).consume()


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
