"""weave-migrate: one engine for PostgreSQL, Neo4j and Elasticsearch migrations."""
