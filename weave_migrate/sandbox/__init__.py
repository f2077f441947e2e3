"""Real throwaway servers, for trying things out and for tests.

``postgres()``, ``neo4j()``, ``search()`` and ``sandbox()`` are context managers: the
servers listen on loopback only, answer when the block begins, and are gone with their
data when it ends, or when the process ends in any other way.  All raise
StoreUnavailable with the code SANDBOX_UNAVAILABLE, saying what to install, when a
server can't be had.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weave_migrate.sandbox import _neo4j, _postgres, _search
from weave_migrate.sandbox._cache import cache_dir
from weave_migrate.sandbox._servers import Neo4jServer, PostgresServer, SearchServer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = [
    "STORES",
    "Neo4jServer",
    "PostgresServer",
    "Sandbox",
    "SearchServer",
    "cache_dir",
    "neo4j",
    "postgres",
    "sandbox",
    "search",
]

STORES = ("postgres", "neo4j", "elasticsearch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The servers of one sandbox; None is one that was not asked for."""

    postgres: PostgresServer | None = None
    neo4j: Neo4jServer | None = None
    search: SearchServer | None = None

    @property
    def servers(self) -> dict[str, PostgresServer | Neo4jServer | SearchServer]:
        """Those that run, by the name of their store (of STORES)."""
        every = zip(STORES, (self.postgres, self.neo4j, self.search), strict=True)
        return {name: server for name, server in every if server is not None}

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which weave finds all of them."""
        return {
            "WEAVE_ALLOW_CLEAN": "true",  # nothing in it is worth keeping
            **{k: v for s in self.servers.values() for k, v in s.environ.items()},
        }


@contextmanager
def sandbox(
    *,
    stores: Collection[str] = STORES,
    databases: Collection[str] = (),
    postgres_version: str = _postgres.DEFAULT_VERSION,
    neo4j_version: str = _neo4j.DEFAULT_VERSION,
    search_server: str | None = None,
) -> Iterator[Sandbox]:
    """Run the servers of ``stores`` (of STORES) side by side.

    ``databases`` are created in PostgreSQL.  ``search_server`` is like
    ``opensearch:3.8.0``; None takes that, or OpenSearch 2 where only an older Java is.
    """
    with ExitStack() as stack:
        # All are started before the first is waited for.
        if "postgres" in stores:
            wait_for_postgres = _postgres.launch(
                stack, version=postgres_version, databases=databases
            )
        if "neo4j" in stores:
            wait_for_neo4j = _neo4j.launch(stack, version=neo4j_version)
        if "elasticsearch" in stores:
            wait_for_search = _search.launch(stack, server=search_server)
        yield Sandbox(
            postgres=wait_for_postgres() if "postgres" in stores else None,
            neo4j=wait_for_neo4j() if "neo4j" in stores else None,
            search=wait_for_search() if "elasticsearch" in stores else None,
        )


@contextmanager
def postgres(
    *, version: str = _postgres.DEFAULT_VERSION, databases: Collection[str] = ()
) -> Iterator[PostgresServer]:
    """Run a PostgreSQL with the named databases; 16 and 18 need no Docker."""
    with ExitStack() as stack:
        yield _postgres.launch(stack, version=version, databases=databases)()


@contextmanager
def neo4j(*, version: str = _neo4j.DEFAULT_VERSION) -> Iterator[Neo4jServer]:
    """Run a Neo4j Community of the given version."""
    with ExitStack() as stack:
        yield _neo4j.launch(stack, version=version)()


@contextmanager
def search(server: str | None = None) -> Iterator[SearchServer]:
    """Run a search server, like ``opensearch:3.8.0`` or ``elasticsearch:9.5.3``."""
    with ExitStack() as stack:
        yield _search.launch(stack, server=server)()
