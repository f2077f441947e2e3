"""The lock: the node of neo4j-migrations, with an owner and a lease.

The Java tool locks by creating a ``__Neo4jMigrationsLock`` whose ``name`` is unique,
and gives up when it can't (reference, §5).  We create the same node, under the same
constraints, and so exclude it and are excluded by it; what we add are properties that
name the owner, signs of life, and patience.

Whoever holds it writes to the node three times a lease and at the end of each
transaction: its ``revision`` grows.  A waiter that has seen one revision for a whole
lease, by its own clock, takes the node over as it is, so that its name is never free
for a third.  From then on no transaction of the old owner commits: each writes to the
node last, and only if it is still its own; until it ends nobody can take it away.
"""

from __future__ import annotations

import os
import random
import socket
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from weave_migrate import _log
from weave_migrate.errors import LockLost, LockTimeout, WeaveError
from weave_migrate.stores.neo4j._heartbeat import Heartbeat
from weave_migrate.stores.neo4j._lock_node import (
    BEAT,
    CHECK,
    IN_USE,
    PEER,
    RELEASE,
    TAKE,
    TAKE_OVER,
    TAKEN,
    Sight,
    code_of,
    look,
    run,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from neo4j import ManagedTransaction

    from weave_migrate.config import Neo4jSettings
    from weave_migrate.model import LockInfo
    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5  # seconds between two looks at the lock


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
            CHECK, database=self._names.schema, **self.key
        ):
            raise self.lost()

    def fence(self, tx: ManagedTransaction) -> None:
        """Let ``tx`` fail with LockLost if the lock is gone (one round trip)."""
        self._connection.round_trips += 1
        if self._heartbeat.is_lost or not list(tx.run(BEAT, self.key)):
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
        sight: Sight | None = None
        since = started  # when the sight was first had
        while sight or not self._try(TAKE):
            asked = time.monotonic()
            before, sight = sight, look(self._connection, self._names)
            if sight and sight.id == self._id:
                break  # the answer that it is ours was lost on its way
            self._attempted = False
            if sight is None or before is None or not _same(before, sight):
                since = time.monotonic()
            elif _expired(sight, asked - since) and self._take_over(sight, observer):
                break
            if before and not sight:
                continue  # it has just become free
            waited = time.monotonic() - started
            if waited >= timeout:
                raise _timeout(self._names, sight.info if sight else None, waited)
            if sight:  # else others are taking it, or giving it back
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
            return run(
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
            if code_of(error) in IN_USE | {TAKEN}:
                return False
            raise

    def _take_over(self, sight: Sight, observer: Observer) -> bool:
        info = sight.info
        if not self._try(TAKE_OVER, lockId=sight.id, revision=sight.revision):
            return False
        observer.warned(
            f"Took over the lock of Neo4j from {_who(info)}: it gave no sign "
            f"of life for {info.lease:g} s."
        )
        _log.info("lock.taken_over", store="neo4j", lock=self._names.lock)
        return True

    def _beat(self, connection: Connection) -> bool:
        return bool(
            connection.once(BEAT, database=self._names.schema, parameters=self.key)
        )

    def _release(self, observer: Observer) -> None:
        try:
            run(self._connection, self._names, RELEASE, lockId=self._id)
        except WeaveError as error:
            observer.warned(
                f"The lock of Neo4j could not be given back: {error} It "
                f"expires after {self._settings.lock_lease:g} s without a sign of "
                "life; sooner: weave db lock release neo4j"
            )

    def lost(self) -> LockLost:
        """Say that the lock is not ours any more, and what to do."""
        return LockLost(
            f"The lock of Neo4j ({_named(self._names)}) was taken away while it was "
            "held: "
            "somebody released it, or took it over because this run had given no sign "
            f"of life for {self._settings.lock_lease:g} s. Nothing more was done.",
            hint="See what is applied: weave db migrate-neo4j info",
        )


def _same(before: Sight, now: Sight) -> bool:
    """Tell whether a lock has given no sign of life in between."""
    return (before.info.token, before.revision) == (now.info.token, now.revision)


def _expired(sight: Sight, silent: float) -> bool:
    lease = sight.info.lease
    return lease is not None and silent >= lease


def _who(info: LockInfo) -> str:
    since = f", since {info.since:%Y-%m-%d %H:%M:%S %Z}" if info.since else ""
    return f"{info.owner} on {info.host}, process {info.pid}{since}"


def _named(names: Names) -> str:
    """Give its name, which puzzles whoever does not know where it is from."""
    return f"named {names.lock!r}, as neo4j-migrations does"


def _timeout(names: Names, info: LockInfo | None, waited: float) -> LockTimeout:
    hint = (
        "Run again when it has ended. If it is gone for good: "
        "weave db lock release neo4j"
    )
    if info is None:
        said = "Others were quicker each time."
    elif info.lease is None:
        said = (
            f"It names no owner, so {PEER} holds it or crashed with it; such a lock "
            "never expires."
        )
    else:
        said = f"{_who(info)}, holds it."
        if info.silent is not None and info.silent > info.lease / 2:
            said += (
                f" It has been silent for {info.silent:.0f} s; a run that sees no "
                f"sign of life for {info.lease:g} s takes it over."
            )
            hint = (
                f"Wait for longer than that: --lock-timeout {info.lease * 2:.0f}. If "
                "its process is gone for good: weave db lock release neo4j"
            )
    return LockTimeout(
        f"The lock of Neo4j ({_named(names)}) was not free within {waited:.0f} s. "
        f"{said}",
        hint=hint,
    )
