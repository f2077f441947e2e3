"""Mend a history: read all there is of it, and make an edit in one transaction.

What has to be done is decided in ``plan`` (chain_repair, chain_records).  Here it is
written as a whole or not at all, and only while the lock is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weave_migrate.errors import HistoryError
from weave_migrate.plan.chain_edit import Graph, Rewrite, own_graph
from weave_migrate.plan.chain_graph import Link, Node
from weave_migrate.stores._base import Change
from weave_migrate.stores.neo4j._values import NODE, RUN, read_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from neo4j import ManagedTransaction

    from weave_migrate.stores.neo4j._lock import Neo4jLock
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

# As in _history: plain values.  The last column are relationships from elsewhere.
_READ = f"""
MATCH (n:__Neo4jMigration)
OPTIONAL MATCH (n)-[r]->(m)
WITH n, m, r, toStringOrNull(r.at) AS at, toStringOrNull(r.in) AS took
RETURN elementId(n) AS node, {NODE} AS properties,
  elementId(r) AS id, type(r) AS type, elementId(m) AS end,
  m:__Neo4jMigration AS inner, {RUN} AS run,
  [(n)<-[other]-(o) WHERE NOT o:__Neo4jMigration | type(other)] AS others
"""
_HISTORY = frozenset({"MIGRATED_TO", "REPEATED"})
_CREATE = """
UNWIND $rows AS row
CREATE (n:__Neo4jMigration) SET n = row.properties
RETURN row.key AS key, elementId(n) AS id
"""
_JOIN = """
UNWIND $rows AS row
MATCH (a:__Neo4jMigration) WHERE elementId(a) = row.start
MATCH (b:__Neo4jMigration) WHERE elementId(b) = row.end
OPTIONAL MATCH (:__Neo4jMigration)-[like:MIGRATED_TO]->(b)
WHERE elementId(like) = row.like
WITH row, a, b, like WHERE row.like IS NULL OR like IS NOT NULL
CREATE (a)-[r:MIGRATED_TO]->(b)
SET r = CASE WHEN like IS NULL THEN {
  at: datetime({timezone: 'UTC'}), in: duration({milliseconds: 0}),
  by: $by, connectedAs: $user} ELSE properties(like) END
RETURN count(r) AS made
"""
_CUT = """
UNWIND $rows AS row
MATCH (:__Neo4jMigration)-[r:MIGRATED_TO|REPEATED]->() WHERE elementId(r) = row
DELETE r RETURN count(r) AS made
"""
_REMOVE = """
UNWIND $rows AS row
MATCH (n:__Neo4jMigration) WHERE elementId(n) = row
OPTIONAL MATCH (n)-[r:MIGRATED_TO|REPEATED]-()
DELETE r
WITH DISTINCT n
DELETE n RETURN count(n) AS made
"""
_SET = """
UNWIND $rows AS row
MATCH (n:__Neo4jMigration) WHERE elementId(n) = row.id
SET n += row.properties RETURN count(n) AS made
"""
_LOOPS = """
UNWIND $rows AS row
MATCH (:__Neo4jMigration)-[r:REPEATED]->() WHERE elementId(r) = row.id
SET r.checksum = row.checksum RETURN count(r) AS made
"""
_RUNS = """
UNWIND $rows AS row
MATCH ()-[r:MIGRATED_TO]->(n:__Neo4jMigration) WHERE elementId(n) = row.id
SET r += row.properties RETURN count(r) AS made
"""
_DATE = """
UNWIND $rows AS row
MATCH ()-[r:MIGRATED_TO]->(n:__Neo4jMigration) WHERE elementId(n) = row
SET r.at = datetime({timezone: 'UTC'}) RETURN count(r) AS made
"""
_TIME = """
UNWIND $rows AS row
MATCH ()-[r:MIGRATED_TO]->(n:__Neo4jMigration) WHERE elementId(n) = row
SET r.in = duration({milliseconds: 0}) RETURN count(r) AS made
"""
# A record made by hand ends what was known of a half-done run.
_FORGET = """
UNWIND $rows AS row
OPTIONAL MATCH (j:__WeaveJournal {target: $target, version: row})
DELETE j RETURN count(DISTINCT row) AS made
"""


def load_graph(connection: Connection, names: Names) -> Graph:
    """Read all nodes of this target's history, sound or not (one round trip)."""
    nodes: dict[str, Node] = {}
    links: list[Link] = []
    others: dict[str, list[str]] = {}
    for row in connection.read(connection.phrased(_READ), database=names.schema):
        id_, properties, link, type_, end, inner, run, arriving = row
        nodes[id_] = Node(id_, properties)
        types = others.setdefault(id_, [])
        types += arriving
        if link is None:
            continue
        if inner and type_ in _HISTORY:
            run["at"] = read_datetime(run["at"])
            links.append(Link(type_, id_, end, run, link))
            continue
        types.append(type_)
        if inner:
            others.setdefault(end, []).append(type_)
    return own_graph(nodes.values(), links, target=names.target, others=others)


def changes_of(told: Sequence[str], edit: Rewrite) -> tuple[Change, ...]:
    """Make changes of sentences; each carries the whole edit, for none stands alone."""
    return tuple(Change(sentence, edit) for sentence in told)


def make(
    connection: Connection,
    names: Names,
    edit: Rewrite,
    lock: Neo4jLock,
    *,
    by: str,
    user: str,
) -> None:
    """Make an edit; raises HistoryError if the graph is not what it was made for.

    ``by`` is who runs weave, ``user`` who is connected, for records that are made.
    """

    def work(tx: ManagedTransaction) -> None:
        def run(query: str, rows: Sequence[object]) -> list[Any]:
            connection.round_trips += 1
            result = tx.run(
                connection.phrased(query),
                {"rows": rows, "by": by, "user": user, "target": names.target or ""},
            )
            return list(result)

        new = {
            key: {"key": key, "properties": values}
            for key, values in edit.created.items()
        }
        ids = {row["key"]: row["id"] for row in run(_CREATE, [*new.values()])}
        for query, rows in _steps(edit, ids):
            if rows and run(query, rows)[0]["made"] != len(rows):
                raise _changed()
        lock.fence(tx)

    with connection.explained():
        connection.transact(work, database=names.schema)


def _steps(edit: Rewrite, ids: dict[str, str]) -> Iterator[tuple[str, list[Any]]]:
    """Give queries and their rows, in an order that leaves nothing to trip over."""
    yield (
        _JOIN,
        [
            {
                "start": ids.get(join.start, join.start),
                "end": ids.get(join.end, join.end),
                "like": join.like,
            }
            for join in edit.joins
        ],
    )
    yield _CUT, [*edit.cut, *edit.unread]
    yield _REMOVE, list(edit.removed)
    for query, settings in ((_SET, edit.settings), (_RUNS, edit.runs)):
        yield query, [{"id": id_, "properties": v} for id_, v in settings.items()]
    yield _LOOPS, [{"id": id_, "checksum": c} for id_, c in edit.loops.items()]
    yield _DATE, list(edit.dated)
    yield _TIME, list(edit.timed)
    yield _FORGET, [values["version"] for values in edit.created.values()]


def _changed() -> HistoryError:
    return HistoryError(
        "The history of Neo4j is not the one that was looked at: somebody else changed "
        "it. Nothing was done.",
        hint="See what is there now: weave db migrate-neo4j info",
    )
