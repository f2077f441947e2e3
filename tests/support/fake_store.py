"""A store in memory: it keeps the Store contract, so that the engine can be tested.

The contract suite (tests/stores) runs over it as over every real store.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weave_migrate.errors import LockLost, LockTimeout, MigrationFailed, WeaveError
from weave_migrate.model import (
    Applied,
    Entry,
    LockInfo,
    Migration,
    Plan,
    Problem,
    State,
    StoreKind,
)
from weave_migrate.stores import Change, Facts, Lock, Observer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass
class FakeDatabase:
    """What outlives a store: files, history, effects and the lock."""

    files: list[Migration] = field(default_factory=list)
    history: list[Applied] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    holder: object | None = None  # the lock while it is held
    holding: dict[str, Any] = field(default_factory=dict)  # what else LockInfo says
    broken: set[str] = field(default_factory=set)

    def add(self, version: str, *, fails: bool = False) -> None:
        """Add a file; one that ``fails`` raises when it is applied."""
        source = f"V{version}__step.fake"
        self.files.append(Migration(version, "step", "FAKE", source, path=Path(source)))
        if fails:
            self.broken.add(version)


class FakeStore:
    """A store over a FakeDatabase."""

    def __init__(
        self,
        database: FakeDatabase | None = None,
        *,
        name: str = "fake",
        kind: StoreKind = StoreKind.NEO4J,
        plan_error: WeaveError | None = None,
        problems: Sequence[Problem] = (),
        apply_error: BaseException | None = None,
        stop_before: str | None = None,
    ) -> None:
        self.database = database or FakeDatabase()
        self.name = name
        self.kind = kind
        self.closed = 0
        self._plan_error = plan_error
        self._problems = tuple(problems)
        self._apply_error = apply_error
        self._stop_before = stop_before

    def facts(self) -> Facts:
        return Facts(server="Fake 1.0", version="1.0", flavour="fake")

    def plan(self) -> Plan:
        if self._plan_error:
            raise self._plan_error
        records = {record.version: record for record in self.database.history}
        entries = [
            Entry(
                State.APPLIED if m.version in records else State.PENDING,
                m,
                records.get(m.version),
            )
            for m in self.database.files
        ]
        pending = [m for m in self.database.files if m.version not in records]
        at = next(
            (i for i, m in enumerate(pending) if m.version == self._stop_before), None
        )
        return Plan(
            tuple(entries),
            tuple(pending[:at]),
            self._problems,
            stop=None if at is None else Problem("CATALOG_UNSUPPORTED", "Not yet."),
        )

    def lock_info(self) -> LockInfo | None:
        if self.database.holder is None:
            return None
        return LockInfo(
            owner="fake",
            host="here",
            pid=1,
            since=datetime.now(UTC),
            token=str(id(self.database.holder)),
            **self.database.holding,
        )

    @contextmanager
    def lock(self, timeout: float, observer: Observer) -> Iterator[Lock]:
        if self.database.holder is not None:
            observer.lock_waiting(self.lock_info(), timeout)
            raise LockTimeout(
                "fake is locked by fake on here.", hint="Wait for it, or release it."
            )
        lock = self.database.holder = _FakeLock(self.database)
        try:
            yield lock
        finally:
            if self.database.holder is lock:
                self.database.holder = None

    def release_lock(self, holding: LockInfo) -> bool:
        current = self.lock_info()
        if current is None or current.token != holding.token:
            return False
        self.database.holder = None
        return True

    def apply(self, plan: Plan, lock: Lock, observer: Observer) -> None:
        for migration in plan.pending:
            lock.check()
            observer.migration_started(migration)
            if self._apply_error:
                raise self._apply_error
            if migration.version in self.database.broken:
                raise MigrationFailed(
                    f"{migration.source} failed.",
                    file=migration.source,
                    line=1,
                    server_answer="no",
                    hint="Mend it and migrate again.",
                )
            self.database.effects.append(migration.version)
            record = Applied(
                migration.version,
                migration.description,
                migration.type,
                migration.source,
                applied_at=datetime.now(UTC),
                duration_ms=1,
            )
            self.database.history.append(record)
            observer.migration_applied(record)

    def plan_clean(self, *, everything: bool) -> tuple[Change, ...]:
        del everything  # there is one target only
        if not self.database.history:
            return ()
        return (Change(f"Remove {len(self.database.history)} records."),)

    def edit(self, changes: tuple[Change, ...], lock: Lock) -> None:
        lock.check()
        if changes:
            self.database.history.clear()

    def close(self) -> None:
        self.closed += 1


@dataclass
class _FakeLock:
    database: FakeDatabase

    def check(self) -> None:
        if self.database.holder is not self:
            raise LockLost("The lock of fake is not ours any more.")


class Listener:
    """An observer that remembers what it was told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def lock_waiting(self, holder: LockInfo | None, seconds: float) -> None:
        del seconds
        self.events.append(("waiting", str(holder and holder.owner)))

    def migration_started(self, migration: Migration) -> None:
        self.events.append(("started", migration.version))

    def migration_applied(self, applied: Applied) -> None:
        self.events.append(("applied", applied.version))

    def progressed(self, message: str) -> None:
        self.events.append(("progressed", message))

    def noted(self, message: str) -> None:
        self.events.append(("noted", message))

    def warned(self, message: str) -> None:
        self.events.append(("warned", message))
