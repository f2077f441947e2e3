"""Run a script that leaves no record: a callback, or a single file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from weave_migrate.stores.neo4j._transactions import units

if TYPE_CHECKING:
    from collections.abc import Callable

    from neo4j import ManagedTransaction

    from weave_migrate.stores.neo4j._execute import Execution
    from weave_migrate.stores.neo4j._lock import Neo4jLock
    from weave_migrate.stores.neo4j._transactions import Unit


def run_unrecorded(
    execution: Execution,
    database: str | None,
    *,
    lock: Neo4jLock | None = None,
    is_history: Callable[[str | None], bool] = lambda _database: False,
) -> int:
    """Run a script in its transactions; give the milliseconds that it took.

    ``database`` is where statements without a ``:use`` run, None for the home
    database.  With a ``lock`` nothing is committed unless that is still held;
    ``is_history`` tells whether a group's database surely holds the lock's node.
    """
    started = time.monotonic()
    with execution.explained():
        for unit in units(execution.script, execution.settings.transaction_mode):
            there = unit.database or database
            execution.progress.begin(unit.statements[0][0], prefix="")
            _run(execution, unit, there, lock, is_history)
            execution.progress.committed = unit.last
            execution.await_indexes(there)
    return round((time.monotonic() - started) * 1000)


def _run(
    execution: Execution,
    unit: Unit,
    database: str | None,
    lock: Neo4jLock | None,
    is_history: Callable[[str | None], bool],
) -> None:
    if unit.implicit:
        if lock:
            lock.check()
        execution.run_implicit(unit, database)
        return

    def work(tx: ManagedTransaction) -> None:
        changes_schema = execution.run(tx, unit)
        if lock and (changes_schema or not is_history(unit.database)):
            lock.check()
        elif lock:
            lock.fence(tx)

    execution.connection.transact(
        work, database=database, timeout=execution.settings.transaction_timeout
    )
