"""Answer the preconditions of scripts, reading only (reference, §2.5).

As in neo4j-migrations they are asked for every script, applied or not: an unmet
assertion stops the run, an unmet assumption leaves its script out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weave_migrate.errors import ScriptError, StoreError, StoreUnavailable
from weave_migrate.model import CatalogScript, CypherScript, Problem
from weave_migrate.scripts.preconditions import (
    QueryHolds,
    is_met,
    parse_precondition,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from weave_migrate.model import Migration, Precondition
    from weave_migrate.stores._base import Facts
    from weave_migrate.stores.neo4j._names import Names
    from weave_migrate.stores.neo4j._session import Connection


@dataclass(slots=True)
class Conditions:
    """Answers for one server; each query is asked once a plan.

    ``facts`` is called only where a version or an edition is asked for.
    """

    connection: Connection
    names: Names
    facts: Callable[[], Facts]
    _answers: dict[QueryHolds, bool] = field(default_factory=dict)

    def sift(
        self, migrations: list[Migration], problems: list[Problem]
    ) -> tuple[list[Migration], list[Migration]]:
        """Divide scripts into those that count and those left out."""
        kept: list[Migration] = []
        left_out: list[Migration] = []
        for migration in migrations:
            try:
                into = kept if self._holds(migration, problems) else left_out
            except ScriptError as error:
                problems.append(Problem.from_error(error))
                into = kept
            into.append(migration)
        return kept, left_out

    def _holds(self, migration: Migration, problems: list[Problem]) -> bool:
        if not isinstance(migration.script, (CypherScript, CatalogScript)):
            return True
        conditions = migration.script.preconditions
        for each in conditions:
            if each.type == "assert" and not self._is_met(each, migration):
                problems.append(_unmet(each, migration))
                return True
        return all(
            self._is_met(each, migration)
            for each in conditions
            if each.type == "assume"
        )

    def _is_met(self, precondition: Precondition, migration: Migration) -> bool:
        file = str(migration.path or migration.source)
        condition = parse_precondition(precondition.text, file=file, line_number=1)
        assert condition is not None  # noqa: S101 - the parser made it of this text
        if not isinstance(condition, QueryHolds):
            facts = self.facts()
            return is_met(condition, version=facts.version, edition=facts.flavour or "")
        if condition not in self._answers:
            self._answers[condition] = self._ask(condition, file)
        return self._answers[condition]

    def _ask(self, condition: QueryHolds, file: str) -> bool:
        """Run the query; exactly one record with a boolean first is an answer."""
        names = self.names
        database = names.schema if condition.database == "schema" else names.database
        try:
            records = self.connection.read(condition.query, database=database)
        except StoreUnavailable:
            raise
        except StoreError as error:
            raise _undecided(condition, file, str(error)) from error
        if len(records) != 1 or not isinstance(records[0].values()[0], bool):
            raise _undecided(
                condition,
                file,
                "It has to return one record that begins with a boolean.",
            )
        return bool(records[0].values()[0])


def _undecided(condition: QueryHolds, file: str, why: str) -> ScriptError:
    return ScriptError(
        f"{file}: `{condition.text}` could not be answered. {why}",
        code="PRECONDITION_UNDECIDED",
        hint="Correct the query; it runs with reading rights only.",
        file=file,
    )


def _unmet(precondition: Precondition, migration: Migration) -> Problem:
    place = str(migration.path or migration.source)
    return Problem(
        code="PRECONDITION_FAILED",
        message=f"{place}: the server does not satisfy `{precondition.text}`.",
        hint="Use a server that does, or `assume` instead of `assert` to leave the "
        "script out.",
        file=place,
    )
