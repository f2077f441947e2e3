"""Frozen settings, one class a store; where they come from is _load's business."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from weave_migrate.config._locations import Location
    from weave_migrate.model import Secret

_NONE: Mapping[str, str] = MappingProxyType({})
OnNewer = Literal["fail", "warn", "ok"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSettings:
    """One PostgreSQL database, migrated by Alembic.

    ``folder`` is its folder below ``.weave/migrations/``; ``url`` a SQLAlchemy URL
    with its password in place; ``metadata`` is ``module:attribute`` of the models,
    for ``create --auto``; ``prepend_sys_path`` is where that module is found.
    """

    name: str
    folder: Path
    url: Secret
    metadata: str | None = None
    schema: str | None = None
    version_table: str = "alembic_version"
    version_table_schema: str | None = None
    prepend_sys_path: tuple[Path, ...] = ()
    on_newer: OnNewer = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neo4jSettings:
    """One Neo4j database; defaults are those of neo4j-migrations 4.1.

    ``transaction_timeout`` is in seconds and holds for managed transactions only;
    ``delay_between_migrations`` and ``lock_lease`` are in seconds, too.
    ``installed_by`` None means the operating system's user.  A ``bearer`` token, or
    ``custom_auth`` (scheme, principal, realm, others as parameters; its credentials
    are the password), takes the place of user and password.  ``on_interrupted`` says
    what to do with a migration that an earlier run left half-done, and ``assume``
    how to judge the one statement of it that is in doubt.
    """

    locations: tuple[Location, ...]
    uri: str = "bolt://localhost:7687"
    user: str = "neo4j"
    password: Secret | None = None
    bearer: Secret | None = None
    custom_auth: Mapping[str, str] = field(default_factory=lambda: _NONE)
    ca_certs: Path | None = None
    max_connection_pool_size: int | None = None
    impersonated_user: str | None = None
    database: str | None = None
    schema_database: str | None = None
    version_sort_order: Literal["semantic", "lexicographic"] = "semantic"
    transaction_mode: Literal["per_migration", "per_statement"] = "per_migration"
    transaction_timeout: float | None = None
    delay_between_migrations: float = 0.0
    cypher_version: Literal["database_default", "cypher_5", "cypher_25"] = (
        "database_default"
    )
    target: str | None = None
    installed_by: str | None = None
    validate_on_migrate: bool = True
    out_of_order: bool = False
    autocrlf: bool = False
    flyway_checksums: bool = False
    placeholders: Mapping[str, str] = field(default_factory=lambda: _NONE)
    on_newer: OnNewer = "fail"
    on_interrupted: Literal["refuse", "resume", "restart"] = "refuse"
    assume: Literal["done", "not_done"] | None = None
    lock_lease: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ElasticsearchSettings:
    """One Elasticsearch or OpenSearch cluster; defaults as elasticsearch-evolution's.

    ``urls`` are nodes of one cluster; ``fingerprint`` is the SHA-256 of a
    certificate; ``request_timeout`` is in seconds, for each request.
    """

    locations: tuple[Location, ...]
    urls: tuple[str, ...] = ("http://localhost:9200",)
    user: str | None = None
    password: Secret | None = None
    api_key: Secret | None = None
    ca_certs: Path | None = None
    fingerprint: str | None = None
    history_index: str = "es_evolution"
    placeholders: Mapping[str, str] = field(default_factory=lambda: _NONE)
    placeholder_prefix: str = "${"
    placeholder_suffix: str = "}"
    placeholder_replacement: bool = True
    migration_prefix: str = "V"
    migration_suffixes: tuple[str, ...] = (".http",)
    default_content_type: str = "application/json; charset=UTF-8"
    encoding: str = "utf-8"
    line_separator: Literal["\n", "\r\n", "\r"] = "\n"
    trim_trailing_newline: bool = False
    baseline_version: str = "1.0"
    validate_on_migrate: bool = True
    out_of_order: bool = False
    request_timeout: float = 60.0
    on_newer: OnNewer = "warn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One setting as ``weave db config`` shows it: masked value and where from."""

    key: str
    value: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a run needs to know, decided before anything is opened.

    ``project`` is the folder that holds ``.weave/``; a store without a folder is
    absent (None, or not in ``postgres``).  ``lock_timeout`` is in seconds.
    """

    project: Path
    postgres: tuple[PostgresSettings, ...] = ()
    neo4j: Neo4jSettings | None = None
    elasticsearch: ElasticsearchSettings | None = None
    order: tuple[str, ...] = ("postgres", "neo4j", "elasticsearch")
    allow_clean: bool = False
    lock_timeout: float = 60.0
    origins: tuple[Origin, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def migrations(self) -> Path:
        """The folder that holds one folder for each database."""
        return self.project / ".weave" / "migrations"
