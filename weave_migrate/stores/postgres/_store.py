"""PostgreSQL as a Store: Alembic's history, planned from its own revision graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import column, delete, table

from weave_migrate.errors import ConfigError
from weave_migrate.model import LockInfo, Plan, Problem, StoreKind
from weave_migrate.stores._base import Change, Facts
from weave_migrate.stores.postgres import _lock
from weave_migrate.stores.postgres._apply import Run
from weave_migrate.stores.postgres._connect import connected, open_engine
from weave_migrate.stores.postgres._environment import Environment
from weave_migrate.stores.postgres._plan import load_heads, make_plan
from weave_migrate.stores.postgres._revisions import read_revisions, revision_files

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from weave_migrate.config import PostgresSettings
    from weave_migrate.stores._base import Lock, Observer
    from weave_migrate.stores.postgres._revisions import Revisions

_Stamp = tuple[tuple[str, int, int], ...]


class PostgresStore:
    """One PostgreSQL database with its revisions.

    Connections are opened for one question each; only the lock keeps its own.
    """

    kind = StoreKind.POSTGRES

    def __init__(self, settings: PostgresSettings) -> None:
        self.name = settings.name
        self._settings = settings
        self._environment = Environment(settings)
        self._opened: Engine | None = None
        self._read: tuple[_Stamp, Revisions] | None = None
        self._is_waited_for = False  # whether another run may finish our work

    def facts(self) -> Facts:
        """Ask the server what it is, unless a connection has told already."""
        dialect = self._engine.dialect
        if dialect.server_version_info is None:
            with connected(self._engine, self._settings):
                pass
        version = ".".join(map(str, dialect.server_version_info or ()))
        title = "PostgreSQL" if dialect.name == "postgresql" else dialect.name
        return Facts(server=f"{title} {version}", version=version)

    def plan(self) -> Plan:
        """Compare the revision files with Alembic's table; reading only."""
        with connected(self._engine, self._settings) as connection:
            heads = load_heads(connection, self._settings)
        plan = self._plan(heads)
        self._is_waited_for = bool(plan.pending) and not plan.problems
        return plan

    def lock_info(self) -> LockInfo | None:
        """Who holds the advisory lock."""
        with connected(self._engine, self._settings) as connection:
            if connection.dialect.name != "postgresql":
                return None
            key = _lock.lock_key(connection, self._settings)
            return _lock.load_holder(connection, key)

    def lock(self, timeout: float, observer: Observer) -> AbstractContextManager[Lock]:
        """Take the advisory lock; see ``_lock.hold``."""
        return _lock.hold(
            self._engine,
            self._settings,
            timeout=timeout,
            observer=observer,
            is_done=self._is_done,
        )

    def release_lock(self, holding: LockInfo) -> bool:
        """End the session that holds the lock; see ``_lock.release``."""
        with connected(self._engine, self._settings) as connection:
            key = _lock.lock_key(connection, self._settings)
            return _lock.release(connection, key, holding, self.name)

    def apply(self, plan: Plan, lock: Lock, observer: Observer) -> None:
        """Run ``plan.pending`` through Alembic, each in its transaction."""
        if not plan.pending:
            return
        Run(
            engine=self._engine,
            environment=self._environment,
            revisions=self._revisions(),
            pending=plan.pending,
            lock=lock,
            observer=observer,
        ).upgrade()

    def plan_clean(self, *, everything: bool) -> tuple[Change, ...]:
        """What ``clean`` removes: the rows of the version table, never the table.

        One table is the history of one target, so ``everything`` is the same.
        """
        del everything
        self._is_waited_for = False
        with connected(self._engine, self._settings) as connection:
            heads = load_heads(connection, self._settings)
        if not heads:
            return ()
        name, schema = (
            self._settings.version_table,
            self._settings.version_table_schema,
        )
        summary = f"Empty the table {name} (it holds {', '.join(sorted(heads))})."
        rows = table(name, column("version_num"), schema=schema)
        return (Change(summary, detail=delete(rows)),)

    def edit(self, changes: tuple[Change, ...], lock: Lock) -> None:
        """Execute the statement of each change, all in one transaction."""
        lock.check()
        with (
            connected(self._engine, self._settings) as connection,
            connection.begin(),
        ):
            for change in changes:
                connection.execute(change.detail)  # type: ignore[call-overload]

    def close(self) -> None:
        """Give back what the engine holds; connections are closed after each use."""
        if self._opened is not None:
            self._opened.dispose()

    @property
    def _engine(self) -> Engine:
        if self._opened is None:
            self._opened = open_engine(self._settings)
        return self._opened

    def _revisions(self) -> Revisions:
        """Read the files, once for as long as none of them changes."""
        stamp = tuple(
            (path.name, (stat := path.stat()).st_mtime_ns, stat.st_size)
            for path in revision_files(self._environment.versions)
        )
        if self._read is None or self._read[0] != stamp:
            self._read = stamp, read_revisions(self._environment)
        return self._read[1]

    def _plan(self, heads: tuple[str, ...]) -> Plan:
        try:
            self._environment.check()
        except ConfigError as error:
            return Plan(problems=(Problem.from_error(error),))
        return make_plan(self._revisions(), heads, self._settings)

    def _is_done(self, connection: Connection) -> bool:
        if not self._is_waited_for:
            return False
        plan = self._plan(load_heads(connection, self._settings))
        return not plan.pending and not plan.problems
