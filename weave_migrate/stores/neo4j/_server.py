"""What is asked of a server once: its version, the names that follow, who we are."""

from __future__ import annotations

import getpass
from functools import cached_property
from typing import TYPE_CHECKING

from weave_migrate.stores._base import Facts
from weave_migrate.stores.neo4j._names import resolve
from weave_migrate.stores.neo4j._session import Connection

if TYPE_CHECKING:
    from weave_migrate.config import Neo4jSettings
    from weave_migrate.stores.neo4j._names import Names

_COMPONENTS = """
CALL dbms.components() YIELD name, versions, edition
WHERE name = 'Neo4j Kernel' RETURN versions[0] AS version, edition
"""
_HOME = "CALL db.info() YIELD name RETURN name"
_WHO = "SHOW CURRENT USER YIELD user"


class Server:
    """One server as the settings name it; each question is asked when first needed."""

    def __init__(self, settings: Neo4jSettings) -> None:
        self.settings = settings
        self.connection = Connection(settings)

    @cached_property
    def facts(self) -> Facts:
        """Version and edition."""
        # Not in the target, which a callback may have yet to create.
        record = self.connection.read(_COMPONENTS, database=self.names.schema)[0]
        version, edition = str(record["version"]), str(record["edition"])
        return Facts(
            server=f"Neo4j {version} {edition.capitalize()}",
            version=version,
            flavour=edition.lower(),
        )

    @cached_property
    def names(self) -> Names:
        """Databases, target and lock (reference, §4.4)."""
        return resolve(
            self.settings, lambda: str(self.connection.read(_HOME)[0]["name"])
        )

    @cached_property
    def by(self) -> str:
        """Who runs the migrations, as history records it."""
        try:
            return (self.settings.installed_by or "").strip() or getpass.getuser()
        except (OSError, KeyError):  # a container's user without a name
            return "unknown"

    @cached_property
    def user(self) -> str:
        """Who is connected; without authentication that is nobody."""
        rows = self.connection.read(_WHO, database=self.names.schema)
        return str(rows[0]["user"]) if rows else "anonymous"
