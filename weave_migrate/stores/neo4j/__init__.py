"""Neo4j, with a history and a lock that neo4j-migrations shares."""

from weave_migrate.stores.neo4j._store import Neo4jStore

__all__ = ["Neo4jStore"]
