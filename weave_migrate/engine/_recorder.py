"""The observer between a store and whoever listens: logs, and remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weave_migrate import _log

if TYPE_CHECKING:
    from weave_migrate.model import Applied, LockInfo, Migration
    from weave_migrate.stores import Observer


@dataclass(slots=True)
class Recorder:
    """Passes events on, logs them, and remembers what a report needs."""

    store: str
    listener: Observer
    applied: list[Applied] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    running: Migration | None = None

    def lock_waiting(self, holder: LockInfo | None, seconds: float) -> None:
        _log.info("lock.waited", store=self.store, seconds=round(seconds, 1))
        self.listener.lock_waiting(holder, seconds)

    def migration_started(self, migration: Migration) -> None:
        self.running = migration
        self.listener.migration_started(migration)

    def migration_applied(self, applied: Applied) -> None:
        self.running = None
        self.applied.append(applied)
        _log.info(
            "migration.applied",
            store=self.store,
            version=applied.version,
            duration_ms=applied.duration_ms,
        )
        self.listener.migration_applied(applied)

    def progressed(self, message: str) -> None:
        self.listener.progressed(message)

    def noted(self, message: str) -> None:
        _log.info("run.noted", store=self.store, message=message)
        self.listener.noted(message)

    def warned(self, message: str) -> None:
        self.warnings.append(message)
        self.listener.warned(message)
