"""What a command found or did, as values; the JSON output is made of nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from weave_migrate.model._state import State, StoreKind, StoreState

if TYPE_CHECKING:
    from datetime import datetime

    from weave_migrate.model._migration import Entry
    from weave_migrate.model._plan import Problem

SCHEMA = 1
_NOT_YET = frozenset(
    {
        State.PENDING,
        State.FAILED,
        State.OUT_OF_ORDER,
        State.ABOVE_TARGET,
        State.IN_DOUBT,
    }
)


@dataclass(frozen=True, slots=True)
class LockInfo:
    """Who holds a store's lock, as far as the store can tell.

    ``lease`` is for how many seconds it holds without a sign of life, ``silent`` how
    many have passed since the last one, by the server's clock; both are None where
    the holder gives no such signs (the Java tools).  ``token`` identifies this one
    holding of the lock to its store.
    """

    owner: str | None = None
    host: str | None = None
    pid: int | None = None
    since: datetime | None = None
    lease: float | None = None
    silent: float | None = None
    token: str | None = None

    @property
    def is_alive(self) -> bool:
        """Tell whether its holder gave a sign of life within its lease."""
        return self.lease is not None and (self.silent or 0) < self.lease

    def to_dict(self) -> dict[str, object]:
        """Render as the ``lock`` of the JSON schema."""
        return {
            "owner": self.owner,
            "host": self.host,
            "pid": self.pid,
            "since": self.since.isoformat() if self.since else None,
            "lease": self.lease,
            "silent": self.silent,
        }


@dataclass(frozen=True, slots=True)
class StoreReport:
    """One store: what it is, how it stands, and what is wrong with it.

    ``entries`` are all known migrations; the JSON form divides them into applied and
    pending, and one that will run again is both.  ``current`` is the version it is at
    (several where histories branch).  ``to_run`` are the versions that a
    run would apply now, ``newly_applied`` those that this command applied, in order.
    ``callbacks`` are the files that each migrate runs besides; ``overlooked`` is what
    the settings let it pass over.
    """

    name: str
    kind: StoreKind
    state: StoreState
    server: str | None = None
    lock: LockInfo | None = None
    entries: tuple[Entry, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    current: tuple[str, ...] = ()
    to_run: tuple[str, ...] = ()
    newly_applied: tuple[str, ...] = ()
    callbacks: tuple[str, ...] = ()
    overlooked: tuple[Problem, ...] = ()

    @property
    def applied(self) -> tuple[Entry, ...]:
        """Entries that history records as done."""
        return tuple(
            e for e in self.entries if e.applied is not None and e.applied.success
        )

    @property
    def pending(self) -> tuple[Entry, ...]:
        """Entries that a run would or could still apply, changed repeatables too."""
        to_run = frozenset(self.to_run)
        return tuple(
            e for e in self.entries if e.state in _NOT_YET or e.version in to_run
        )

    def to_dict(self) -> dict[str, object]:
        """Render as a store of the JSON schema."""
        return {
            "name": self.name,
            "kind": str(self.kind),
            "state": str(self.state),
            "server": self.server,
            "lock": self.lock.to_dict() if self.lock else None,
            "applied": [e.to_dict() for e in self.applied],
            "pending": [e.to_dict() for e in self.pending],
            "callbacks": list(self.callbacks),
            "problems": [p.to_dict() for p in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one command over any number of stores."""

    command: str
    stores: tuple[StoreReport, ...] = ()
    error: Problem | None = None
    exit: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True when the command ended with status 0."""
        return self.exit == 0

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """Warnings of the command and of its stores, these with their name."""
        own = (f"{store.name}: {w}" for store in self.stores for w in store.warnings)
        return (*self.warnings, *own)

    def with_warnings(self, *warnings: str) -> Report:
        """Return the same report with more warnings."""
        return replace(self, warnings=(*self.warnings, *warnings))

    def to_dict(self) -> dict[str, object]:
        """Render in the JSON schema, version 1 (docs/json.md)."""
        return {
            "schema": SCHEMA,
            "command": self.command,
            "ok": self.ok,
            "exit": self.exit,
            "error": self.error.to_dict() if self.error else None,
            "stores": [s.to_dict() for s in self.stores],
            "warnings": list(self.all_warnings),
        }
