"""What would be done, and everything that stands in its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weave_migrate.errors import WeaveError
    from weave_migrate.model._migration import Callback, Entry, Migration


@dataclass(frozen=True, slots=True)
class Problem:
    """One violation: a stable code, a sentence, what to do, and where.

    ``exit`` is the status a migrating command ends with because of it; ``excerpt``
    is for people and not part of the JSON form.
    """

    code: str
    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    exit: int = 6
    excerpt: str | None = None

    @classmethod
    def from_error(cls, error: WeaveError) -> Problem:
        """Turn an error into a value that can be collected and shown."""
        answer = getattr(error, "server_answer", None)
        message = error.message
        if answer and answer not in message:
            message = f"{message}\nThe server said: {answer}"
        return cls(
            code=error.code,
            message=message,
            hint=error.hint,
            file=error.file,
            line=error.line,
            exit=error.exit_status,
            excerpt=getattr(error, "excerpt", None),
        )

    def to_dict(self) -> dict[str, object]:
        """Render as a problem of the JSON schema."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "file": self.file,
            "line": self.line,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """The decision for one store, made before anything is touched.

    ``entries`` are all files and records in the store's order; ``pending`` is what a
    run would apply, in order; with any ``problems`` nothing may be applied.  ``stop``
    says why ``pending`` ends before something that weave can't apply: what is before
    it may run, and the run then ends with this problem.  ``callbacks`` run around
    the migrations, also when none is pending.  ``heads`` are set by stores whose
    history can branch.  ``overlooked`` are violations that the settings let a run pass
    over; ``validate`` does not.
    """

    entries: tuple[Entry, ...] = ()
    pending: tuple[Migration, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    stop: Problem | None = None
    callbacks: tuple[Callback, ...] = ()
    overlooked: tuple[Problem, ...] = ()

    @property
    def has_work(self) -> bool:
        """Tell whether a run would touch the database."""
        return bool(self.pending or self.callbacks)

    @property
    def current(self) -> tuple[str, ...]:
        """The version the database is at; several where histories branch."""
        done = [e.version for e in self.entries if e.applied and e.applied.success]
        return self.heads or tuple(done[-1:])
