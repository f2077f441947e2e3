"""Run migrations and record them.

A migration's last transaction carries its record wherever the server allows it: then a
script that only changes data is applied and recorded in one.  Neo4j refuses data behind
a schema change in one transaction; the summary's query type tells, without any parsing,
so the record then follows in a transaction of its own.

Before it commits, a transaction makes sure of the lock: as part of the record, by a
statement of its own, or, where it can't reach the lock node, by asking beside it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from weave_migrate import _log
from weave_migrate.model import Applied, CypherScript, State
from weave_migrate.plan.chain_graph import BASELINE
from weave_migrate.stores.neo4j._execute import Execution
from weave_migrate.stores.neo4j._transactions import units

if TYPE_CHECKING:
    from collections.abc import Callable

    from neo4j import ManagedTransaction

    from weave_migrate.config import Neo4jSettings
    from weave_migrate.model import Entry, Migration, Plan
    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.neo4j._history import ChainWriter, Nodes
    from weave_migrate.stores.neo4j._session import Connection
    from weave_migrate.stores.neo4j._transactions import Unit


@dataclass(slots=True)
class Runner:
    """Applies a plan's migrations one after another."""

    connection: Connection
    settings: Neo4jSettings
    chain: ChainWriter
    observer: Observer

    def apply(self, plan: Plan) -> None:
        """Apply what is pending; each record goes behind the version before it."""
        pending = {each.version for each in plan.pending}
        after = BASELINE
        for entry in plan.entries:
            if entry.state is State.IGNORED:
                continue
            if entry.version in pending:
                self._apply_one(entry, after)
            after = entry.version

    def _apply_one(self, entry: Entry, after: str) -> None:
        migration = entry.migration
        assert migration is not None  # noqa: S101 - pending entries have files
        asked = self.connection.round_trips
        self.observer.migration_started(migration)
        run = _Run(self, migration, after, again=entry.applied is not None)
        took = run.go()
        self.observer.migration_applied(
            Applied(
                version=migration.version,
                description=migration.description,
                type=migration.type,
                source=migration.source,
                checksum=migration.checksum,
                applied_at=datetime.now(UTC),
                applied_by=f"{self.chain.by}/{self.chain.user}",
                duration_ms=took,
                repeatable=migration.repeatable,
            )
        )
        _log.debug(
            "migration.recorded",
            store="neo4j",
            version=migration.version,
            round_trips=self.connection.round_trips - asked,
        )


class _Run:
    """One migration, from its first statement to its record."""

    def __init__(
        self, runner: Runner, migration: Migration, after: str, *, again: bool
    ) -> None:
        script = migration.script
        assert isinstance(script, CypherScript)  # noqa: S101 - plans hold no others
        self._runner = runner
        self._migration = migration
        self._after = after
        self._again = again
        self._script = script
        self._execution = Execution(
            runner.connection,
            runner.settings,
            runner.observer,
            script,
            migration.path or migration.source,
        )
        self._started = time.monotonic()
        self._took = 0  # milliseconds, as recorded

    def go(self) -> int:
        """Run and record; give the milliseconds that were recorded."""
        parts = tuple(units(self._script, self._runner.settings.transaction_mode))
        with self._execution.explained():
            recorded = False
            for unit in parts:
                recorded = self._run(unit, is_last=unit is parts[-1])
                self._execution.progress.committed = unit.statements[-1][0]
            if not recorded:
                self._record_apart()
        return self._took

    def _run(self, unit: Unit, *, is_last: bool) -> bool:
        """Commit one unit; tell whether the record went with it."""
        connection, names = self._runner.connection, self._runner.chain.names
        database = unit.database or names.database
        if unit.implicit:
            self._runner.chain.lock.check()
            self._execution.run_implicit(unit, database)
            return False
        nodes = connection.transact(
            self._work(unit, is_last=is_last),
            database=database,
            timeout=self._runner.settings.transaction_timeout,
        )
        return self._remember(nodes)

    def _work(
        self, unit: Unit, *, is_last: bool
    ) -> Callable[[ManagedTransaction], Nodes | None]:
        chain = self._runner.chain

        def work(tx: ManagedTransaction) -> Nodes | None:
            changes_schema = self._execution.run(tx, unit)
            if changes_schema or not chain.names.is_history(unit.database):
                chain.lock.check()
            elif is_last:
                return self._record(tx)
            else:
                chain.lock.fence(tx)
            return None

        return work

    def _record_apart(self) -> None:
        connection = self._runner.connection
        names = self._runner.chain.names
        self._remember(connection.transact(self._record, database=names.schema))

    def _record(self, tx: ManagedTransaction) -> Nodes:
        self._execution.progress.is_recording = True
        self._took = round((time.monotonic() - self._started) * 1000)
        self._runner.connection.round_trips += 1
        chain = self._runner.chain
        if self._again:
            return chain.repeat(tx, self._migration, took=self._took)
        return chain.record(tx, self._migration, after=self._after, took=self._took)

    def _remember(self, nodes: Nodes | None) -> bool:
        if nodes is None:
            return False
        if not self._again:
            self._runner.chain.recorded(
                self._migration.version, after=self._after, nodes=nodes
            )
        return True
