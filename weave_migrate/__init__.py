"""weave-migrate: one engine for PostgreSQL, Neo4j and Elasticsearch migrations."""

__version__ = "0.1.0"
