"""A revision that failed, in words: where, the server's answer, what is applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from weave_migrate.errors import MigrationFailed
from weave_migrate.scripts import _source
from weave_migrate.stores.postgres._connect import server_answer
from weave_migrate.stores.postgres._revisions import line_excerpt, line_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from weave_migrate.config import PostgresSettings
    from weave_migrate.model import Migration

_EXCERPT = 240  # characters of a statement
_NAMED = 3  # revisions


def migration_failed(
    settings: PostgresSettings,
    error: BaseException,
    *,
    migration: Migration | None,
    done: Sequence[Migration] | None,
) -> MigrationFailed:
    """Describe ``error``, raised while ``migration`` ran, or outside of any revision.

    ``done`` is what the database says was applied by this run; None where it could
    not be asked any more.
    """
    path = migration.path if migration else settings.folder / "env.py"
    assert path is not None  # noqa: S101 - every revision has a file
    line = line_in(path, error)
    answer, excerpt = None, line_excerpt(path, line)
    if isinstance(error, DBAPIError):
        answer, excerpt = server_answer(error), _statement(error)
    said = answer or f"{type(error).__name__}: {error}".rstrip(": ")
    what = f"Revision {path.name}" if migration else "Alembic"
    where = f" in line {line}" if migration and line else ""
    return MigrationFailed(
        f"{what} failed{where} on PostgreSQL database {settings.name}: {said}\n"
        f"{_standing(migration, done)}",
        hint=_hint(settings, migration),
        file=path if migration or line else None,
        line=line,
        excerpt=excerpt,
        server_answer=answer,
    )


def _standing(migration: Migration | None, done: Sequence[Migration] | None) -> str:
    if done is None:
        return "What is applied could not be asked."
    before = "Nothing was applied."
    if done:
        names = ", ".join(each.source for each in done[-_NAMED:])
        more = f"{len(done) - _NAMED} more, " if len(done) > _NAMED else ""
        before = f"Applied and committed before it: {more}{names}."
    if migration is None:
        return before
    if _commits_by_itself(migration):
        return (
            f"{before} What came before and inside its autocommit_block may be "
            "committed; it is not recorded as applied."
        )
    return f"{before} It was rolled back."


def _hint(settings: PostgresSettings, migration: Migration | None) -> str:
    again = f"weave db migrate {settings.name}"
    if migration is None:
        return f"When it is mended: {again}"
    if _commits_by_itself(migration):
        return (
            "Undo what it left (an index whose build failed stays as INVALID: "
            f"DROP INDEX it), correct {migration.path}, then: {again}"
        )
    return f"Correct {migration.path}, then: {again}"


def _commits_by_itself(migration: Migration) -> bool:
    path = migration.path
    return path is not None and b"autocommit_block" in path.read_bytes()


def _statement(error: DBAPIError) -> str | None:
    """Show the statement, or its line in question with a caret.

    PostgreSQL counts in the text that it got, which is the statement as written only
    where nothing was put in for parameters.
    """
    statement = error.statement
    if not statement:
        return None
    diagnosis = getattr(error.orig, "diag", None)
    position = getattr(diagnosis, "statement_position", None)
    if position and "%" not in statement:
        return _source.excerpt(statement, int(position) - 1)
    short = statement.strip()
    if len(short) > _EXCERPT:
        short = short[:_EXCERPT] + " …"
    return "\n".join(_source.printable(line) for line in short.splitlines())
