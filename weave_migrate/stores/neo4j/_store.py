"""Neo4j as a Store: asks, lets the planner decide, and acts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from weave_migrate.model import StoreKind
from weave_migrate.plan.chain_edit import Rewrite
from weave_migrate.stores._base import Change
from weave_migrate.stores.neo4j import _clean, _edit
from weave_migrate.stores.neo4j._apply import Runner
from weave_migrate.stores.neo4j._callbacks import (
    Callbacks,
    Operation,
    divide,
    refuse,
    with_callbacks,
)
from weave_migrate.stores.neo4j._execute import pause
from weave_migrate.stores.neo4j._history import ChainWriter
from weave_migrate.stores.neo4j._lock import Neo4jLock
from weave_migrate.stores.neo4j._lock_node import holder, release
from weave_migrate.stores.neo4j._planner import Ground, Planner, unresolved
from weave_migrate.stores.neo4j._schema import HISTORY, LOCK, ensure, load_present
from weave_migrate.stores.neo4j._server import Server
from weave_migrate.stores.neo4j._single import Single, read_single, run_single

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weave_migrate.config import Neo4jSettings
    from weave_migrate.model import Callback, LockInfo, Plan
    from weave_migrate.stores._base import Facts, Lock, Observer
    from weave_migrate.stores.neo4j._schema import Key


class Neo4jStore:
    """One Neo4j database, its scripts, and a history shared with neo4j-migrations."""

    name = "neo4j"
    kind = StoreKind.NEO4J

    def __init__(self, settings: Neo4jSettings) -> None:
        self._settings = settings
        self._server = Server(settings)
        self._connection = self._server.connection
        self._callbacks = Callbacks(self._connection, settings)
        self._planner = Planner(self._server, self._callbacks)
        self._schema: frozenset[Key] = frozenset()  # what there was of it, when locked
        self._ground: Ground | None = None  # of the last plan made under the lock
        self._observer: Observer  # of who holds the lock

    @property
    def round_trips(self) -> int:
        """How many messages to the server waited for their answer so far."""
        return self._connection.round_trips

    def facts(self) -> Facts:
        """Give version and edition, asked for once."""
        return self._server.facts

    def plan(self) -> Plan:
        """Compare scripts and chain; see ``Planner.plan`` for its round trips.

        Raises StoreUnavailable, and StoreError where reading is forbidden.
        """
        self._ground = self._planner.plan()
        return self._ground.plan

    def plan_files(self) -> Plan:
        """Read the scripts alone, as if nothing were applied; no server is asked."""
        return self._planner.plan_files()

    def plan_history(self) -> Plan:
        """Read the history alone, as if there were no scripts to compare it with."""
        return self._planner.plan_history()

    def lock_info(self) -> LockInfo | None:
        """Say who holds the lock of this target."""
        return holder(self._connection, self._server.names)

    @contextmanager
    def lock(self, timeout: float, observer: Observer) -> Iterator[Lock]:
        """Take the lock that neo4j-migrations respects; ``timeout`` in seconds."""
        server = self._server
        self._schema = load_present(self._connection, server.names)
        ensure(self._connection, server.names, LOCK, self._schema)
        lock = Neo4jLock(
            self._connection, self._settings, server.names, owner=server.by
        )
        with lock.held(timeout, observer):
            # Who held it before may have dropped what makes its name unique, so that
            # two could hold it now: then this fails.
            self._schema = load_present(self._connection, server.names)
            ensure(self._connection, server.names, LOCK, self._schema)
            self._ground = None  # what was read before may have changed
            self._observer = observer
            self._planner.holds_lock = True
            try:
                yield lock
            finally:
                self._planner.holds_lock = False

    def release_lock(self, holding: LockInfo) -> bool:
        """Take the lock away from that holder; raises LockTimeout while it commits."""
        return release(self._connection, self._server.names, holding)

    def apply(self, plan: Plan, lock: Lock, observer: Observer) -> None:
        """Run and record what is pending, between the callbacks.

        Raises MigrationFailed, LockLost, and HistoryError (HISTORY_CONFLICT) if the
        chain is not the one that was planned for.
        """
        if any(each.phase.startswith("before") for each in plan.callbacks):
            self._ground = None  # they may change whatever was read before
        with self.around(plan.callbacks, lock, observer):
            if plan.pending:
                self._apply(plan, _ours(lock), observer)

    def _apply(self, plan: Plan, lock: Neo4jLock, observer: Observer) -> None:
        ground, self._ground = self._ground, None
        if ground is None or ground.plan is not plan:
            ground = self._planner.ground(plan)
        server = self._server
        ensure(self._connection, server.names, HISTORY, self._schema)
        writer = ChainWriter(
            self._connection,
            lock,
            server.names,
            by=server.by,
            user=server.user,
            ids=dict(ground.chain.ids),
            next=dict(ground.chain.next),
        )
        Runner(
            connection=self._connection,
            settings=self._settings,
            chain=writer,
            observer=observer,
            fingerprint=self._planner.fingerprint,
            begins=ground.resumption.begins,
            journals=ground.resumption.journals,
        ).apply(plan)

    def plan_clean(self, *, everything: bool) -> tuple[Change, ...]:
        """Say what would be removed: this target's history, or all there is.

        Callbacks are shown among the changes.  Raises ScriptError for a bad one.
        """
        changes = _clean.plan_clean(
            self._connection, self._server.names, everything=everything
        )
        return with_callbacks(changes, self.callbacks("Clean"), last=_clean.ends_lock)

    def plan_repair(self) -> tuple[Change, ...]:
        """Say what makes history and files agree, running none."""
        return self._shown(self._planner.plan_repair())

    def plan_baseline(self, version: str) -> tuple[Change, ...]:
        """Say what records the files up to a version as applied."""
        return self._shown(self._planner.plan_baseline(version))

    def plan_delete(self, version: str) -> tuple[Change, ...]:
        """Say what takes a version out of history; without it, nothing."""
        return self._shown(self._planner.plan_delete(version))

    def _shown(self, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        """Show the callbacks around changes; they are of a first use only."""
        return with_callbacks(changes, self.callbacks(None), last=_clean.ends_lock)

    def edit(self, changes: tuple[Change, ...], lock: Lock) -> None:
        """Make changes that a ``plan_…`` method gave, its callbacks around them."""
        callbacks, first, last = divide(changes, last=_clean.ends_lock)
        with self.around(callbacks, lock, self._observer):
            if first and isinstance(first[0].detail, Rewrite):
                self._rewrite(first[0].detail, _ours(lock))
            else:
                _clean.make(self._connection, self._server.names, first, _ours(lock))
        if last:
            _clean.end_lock(self._connection, self._server.names, last, _ours(lock))

    def _rewrite(self, edit: Rewrite, lock: Neo4jLock) -> None:
        server = self._server
        ensure(self._connection, server.names, HISTORY, self._schema)
        _edit.make(
            self._connection,
            server.names,
            edit,
            lock,
            by=server.by,
            user=server.user,
        )

    def callbacks(self, operation: Operation | None) -> tuple[Callback, ...]:
        """Find what ``around`` is to run; raises ScriptError for bad callbacks."""
        return self._planner.find_callbacks(operation)

    @contextmanager
    def around(
        self, callbacks: tuple[Callback, ...], lock: Lock, observer: Observer
    ) -> Iterator[None]:
        """Run callbacks before and after the block; see ``Callbacks.around``."""
        with self._callbacks.around(
            callbacks, names=self._server.names, lock=_ours(lock), observer=observer
        ):
            yield

    def read_script(self, file: str) -> Change:
        """Read a single Cypher file, path or ``file:`` URL; raises ScriptError."""
        single = read_single(file, self._settings)
        refuse(unresolved(single))
        return Change(single.summary, single)

    def run_scripts(
        self, scripts: tuple[Change, ...], observer: Observer
    ) -> Iterator[Change]:
        """Run single files in the target database, without lock and history.

        Raises MigrationFailed at the first that fails.
        """
        for number, each in enumerate(scripts):
            if not isinstance(each.detail, Single):
                raise TypeError("a change of another kind")
            if number:
                pause(self._settings, observer, before=each.detail.source)
            run_single(
                each.detail,
                self._connection,
                self._settings,
                self._server.names.database,
                observer,
            )
            yield each

    def close(self) -> None:
        """Give back connections; safe to call twice."""
        self._connection.close()


def _ours(lock: Lock) -> Neo4jLock:
    if not isinstance(lock, Neo4jLock):
        raise TypeError("a lock of another store")
    return lock
