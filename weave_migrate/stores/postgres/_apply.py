"""Run pending revisions through Alembic, and tell of each what the database says.

Alembic asks for the steps of a run one after another, so it is between two of them
that weave checks its lock and reports.  With our env.py each step is committed before
the next is asked for; a user's env.py may commit once, at the end, so there a
revision counts as applied when the run is over and the version table says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationStep

from weave_migrate.errors import StoreError, WeaveError
from weave_migrate.stores.postgres._connect import connected, opened
from weave_migrate.stores.postgres._failure import migration_failed
from weave_migrate.stores.postgres._plan import as_applied, load_heads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alembic.runtime.migration import MigrationContext, RevisionStep
    from sqlalchemy import Connection, Engine

    from weave_migrate.config import PostgresSettings
    from weave_migrate.model import Migration
    from weave_migrate.stores._base import Lock, Observer
    from weave_migrate.stores.postgres._environment import Environment
    from weave_migrate.stores.postgres._revisions import Revisions


@dataclass(slots=True)
class Run:
    """One upgrade of one database."""

    engine: Engine
    environment: Environment
    revisions: Revisions
    pending: Sequence[Migration]
    lock: Lock
    observer: Observer
    running: Migration | None = None
    durations: dict[str, int] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)

    @property
    def settings(self) -> PostgresSettings:
        """The settings of the database."""
        return self.environment.settings

    def upgrade(self) -> None:
        """Apply ``pending``; raises MigrationFailed at the first that fails."""
        try:
            with opened(self.engine, self.settings) as connection:
                self.environment.run(lambda: self._run_env(connection))
        except (WeaveError, KeyboardInterrupt):
            self._report_rest()
            raise
        except (Exception, SystemExit) as error:
            # A revision that calls sys.exit() has not been applied, and must not end
            # this process as if all were well.
            done = self._report_rest()
            raise migration_failed(
                self.settings, error, migration=self.running, done=done
            ) from error
        self._report_rest()
        left = [m.source for m in self.pending if m.version not in self.reported]
        if left:
            raise StoreError(
                f"{self.settings.folder.name}/env.py ran and left {len(left)} of "
                f"{len(self.pending)} revisions unapplied: {', '.join(left[:3])}.",
                hint="It must run context.run_migrations() on this database, with the "
                "version_table of the settings.",
                file=self.settings.folder / "env.py",
            )

    def _run_env(self, connection: Connection) -> None:
        config = self.environment.config(
            connection=connection,
            configure={
                "transaction_per_migration": True,
                "version_table": self.settings.version_table,
                "version_table_schema": self.settings.version_table_schema,
            },
        )
        with EnvironmentContext(
            config, self.revisions.directory, fn=self._steps, as_sql=False
        ):
            self.revisions.directory.run_env()

    def _steps(
        self, heads: tuple[str, ...], _context: MigrationContext
    ) -> Iterator[RevisionStep]:
        wanted = {migration.version: migration for migration in self.pending}
        for script in self.revisions.after(heads):
            migration = wanted.get(script.revision)
            if migration is None:
                continue
            self.lock.check()
            self.running = migration
            self.observer.migration_started(migration)
            began = time.perf_counter()
            yield MigrationStep.upgrade_from_script(
                self.revisions.directory.revision_map, script
            )
            self.durations[script.revision] = round(
                (time.perf_counter() - began) * 1000
            )
            self.running = None
            if not self.environment.has_own_env:
                self._report(migration)

    def _report(self, migration: Migration) -> None:
        self.reported.add(migration.version)
        duration = self.durations.get(migration.version)
        self.observer.migration_applied(as_applied(migration, duration_ms=duration))

    def _report_rest(self) -> list[Migration] | None:
        """Ask the database what of this run is applied, and report what was not yet.

        Gives it in order, or None where the database can't be asked.
        """
        try:
            with connected(self.engine, self.settings) as connection:
                heads = load_heads(connection, self.settings)
        except WeaveError:
            return None
        left = {script.revision for script in self.revisions.after(heads)}
        done = [m for m in self.pending if m.version not in left]
        for migration in done:
            if migration.version not in self.reported:
                self._report(migration)
        return done
