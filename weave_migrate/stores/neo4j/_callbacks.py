"""Callbacks: scripts that run around an operation (reference, §1.8 and §6.1).

They run under the lock, in the target database, by the rules of migrations, and leave
no record.  Those of beforeFirstUse run once, before all others, as the connected user
in that user's home database.

Unlike in neo4j-migrations a callback that fails after an operation never hides what
the operation itself failed of.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from weave_migrate.errors import LockLost, ScriptError, WeaveError
from weave_migrate.model import Callback, Problem
from weave_migrate.stores._base import Change
from weave_migrate.stores.neo4j._execute import Execution
from weave_migrate.stores.neo4j._failure import Wording
from weave_migrate.stores.neo4j._unrecorded import run_unrecorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from weave_migrate.config import Neo4jSettings
    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.neo4j._lock import Neo4jLock
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection

# The operations that have phases of their own; repair, delete and baseline have none.
Operation = Literal["Migrate", "Clean", "Validate", "Info"]

_FIRST_USE = "beforeFirstUse"
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_COMMANDS = {
    "Clean": "weave db migrate-neo4j clean",
    "Validate": "weave db migrate-neo4j validate --callbacks",
    "Info": "weave db migrate-neo4j info --callbacks",
}


@dataclass(slots=True)
class Callbacks:
    """Chooses and runs the callbacks of one store."""

    connection: Connection
    settings: Neo4jSettings
    _used: set[Callback] = field(default_factory=set)

    def of(
        self, operation: Operation | None, found: Iterable[Callback]
    ) -> tuple[Callback, ...]:
        """Choose those that an operation runs, in their order.

        Those of beforeFirstUse are among them until they have run.
        """
        phases = [_FIRST_USE]
        if operation:
            phases += [f"before{operation}", f"after{operation}"]
        return tuple(
            callback
            for phase in phases
            for callback in found
            if callback.phase == phase and callback not in self._used
        )

    @contextmanager
    def around(
        self,
        callbacks: Sequence[Callback],
        *,
        names: Names,
        lock: Neo4jLock,
        observer: Observer,
    ) -> Iterator[None]:
        """Run those of before, then the block, then those of after.

        The latter run also when the block, or a callback before it, has failed, but
        not when a first use has; what fails of them then is a warning.  After an
        interrupt, or without the lock, nothing more is run.  Raises MigrationFailed
        (CALLBACK_FAILED), LockLost.
        """
        run = _Run(self.connection, self.settings, names, lock, observer)
        after = [each for each in callbacks if _is_after(each)]
        for callback in callbacks:
            if callback.phase == _FIRST_USE:
                run.run(callback)
                self._used.add(callback)
        try:
            for callback in callbacks:
                if callback not in self._used and callback not in after:
                    run.run(callback)
            yield
        except (LockLost, KeyboardInterrupt):
            for callback in after:
                observer.warned(f"{callback.source} did not run.")
            raise
        except Exception as error:
            run.run_after_failure(after, error)
            raise
        for callback in after:
            run.run(callback)


@dataclass(frozen=True, slots=True)
class _Run:
    """Runs callbacks while the lock is held."""

    connection: Connection
    settings: Neo4jSettings
    names: Names
    lock: Neo4jLock
    observer: Observer

    def run(self, callback: Callback) -> None:
        self.observer.progressed(callback.source)
        is_first_use = callback.phase == _FIRST_USE
        connection = self.connection
        execution = Execution(
            connection.as_connected_user() if is_first_use else connection,
            self.settings,
            self.observer,
            callback.script,
            callback.path or callback.source,
            _wording(callback),
        )
        if is_first_use:  # in the home database, wherever that is
            took = run_unrecorded(execution, None, lock=self.lock)
        else:
            took = run_unrecorded(
                execution,
                self.names.database,
                lock=self.lock,
                is_history=self.names.is_history,
            )
        self.observer.noted(f"ran {callback.source} ({took} ms)")

    def run_after_failure(
        self, callbacks: Iterable[Callback], failure: Exception
    ) -> None:
        """Run callbacks; the first that fails ends that, and is a warning.

        An interrupt ends it too; ``failure``, which it hides, is a warning then.
        """
        try:
            for callback in callbacks:
                self.run(callback)
        except WeaveError as error:
            self.observer.warned(Problem.from_error(error).message)
        except KeyboardInterrupt:
            self.observer.warned(str(failure))
            raise


def with_callbacks(
    changes: tuple[Change, ...],
    callbacks: tuple[Callback, ...],
    *,
    last: Callable[[Change], bool],
) -> tuple[Change, ...]:
    """Put callbacks around changes, as changes that can be shown and agreed to.

    ``last`` tells what is done behind all callbacks.  Callbacks of an operation are
    work by themselves, those of a first use are not.
    """
    if not changes and all(each.phase == _FIRST_USE for each in callbacks):
        return ()
    after = [_shown(each) for each in callbacks if _is_after(each)]
    before = [_shown(each) for each in callbacks if not _is_after(each)]
    inner = (change for change in changes if not last(change))
    return (*before, *inner, *after, *filter(last, changes))


def divide(
    changes: tuple[Change, ...], *, last: Callable[[Change], bool]
) -> tuple[tuple[Callback, ...], tuple[Change, ...], tuple[Change, ...]]:
    """Take apart what ``with_callbacks`` made: callbacks, inner changes, the last."""
    callbacks = [c.detail for c in changes if isinstance(c.detail, Callback)]
    others = [c for c in changes if not isinstance(c.detail, Callback)]
    inner = tuple(change for change in others if not last(change))
    return tuple(callbacks), inner, tuple(filter(last, others))


def _shown(callback: Callback) -> Change:
    return Change(f"Run the callback {callback.source}.", callback)


def _is_after(callback: Callback) -> bool:
    return callback.phase.startswith("after")


def refuse(problems: Iterable[Problem]) -> None:
    """Raise the first problem as an error, for operations that can't collect them."""
    for problem in problems:
        raise ScriptError(
            problem.message,
            hint=problem.hint,
            code=problem.code,
            file=problem.file,
            line=problem.line,
            excerpt=problem.excerpt,
        )


def _wording(callback: Callback) -> Wording:
    phase = " ".join(_HUMP.split(callback.phase)).lower()
    operation = callback.phase.removeprefix("before").removeprefix("after")
    return Wording(
        what="it",
        title=f'the callback "{callback.description}" {phase}'
        if callback.description
        else f"the callback {callback.phase}",
        again=_COMMANDS.get(operation, "weave db migrate-neo4j"),
        code="CALLBACK_FAILED",
        is_recorded=False,
    )
