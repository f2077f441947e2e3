"""What is known of a running throwaway server."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running PostgreSQL; ``pid`` is None in a container."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    version: str
    runtime: str
    pid: int | None

    def url_of(self, database: str) -> str:
        """Give the SQLAlchemy URL of one database, password included."""
        where = f"{self.user}:{self.password}@{self.host}:{self.port}"
        return f"postgresql+psycopg://{where}/{quote(database, safe='')}"

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the maintenance database ``postgres``."""
        return self.url_of("postgres")

    @property
    def label(self) -> str:
        """What runs here, for people."""
        return f"PostgreSQL {self.version} ({self.runtime})"

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which weave finds this server."""
        return {
            "POSTGRES_HOST": self.host,
            "POSTGRES_PORT": str(self.port),
            "POSTGRES_USER": self.user,
            "POSTGRES_PASSWORD": self.password,
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
    def label(self) -> str:
        """What runs here, for people."""
        return f"Neo4j {self.version} ({self.runtime})"

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
    def label(self) -> str:
        """What runs here, for people."""
        name = {"opensearch": "OpenSearch"}.get(self.flavour, "Elasticsearch")
        return f"{name} {self.version} ({self.runtime})"

    @property
    def environ(self) -> dict[str, str]:
        """The variables by which weave finds this server."""
        return {"ELASTICSEARCH_URL": self.url}
