"""Run the statements of one script: for migrations, callbacks and single files alike.

What a script's transactions carry besides (a record, a fence) is their owner's
business; here are its statements, the server's remarks on them, and its failures.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from weave_migrate.stores.neo4j._failure import MIGRATION, Progress, Wording, mask
from weave_migrate.stores.neo4j._indexes import IndexFailed, await_indexes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from neo4j import ManagedTransaction, ResultSummary

    from weave_migrate.config import Neo4jSettings
    from weave_migrate.model import CypherScript, Statement
    from weave_migrate.stores._base import Observer
    from weave_migrate.stores.neo4j._session import Connection
    from weave_migrate.stores.neo4j._transactions import Unit

_SCHEMA = "s"  # query type of a statement that changes, or might change, the schema
_NOT_UNDERSTOOD = "Neo.ClientError.Statement.SyntaxError"
# On a line of its own, so that the server's columns stay those of the file.
_VERSIONS = {
    "database_default": "",
    "cypher_5": "CYPHER 5\n",
    "cypher_25": "CYPHER 25\n",
}
_MAKES_INDEX = re.compile(r"\b(?:INDEX|CONSTRAINT)\b", re.IGNORECASE)
_OWN_VERSION = re.compile(
    r"""(?:\s|//[^\r\n]*+|/\*(?:[^*]++|\*(?!/))*+\*/|EXPLAIN\b|PROFILE\b)*+
        CYPHER\s++\d""",
    re.IGNORECASE | re.VERBOSE,
)


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
    _indexing: dict[int, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.progress = Progress(
            self.place, self.script.statements, wording=self.wording
        )

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn the driver's errors into MigrationFailed; tell the server's remarks.

        Whatever else ends the script, such as an interrupt or the loss of the lock,
        knows nothing of it: what is committed is then told as a warning.
        """
        from neo4j.exceptions import DriverError, Neo4jError

        try:
            yield
        except (Neo4jError, DriverError, IndexFailed) as error:
            values = self.settings.placeholders
            # The server's own words may show values that a traceback must not.
            raise self.progress.failure(error, values) from None if values else error
        except BaseException as error:
            how = "did not finish"
            if isinstance(error, KeyboardInterrupt):
                how = "was interrupted"
            self.observer.warned(f"{self.place} {how}. {self.progress.known()}")
            raise
        finally:
            self._tell_notices()

    def run(self, tx: ManagedTransaction, unit: Unit) -> bool:
        """Run a unit's statements in ``tx``; tell whether the schema changes.

        May run again from the beginning, as the driver repeats whole transactions.
        """
        changes_schema = self.progress.is_recording = False
        self._indexing = {}
        for number, statement in unit.statements:
            text = self._versioned(number, statement)
            self.connection.round_trips += 1
            summary = tx.run(text).consume()
            self._notice(summary)
            changes_schema |= summary.query_type == _SCHEMA
            if summary.counters.indexes_added or summary.counters.constraints_added:
                self._indexing[number] = statement.text
        return changes_schema

    def run_implicit(self, unit: Unit, database: str | None) -> None:
        """Run the one statement of a unit that makes its own transactions.

        Some of them may be committed when it fails; none if it is not even understood.
        """
        from neo4j.exceptions import Neo4jError

        text = self._versioned(*unit.statements[0])
        self._indexing = {}
        self.progress.in_doubt = unit.last
        try:
            summary = self.connection.implicit(text, database=database)
        except Neo4jError as error:
            if error.code == _NOT_UNDERSTOOD:
                self.progress.in_doubt = 0
            raise
        self.progress.in_doubt = 0
        self._notice(summary)

    def await_indexes(
        self,
        database: str | None,
        *,
        before_waiting: Callable[[], None] = lambda: None,
    ) -> None:
        """Wait until the indexes that the last unit made, now committed, are online.

        ``before_waiting`` is called once, and only if it takes longer than a moment.
        """
        if self._indexing:
            await_indexes(
                self.connection,
                self.observer,
                self._indexing,
                database=database,
                before_waiting=before_waiting,
            )

    def await_indexes_until(self, number: int, database: str | None) -> None:
        """Wait for the indexes that an earlier run may have made, up to a statement.

        ``database`` is where statements without a ``:use`` run.
        """
        made: dict[str | None, dict[int, str]] = {}
        for each, statement in enumerate(self.script.statements[:number], start=1):
            if _MAKES_INDEX.search(statement.text):
                there = made.setdefault(statement.database or database, {})
                there[each] = statement.text
        for where, statements in made.items():
            await_indexes(self.connection, self.observer, statements, database=where)

    def _versioned(self, number: int, statement: Statement) -> str:
        """Make a statement the current one; give it with its version of Cypher (§2.7).

        One that brings its own keeps that; the peer sends both.
        """
        version = _VERSIONS[self.settings.cypher_version]
        if _OWN_VERSION.match(statement.text):
            version = ""
        self.progress.begin(number, prefix=version)
        return version + statement.text

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


def pause(settings: Neo4jSettings, observer: Observer, *, before: str) -> None:
    """Wait as long as the settings want between two scripts."""
    until = time.monotonic() + settings.delay_between_migrations
    while (left := until - time.monotonic()) > 0:
        observer.progressed(f"waiting {left:.0f} s before {before}")
        time.sleep(min(left, 1))
