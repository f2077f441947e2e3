"""The lock node, as statements ask for it and change it.

Each statement that writes takes the node's write lock first, by writing the name that
it has anyway, and only then reads and compares: what was read before, even for the
value to write, may be old by the time the lock is had.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from weave_migrate.errors import LockTimeout, WeaveError
from weave_migrate.model import LockInfo

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

_PATIENCE = 5.0  # seconds for one statement, which may wait for another transaction
PEER = "neo4j-migrations"  # the owner of locks that name none
TAKEN = "Neo.ClientError.Schema.ConstraintValidationFailed"
IN_USE = frozenset(  # by a transaction that did not end within our patience
    {
        "Neo.ClientError.Transaction.LockClientStopped",
        "Neo.ClientError.Transaction.TransactionTimedOut",
        "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
    }
)

_LOOK = """
MATCH (l:__Neo4jMigrationsLock {name: $name})
RETURN toStringOrNull(l.id) AS id, toStringOrNull(l.owner) AS owner,
  toStringOrNull(l.host) AS host, toIntegerOrNull(l.pid) AS pid, l.since AS since,
  toFloatOrNull(l.lease) AS lease, toIntegerOrNull(l.revision) AS revision,
  l.seen AS seen, datetime() AS now
"""
_OURS = """{
  id: $id, name: $name, owner: $owner, host: $host, pid: $pid, lease: $lease,
  revision: 0, since: datetime({timezone: 'UTC'}), seen: datetime({timezone: 'UTC'})}
"""
TAKE = f"CREATE (l:__Neo4jMigrationsLock {_OURS}) RETURN l.id"
_SEIZE = """
MATCH (l:__Neo4jMigrationsLock {name: $lockName})
SET l.name = $lockName
WITH l WHERE l.id = $lockId
"""
# The beginning of a statement that does nothing without our lock; see ``key``.
FENCE = f"{_SEIZE}SET l.revision = l.revision + 1, l.seen = datetime()\n"
BEAT = f"{FENCE}RETURN l.id"
TAKE_OVER = f"{_SEIZE}AND l.revision = $revision SET l = {_OURS} RETURN l.id"
RELEASE = f"{_SEIZE}DELETE l RETURN 1 AS released"
CHECK = """
MATCH (l:__Neo4jMigrationsLock {id: $lockId, name: $lockName}) RETURN l.id
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """The lock as it was seen; its revision is its sign of life."""

    info: LockInfo
    revision: int | None


def holder(connection: Connection, names: Names) -> LockInfo | None:
    """Say who holds the lock, or None; one without an owner is the Java tool's."""
    sight = look(connection, names)
    return sight.info if sight else None


def release(connection: Connection, names: Names, holding: LockInfo) -> bool:
    """Take the lock away from ``holding``; False if that holds it no more.

    Raises LockTimeout while a transaction of the holder is about to commit.
    """
    try:
        return run(connection, names, RELEASE, lockId=holding.token)
    except WeaveError as error:
        if code_of(error) not in IN_USE:
            raise
        raise LockTimeout(
            f"The lock {names.lock!r} of Neo4j is part of a transaction that has not "
            "ended.",
            hint="Wait for it, or end it in cypher-shell: SHOW TRANSACTIONS, then "
            "TERMINATE TRANSACTION 'its id'.",
        ) from error


def look(connection: Connection, names: Names) -> Sight | None:
    records = connection.read(_LOOK, database=names.schema, name=names.lock)
    if not records:
        return None
    record = records[0]
    lease, seen, now = record["lease"], _time(record["seen"]), _time(record["now"])
    leased = lease is not None and 0 < lease < math.inf
    info = LockInfo(
        owner=record["owner"] or PEER,
        host=record["host"],
        pid=record["pid"],
        since=_time(record["since"]),
        lease=lease if leased else None,
        silent=max((now - seen).total_seconds(), 0) if seen and now else None,
        token=record["id"],
    )
    return Sight(info, record["revision"])


def _time(value: object) -> datetime | None:
    native = value.to_native() if hasattr(value, "to_native") else None
    return native if isinstance(native, datetime) and native.tzinfo else None


def run(
    connection: Connection, names: Names, statement: str, **parameters: object
) -> bool:
    """Run a statement on the lock node; tell whether it did anything."""
    everything = {"name": names.lock, "lockName": names.lock, **parameters}

    def work(tx: ManagedTransaction) -> bool:
        connection.round_trips += 1
        return bool(list(tx.run(statement, everything)))

    with connection.explained():
        return connection.transact(work, database=names.schema, timeout=_PATIENCE)


def code_of(error: WeaveError) -> str:
    return str(getattr(error.__cause__, "code", ""))
