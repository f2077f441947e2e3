"""What to say when a script fails: where, what the server said, what is left.

Values of placeholders may be secrets; wherever the server or the statement would show
one, its placeholder is shown instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from weave_migrate.errors import MigrationFailed
from weave_migrate.scripts._source import excerpt
from weave_migrate.scripts.masking import mask_values
from weave_migrate.stores.neo4j._session import answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from weave_migrate.model import Statement

_WHERE = re.compile(r"\(line (\d{1,9}), column (\d{1,9})")


@dataclass(frozen=True, slots=True)
class Wording:
    """How messages speak of a script, and of the command that runs it again."""

    what: str = "this migration"
    again: str = "weave db migrate-neo4j"
    code: str = "MIGRATION_FAILED"
    is_recorded: bool = True


MIGRATION = Wording()


@dataclass(slots=True)
class Progress:
    """How far a script has come; statements are counted from 1."""

    place: Path | str
    statements: tuple[Statement, ...]
    current: int = 0
    committed: int = 0
    is_recording: bool = False
    wording: Wording = MIGRATION

    def failure(
        self, error: Exception, placeholders: Mapping[str, str]
    ) -> MigrationFailed:
        """Explain ``error``, which the driver raised at the current statement."""
        said = mask(answer(error), placeholders)
        place = self.place
        if self.is_recording or not 0 < self.current <= len(self.statements):
            return MigrationFailed(
                f"{place}: all statements ran, but the migration could not be "
                f"recorded. {self._left(error)}",
                hint=self._hint(error),
                file=place,
                parts=len(self.statements),
                server_answer=said,
            )
        statement = self.statements[self.current - 1]
        count = len(self.statements)
        return MigrationFailed(
            f"{place}, line {statement.line}: statement {self.current} of {count} "
            f"failed. {self._left(error)}",
            hint=self._hint(error),
            code=self.wording.code,
            file=place,
            line=statement.line,
            part=self.current,
            parts=count,
            excerpt=_excerpt(statement.text, said, placeholders),
            server_answer=said,
        )

    def _left(self, error: Exception) -> str:
        """Say what of this script is in the database now."""
        from neo4j.exceptions import IncompleteCommit

        if isinstance(error, IncompleteCommit):
            return (
                "The connection broke during the commit, so it is not known whether "
                "it happened."
            )
        if not self.committed:
            return f"Nothing of {self.wording.what} was kept."
        done = (
            "Statement 1 is"
            if self.committed == 1
            else (f"Statements 1 to {self.committed} are")
        )
        if not self.wording.is_recorded:
            return (
                f"{done} committed and stay; {self.wording.what} begins with its "
                "first statement again next time."
            )
        return (
            f"{done} committed and stay; the migration is not recorded, and the next "
            "run begins with its first statement."
        )

    def _hint(self, error: Exception) -> str:
        from neo4j.exceptions import DriverError, IncompleteCommit

        if isinstance(error, IncompleteCommit):
            if not self.wording.is_recorded:
                return "Look in the graph whether its changes are there."
            return "See whether it is recorded: weave db migrate-neo4j info"
        if isinstance(error, DriverError):
            return f"When Neo4j answers again, run again: {self.wording.again}"
        return (
            _advice(error)
            or f"Correct the script, then run again: {self.wording.again}"
        )


def _advice(error: Exception) -> str | None:
    """Say how a script avoids what the server refuses, where that is known."""
    code, message = str(getattr(error, "code", "")), str(error)
    if code.endswith("ForbiddenDueToTransactionType"):
        return (
            "Put changes of the schema and of data into two files, or set "
            'transaction_mode = "per_statement" below [neo4j] in weave.toml.'
        )
    if "ConstraintCreationFailed" in code and "nterprise" in message:
        return (
            "This needs Neo4j Enterprise. To leave the file out elsewhere, begin it "
            "with: // assume that edition is enterprise"
        )
    if "implicit transaction" in message:
        return (
            "neo4j-migrations only recognises CALL { … } IN TRANSACTIONS behind "
            "something else: put a comment line before it."
        )
    return None


def _excerpt(text: str, said: str, placeholders: Mapping[str, str]) -> str:
    """Show the line that the server complains of, or the statement's first."""
    shown, offset = mask(text, placeholders), 0
    found = _WHERE.search(said)
    if found and shown == text:
        line, column = int(found[1]), int(found[2])
        lines = text.split("\n")
        if line <= len(lines):
            before = sum(len(each) + 1 for each in lines[: line - 1])
            offset = min(before + column - 1, len(text))
    return excerpt(shown, offset)


def mask(text: str, placeholders: Mapping[str, str]) -> str:
    """Put placeholders back where their values are shown."""
    return mask_values(text, placeholders, "${{nm:{}}}")
