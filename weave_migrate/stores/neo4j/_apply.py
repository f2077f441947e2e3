"""Run migrations and record them.

A migration's last transaction carries its record wherever the server allows it: then a
script that only changes data is applied and recorded in one.  Neo4j refuses data behind
a schema change in one transaction; the summary's query type tells, without any parsing,
so the record then follows in a transaction of its own.

What can't be committed with the record is journalled.  A transaction that can reach the
journal carries its own line of it; another is announced before it commits, so that a
run that is killed leaves at most this one in doubt.

Before it commits, a transaction makes sure of the lock: as part of the record or the
journal's line, be it its own or that which announces it.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import TYPE_CHECKING

from weave_migrate import _log
from weave_migrate.errors import WeaveError
from weave_migrate.model import Applied, CypherScript, State
from weave_migrate.plan.chain_graph import BASELINE
from weave_migrate.stores.neo4j._execute import Execution, pause
from weave_migrate.stores.neo4j._journal import JournalBlocked, JournalWriter
from weave_migrate.stores.neo4j._transactions import units

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from neo4j import ManagedTransaction

    from weave_migrate.config import Neo4jSettings
    from weave_migrate.model import Entry, Migration, Plan
    from weave_migrate.plan.chain_journal import Journal
    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.neo4j._history import ChainWriter, Nodes
    from weave_migrate.stores.neo4j._journal import Fingerprints
    from weave_migrate.stores.neo4j._session import Connection
    from weave_migrate.stores.neo4j._transactions import Unit

# Any other error may be one of the server, or of its cluster, while it commits.
_REFUSAL = "Neo.ClientError."


@dataclass(slots=True, kw_only=True)
class Runner:
    """Applies a plan's migrations one after another.

    ``begins`` says behind which statement a migration begins where that is not 0, and
    ``journals`` are those that were found.
    """

    connection: Connection
    settings: Neo4jSettings
    chain: ChainWriter
    observer: Observer
    fingerprint: Fingerprints
    begins: Mapping[str, int]
    journals: Mapping[str, Journal]

    def apply(self, plan: Plan) -> None:
        """Apply what is pending; each record goes behind the version before it."""
        pending = {each.version for each in plan.pending}
        after, is_first = BASELINE, True
        for entry in plan.entries:
            if entry.state is State.IGNORED:
                continue
            if entry.version in pending:
                if not is_first:
                    before = f"version {entry.version}"
                    pause(self.settings, self.observer, before=before)
                self._apply_one(entry, after)
                is_first = False
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
        self._progress = self._execution.progress
        self._begin = runner.begins.get(migration.version, 0)
        self._progress.committed = self._begin
        self._journal = JournalWriter(
            connection=runner.connection,
            lock=runner.chain.lock,
            names=runner.chain.names,
            by=runner.chain.by,
            migration=migration,
            script=script,
            fingerprint=runner.fingerprint,
            found=runner.journals.get(migration.version),
        )
        self._carried = 0  # committed statements, as the unit's transaction journals
        self._started = time.monotonic()
        self._took = 0  # milliseconds, as recorded

    def go(self) -> int:
        """Run and record; give the milliseconds that were recorded."""
        done, mode = self._begin, self._runner.settings.transaction_mode
        left = [
            unit for each in units(self._script, mode) if (unit := each.after(done))
        ]
        with self._execution.explained():
            try:
                if done:
                    self._resume(done)
                recorded = False
                for unit, following in zip_longest(left, left[1:]):
                    recorded = self._run(unit, following)
                if not recorded:
                    self._record_apart()
            except BaseException as error:
                self._settle(error)
                raise
        return self._took

    def _resume(self, done: int) -> None:
        """Say that an earlier run did a part, and make sure of its indexes."""
        count = len(self._script.statements)
        self._runner.observer.noted(
            f"{self._migration.source}: resumed behind statement {done} of {count}"
        )
        self._execution.await_indexes_until(done, self._runner.chain.names.database)

    def _run(self, unit: Unit, following: Unit | None) -> bool:
        """Commit one unit and all that belongs to it; tell whether it is recorded."""
        database = unit.database or self._runner.chain.names.database
        nodes = None
        if unit.implicit:
            self._announce(unit)
            self._execution.run_implicit(unit, database)
        else:
            nodes = self._transact(unit, database, is_last=following is None)
        self._progress.committed, self._progress.in_doubt = unit.last, 0
        if nodes:
            self._remember(nodes)
            return True
        self._execution.await_indexes(database, before_waiting=self._save)
        if following and not following.implicit:  # that is announced at once
            self._save()
        return False

    def _transact(
        self, unit: Unit, database: str | None, *, is_last: bool
    ) -> Nodes | None:
        """Commit a managed unit; give the nodes of the record if that went with it.

        A change of the schema may keep everybody else from writing (that of an index on
        all labels does): it is then undone, announced, and made once more.
        """

        def attempt(*, announced: bool) -> Nodes | None:
            return self._runner.connection.transact(
                self._work(unit, is_last=is_last, announced=announced),
                database=database,
                timeout=self._runner.settings.transaction_timeout,
            )

        self._carried = 0
        try:
            nodes = attempt(announced=False)
        except JournalBlocked:
            self._announce(unit)
            nodes = attempt(announced=True)
        if self._carried:
            self._journal.written(self._carried)
        return nodes

    def _work(
        self, unit: Unit, *, is_last: bool, announced: bool
    ) -> Callable[[ManagedTransaction], Nodes | None]:
        chain = self._runner.chain

        def work(tx: ManagedTransaction) -> Nodes | None:
            self._carried = self._progress.in_doubt = 0  # the driver may repeat this
            changes_schema = self._execution.run(tx, unit)
            if changes_schema or not chain.names.is_history(unit.database):
                if announced:
                    chain.lock.check()
                else:
                    self._announce(unit)
                self._progress.in_doubt = unit.last
            elif is_last:
                return self._record(tx)
            else:
                self._journal.write_in(tx, unit.last)
                self._carried = unit.last
            return None

        return work

    def _announce(self, unit: Unit) -> None:
        """Write that a unit is about to commit where its own transaction can't."""
        self._journal.write(self._progress.committed, started=unit.last)

    def _save(self) -> None:
        self._journal.settle(self._progress.committed, self._progress.in_doubt)

    def _settle(self, error: BaseException) -> None:
        """Leave a journal that is true, as far as it can still be written."""
        progress = self._progress
        if progress.in_doubt and _is_refused(error, self._script, progress.in_doubt):
            progress.in_doubt = 0
        with suppress(WeaveError):
            if progress.committed > self._begin or progress.in_doubt:
                self._save()
            else:
                self._journal.take_back()

    def _record_apart(self) -> None:
        connection = self._runner.connection
        names = self._runner.chain.names
        self._remember(connection.transact(self._record, database=names.schema))

    def _record(self, tx: ManagedTransaction) -> Nodes:
        self._progress.is_recording = True
        self._took = round((time.monotonic() - self._started) * 1000)
        self._runner.connection.round_trips += 1
        chain, migration = self._runner.chain, self._migration
        journal = self._journal.key if self._journal.exists else None
        if self._again:
            return chain.repeat(tx, migration, took=self._took, journal=journal)
        return chain.record(
            tx, migration, after=self._after, took=self._took, journal=journal
        )

    def _remember(self, nodes: Nodes) -> None:
        if not self._again:
            self._runner.chain.recorded(
                self._migration.version, after=self._after, nodes=nodes
            )


def _is_refused(error: BaseException, script: CypherScript, number: int) -> bool:
    """Tell whether the server said that a statement's transaction did not happen."""
    from neo4j.exceptions import Neo4jError

    if not isinstance(error, Neo4jError):
        return False
    if script.statements[number - 1].transaction == "implicit":
        return False  # it has several, of which only the last failed
    return (error.code or "").startswith(_REFUSAL)
