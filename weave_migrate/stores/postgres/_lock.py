"""A session advisory lock, on a connection of its own.

Its first number is fixed, its second comes from the version table's name; PostgreSQL
adds the database.  It is polled with short statements and never waited for inside
``pg_advisory_lock()``: such a waiter holds a snapshot, for which the winner's
``CREATE INDEX CONCURRENTLY`` would wait for ever.
"""

from __future__ import annotations

import random
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zlib import crc32

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from weave_migrate.errors import LockLost, LockTimeout, RefusedError, StoreError
from weave_migrate.model import LockInfo
from weave_migrate.stores.postgres._connect import connected, sqlstate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

    from weave_migrate.config import PostgresSettings
    from weave_migrate.stores._base import Lock, Observer

NAMESPACE = int.from_bytes(b"weav")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5  # seconds between two tries
_ENDING = 10.0  # seconds for the server to end a session
_FORBIDDEN = "42501"
_POSITIVE = 0x7FFF_FFFF  # pg_locks shows the numbers unsigned

_TRY = text("SELECT pg_try_advisory_lock(:space, :key)")
_UNLOCK = text("SELECT pg_advisory_unlock(:space, :key)")
_STAY = text(  # a long migration leaves this session idle; before 14 nothing ends it
    "SELECT set_config(name, '0', false) FROM pg_settings "
    "WHERE name = 'idle_session_timeout'"
)
_HOLDER = text("""
SELECT pid, session.application_name, host(session.client_addr), session.backend_start
  FROM pg_locks AS held LEFT JOIN pg_stat_activity AS session USING (pid)
 WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
   AND held.classid::bigint = :space AND held.objid::bigint = :key
   AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")
_END = text("SELECT pg_terminate_backend(:pid)")
_SESSION = text("SELECT pg_backend_pid()")


def lock_key(connection: Connection, settings: PostgresSettings) -> dict[str, int]:
    """Give the two numbers of the lock, for ``pg_try_advisory_lock(int, int)``."""
    schema = settings.version_table_schema or connection.dialect.default_schema_name
    name = f"{schema}.{settings.version_table}"
    return {"space": NAMESPACE, "key": crc32(name.encode()) & _POSITIVE}


def load_holder(connection: Connection, key: dict[str, int]) -> LockInfo | None:
    """Read who holds the lock; ``since`` is when that session connected."""
    row = connection.execute(_HOLDER, key).first()
    if row is None:
        return None
    # A process number is used again some day; not so with the same beginning.
    token = f"{row[0]} {row[3]}"
    return LockInfo(owner=row[1], host=row[2], pid=row[0], since=row[3], token=token)


def release(
    connection: Connection, key: dict[str, int], holding: LockInfo, database: str
) -> bool:
    """End the session that holds the lock; False if ``holding`` holds it no more.

    Raises RefusedError where the user may not end that session, and StoreError if it
    does not end.
    """

    def is_held() -> bool:
        holder = load_holder(connection, key)
        return holder is not None and holder.token == holding.token

    connection.execution_options(isolation_level="AUTOCOMMIT")
    if not is_held():
        return False
    try:
        connection.execute(_END, {"pid": holding.pid})
    except DBAPIError as error:
        if sqlstate(error) != _FORBIDDEN:
            raise
        raise RefusedError(
            f"PostgreSQL database {database}: the user that weave connects as may not "
            f"end session {holding.pid}, which holds the lock.",
            hint="Grant it pg_signal_backend, or let an administrator run: "
            f"SELECT pg_terminate_backend({holding.pid});",
        ) from error
    deadline = time.monotonic() + _ENDING
    while is_held():
        if time.monotonic() > deadline:
            raise StoreError(
                f"PostgreSQL database {database}: session {holding.pid} was told to "
                f"end, but still holds the lock after {_ENDING:.0f} s.",
                hint=f"weave db lock status {database}",
            )
        time.sleep(_FIRST_PAUSE)
    return True


class AdvisoryLock:
    """The lock while it is held: for as long as its session is the same."""

    def __init__(self, connection: Connection, database: str) -> None:
        self._connection, self._database = connection, database
        self._session = connection.scalar(_SESSION)

    def check(self) -> None:
        """Raise LockLost unless the server session that took the lock still answers.

        A pooler that shares sessions answers with another one.
        """
        cause: DBAPIError | None = None
        try:
            if self._connection.scalar(_SESSION) == self._session:
                return
        except DBAPIError as error:
            cause = error
        raise LockLost(
            f"The lock on PostgreSQL database {self._database} was lost: the server "
            "session that held it is gone.",
            hint="Connect to PostgreSQL itself, not through a pooler that shares "
            f"sessions; then: weave db migrate {self._database}",
        ) from cause


class NoLock:
    """What a waiter gets when nothing is left to do: it holds nothing."""

    def __init__(self, database: str) -> None:
        self._database = database

    def check(self) -> None:
        """Raise LockLost: nothing may be written."""
        raise LockLost(
            f"The lock on PostgreSQL database {self._database} was not taken, since "
            "another run had applied everything.",
            hint=f"weave db migrate {self._database}",
        )


class AlwaysOurs:
    """Stands in where a database has no lock that weave could take."""

    def check(self) -> None:
        """Nothing can be said."""


@contextmanager
def hold(
    engine: Engine,
    settings: PostgresSettings,
    *,
    timeout: float,
    observer: Observer,
    is_done: Callable[[Connection], bool],
) -> Iterator[Lock]:
    """Hold the lock, waiting up to ``timeout`` seconds for it.

    A waiter leaves, with a lock that it does not hold, as soon as ``is_done`` says
    that the other run has left nothing to do.  Raises LockTimeout, naming the holder.
    """
    if engine.dialect.name != "postgresql":
        observer.warned(
            f"{settings.name}: weave can't lock {engine.dialect.name}; let only one "
            "run at a time migrate it."
        )
        yield AlwaysOurs()
        return
    with connected(engine, settings) as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(_STAY)
        key = lock_key(connection, settings)
        if not _acquire(connection, key, settings, timeout, observer, is_done):
            yield NoLock(settings.name)
            return
        try:
            yield AdvisoryLock(connection, settings.name)
        finally:
            with suppress(SQLAlchemyError):  # a lost session has released it
                connection.execute(_UNLOCK, key)


def _acquire(
    connection: Connection,
    key: dict[str, int],
    settings: PostgresSettings,
    timeout: float,
    observer: Observer,
    is_done: Callable[[Connection], bool],
) -> bool:
    """Try until it is ours (True) or not needed any more (False)."""
    began, pause = time.monotonic(), _FIRST_PAUSE
    while not connection.scalar(_TRY, key):
        if is_done(connection):
            return False
        waited = time.monotonic() - began
        holder = load_holder(connection, key)
        if waited >= timeout:
            raise _held(holder, settings, waited)
        observer.lock_waiting(holder, waited)
        time.sleep(min(pause * random.uniform(0.5, 1), timeout - waited))  # noqa: S311
        pause = min(2 * pause, _LONGEST_PAUSE)
    return True


def _held(
    holder: LockInfo | None, settings: PostgresSettings, waited: float
) -> LockTimeout:
    name = settings.name
    who, hint = "another run", f"Try again: weave db migrate {name}"
    if holder:
        who = holder.owner or who
        if holder.host:
            who += f" on {holder.host}"
        if holder.since:
            age = (datetime.now(UTC) - holder.since).total_seconds()
            who += f", connected for {age:.0f} s"
        who += f" (server process {holder.pid})"
        hint = (
            "Wait for it to end. If it is dead, end its session: "
            f"weave db lock release {name}"
        )
    return LockTimeout(
        f"The lock on PostgreSQL database {name} is held by {who}; waited "
        f"{waited:.0f} s.",
        hint=hint,
    )
