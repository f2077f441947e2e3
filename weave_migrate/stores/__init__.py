"""The databases: one room a kind, and the contract they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from weave_migrate.config import (
    ElasticsearchSettings,
    Neo4jSettings,
    PostgresSettings,
)
from weave_migrate.stores._base import (
    CallbackStore,
    Change,
    Facts,
    Lock,
    MendableStore,
    Observer,
    Reading,
    ScriptStore,
    Store,
)

if TYPE_CHECKING:
    StoreSettings = PostgresSettings | Neo4jSettings | ElasticsearchSettings

__all__ = [
    "CallbackStore",
    "Change",
    "Facts",
    "Lock",
    "MendableStore",
    "Observer",
    "Reading",
    "ScriptStore",
    "Store",
    "open_store",
]


def open_store(settings: StoreSettings) -> Store:
    """Make the store for its settings; its driver is imported here, not before.

    Nothing is connected yet: the first question to the server is.
    """
    if isinstance(settings, PostgresSettings):
        from weave_migrate.stores.postgres import PostgresStore

        return PostgresStore(settings)
    if isinstance(settings, Neo4jSettings):
        from weave_migrate.stores.neo4j import Neo4jStore

        return Neo4jStore(settings)
    from weave_migrate.stores.elasticsearch import ElasticsearchStore

    return ElasticsearchStore(settings)
