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
from weave_migrate.stores.neo4j._indexes import IndexFailed
from weave_migrate.stores.neo4j._session import answer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from weave_migrate.model import Statement

_WHERE = re.compile(r"\(line (\d{1,9}), column (\d{1,9})")
_PLACE = re.compile(r"\(line (\d{1,9}), column (\d{1,9}) \(offset: (\d{1,9})\)\)")


@dataclass(frozen=True, slots=True)
class Wording:
    """How messages speak of a script, and of the command that runs it again."""

    what: str = "this migration"
    title: str | None = None
    again: str = "weave db migrate-neo4j"
    code: str = "MIGRATION_FAILED"
    is_recorded: bool = True


MIGRATION = Wording()


@dataclass(slots=True)
class Progress:
    """How far a script has come; statements are counted from 1.

    ``current`` is the statement that runs; the first ``committed`` are in the database.
    Those behind them, up to ``in_doubt``, may be (0: there are none).  ``prefix`` is
    what was sent before the current statement's text.
    """

    place: Path | str
    statements: tuple[Statement, ...]
    current: int = 0
    committed: int = 0
    is_recording: bool = False
    wording: Wording = MIGRATION
    in_doubt: int = 0
    prefix: str = ""

    def begin(self, number: int, *, prefix: str) -> None:
        """Make statement ``number`` the current one."""
        self.current, self.prefix = number, prefix

    def failure(
        self, error: Exception, placeholders: Mapping[str, str]
    ) -> MigrationFailed:
        """Explain ``error``, which was raised at the current statement."""
        said = mask(_unprefixed(answer(error), self.prefix), placeholders)
        if isinstance(error, IndexFailed):
            self.current = error.statement
        place, count = self.place, len(self.statements)
        if self.is_recording or not 0 < self.current <= count:
            return MigrationFailed(
                f"{place}: all statements ran, but the migration could not be "
                f"recorded. {self._left(error)}",
                hint=self._hint(error),
                file=place,
                parts=count,
                server_answer=said,
            )
        statement = self.statements[self.current - 1]
        inside = f" in {self.wording.title}" if self.wording.title else ""
        what = f"statement {self.current} of {count}{inside} failed."
        if isinstance(error, IndexFailed):
            what = f"the index {error.name} could not be filled."
        return MigrationFailed(
            f"{place}, line {statement.line}: {what} {self._left(error)}",
            hint=self._hint(error),
            code=self.wording.code,
            file=place,
            line=statement.line,
            part=self.current,
            parts=count,
            excerpt=_excerpt(statement, said, placeholders),
            server_answer=said,
        )

    def _left(self, error: Exception) -> str:
        """Say what of this script is in the database now."""
        from neo4j.exceptions import IncompleteCommit

        told = []
        if self.committed:
            told.append(f"{_are(1, self.committed)} committed.")
        if self.in_doubt:
            told.append(self._doubt())
        elif isinstance(error, IncompleteCommit):
            told.append(
                "The connection broke during the commit, so it is not known whether "
                "it happened."
            )
        if not told:
            return f"Nothing of {self.wording.what} was kept."
        return " ".join(told)

    def known(self) -> str:
        """Say what is surely in the database; the server did not say what is not."""
        there = "nothing"
        if self.committed:
            there = f"{_numbers(1, self.committed)} of {len(self.statements)}"
        known = f"Known to be committed: {there}."
        return f"{known} {self._doubt()}" if self.in_doubt else known

    def _doubt(self) -> str:
        doubtful = _numbers(self.committed + 1, self.in_doubt)
        return f"It is not known whether {doubtful} took effect."

    def _hint(self, error: Exception) -> str:
        """Say what to type next."""
        from neo4j.exceptions import DriverError, IncompleteCommit

        run, recorded = self.wording.again, self.wording.is_recorded
        if isinstance(error, IndexFailed):
            name = error.name.replace("`", "``")
            drop = f"Mend the data that it can't hold, then: DROP INDEX `{name}`. "
            if not recorded:
                return f"{drop}Run again: {run}"
            return (
                f"{drop}To run the script again: {run} --restart. Or create the index "
                f"by hand, and go on: {run} --resume"
            )
        if self.in_doubt and recorded:
            doubtful = _numbers(self.committed + 1, self.in_doubt)
            return (
                f"See in the database whether {doubtful} took effect, then: {run} "
                "--resume --assume done, or --assume not-done"
            )
        if isinstance(error, IncompleteCommit):
            if not recorded:
                return "Look in the graph whether its changes are there."
            return f"See whether it is recorded: {run} info"
        first = _advice(error) or "Correct the script."
        if isinstance(error, DriverError):
            first = "Wait until Neo4j answers again."
        if not (self.committed and recorded):
            return f"{first} Then run again: {run}"
        if self.committed == len(self.statements):
            return f"{first} Then let it be recorded: {run}"
        return (
            f"{first} Then go on behind what is committed: {run} --resume. To begin "
            f"again with statement 1: {run} --restart"
        )


def _are(first: int, last: int) -> str:
    verb = "is" if first == last else "are"
    return f"{_numbers(first, last).capitalize()} {verb}"


def _numbers(first: int, last: int) -> str:
    return f"statement {first}" if first == last else f"statements {first} to {last}"


def _unprefixed(said: str, prefix: str) -> str:
    """Let an answer's place be one in the statement as the file has it.

    A prefix is one line, so that columns are right already.
    """
    if not prefix:
        return said

    def moved(match: re.Match[str]) -> str:
        line, offset = int(match[1]) - 1, int(match[3]) - len(prefix)
        if line < 1:
            return ""  # it is the prefix that the server complains of
        return f"(line {line}, column {match[2]} (offset: {offset}))"

    return _PLACE.sub(moved, said)


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


def _excerpt(statement: Statement, said: str, placeholders: Mapping[str, str]) -> str:
    """Show the line that the server complains of, or the statement's first."""
    text, offset = statement.text, 0
    shown = mask(statement.written or text, placeholders)
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
