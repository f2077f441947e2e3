"""Elasticsearch and OpenSearch, sharing history with elasticsearch-evolution."""

from weave_migrate.stores.elasticsearch._indices import IndexInfo
from weave_migrate.stores.elasticsearch._store import ElasticsearchStore

__all__ = ["ElasticsearchStore", "IndexInfo"]
