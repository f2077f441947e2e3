"""The lock node, as statements ask for it and change it.

Each statement that writes takes the node's write lock first, by writing the name that
it has anyway, and only then reads and compares: what was read before, even for the
value to write, may be old by the time the lock is had.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weave_migrate.errors import LockTimeout, WeaveError
from weave_migrate.model import LockInfo
from weave_migrate.scripts._source import printable
from weave_migrate.stores.neo4j._values import read_zoned

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

PATIENCE = 5.0  # seconds for one statement, which may wait for another transaction
PEER = "neo4j-migrations"  # the owner of locks that name none
TAKEN = "Neo.ClientError.Schema.ConstraintValidationFailed"
IN_USE = frozenset(  # by a transaction that did not end within our patience
    {
        "Neo.ClientError.Transaction.LockClientStopped",
        "Neo.ClientError.Transaction.TransactionTimedOut",
        "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
    }
)

# The id where it is one that a tool gives, a text.
_ID = "CASE WHEN toStringOrNull(l.id) = l.id THEN l.id END"
# As text or null, whatever types there are; the driver can't hold every date-time.
_LOOK = f"""
MATCH (l:__Neo4jMigrationsLock {{name: $name}})
RETURN elementId(l) AS node, {_ID} AS id, toStringOrNull(l.owner) AS owner,
  toStringOrNull(l.host) AS host, toIntegerOrNull(l.pid) AS pid,
  CASE WHEN toFloatOrNull(l.lease) = l.lease THEN toFloat(l.lease) END AS lease,
  CASE WHEN toIntegerOrNull(l.revision) = l.revision THEN toInteger(l.revision) END
    AS revision,
  toStringOrNull(l.since) AS since, toStringOrNull(l.seen) AS seen,
  toString(datetime()) AS now
"""
_OURS = """{
  id: $id, name: $name, owner: $owner, host: $host, pid: $pid, lease: $lease,
  revision: 0, since: datetime({timezone: 'UTC'}), seen: datetime({timezone: 'UTC'})}
"""
TAKE = f"CREATE (l:__Neo4jMigrationsLock {_OURS}) RETURN l.id"
_SEIZE = """
MATCH (l:__Neo4jMigrationsLock {name: $lockName})
SET l.name = $lockName
WITH l WHERE """
_OUR_ID = "l.id = $lockId\n"
# The beginning of a statement that does nothing without our lock; see ``key``.
FENCE = f"{_SEIZE}{_OUR_ID}SET l.revision = l.revision + 1, l.seen = datetime()\n"
BEAT = f"{FENCE}RETURN l.id"
TAKE_OVER = f"{_SEIZE}{_OUR_ID}AND l.revision = $revision SET l = {_OURS} RETURN l.id"
RELEASE = f"{_SEIZE}{_OUR_ID}DELETE l RETURN 1 AS released"
# One that was seen, whatever its id is.  The server may give a new node the number of
# one that has gone; then their ids differ.
_RELEASE_SEEN = f"""{_SEIZE}elementId(l) = $node AND coalesce({_ID}, '') = $lockId
DELETE l RETURN 1 AS released
"""
CHECK = """
MATCH (l:__Neo4jMigrationsLock {id: $lockId, name: $lockName}) RETURN l.id
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """The lock as it was seen; its revision is its sign of life.

    ``id`` is None where it is no text, and so none of a tool's.
    """

    info: LockInfo
    id: str | None
    revision: int | None


def holder(connection: Connection, names: Names) -> LockInfo | None:
    """Say who holds the lock, or None; one without an owner is the Java tool's."""
    sight = look(connection, names)
    return sight.info if sight else None


def release(connection: Connection, names: Names, holding: LockInfo) -> bool:
    """Take the lock away from ``holding``; False if that holds it no more.

    Raises LockTimeout while a transaction of the holder is about to commit.
    """
    node, _, id_ = (holding.token or "").partition(" ")
    statement = connection.phrased(_RELEASE_SEEN)
    try:
        return run(connection, names, statement, node=node, lockId=id_)
    except WeaveError as error:
        if code_of(error) not in IN_USE:
            raise
        raise LockTimeout(
            "The lock of Neo4j is part of a transaction that has not ended.",
            hint="Wait for it, or end it in cypher-shell: SHOW TRANSACTIONS, then "
            "TERMINATE TRANSACTION 'its id'.",
        ) from error


def look(connection: Connection, names: Names) -> Sight | None:
    records = connection.read(
        connection.phrased(_LOOK), database=names.schema, name=names.lock
    )
    if not records:
        return None
    record = records[0]
    id_, lease, revision = record["id"], record["lease"], record["revision"]
    # Without all three there is nothing to take over by: as if it were the Java tool's.
    leased = None not in {id_, lease, revision} and 0 < lease < math.inf
    seen, now = read_zoned(record["seen"]), read_zoned(record["now"])
    info = LockInfo(
        owner=printable(record["owner"] or PEER),  # anybody can write into it
        host=printable(record["host"] or "") or None,
        pid=record["pid"],
        since=read_zoned(record["since"]),
        lease=lease if leased else None,
        silent=max((now - seen).total_seconds(), 0) if seen and now else None,
        token=f"{record['node']} {id_ or ''}",
    )
    return Sight(info, id_, revision)


def run(
    connection: Connection, names: Names, statement: str, **parameters: object
) -> bool:
    """Run a statement on the lock node; tell whether it did anything."""
    everything = {"name": names.lock, "lockName": names.lock, **parameters}

    def work(tx: ManagedTransaction) -> bool:
        connection.round_trips += 1
        return bool(list(tx.run(statement, everything)))

    with connection.explained():
        return connection.transact(work, database=names.schema, timeout=PATIENCE)


def code_of(error: WeaveError) -> str:
    return str(getattr(error.__cause__, "code", ""))
