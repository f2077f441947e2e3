"""Local migrations, recorded ones, and the two side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from weave_migrate.model._script import CatalogScript, CypherScript, HttpScript
    from weave_migrate.model._state import State


@dataclass(frozen=True, slots=True)
class Migration:
    """One local migration.

    ``version`` is the text that identifies it in its store's history (``"007.1"``,
    ``"1.2"``, an Alembic revision id); ``source`` is the bare file name as recorded;
    ``checksum`` is the peer's, as decimal text, or None where the peer keeps none.
    ``script`` is None for what weave does not parse itself (Alembic revisions), and for
    a file that could not be read.  ``path`` of a resource in a zip file only says where
    it is, as ``package:my_app/V1__x.cypher``; there is no such file.
    """

    version: str
    description: str
    type: str  # CYPHER, CATALOG, HTTP, ALEMBIC
    source: str
    path: Path | None = None
    checksum: str | None = None
    repeatable: bool = False
    script: CypherScript | CatalogScript | HttpScript | None = None


@dataclass(frozen=True, slots=True)
class Callback:
    """A script that runs around an operation and is never recorded.

    ``phase`` is the peer's name of the moment (``beforeMigrate``); ``description`` is
    empty where the file name has none.
    """

    phase: str
    description: str
    source: str
    script: CypherScript
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """One record of a store's history.

    ``applied_at`` is aware; ``duration_ms`` is whole milliseconds; both are None
    where the store does not keep them (Alembic).  ``success`` is False only where
    the store records failures (Elasticsearch).
    """

    version: str
    description: str | None
    type: str | None
    source: str | None
    checksum: str | None = None
    applied_at: datetime | None = None
    applied_by: str | None = None
    duration_ms: int | None = None
    repeatable: bool = False
    success: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a plan or a status: the file, the record, or both."""

    state: State
    migration: Migration | None = None
    applied: Applied | None = None

    def __post_init__(self) -> None:
        if self.migration is None and self.applied is None:
            raise ValueError("an entry needs a file or a record")

    @property
    def version(self) -> str:
        """The version, from the record where there is one."""
        known = self.applied or self.migration
        assert known is not None  # noqa: S101 - __post_init__ saw to it
        return known.version

    def to_dict(self) -> dict[str, object]:
        """Render as a migration of the JSON schema (docs/json.md)."""
        local, record = self.migration, self.applied
        at = record.applied_at if record else None
        return {
            "version": self.version,
            "description": (record and record.description)
            or (local and local.description),
            "type": (record and record.type) or (local and local.type),
            "state": str(self.state),
            "file": (local and local.source) or (record and record.source),
            "checksum": record.checksum if record else (local and local.checksum),
            "applied_at": at.isoformat() if at else None,
            "applied_by": record.applied_by if record else None,
            "duration_ms": record.duration_ms if record else None,
        }
