"""A Neo4j driver that dies, is interrupted or loses its answer at a chosen moment.

Every effect of a session or transaction has a boundary before and one behind it: a
query, a commit.  At the chosen boundary ``Killed`` is raised, and from then on every
call of every driver made under the same ``Faults`` fails, as in a process that is
killed: no cleanup and no heartbeat reaches the server any more.  The connections are
cut; the server rolls back what was open.  Another exception is raised once, and no
more: KeyboardInterrupt, or ServiceUnavailable for a connection that breaks.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, current_thread, main_thread
from typing import TYPE_CHECKING, Any, Self
from unittest import mock

import neo4j
from neo4j.exceptions import IncompleteCommit, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Faults:
    """Counts boundaries and raises ``stop`` at number ``at`` (from 1; None: never).

    ``what`` names the boundaries of the main thread in their order.  Those of other
    threads are not counted, since when they come is chance; they die with the rest.
    """

    at: int | None = None
    stop: type[BaseException] = Killed
    what: list[str] = field(default_factory=list)
    dead: bool = False
    _guard: Lock = field(default_factory=Lock)
    _drivers: list[neo4j.Driver] = field(default_factory=list)

    def boundary(self, what: str) -> None:
        """Die here, or have died before."""
        with self._guard:
            if current_thread() is not main_thread():
                if self.dead:  # a thread must not die of what nobody can catch
                    raise ServiceUnavailable("killed")
                return
            if self.dead:
                raise Killed
            self.what.append(what)
            if len(self.what) != self.at:
                return
            self.dead = self.stop is Killed
        if self.dead:
            for driver in self._drivers:
                _sever(driver)
        raise self.stop

    @contextmanager
    def injected(self) -> Iterator[None]:
        """Give every driver that is opened meanwhile these faults."""
        opened = neo4j.GraphDatabase.driver

        def driver(*args: Any, **kwargs: Any) -> Any:
            real = opened(*args, **kwargs)
            self._drivers.append(real)
            return _Driver(real, self)

        with mock.patch.object(neo4j.GraphDatabase, "driver", driver):
            yield

    def bury(self) -> None:
        """Close what the dead left open."""
        for driver in self._drivers:
            driver.close()


def _sever(driver: neo4j.Driver) -> None:
    """Cut a driver's connections, without a word to the server."""
    # A closed connection can't say so: the driver takes it for one that broke.
    pool: Any = driver._pool
    for connections in list(pool.connections.values()):
        for connection in list(connections):
            connection.kill()


def _brief(query: object) -> str:
    return " ".join(str(getattr(query, "text", query)).split())[:60]


@dataclass
class _Driver:
    real: neo4j.Driver
    faults: Faults

    def session(self, **config: Any) -> Any:
        return _Session(self.real.session(**config), self.faults)

    def get_server_info(self) -> Any:
        return self.real.get_server_info()

    def close(self) -> None:
        self.real.close()


@dataclass
class _Session:
    real: neo4j.Session
    faults: Faults

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        try:
            self.real.close()
        except Exception:
            if not self.faults.dead:
                raise

    def run(self, query: Any, parameters: Any = None, **more: Any) -> Any:
        self.faults.boundary(f"before {_brief(query)}")
        result = self.real.run(query, parameters, **more)
        return _Result(result, self.faults, _brief(query))

    def execute_write(self, work: Any) -> Any:
        faults = self.faults

        @neo4j.unit_of_work(
            metadata=getattr(work, "metadata", None),
            timeout=getattr(work, "timeout", None),
        )
        def faulty(tx: neo4j.ManagedTransaction) -> Any:
            outcome = work(_Transaction(tx, faults))
            faults.boundary("before commit")
            return outcome

        try:
            outcome = self.real.execute_write(faulty)
        except Exception:
            if faults.dead:  # what the driver met while it cleaned up
                raise Killed from None
            raise
        try:
            faults.boundary("behind commit")
        except ServiceUnavailable:
            raise IncompleteCommit from None
        return outcome


@dataclass
class _Transaction:
    real: neo4j.ManagedTransaction
    faults: Faults

    def run(self, query: Any, parameters: Any = None, **more: Any) -> Any:
        self.faults.boundary(f"before {_brief(query)}")
        result = self.real.run(query, parameters, **more)
        return _Result(result, self.faults, _brief(query))


@dataclass
class _Result:
    """A result; the boundary behind its query is where it is taken."""

    real: neo4j.Result
    faults: Faults
    what: str

    def __iter__(self) -> Iterator[neo4j.Record]:
        records = list(self.real)
        self.faults.boundary(f"behind {self.what}")
        return iter(records)

    def consume(self) -> neo4j.ResultSummary:
        summary = self.real.consume()
        self.faults.boundary(f"behind {self.what}")
        return summary
