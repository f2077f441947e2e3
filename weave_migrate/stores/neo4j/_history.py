"""The recorded history: read in one query, extended in one statement a migration.

Nodes and relationships carry the properties and Bolt types of neo4j-migrations 4.1
(reference, §4.1 and §4.5).  What that tool does in two transactions when it inserts in
mid-chain, record and relink, is one statement here, so that no crash can leave a fork.
Nodes are found by their id, never by scanning: the cost of a record does not grow.  The
statements are many and plain, since the server compiles each on its first use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from weave_migrate.errors import HistoryError
from weave_migrate.plan.chain_edit import record_of
from weave_migrate.plan.chain_graph import Link, Node, read_chain
from weave_migrate.stores.neo4j._journal import FORGET
from weave_migrate.stores.neo4j._lock_node import FENCE
from weave_migrate.stores.neo4j._values import NODE, RUN, read_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from neo4j import ManagedTransaction

    from weave_migrate.model import Migration
    from weave_migrate.plan.chain_graph import Chain
    from weave_migrate.stores.neo4j._lock import Neo4jLock
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

_READ = f"""
MATCH (n:__Neo4jMigration)
WHERE n.migrationTarget IS NULL OR n.migrationTarget = $target
OPTIONAL MATCH (n)-[r:MIGRATED_TO|REPEATED]->(m:__Neo4jMigration)
WITH n, m, r, toStringOrNull(r.at) AS at, toStringOrNull(r.in) AS took
RETURN elementId(n), {NODE}, elementId(m), type(r), {RUN}
"""
_RUN = """{
  at: datetime({timezone: 'UTC'}), in: duration({milliseconds: $took}),
  by: $by, connectedAs: $user}"""
# The beginning of a chain, by a statement of its own before the first record: the
# server takes longer to compile one for both than to answer once more.
_BEGIN = """
OPTIONAL MATCH (b:__Neo4jMigration {version: 'BASELINE'})
WHERE coalesce(b.migrationTarget, '') = coalesce($target, '')
WITH count(b) AS others WHERE others = 0
CREATE (p:__Neo4jMigration {version: 'BASELINE', migrationTarget: $target})
RETURN elementId(p) AS id
"""
_APPEND = f"""
WITH l MATCH (p:__Neo4jMigration)
WHERE elementId(p) = $previous AND NOT (p)-[:MIGRATED_TO]->()
CREATE (p)-[:MIGRATED_TO {_RUN}]->(c:__Neo4jMigration)
SET c = $properties
RETURN elementId(c) AS id
"""
_INSERT = f"""
WITH l MATCH (p:__Neo4jMigration) WHERE elementId(p) = $previous
MATCH (p)-[old:MIGRATED_TO]->(following) WHERE elementId(following) = $following
CREATE (p)-[:MIGRATED_TO {_RUN}]->(c:__Neo4jMigration)-[moved:MIGRATED_TO]->(following)
SET c = $properties, moved = properties(old)
DELETE old
RETURN elementId(c) AS id
"""
_REPEAT = f"""
WITH l MATCH (n:__Neo4jMigration) WHERE elementId(n) = $node
CREATE (n)-[again:REPEATED {_RUN}]->(n)
SET again.checksum = $checksum
RETURN elementId(n) AS id
"""

# Ids of the node before a record, and of the record's own.
Nodes = tuple[str, str]


def load_chain(connection: Connection, names: Names) -> Chain:
    """Read the chain of this target (one round trip, linear, read access mode)."""
    records = connection.read(
        connection.phrased(_READ), database=names.schema, target=names.target
    )
    nodes: dict[str, Node] = {}
    links: list[Link] = []
    for node, properties, end, kind, run in records:
        nodes[node] = Node(node, properties)
        if end is not None:
            run["at"] = read_datetime(run["at"])
            links.append(Link(kind, node, end, run))
    return read_chain(nodes.values(), links, target=names.target)


@dataclass(slots=True)
class ChainWriter:
    """Extends a chain; knows where the next record belongs without asking.

    ``by`` is who runs the migrations, ``user`` who is connected.  ``ids`` and
    ``next`` are those of the Chain and grow with each record.  No record is written,
    and its transaction fails, once ``lock`` is no longer ours.
    """

    connection: Connection
    lock: Neo4jLock
    names: Names
    by: str
    user: str
    ids: dict[str, str]
    next: dict[str, str]

    def record(
        self,
        tx: ManagedTransaction,
        migration: Migration,
        *,
        after: str,
        took: int,
        journal: Mapping[str, object] | None = None,
    ) -> Nodes:
        """Write one record in ``tx`` behind version ``after``.

        ``took`` is in milliseconds; ``journal`` are the parameters of FORGET where a
        journal has to go.  Raises LockLost, and HistoryError
        (HISTORY_CONFLICT) if somebody changed the chain since it was read.
        """
        previous = self.ids.get(after) or self._begin(tx, migration)
        following = self.next.get(previous)
        new = self._run(
            tx,
            _APPEND if following is None else _INSERT,
            migration,
            journal,
            previous=previous,
            following=following,
            properties=record_of(migration, self.names.target),
            took=took,
        )
        return previous, new

    def repeat(
        self,
        tx: ManagedTransaction,
        migration: Migration,
        *,
        took: int,
        journal: Mapping[str, object] | None = None,
    ) -> Nodes:
        """Write in ``tx`` that a repeatable ran again with its present checksum."""
        node = self._run(
            tx,
            _REPEAT,
            migration,
            journal,
            node=self.ids[migration.version],
            checksum=migration.checksum,
            took=took,
        )
        return node, node

    def _begin(self, tx: ManagedTransaction, migration: Migration) -> str:
        """Make the BASELINE; the record behind it makes sure of the lock."""
        self.connection.round_trips += 1
        query = self.connection.phrased(_BEGIN)
        return self._one(tx, query, {"target": self.names.target}, migration)

    def _run(
        self,
        tx: ManagedTransaction,
        query: str,
        migration: Migration,
        journal: Mapping[str, object] | None,
        **parameters: object,
    ) -> str:
        everything = {**parameters, **self.lock.key, "by": self.by, "user": self.user}
        if journal:
            query, everything = FORGET + query, {**everything, **journal}
        query = self.connection.phrased(FENCE + query)
        return self._one(tx, query, everything, migration)

    def _one(
        self,
        tx: ManagedTransaction,
        query: str,
        parameters: dict[str, object],
        migration: Migration,
    ) -> str:
        rows = list(tx.run(query, parameters))
        if len(rows) != 1:
            self.lock.check()  # was it that, or the chain?
            raise _changed(migration)
        return str(rows[0]["id"])

    def recorded(self, version: str, *, after: str, nodes: Nodes) -> None:
        """Remember what a committed transaction wrote."""
        previous, new = nodes
        self.ids.setdefault(after, previous)
        self.ids[version] = new
        if previous in self.next:
            self.next[new] = self.next[previous]
        self.next[previous] = new


def _changed(migration: Migration) -> HistoryError:
    return HistoryError(
        f"The history was changed by somebody else while version {migration.version} "
        "was being applied; its record was not written.",
        hint="See what is recorded: weave db migrate-neo4j info",
        file=migration.path,
    )
