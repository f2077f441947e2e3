"""The lock node: the one of neo4j-migrations, with an owner and a lease.

The Java tool locks by creating a ``__Neo4jMigrationsLock`` whose ``name`` is unique,
and gives up when it can't (reference, §5).  We create the same node, under the same
constraints, and so exclude it and are excluded by it; what we add are properties that
name the owner, signs of life, and patience.

Whoever holds it writes to the node three times a lease and at the end of each
transaction: its ``revision`` grows.  A waiter that has seen one revision for a whole
lease, by its own clock, takes the node over as it is, so that its name is never free
for a third.  From then on no transaction of the old owner commits: each writes to the
node last, and only if it is still its own; until it ends nobody can take it away.

Each statement below takes the node's write lock first, by writing the name that it has
anyway, and only then reads and compares: what was read before, even for the value to
write, may be old by the time the lock is had.
"""

from __future__ import annotations

import math
import os
import random
import socket
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from weave_migrate import _log
from weave_migrate.errors import LockLost, LockTimeout, WeaveError
from weave_migrate.model import LockInfo
from weave_migrate.stores.neo4j._heartbeat import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j import ManagedTransaction

    from weave_migrate.config import Neo4jSettings
    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5  # seconds between two looks at the lock
_PATIENCE = 5.0  # seconds for one statement, which may wait for another transaction
_PEER = "neo4j-migrations"  # the owner of locks that name none
_TAKEN = "Neo.ClientError.Schema.ConstraintValidationFailed"
_IN_USE = frozenset(  # by a transaction that did not end within our patience
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
_TAKE = f"CREATE (l:__Neo4jMigrationsLock {_OURS}) RETURN l.id"
_SEIZE = """
MATCH (l:__Neo4jMigrationsLock {name: $lockName})
SET l.name = $lockName
WITH l WHERE l.id = $lockId
"""
# The beginning of a statement that does nothing without our lock; see ``key``.
FENCE = f"{_SEIZE}SET l.revision = l.revision + 1, l.seen = datetime()\n"
_BEAT = f"{FENCE}RETURN l.id"
_TAKE_OVER = f"{_SEIZE}AND l.revision = $revision SET l = {_OURS} RETURN l.id"
_RELEASE = f"{_SEIZE}DELETE l RETURN 1 AS released"
_CHECK = """
MATCH (l:__Neo4jMigrationsLock {id: $lockId, name: $lockName}) RETURN l.id
"""


@dataclass(frozen=True, slots=True)
class _Sight:
    """The lock as it was seen; its revision is its sign of life."""

    info: LockInfo
    revision: int | None


def holder(connection: Connection, names: Names) -> LockInfo | None:
    """Say who holds the lock, or None; one without an owner is the Java tool's."""
    sight = _look(connection, names)
    return sight.info if sight else None


def release(connection: Connection, names: Names, holding: LockInfo) -> bool:
    """Take the lock away from ``holding``; False if that holds it no more.

    Raises LockTimeout while a transaction of the holder is about to commit.
    """
    try:
        return _run(connection, names, _RELEASE, lockId=holding.token)
    except WeaveError as error:
        if _code(error) not in _IN_USE:
            raise
        raise LockTimeout(
            f"The lock {names.lock!r} of Neo4j is part of a transaction that has not "
            "ended.",
            hint="Wait for it, or end it in cypher-shell: SHOW TRANSACTIONS, then "
            "TERMINATE TRANSACTION 'its id'.",
        ) from error


def _look(connection: Connection, names: Names) -> _Sight | None:
    records = connection.read(_LOOK, database=names.schema, name=names.lock)
    if not records:
        return None
    record = records[0]
    lease, seen, now = record["lease"], _time(record["seen"]), _time(record["now"])
    leased = lease is not None and 0 < lease < math.inf
    info = LockInfo(
        owner=record["owner"] or _PEER,
        host=record["host"],
        pid=record["pid"],
        since=_time(record["since"]),
        lease=lease if leased else None,
        silent=max((now - seen).total_seconds(), 0) if seen and now else None,
        token=record["id"],
    )
    return _Sight(info, record["revision"])


def _time(value: object) -> datetime | None:
    native = value.to_native() if hasattr(value, "to_native") else None
    return native if isinstance(native, datetime) and native.tzinfo else None


def _run(
    connection: Connection, names: Names, statement: str, **parameters: object
) -> bool:
    """Run a statement on the lock node; tell whether it did anything."""
    everything = {"name": names.lock, "lockName": names.lock, **parameters}

    def work(tx: ManagedTransaction) -> bool:
        connection.round_trips += 1
        return bool(list(tx.run(statement, everything)))

    with connection.explained():
        return connection.transact(work, database=names.schema, timeout=_PATIENCE)


def _code(error: WeaveError) -> str:
    return str(getattr(error.__cause__, "code", ""))


class Neo4jLock:
    """The lock while it is ours."""

    def __init__(
        self,
        connection: Connection,
        settings: Neo4jSettings,
        names: Names,
        *,
        owner: str,
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._names = names
        self._owner = owner
        self._id = str(uuid.uuid4())
        self._attempted = False
        self._heartbeat = Heartbeat(settings, self._beat, lease=settings.lock_lease)

    @property
    def key(self) -> dict[str, object]:
        """The parameters of FENCE."""
        return {"lockId": self._id, "lockName": self._names.lock}

    def check(self) -> None:
        """Raise LockLost unless our node is still there (one round trip)."""
        if self._heartbeat.is_lost or not self._connection.read(
            _CHECK, database=self._names.schema, **self.key
        ):
            raise self.lost()

    def fence(self, tx: ManagedTransaction) -> None:
        """Let ``tx`` fail with LockLost if the lock is gone (one round trip)."""
        self._connection.round_trips += 1
        if self._heartbeat.is_lost or not list(tx.run(_BEAT, self.key)):
            raise self.lost()

    @contextmanager
    def held(self, timeout: float, observer: Observer) -> Iterator[Neo4jLock]:
        """Hold the lock for a while; it is given back however the block ends."""
        try:
            self._wait(timeout, observer)
            with self._heartbeat.going():
                yield self
        finally:
            if self._attempted:
                self._release(observer)

    def _wait(self, timeout: float, observer: Observer) -> None:
        started, pause = time.monotonic(), _FIRST_PAUSE
        sight: _Sight | None = None
        since = started  # when the sight was first had
        while sight or not self._try(_TAKE):
            asked = time.monotonic()
            before, sight = sight, _look(self._connection, self._names)
            if sight and sight.info.token == self._id:
                break  # the answer that it is ours was lost on its way
            self._attempted = False
            if sight is None or before is None or not _same(before, sight):
                since = time.monotonic()
            elif _expired(sight, asked - since) and self._take_over(sight, observer):
                break
            waited = time.monotonic() - started
            if waited >= timeout:
                raise _timeout(self._names, sight.info if sight else None, waited)
            if sight:  # else it was given back between the two questions
                observer.lock_waiting(sight.info, waited)
            # Many waiters must not look all at the same moments.
            nap = pause * random.uniform(0.5, 1)  # noqa: S311
            time.sleep(min(nap, max(timeout - waited, 0.01)))
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        _log.debug("lock.acquired", store="neo4j", lock=self._names.lock)

    def _try(self, statement: str, **parameters: object) -> bool:
        """Try one way to make the lock ours; tell whether it is."""
        self._attempted = True
        try:
            return _run(
                self._connection,
                self._names,
                statement,
                id=self._id,
                owner=self._owner,
                host=socket.gethostname(),
                pid=os.getpid(),
                lease=self._settings.lock_lease,
                **parameters,
            )
        except WeaveError as error:
            if _code(error) in _IN_USE | {_TAKEN}:
                return False
            raise

    def _take_over(self, sight: _Sight, observer: Observer) -> bool:
        info = sight.info
        if not self._try(_TAKE_OVER, lockId=info.token, revision=sight.revision):
            return False
        observer.warned(
            f"Took over the lock {self._names.lock!r} of {_who(info)}: it gave no sign "
            f"of life for {info.lease:g} s."
        )
        _log.info("lock.taken_over", store="neo4j", lock=self._names.lock)
        return True

    def _beat(self, connection: Connection) -> bool:
        return bool(
            connection.once(_BEAT, database=self._names.schema, parameters=self.key)
        )

    def _release(self, observer: Observer) -> None:
        try:
            _run(self._connection, self._names, _RELEASE, lockId=self._id)
        except WeaveError as error:
            observer.warned(
                f"The lock {self._names.lock!r} could not be given back: {error} It "
                f"expires after {self._settings.lock_lease:g} s without a sign of "
                "life; sooner: weave db lock release neo4j"
            )

    def lost(self) -> LockLost:
        """Say that the lock is not ours any more, and what to do."""
        return LockLost(
            f"The lock {self._names.lock!r} of Neo4j was taken away while it was held: "
            "somebody released it, or took it over because this run had given no sign "
            f"of life for {self._settings.lock_lease:g} s. Nothing more was done.",
            hint="See what is applied: weave db migrate-neo4j info",
        )


def _same(before: _Sight, now: _Sight) -> bool:
    """Tell whether a lock has given no sign of life in between."""
    return (before.info.token, before.revision) == (now.info.token, now.revision)


def _expired(sight: _Sight, silent: float) -> bool:
    lease = sight.info.lease
    return lease is not None and sight.revision is not None and silent >= lease


def _who(info: LockInfo) -> str:
    since = f", since {info.since:%Y-%m-%d %H:%M:%S %Z}" if info.since else ""
    return f"{info.owner} on {info.host}, process {info.pid}{since}"


def _timeout(names: Names, info: LockInfo | None, waited: float) -> LockTimeout:
    hint = (
        "Run again when it has ended. If it is gone for good: "
        "weave db lock release neo4j"
    )
    if info is None:
        said = "Others were quicker each time."
    elif info.lease is None:
        said = (
            f"It names no owner, so {_PEER} holds it or crashed with it; such a lock "
            "never expires."
        )
    else:
        said = f"{_who(info)}, holds it."
        if info.silent is not None and info.silent > info.lease / 2:
            said += (
                f" It has been silent for {info.silent:.0f} s; it expires after "
                f"{info.lease:g} s without a sign of life."
            )
            hint = (
                f"Wait for longer than that: --lock-timeout {info.lease * 2:.0f}. If "
                "its process is gone for good: weave db lock release neo4j"
            )
    return LockTimeout(
        f"The lock {names.lock!r} of Neo4j was not free within {waited:.0f} s. {said}",
        hint=hint,
    )
