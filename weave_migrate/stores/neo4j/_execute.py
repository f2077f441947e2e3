"""Run the statements of one script: for migrations, callbacks and single files alike.

What a script's transactions carry besides (a record, a fence) is their owner's
business; here are its statements, the server's remarks on them, and its failures.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weave_migrate.stores.neo4j._failure import MIGRATION, Progress, Wording, mask

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from neo4j import ManagedTransaction, ResultSummary

    from weave_migrate.config import Neo4jSettings
    from weave_migrate.model import CypherScript
    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.neo4j._session import Connection
    from weave_migrate.stores.neo4j._transactions import Unit

_SCHEMA = "s"  # query type of a statement that changes, or might change, the schema


@dataclass(slots=True)
class Execution:
    """One script while it runs; ``place`` is where messages say it is."""

    connection: Connection
    settings: Neo4jSettings
    observer: Observer
    script: CypherScript
    place: Path | str
    wording: Wording = MIGRATION
    progress: Progress = field(init=False)
    _notices: dict[tuple[int, str], None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.progress = Progress(
            self.place, self.script.statements, wording=self.wording
        )

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn the driver's errors into MigrationFailed; tell the server's remarks."""
        from neo4j.exceptions import DriverError, Neo4jError

        try:
            yield
        except (Neo4jError, DriverError) as error:
            raise self.progress.failure(error, self.settings.placeholders) from error
        finally:
            self._tell_notices()

    def run(self, tx: ManagedTransaction, unit: Unit) -> bool:
        """Run a unit's statements in ``tx``; tell whether the schema changes.

        May run again from the beginning, as the driver repeats whole transactions.
        """
        changes_schema = self.progress.is_recording = False
        for number, statement in unit.statements:
            self.progress.current = number
            self.connection.round_trips += 1
            summary = tx.run(statement.text).consume()
            self._notice(summary)
            changes_schema |= summary.query_type == _SCHEMA
        return changes_schema

    def run_implicit(self, unit: Unit, database: str | None) -> None:
        """Run the one statement of a unit that makes its own transactions."""
        number, statement = unit.statements[0]
        self.progress.current = number
        self._notice(self.connection.implicit(statement.text, database=database))

    def _notice(self, summary: ResultSummary) -> None:
        """Keep what the server remarks, once a statement, however often it runs."""
        for status in summary.gql_status_objects:
            if status.is_notification and status.status_description:
                key = (self.progress.current, status.status_description)
                self._notices[key] = None

    def _tell_notices(self) -> None:
        for number, text in self._notices:
            line = self.script.statements[number - 1].line
            said = mask(text.removeprefix("warn: "), self.settings.placeholders)
            self.observer.warned(f"{self.place}, line {line}: {said}")
