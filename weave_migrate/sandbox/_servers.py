"""What is known of a running throwaway server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from weave_migrate.config import database_variable

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running PostgreSQL with the ``databases`` that were asked for.

    ``pid`` is None in a container.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    version: str
    runtime: str
    pid: int | None
    databases: Collection[str] = ()

    def url_of(self, database: str) -> str:
        """Give the SQLAlchemy URL of one database, password included."""
        where = f"{self.user}:{self.password}@{self.host}:{self.port}"
        return f"postgresql+psycopg://{where}/{quote(database, safe='')}"

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the maintenance database ``postgres``."""
        return self.url_of("postgres")

    @property
    def spec(self) -> str:
        """Kind and version in one word."""
        return f"postgres:{self.version}"

    @property
    def label(self) -> str:
        """What runs here, for people."""
        return f"PostgreSQL {self.version} ({self.runtime})"

    @property
    def address(self) -> str:
        """Where it listens; no password."""
        return f"{self.host}:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which weave finds this server."""
        return {
            "POSTGRES_HOST": self.host,
            "POSTGRES_PORT": str(self.port),
            "POSTGRES_USER": self.user,
            "POSTGRES_PASSWORD": self.password,
            # A database's own variable is the stronger one.
            **{database_variable(name): self.url_of(name) for name in self.databases},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Neo4jServer:
    """A running Neo4j; ``pid`` is None in a container."""

    uri: str
    user: str
    password: str = field(repr=False)
    version: str
    runtime: str
    pid: int | None

    @property
    def spec(self) -> str:
        """Kind and version in one word."""
        return f"neo4j:{self.version}"

    @property
    def label(self) -> str:
        """What runs here, for people."""
        return f"Neo4j {self.version} ({self.runtime})"

    @property
    def address(self) -> str:
        """Where it listens; no password."""
        return self.uri

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which weave finds this server."""
        return {
            "NEO4J_URI": self.uri,
            "NEO4J_USER": self.user,
            "NEO4J_PASSWORD": self.password,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchServer:
    """A running OpenSearch or Elasticsearch, open to all on this machine.

    ``flavour`` is ``opensearch`` or ``elasticsearch``; ``pid`` is None in a container.
    """

    url: str
    flavour: str
    version: str
    runtime: str
    pid: int | None

    @property
    def spec(self) -> str:
        """Flavour and version in one word."""
        return f"{self.flavour}:{self.version}"

    @property
    def label(self) -> str:
        """What runs here, for people."""
        name = {"opensearch": "OpenSearch"}.get(self.flavour, "Elasticsearch")
        return f"{name} {self.version} ({self.runtime})"

    @property
    def address(self) -> str:
        """Where it listens."""
        return self.url

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which weave finds this server."""
        return {"ELASTICSEARCH_URL": self.url}
