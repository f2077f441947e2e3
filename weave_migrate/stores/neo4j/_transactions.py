"""Which statements of a script share a transaction (reference, §2.3 and §2.6)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from weave_migrate.model import CypherScript, Statement


@dataclass(frozen=True, slots=True)
class Unit:
    """Statements that are committed together, with their 1-based numbers.

    ``database`` is None for the configured one.  An implicit unit is one statement
    that makes transactions of its own and so can't be part of one.
    """

    statements: tuple[tuple[int, Statement], ...]
    database: str | None = None
    implicit: bool = False

    @property
    def last(self) -> int:
        """The number of its last statement."""
        return self.statements[-1][0]

    def after(self, number: int) -> Unit | None:
        """Give what of it is behind statement ``number``, None if nothing is."""
        rest = tuple(pair for pair in self.statements if pair[0] > number)
        return replace(self, statements=rest) if rest else None


def units(
    script: CypherScript, mode: Literal["per_migration", "per_statement"]
) -> Iterator[Unit]:
    """Divide a script into its transactions.

    A group (what stands between two ``:use``) is one transaction, unless the mode is
    per statement or one of its statements is implicit: then each stands alone.
    """
    numbered = enumerate(script.statements, start=1)
    for _, group in groupby(numbered, key=lambda pair: pair[1].group):
        statements = tuple(group)
        database = statements[0][1].database
        implicit = {number for number, each in statements if _is_implicit(each)}
        if mode == "per_migration" and not implicit:
            yield Unit(statements, database)
            continue
        for number, statement in statements:
            yield Unit(((number, statement),), database, number in implicit)


def _is_implicit(statement: Statement) -> bool:
    return statement.transaction == "implicit"
