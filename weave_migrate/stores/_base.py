"""The Store contract: all that the engine knows of a database.

A store reads files and history, decides (``plan``), and acts (``apply``, ``edit``).
Deciding touches nothing: ``facts``, ``plan`` and ``lock_info`` work with reading
rights, take no lock and write nothing.  Acting happens under ``lock`` only.

Every method may raise ``StoreUnavailable``; no driver's error leaves a store bare.
One contract suite (tests/stores) runs over a fake and over every real store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from weave_migrate.model import (
        Applied,
        Callback,
        LockInfo,
        Migration,
        Plan,
        StoreKind,
    )


# The reading operations that callbacks may surround.
Reading = Literal["Info", "Validate"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What was asked of the server before anything was decided.

    ``server`` is for people ("Neo4j 5.26.30 Community"); ``version`` is the bare
    version and ``flavour`` the edition or distribution, lower-cased.
    """

    server: str
    version: str
    flavour: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One change of history that can be shown before it is made.

    ``summary`` is a sentence in the imperative; ``detail`` belongs to the store.
    """

    summary: str
    detail: object = None


class Observer(Protocol):
    """Who wants to know what happens while it happens; must not raise."""

    def lock_waiting(self, holder: LockInfo | None, seconds: float) -> None:
        """Another run holds the lock; ``seconds`` have been waited so far."""

    def migration_started(self, migration: Migration) -> None:
        """``migration`` is about to be applied."""

    def migration_applied(self, applied: Applied) -> None:
        """A migration was applied and recorded."""

    def progressed(self, message: str) -> None:
        """How far something slow has come; the next message replaces it."""

    def noted(self, message: str) -> None:
        """Something was done that is no migration, such as a callback."""

    def warned(self, message: str) -> None:
        """Something a person should know, with its file where there is one."""


class Lock(Protocol):
    """The lock of one store while it is held."""

    def check(self) -> None:
        """Raise LockLost unless the lock is still ours; called before each effect."""


@runtime_checkable
class Store(Protocol):
    """One configured database with its scripts."""

    @property
    def name(self) -> str:
        """``neo4j``, ``elasticsearch``, or a PostgreSQL database's folder name."""

    @property
    def kind(self) -> StoreKind:
        """Which of the three kinds of database it is."""

    def facts(self) -> Facts:
        """Ask the server what it is; reading only."""

    def plan(self) -> Plan:
        """Decide what a run would apply, and find every violation; reading only."""

    def lock_info(self) -> LockInfo | None:
        """Who holds the lock now, or None when it is free; reading only."""

    def lock(self, timeout: float, observer: Observer) -> AbstractContextManager[Lock]:
        """Take the lock, waiting up to ``timeout`` seconds; LockTimeout if in vain."""

    def release_lock(self, holding: LockInfo) -> bool:
        """Take the lock away from ``holding``; False if that holds it no more."""

    def apply(self, plan: Plan, lock: Lock, observer: Observer) -> None:
        """Run and record ``plan.pending`` in order, checking the lock before each.

        Raises MigrationFailed at the first that fails; those before it stay applied
        and recorded, and the observer has been told of each.
        """

    def plan_clean(self, *, everything: bool) -> tuple[Change, ...]:
        """What ``clean`` would remove: history of this target, or of all of them."""

    def edit(self, changes: tuple[Change, ...], lock: Lock) -> None:
        """Make changes that a ``plan_…`` method gave; history only."""

    def close(self) -> None:
        """Give back connections; safe to call twice."""


@runtime_checkable
class MendableStore(Store, Protocol):
    """A store whose history weave keeps itself, and so can mend.

    Each method only plans, reading; ``edit`` makes what it gave.  Raises HistoryError
    or RefusedError where the history does not allow it.
    """

    def plan_repair(self) -> tuple[Change, ...]:
        """What makes history agree with the files, without running any of them."""

    def plan_baseline(self, version: str) -> tuple[Change, ...]:
        """Record each file up to ``version`` as applied, for a database that has it."""

    def plan_delete(self, version: str) -> tuple[Change, ...]:
        """Take one version out of the history."""


@runtime_checkable
class ScriptStore(Store, Protocol):
    """A store that can run single scripts, apart from lock and history."""

    def read_script(self, file: str) -> Change:
        """Read one script, a path or URL; raises ScriptError."""

    def run_scripts(
        self, scripts: tuple[Change, ...], observer: Observer
    ) -> Iterator[Change]:
        """Run what ``read_script`` gave, in order; give each when it has run.

        Raises MigrationFailed at the first that fails.
        """


@runtime_checkable
class CallbackStore(Store, Protocol):
    """A store that can run scripts around an operation.

    Those of migrating and cleaning are part of the plan; these are for reading.
    """

    def callbacks(self, operation: Reading) -> tuple[Callback, ...]:
        """Find what would be run; raises ScriptError, MigrationNameError."""

    def around(
        self, callbacks: tuple[Callback, ...], lock: Lock, observer: Observer
    ) -> AbstractContextManager[None]:
        """Run callbacks before and after the block; raises MigrationFailed."""
