"""Which databases, which target and which lock: rules of neo4j-migrations, by value.

All of them follow from two options and, for one row of the table, the name of the
user's home database (reference, §4.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from weave_migrate.config import Neo4jSettings

_DEFAULT_DATABASE = "neo4j"
_DEFAULT_LOCK = "John Doe"


@dataclass(frozen=True, slots=True)
class Names:
    """Where scripts run, where history is kept, and under which names.

    ``database`` and ``schema`` are None for the user's home database; ``target`` is
    recorded as ``migrationTarget``, None for none.
    """

    database: str | None
    schema: str | None
    target: str | None
    lock: str

    def is_history(self, database: str | None) -> bool:
        """Tell whether a group's database is surely the one that holds history."""
        there = (database or self.database or "").lower()
        return there == (self.schema or "").lower()


def resolve(settings: Neo4jSettings, home: Callable[[], str]) -> Names:
    """Apply the table of §4.4; ``home`` is asked only where the table needs it.

    The two options are compared as they are written, case included.
    """
    lowered = (settings.database or _DEFAULT_DATABASE).lower()
    lock = _DEFAULT_LOCK if lowered == _DEFAULT_DATABASE else lowered
    schema = settings.schema_database
    if schema is None:
        return Names(settings.database, settings.database, None, lock)
    database = settings.database or home()
    target = None if database == schema else database.lower()
    return Names(database, schema, target, lock)
