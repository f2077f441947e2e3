"""A driver beside weave's own, to look at what there is in a Neo4j database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import neo4j


@dataclass(frozen=True)
class Graph:
    """The whole default database."""

    driver: neo4j.Driver

    def __call__(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        result = self.driver.execute_query(query, parameters)
        return [record.data() for record in result.records]

    def clear(self) -> None:
        self("MATCH (n) DETACH DELETE n")
        for row in self("SHOW CONSTRAINTS YIELD name"):
            self(f"DROP CONSTRAINT `{row['name']}`")
        for row in self("SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP'"):
            self(f"DROP INDEX `{row['name']}`")

    def last_transaction(self) -> frozenset[str]:
        """Name the transaction committed last, whoever's; reads and no-ops are none."""
        with self.driver.session(default_access_mode="READ") as session:
            session.run("RETURN 1").consume()
            return session.last_bookmarks().raw_values
