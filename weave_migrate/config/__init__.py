"""Settings: found, merged and frozen before a store is opened."""

from weave_migrate.config._settings import (
    ElasticsearchSettings,
    Neo4jSettings,
    Origin,
    PostgresSettings,
    Settings,
)

__all__ = [
    "ElasticsearchSettings",
    "Neo4jSettings",
    "Origin",
    "PostgresSettings",
    "Settings",
]
