"""The connection to one Neo4j server, and what its errors mean to us.

The driver is imported here and only when something is asked.  Reads run in read access
mode without a transaction of their own: one round trip.  Writes are managed
transactions, which the driver repeats as a whole on transient errors, or, where Cypher
demands it, implicit ones, which it never repeats.
"""

from __future__ import annotations

import copy
import logging
import ssl
import uuid
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from weave_migrate.errors import ConfigError, StoreError, StoreUnavailable, WeaveError
from weave_migrate.stores.neo4j._dialect import for_old_server
from weave_migrate.stores.neo4j._login import (
    address,
    credentials,
    driver_options,
    login,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from neo4j import Driver, ManagedTransaction, Record, ResultSummary, Session

    from weave_migrate.config import Neo4jSettings

_T = TypeVar("_T")
_NOT_LET_IN = "Neo.ClientError.Security."
_NOWHERE = logging.NullHandler()
_NO_DATABASE = "Neo.ClientError.Database.DatabaseNotFound"
_RUNNING = """
SHOW TRANSACTIONS YIELD transactionId AS id, metaData
WHERE metaData.weave = $mark RETURN id
"""
_TERMINATE = "TERMINATE TRANSACTIONS $id"
# Versions of Bolt: that of Neo4j 5.0, and the first that lets notifications be chosen.
_NEO4J_5, _FILTERS = (5, 0), (5, 2)
# The driver logs a notification with its query, values of placeholders in it; we show
# them ourselves.  This is for our sessions only: others' may be in the same process.
_unlogged: ContextVar[bool] = ContextVar("_unlogged", default=False)


class Connection:
    """One driver; sessions live as long as one question or transaction.

    ``round_trips`` counts the messages whose answer was waited for.  All sessions
    share one bookmark manager, so that each sees what the others have written.
    """

    def __init__(self, settings: Neo4jSettings) -> None:
        self._settings = settings
        self._driver: Driver | None = None
        self._bookmarks: Any = None
        self._bolt = (0, 0)  # the protocol's version
        self.round_trips = 0

    def phrased(self, query: str) -> str:
        """Give a query of ours in words that this server knows."""
        with self.explained():
            self._connected()
        return query if self._bolt >= _NEO4J_5 else for_old_server(query)

    def read(
        self, query: str, *, database: str | None = None, **parameters: object
    ) -> list[Record]:
        """Run one query in read access mode and give its records."""
        self.round_trips += 1
        with self.explained(), self._session(database, "READ") as session:
            return list(session.run(query, parameters))

    def once(
        self,
        query: str,
        *,
        database: str | None = None,
        parameters: dict[str, object],
        timeout: float | None = None,
    ) -> list[Record]:
        """Run one writing statement of our own that is never repeated.

        It commits by itself: one round trip.  ``timeout`` is in seconds.
        """
        from neo4j import Query

        self.round_trips += 1
        with self.explained(), self._session(database, "WRITE") as session:
            return list(session.run(Query(query, timeout=timeout), parameters))

    def write(
        self, *statements: str, database: str | None = None, **parameters: object
    ) -> None:
        """Run statements of our own in one managed transaction."""

        def work(tx: ManagedTransaction) -> None:
            for statement in statements:
                self.round_trips += 1
                tx.run(statement, parameters).consume()

        with self.explained():
            self.transact(work, database=database)

    def transact(
        self,
        work: Callable[[ManagedTransaction], _T],
        *,
        database: str | None = None,
        timeout: float | None = None,
    ) -> _T:
        """Run ``work`` in a managed transaction; errors are the driver's own.

        On a transient error ``work`` runs again from its beginning, so it must do
        nothing but this transaction.  ``timeout`` is in seconds.
        """
        from neo4j import unit_of_work

        self.round_trips += 2  # begin and commit
        with self._interruptible(database) as (session, mark):
            managed = unit_of_work(timeout=timeout, metadata=mark)(work)
            return session.execute_write(managed)

    def implicit(self, query: str, *, database: str | None = None) -> ResultSummary:
        """Run one statement that makes its own transactions; errors as above."""
        from neo4j import Query

        self.round_trips += 1
        with self._interruptible(database) as (session, mark):
            return session.run(Query(query, metadata=mark)).consume()

    @contextmanager
    def _interruptible(
        self, database: str | None
    ) -> Iterator[tuple[Session, dict[str, Any]]]:
        """Give a session, and metadata by which an interrupt ends its transaction.

        The driver would first wait for the running statement, however long it takes.
        """
        mark = str(uuid.uuid4())
        interrupt: KeyboardInterrupt | None = None
        try:
            with self._session(database, "WRITE") as session:
                try:
                    yield session, {"weave": mark}
                except KeyboardInterrupt as stop:
                    interrupt = stop
                    self._terminate(mark)
                    raise
        except Exception:
            if interrupt:  # closing the session met what we had ended
                session.close()
                raise interrupt from None
            raise

    def _terminate(self, mark: str) -> None:
        with suppress(WeaveError):  # without the right to, we have to wait
            for row in self.read(_RUNNING, mark=mark):
                self.read(_TERMINATE, id=row["id"])

    def as_connected_user(self) -> Connection:
        """Give this connection without impersonation; it is this one that is closed.

        That is how beforeFirstUse callbacks run (reference, §4.4).
        """
        with self.explained():
            self._connected()
        other = copy.copy(self)
        other._settings = replace(self._settings, impersonated_user=None)
        return other

    def close(self) -> None:
        """Give everything back; safe to call twice."""
        driver, self._driver = self._driver, None
        if driver:
            driver.close()

    @contextmanager
    def _session(
        self, database: str | None, mode: Literal["READ", "WRITE"]
    ) -> Iterator[Session]:
        driver = self._connected()
        severity: Literal["OFF", "WARNING"] = "OFF" if mode == "READ" else "WARNING"
        with driver.session(
            database=database,
            impersonated_user=self._settings.impersonated_user,
            default_access_mode=mode,
            bookmark_manager=self._bookmarks,
            notifications_min_severity=severity if self._bolt >= _FILTERS else None,
        ) as session:
            before = _unlogged.set(True)
            try:
                yield session
            finally:
                _unlogged.reset(before)

    def _connected(self) -> Driver:
        """Give the driver; the first time, learn to whom it speaks.

        That is part of connecting, and the first question then goes through the same
        connection: it takes no round trip of its own.
        """
        if self._driver is None:
            self._driver = self._open()
            self._bolt = self._driver.get_server_info().protocol_version
        return self._driver

    def _open(self) -> Driver:
        from neo4j import GraphDatabase
        from neo4j.exceptions import ConfigurationError

        options = driver_options(self._settings)
        # Without a handler Python prints the driver's warnings to standard error.
        logging.getLogger("neo4j").addHandler(_NOWHERE)
        logging.getLogger("neo4j.notifications").addFilter(_is_logged)
        try:
            self._bookmarks = GraphDatabase.bookmark_manager()
            return GraphDatabase.driver(**options)
        except (ConfigurationError, ValueError):
            # Not `from error`: its text holds the URI, and so what may be in it.
            where = address(self._settings.uri)
            raise ConfigError(
                f"The Neo4j driver does not accept the URI {where}.",
                hint="Use bolt://, neo4j:// or their +s and +ssc forms, without user "
                "and password in it.",
            ) from None

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn the driver's errors into ours, with the host and without secrets."""
        from neo4j.exceptions import DriverError, Neo4jError

        try:
            yield
        except Neo4jError as error:
            raise self._server_error(error) from error
        except DriverError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> StoreUnavailable:
        where = address(self._settings.uri)
        if problem := _tls_problem(error):
            return StoreUnavailable(
                f"The secure connection to Neo4j at {where} could not be made: "
                f"{problem}",
                code="TLS_FAILED",
                hint="A certificate of your own needs ca_certs, or a scheme with +ssc; "
                "a server without TLS one without +s.",
            )
        return StoreUnavailable(
            f"Neo4j at {where} can't be reached: {answer(error)}",
            hint="Is the server running? Check NEO4J_URI.",
        )

    def _server_error(self, error: Exception) -> StoreError:
        where = address(self._settings.uri)
        code = str(getattr(error, "code", ""))
        if code == f"{_NOT_LET_IN}Forbidden":
            return StoreError(
                f"Neo4j at {where} forbids it to {login(self._settings)}: "
                f"{answer(error)}",
                code="FORBIDDEN",
                hint="Grant the rights, or connect as a user who has them.",
            )
        if code.startswith(_NOT_LET_IN):
            return StoreUnavailable(
                f"Neo4j at {where} does not let {login(self._settings)} in: "
                f"{answer(error)}",
                code="AUTHENTICATION_FAILED",
                hint=f"Check {credentials(self._settings)}.",
            )
        if code == _NO_DATABASE:
            return StoreUnavailable(
                f"Neo4j at {where} has no such database: {answer(error)}",
                code="DATABASE_MISSING",
                hint="Check `database` and `schema_database` below [neo4j].",
            )
        return StoreError(f"Neo4j at {where} failed: {answer(error)}")


def _is_logged(_record: logging.LogRecord) -> bool:
    return not _unlogged.get()


def _tls_problem(error: BaseException) -> str | None:
    """Find what TLS itself complained of, behind what the driver says of it."""
    for each in _behind(error):
        if isinstance(each, ssl.SSLError):
            return getattr(each, "verify_message", None) or each.reason
    return None


def _behind(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what led to it; routing fails with a group of errors."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop(0)
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += getattr(each, "exceptions", ())
            if cause := each.__cause__ or each.__context__:
                waiting.append(cause)


def answer(error: Exception) -> str:
    """Give the server's code and text, or the driver's first line and the reason."""
    code, message = getattr(error, "code", None), getattr(error, "message", None)
    if code and message:
        return f"{code}: {message}"
    first = next(iter(str(error).splitlines()), type(error).__name__).rstrip(":")
    for each in _behind(error):
        reason = each.strerror if isinstance(each, OSError) else None
        if reason and reason not in first:
            return f"{first}: {reason}"
    return first
