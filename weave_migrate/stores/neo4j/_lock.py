"""The lock node: the one of neo4j-migrations, with an owner.

The Java tool locks by creating a ``__Neo4jMigrationsLock`` whose ``name`` is unique,
and gives up when it can't (reference, §5).  We create the same node, under the same
constraints, and so exclude it and are excluded by it; what we add are properties that
name the owner, and patience.

Whoever holds it writes to the node at the end of each transaction.  Should the lock be
gone by then, the transaction fails; until it is committed nobody can take it away.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from weave_migrate import _log
from weave_migrate.errors import LockLost, LockTimeout, WeaveError
from weave_migrate.model import LockInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j import ManagedTransaction

    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5  # seconds between two looks at the lock
_TAKEN = "Neo.ClientError.Schema.ConstraintValidationFailed"

_HOLDER = """
MATCH (l:__Neo4jMigrationsLock {name: $name})
RETURN l.user AS owner, l.host AS host, l.pid AS pid, l.since AS since
"""
_TAKE = """
CREATE (:__Neo4jMigrationsLock {
  id: $id, name: $name, user: $user, host: $host, pid: $pid,
  since: datetime({timezone: 'UTC'})})
"""
_CHECK = """
MATCH (l:__Neo4jMigrationsLock {id: $id, name: $name}) RETURN count(l) AS held
"""
# The beginning of a statement that does nothing without our lock; see ``key``.
FENCE = """
MATCH (l:__Neo4jMigrationsLock {id: $lockId, name: $lockName})
SET l.transactions = coalesce(l.transactions, 0) + 1
"""
_RELEASE = "MATCH (l:__Neo4jMigrationsLock {id: $id}) DELETE l"


def holder(connection: Connection, names: Names) -> LockInfo | None:
    """Say who holds the lock, or None; a lock of the Java tool has no owner."""
    records = connection.read(_HOLDER, database=names.schema, name=names.lock)
    if not records:
        return None
    record = records[0]
    since = record["since"]
    return LockInfo(
        owner=record["owner"],
        host=record["host"],
        pid=record["pid"],
        since=since.to_native() if hasattr(since, "to_native") else None,
    )


class Neo4jLock:
    """The lock while it is ours."""

    def __init__(self, connection: Connection, names: Names, *, user: str) -> None:
        self._connection = connection
        self._names = names
        self._user = user
        self._id = str(uuid.uuid4())
        self._attempted = False

    def check(self) -> None:
        """Raise LockLost unless our node is still there (one round trip)."""
        records = self._connection.read(
            _CHECK, database=self._names.schema, id=self._id, name=self._names.lock
        )
        if not records[0]["held"]:
            raise _lost(self._names)

    @property
    def key(self) -> dict[str, object]:
        """The parameters of FENCE."""
        return {"lockId": self._id, "lockName": self._names.lock}

    def fence(self, tx: ManagedTransaction) -> None:
        """Let ``tx`` fail with LockLost if the lock is gone (one round trip)."""
        self._connection.round_trips += 1
        if not list(tx.run(f"{FENCE}RETURN l.id", self.key)):
            raise _lost(self._names)

    @contextmanager
    def held(self, timeout: float, observer: Observer) -> Iterator[Neo4jLock]:
        """Hold the lock for a while; it is given back however the block ends."""
        try:
            self._wait(timeout, observer)
            yield self
        finally:
            if self._attempted:
                self._release(observer)

    def _wait(self, timeout: float, observer: Observer) -> None:
        started, pause = time.monotonic(), _FIRST_PAUSE
        while not self._take():
            current = holder(self._connection, self._names)
            waited = time.monotonic() - started
            if waited >= timeout:
                raise _timeout(self._names, current or LockInfo(), waited)
            if current:  # else it was given back between the two questions
                observer.lock_waiting(current, waited)
            time.sleep(min(pause, max(timeout - waited, 0.01)))
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        _log.debug("lock.acquired", store="neo4j", lock=self._names.lock)

    def _take(self) -> bool:
        from neo4j.exceptions import Neo4jError

        self._attempted = True
        try:
            self._connection.write(
                _TAKE,
                database=self._names.schema,
                id=self._id,
                name=self._names.lock,
                user=self._user,
                host=socket.gethostname(),
                pid=os.getpid(),
            )
        except WeaveError as error:
            cause = error.__cause__
            if isinstance(cause, Neo4jError) and cause.code == _TAKEN:
                self._attempted = False
                return False
            raise
        return True

    def _release(self, observer: Observer) -> None:
        try:
            self._connection.write(_RELEASE, database=self._names.schema, id=self._id)
        except WeaveError as error:
            observer.warned(
                f"The lock {self._names.lock!r} could not be given back: {error} "
                f"When Neo4j answers again: {_by_hand(self._names)}"
            )


def _by_hand(names: Names) -> str:
    return f'MATCH (l:__Neo4jMigrationsLock {{name: "{names.lock}"}}) DELETE l'


def _lost(names: Names) -> LockLost:
    return LockLost(
        f"The lock {names.lock!r} of Neo4j was taken away while it was held; nothing "
        "more was done.",
        hint="See what is applied: weave db migrate-neo4j info",
    )


def _timeout(names: Names, current: LockInfo, waited: float) -> LockTimeout:
    if current.host is None:
        who = "It carries no owner, so neo4j-migrations holds it or crashed with it"
    else:
        since = current.since and f"since {current.since:%Y-%m-%d %H:%M:%S %Z}"
        who = (
            f"{current.owner} on {current.host}, process {current.pid}, holds it "
            f"{since or 'now'}"
        )
    return LockTimeout(
        f"The lock {names.lock!r} of Neo4j was not free within {waited:.0f} s. {who}.",
        hint="Run again when it has ended. If it is gone for good, remove its lock "
        f"in cypher-shell: {_by_hand(names)}",
    )
